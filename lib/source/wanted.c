// SPDX-License-Identifier: GPL-2.0
/*
 * PFN_MKWRITE_ONLY and PFN_MKWRITE_SKIP are shell patterns of names. PFN_MKWRITE_DRM names
 * a card by driver, name, device file or pci:SLOT.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

/* A C library without such patterns takes the plain ones. */
#ifndef FNM_EXTMATCH
#define FNM_EXTMATCH	0
#endif

static char others[900];	/* names of cards that PFN_MKWRITE_DRM leaves out */
static bool matched;

bool source_matches(const struct source *src, const char *pattern)
{
	return !fnmatch(pattern, src->name, FNM_EXTMATCH);
}

bool source_wanted(const struct source *src)
{
	const char *only = getenv("PFN_MKWRITE_ONLY");
	const char *skip = getenv("PFN_MKWRITE_SKIP");

	return (!only || !*only || source_matches(src, only)) &&
	       (!skip || !*skip || !source_matches(src, skip));
}

/* Is it the name, or the driver, bus or device file in the detail? */
bool drm_wanted(const char *name, const char *detail)
{
	const char *pick = getenv("PFN_MKWRITE_DRM") ?: "";
	size_t len = strlen(others), i, word;
	char slot[32] = "";

	/* "pci:00:02.0": lspci leaves out the first domain. */
	if (!strncmp(pick, "pci:", 4))
		snprintf(slot, sizeof(slot), "pci:0000:%s", pick + 4);
	if (!*pick || !strcmp(pick, name))
		return matched = true;
	for (i = 0; detail[i]; i += word + strspn(detail + i + word, ", ")) {
		word = strcspn(detail + i, ", ");
		if (i != strlen("driver ") && detail[i] != '/' && !memchr(detail + i, ':', word))
			continue;
		if ((strlen(pick) == word && !strncmp(pick, detail + i, word)) ||
		    (strlen(slot) == word && !strncmp(slot, detail + i, word)))
			return matched = true;
	}
	snprintf(others + len, sizeof(others) - len, " %s", name);
	return false;
}

bool drm_unmatched(char *why, size_t size)
{
	if (!matched)
		snprintf(why, size, "PFN_MKWRITE_DRM=%s matches no card; there are:%s",
			 getenv("PFN_MKWRITE_DRM"), others);
	return !matched;
}
