/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Measure a mapping in a process of its own, so that a SIGBUS or a driver that
 * hangs is an observation that failed and nothing more.
 */
#ifndef PFN_MKWRITE_MEASURE_H
#define PFN_MKWRITE_MEASURE_H

#include "probe.h"

/**
 * observation_new() - room for an observation, shared with forked children
 *
 * Return: an empty observation, or NULL with errno set.
 */
struct observation *observation_new(void);

/**
 * measure() - run the probes of a source once
 * @src: the source
 * @obs: from observation_new(); nothing happens when it is done already
 *
 * Takes 10 seconds at most. Whatever goes wrong is in @obs: -ETIMEDOUT for
 * probes that did not end, -EFAULT with @obs->signal for those that crashed.
 */
void measure(const struct source *src, struct observation *obs);

#endif /* PFN_MKWRITE_MEASURE_H */
