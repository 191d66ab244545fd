/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers as the kernel prints them. */
#ifndef PFN_MKWRITE_PARSE_H
#define PFN_MKWRITE_PARSE_H

#include <stdint.h>

/**
 * parse_count() - decode a decimal count and what follows it
 * @text: starts with the first digit
 * @rest: what has to follow the last one
 * @count: filled in
 *
 * Return: 0, -EBADMSG when @text is something else, -ERANGE for a count beyond
 * 63 bits.
 */
int parse_count(const char *text, const char *rest, int64_t *count);

#endif /* PFN_MKWRITE_PARSE_H */
