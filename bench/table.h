/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers that were measured several times, and rows of them, as text or as JSON.
 */
#ifndef PFN_MKWRITE_TABLE_H
#define PFN_MKWRITE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#define MAX_ROUNDS	101

/* One number, measured @nr times. */
struct sample {
	int nr;
	double value[MAX_ROUNDS];
};

/* Add a value; a full sample stays as it is. */
void sample_add(struct sample *sample, double value);

/* Quartile 1, 2 (the median) or 3; NAN if the sample is empty. */
double quartile(struct sample *sample, int which);

/* Print the first lines: what is measured, and on which machine. */
void table_begin(bool json, const char *job, const char *note);

void table_end(void);

/*
 * The cells of a row in order, then row_end(). @width is that of the column, to the
 * right if it is negative; 0 leaves the cell to JSON. The keys of the first row, and of
 * each row with other keys, become the head of the table.
 */
void cell_text(const char *key, int width, const char *value);
void cell_number(const char *key, int width, int digits, double value);

/* The median; JSON has the quartiles, too. */
void cell_sample(const char *key, int width, int digits, struct sample *sample);
void row_end(void);

/* Show progress on a terminal, in one line that the next one replaces. */
void show_progress(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

/**
 * left_out() - print what was not measured
 * @name: what
 * @pages: how many, or 0 for any number
 * @why: a sentence without its full stop
 */
void left_out(const char *name, size_t pages, const char *why);

/**
 * print_goal() - print whether a goal is met
 * @name: the goal
 * @met: it is
 * @fmt: what was measured, and what is wanted
 */
void print_goal(const char *name, bool met, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* PFN_MKWRITE_TABLE_H */
