/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accesses that must raise a signal.
 */
#ifndef PFN_MKWRITE_SIGNALS_H
#define PFN_MKWRITE_SIGNALS_H

#include <setjmp.h>
#include <signal.h>
#include <unistd.h>

#include "../count/access.h"

/* Per thread: several may be refused at once. */
static __thread sigjmp_buf refused_jmp;
static __thread siginfo_t refused_info;
static __thread volatile sig_atomic_t refused_expected;

static inline void refused_handler(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (!refused_expected) {
		/* Not expected: the access is repeated and ends the process. */
		signal(sig, SIG_DFL);
		return;
	}
	refused_info = *info;
	siglongjmp(refused_jmp, 1);
}

/* SA_NODEFER: no signal mask to restore when the handler is left by a jump. */
static inline void refused_catch(void)
{
	const struct sigaction action = {
		.sa_sigaction = refused_handler,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

/* Run @_statement. The signal that it raises is refused_info.si_signo, 0 if none. */
#define CATCH_SIGNAL(_statement) do { \
	refused_info.si_signo = 0; \
	if (!sigsetjmp(refused_jmp, 0)) { \
		refused_expected = 1; \
		_statement; \
	} \
	refused_expected = 0; \
} while (0)

/*
 * Load a byte, or store @value. In the calling thread: a forked child would have other
 * PTEs. Return: the signal; 0: the access went through.
 */
static inline int access_refused(unsigned char *addr, enum access_kind kind,
				 unsigned char value)
{
	refused_catch();
	if (kind == ACCESS_STORE)
		CATCH_SIGNAL(*(volatile unsigned char *)addr = value);
	else
		CATCH_SIGNAL(load_page(addr));
	return refused_info.si_signo;
}

/* Some CPUs report only the page. */
static inline bool refused_at(const volatile void *addr)
{
	uintptr_t page_mask = ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);

	return !(((uintptr_t)refused_info.si_addr ^ (uintptr_t)addr) & page_mask);
}

/* EXPECT such a signal: @code is its si_code, or 0 for any. */
#define EXPECT_REFUSED(_addr, _kind, _signo, _code, _how) do { \
	unsigned char *__addr = (_addr); \
	int __signo = access_refused(__addr, _kind, 0); \
	EXPECT_EQ(_signo, __signo) { \
		TH_LOG("%s", _how); \
	} \
	if (__signo) { \
		EXPECT_TRUE(refused_at(__addr)); \
		EXPECT_EQ((_code) ?: refused_info.si_code, refused_info.si_code); \
	} \
} while (0)

#endif /* PFN_MKWRITE_SIGNALS_H */
