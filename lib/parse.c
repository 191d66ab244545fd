// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

int parse_count(const char *text, const char *rest, int64_t *count)
{
	unsigned long long value;
	char *end;

	/* strtoull() takes signs and blanks; the kernel prints neither. */
	if (*text < '0' || *text > '9')
		return -EBADMSG;
	value = strtoull(text, &end, 10);
	if (value > INT64_MAX)
		return -ERANGE;
	if (strncmp(end, rest, strlen(rest)))
		return -EBADMSG;
	*count = value;
	return 0;
}
