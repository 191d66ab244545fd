// SPDX-License-Identifier: GPL-2.0
/*
 * The fault handlers of all architectures raise PERF_COUNT_SW_PAGE_FAULTS once per
 * exception, before handle_mm_fault(), so a fault that is retried under mmap_lock
 * counts once. A sample period of one is never throttled: perf_swevent_event()
 * passes throttle = 0 for the first overflow (kernel/events/core.c).
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "count.h"

/* A record with PERF_SAMPLE_IP | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR. */
struct sample {
	struct perf_event_header header;
	uint64_t ip;
	uint64_t time;
	uint64_t addr;
};

static int open_event(bool user_only)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_PAGE_FAULTS,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TIME |
			       PERF_SAMPLE_ADDR,
		.disabled = 1,
		.exclude_kernel = user_only,
	};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

int fault_log_open(struct fault_log *log)
{
	size_t page_size = sysconf(_SC_PAGESIZE);
	int err = 0;

	memset(log, 0, sizeof(*log));
	log->control = MAP_FAILED;
	/* A power of two of pages, so that no record is split at the end. */
	log->data_size = page_size;
	while (log->data_size < FAULT_LOG_SAMPLES * sizeof(struct sample))
		log->data_size *= 2;

	/* perf_event_paranoid may allow only faults in user mode. */
	log->fd = open_event(false);
	if (log->fd < 0 && (errno == EACCES || errno == EPERM)) {
		log->user_only = true;
		log->fd = open_event(true);
	}
	if (log->fd >= 0)
		log->control = mmap(NULL, page_size + log->data_size,
				    PROT_READ | PROT_WRITE, MAP_SHARED, log->fd, 0);
	if (log->control == MAP_FAILED) {
		err = -errno;
		fault_log_close(log);
	} else {
		log->data = (char *)log->control + page_size;
	}
	return err;
}

void fault_log_close(struct fault_log *log)
{
	if (log->control != MAP_FAILED)
		munmap(log->control, (char *)log->data - (char *)log->control + log->data_size);
	if (log->fd >= 0)
		close(log->fd);
	log->control = MAP_FAILED;
	log->fd = -1;
}

int fault_log_start(struct fault_log *log)
{
	if (ioctl(log->fd, PERF_EVENT_IOC_RESET, 0) ||
	    ioctl(log->fd, PERF_EVENT_IOC_ENABLE, 0))
		return -errno;
	return 0;
}

/* Decode the records from @tail, the position of the reader, to @head, the writer's. */
static int parse(const void *data, size_t size, uint64_t tail, uint64_t head,
		 struct fault *faults, size_t max)
{
	const struct sample *sample;
	size_t nr = 0;

	if (head - tail > size || tail % sizeof(*sample))
		return -EBADMSG;
	for (; tail < head; tail += sizeof(*sample)) {
		sample = data + tail % size;
		if (sample->header.type == PERF_RECORD_LOST ||
		    sample->header.type == PERF_RECORD_LOST_SAMPLES)
			return -ENOBUFS;
		/* No other records were asked for, nor can there be throttling. */
		if (sample->header.type != PERF_RECORD_SAMPLE ||
		    sample->header.size != sizeof(*sample) || tail + sizeof(*sample) > head)
			return -EBADMSG;
		if (nr == max)
			return -E2BIG;
		faults[nr++] = (struct fault){ sample->time, sample->ip, sample->addr };
	}
	return nr;
}

int fault_log_stop(struct fault_log *log, struct fault *faults, size_t max)
{
	struct perf_event_mmap_page *control = log->control;
	uint64_t count, head;
	int nr;

	if (ioctl(log->fd, PERF_EVENT_IOC_DISABLE, 0))
		return -errno;
	if (read(log->fd, &count, sizeof(count)) != sizeof(count))
		return -EIO;

	/* The event is disabled, so the kernel does not write meanwhile: no atomics. */
	head = control->data_head;
	nr = parse(log->data, log->data_size, control->data_tail, head, faults, max);
	control->data_tail = head;
	return nr >= 0 && (uint64_t)nr != count ? -ENOBUFS : nr;
}
