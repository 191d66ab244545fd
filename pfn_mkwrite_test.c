// SPDX-License-Identifier: GPL-2.0
/*
 * A store to device memory, mapped shared and writable, takes one page fault: it maps the
 * page. A second one that only sets the dirty bit means that mkwrite was not honoured.
 */
#define TH_LOG_STREAM stdout

#include "kselftest_harness.h"

#include "lib/tests/mapping_tests.h"
#include "lib/tests/perf_tests.h"
#include "lib/tests/vdso_tests.h"

int main(int argc, char **argv)
{
	sources_each(mapping_add);
	return mappings_run(argc, argv);
}
