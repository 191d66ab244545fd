// SPDX-License-Identifier: GPL-2.0
/* Names of devices. */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

/* Replace all but letters, digits and '-' by '_'. */
void source_tame(char *name)
{
	for (; *name; name++) {
		if (!isalnum((unsigned char)*name) && *name != '-')
			*name = '_';
	}
}

/* The last part of what the link @dir/@link of sysfs points to, "" without one. */
void sysfs_link(char name[SYSFS_NAME], const char *dir, const char *link)
{
	char path[128], target[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, link);
	*name = '\0';
	if (realpath(path, target))
		snprintf(name, SYSFS_NAME, "%.63s", strrchr(target, '/') + 1);
}
