// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "table.h"

static bool as_json;
/* The row so far, and the head that belongs to it. */
static char row[1024], head[256];
static char last_head[sizeof(head)];

void sample_add(struct sample *s, double value)
{
	if (s->nr < MAX_ROUNDS)
		s->value[s->nr++] = value;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double quartile(struct sample *s, int which)
{
	double at = (s->nr - 1) * which / 4.0;
	int below = at;

	if (!s->nr)
		return NAN;
	qsort(s->value, s->nr, sizeof(s->value[0]), by_value);
	if (below + 1 >= s->nr)
		return s->value[s->nr - 1];
	return s->value[below] + (at - below) *
				 (s->value[below + 1] - s->value[below]);
}

static void __attribute__((format(printf, 3, 4)))
append(char *text, size_t size, const char *fmt, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(text + used, size - used, fmt, args);
	va_end(args);
}

static void append_key(const char *key)
{
	append(row, sizeof(row), "%s\"%s\": ", *row ? ", " : "", key);
}

static void append_column(const char *key, int width, const char *value)
{
	if (!width)
		return;
	append(row, sizeof(row), "%s%*s", *row ? " " : "", -width, value);
	append(head, sizeof(head), "%s%*s", *head ? " " : "", -width, key);
}

void cell_text(const char *key, int width, const char *value)
{
	if (!as_json) {
		append_column(key, width, value);
		return;
	}
	append_key(key);
	append(row, sizeof(row), "\"");
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			append(row, sizeof(row), "\\%c", *value);
		else if ((unsigned char)*value < ' ')
			append(row, sizeof(row), "\\u%04x", *value);
		else
			append(row, sizeof(row), "%c", *value);
	}
	append(row, sizeof(row), "\"");
}

void cell_number(const char *key, int width, int digits, double value)
{
	char text[64];

	if (as_json) {
		append_key(key);
		append(row, sizeof(row), isfinite(value) ? "%.9g" : "null", value);
		return;
	}
	snprintf(text, sizeof(text), isfinite(value) ? "%.*f" : "-", digits, value);
	append_column(key, width, text);
}

void cell_sample(const char *key, int width, int digits, struct sample *s)
{
	double low = quartile(s, 1), median = quartile(s, 2);
	double high = quartile(s, 3);

	if (as_json) {
		append_key(key);
		if (s->nr)
			append(row, sizeof(row),
			       "{\"q1\": %.9g, \"median\": %.9g, \"q3\": %.9g}",
			       low, median, high);
		else
			append(row, sizeof(row), "null");
		return;
	}
	cell_number(key, width, digits, median);
}

void show_progress(const char *fmt, ...)
{
	va_list args;

	if (!isatty(STDERR_FILENO))
		return;
	va_start(args, fmt);
	fprintf(stderr, "\r\033[K");
	vfprintf(stderr, fmt, args);
	va_end(args);
}

void row_end(void)
{
	static bool later;

	show_progress("%s", "");

	if (as_json)
		printf("%s\n{%s}", later ? "," : "", row);
	else if (!strcmp(head, last_head))
		printf("%s\n", row);
	else
		printf("%s\n%s\n", head, row);
	fflush(stdout);
	later = true;
	memcpy(last_head, head, sizeof(head));
	*row = '\0';
	*head = '\0';
}

void table_begin(bool json, const char *job, const char *note)
{
	struct utsname name;

	as_json = json;
	uname(&name);
	if (!json) {
		printf("# %s: Linux %s, %s, pages of %ld bytes,\n# %s\n# medians; -j has the quartiles, too\n",
		       job, name.release, name.machine, sysconf(_SC_PAGESIZE), note);
		return;
	}
	cell_text("job", 0, job);
	cell_text("kernel", 0, name.release);
	cell_text("machine", 0, name.machine);
	cell_text("note", 0, note);
	printf("{%s, \"page_size\": %ld, \"results\": [", row,
	       sysconf(_SC_PAGESIZE));
	*row = '\0';
}

void table_end(void)
{
	if (as_json)
		printf("\n]}\n");
}

void left_out(const char *name, size_t pages, const char *why)
{
	show_progress("%s", "");
	if (as_json) {
		cell_text("left_out", 0, name);
		cell_number("pages", 0, 0, pages);
		cell_text("why", 0, why);
		row_end();
	} else if (pages) {
		printf("# left out: %s of %zu pages: %s\n", name, pages, why);
	} else {
		printf("# left out: %s: %s\n", name, why);
	}
}

void print_goal(const char *name, bool met, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (as_json) {
		cell_text("goal", 0, name);
		cell_text("seen", 0, text);
		append_key("met");
		append(row, sizeof(row), met ? "true" : "false");
		row_end();
	} else {
		printf("# goal %s: %s: %s\n", name, text, met ? "met" : "not met");
	}
}
