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

#include "fault_log.h"

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
		.exclude_hv = 1,
	};
	int fd;

	fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1,
		     PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int fault_log_open(struct fault_log *log)
{
	int fd, err;

	memset(log, 0, sizeof(*log));
	log->fd = -1;
	log->ring = MAP_FAILED;
	log->page_size = sysconf(_SC_PAGESIZE);

	/* The data area is a power of two of pages. */
	log->data_size = log->page_size;
	while (log->data_size < FAULT_LOG_SAMPLES * sizeof(struct sample))
		log->data_size *= 2;

	/* perf_event_paranoid may allow only faults in user mode. */
	fd = open_event(false);
	if (fd == -EACCES || fd == -EPERM) {
		log->user_only = true;
		fd = open_event(true);
	}
	if (fd < 0)
		return fd;
	log->fd = fd;

	log->ring = mmap(NULL, log->page_size + log->data_size,
			 PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (log->ring == MAP_FAILED) {
		err = -errno;
		fault_log_close(log);
		return err;
	}
	return 0;
}

void fault_log_close(struct fault_log *log)
{
	if (log->ring != MAP_FAILED)
		munmap(log->ring, log->page_size + log->data_size);
	if (log->fd >= 0)
		close(log->fd);
	log->ring = MAP_FAILED;
	log->fd = -1;
}

int fault_log_start(struct fault_log *log)
{
	if (ioctl(log->fd, PERF_EVENT_IOC_RESET, 0) ||
	    ioctl(log->fd, PERF_EVENT_IOC_ENABLE, 0))
		return -errno;
	log->taken = 0;
	return 0;
}

int fault_log_take(struct fault_log *log, struct fault *faults, size_t max)
{
	struct perf_event_mmap_page *control = log->ring;
	uint64_t head;
	int nr;

	/* Pairs with the store in perf_output_put_handle(). */
	head = __atomic_load_n(&control->data_head, __ATOMIC_ACQUIRE);
	nr = fault_ring_parse((char *)log->ring + log->page_size,
			      log->data_size, control->data_tail, head, faults,
			      max);
	/* Pairs with the load in __perf_output_begin(). */
	__atomic_store_n(&control->data_tail, head, __ATOMIC_RELEASE);
	if (nr > 0)
		log->taken += nr;
	return nr;
}

int fault_log_stop(struct fault_log *log, struct fault *faults, size_t max)
{
	uint64_t count;
	int nr;

	if (ioctl(log->fd, PERF_EVENT_IOC_DISABLE, 0))
		return -errno;
	if (read(log->fd, &count, sizeof(count)) != sizeof(count))
		return -EIO;
	nr = fault_log_take(log, faults, max);
	if (nr >= 0 && log->taken != count)
		return -ENOBUFS;
	return nr;
}

static void copy_out(void *to, const char *data, size_t size, uint64_t pos,
		     size_t len)
{
	size_t at = pos & (size - 1);
	size_t first = len < size - at ? len : size - at;

	memcpy(to, data + at, first);
	memcpy((char *)to + first, data, len - first);
}

int fault_ring_parse(const void *data, size_t size, uint64_t tail,
		     uint64_t head, struct fault *faults, size_t max)
{
	size_t nr = 0;

	if (!size || (size & (size - 1)) || head - tail > size)
		return -EBADMSG;

	while (tail < head) {
		struct sample sample = { 0 };

		if (head - tail < sizeof(sample.header))
			return -EBADMSG;
		copy_out(&sample.header, data, size, tail,
			 sizeof(sample.header));
		if (sample.header.type == PERF_RECORD_LOST ||
		    sample.header.type == PERF_RECORD_LOST_SAMPLES)
			return -ENOBUFS;
		/* No other records were asked for, nor can there be throttling. */
		if (sample.header.type != PERF_RECORD_SAMPLE ||
		    sample.header.size != sizeof(sample) ||
		    sample.header.size > head - tail)
			return -EBADMSG;
		if (nr == max)
			return -E2BIG;
		copy_out(&sample, data, size, tail, sizeof(sample));
		faults[nr++] = (struct fault){
			.time_ns = sample.time,
			.ip = sample.ip,
			.addr = sample.addr,
		};
		tail += sizeof(sample);
	}
	return nr;
}
