// SPDX-License-Identifier: GPL-2.0-only
// needs: parse
/* Which format a scrape asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "accept.h"

#define OPEN "application/openmetrics-text"

static void formats(void **state)
{
	static const struct {
		const char *accept;
		bool open;
	} cases[] = {
		{ NULL, false },
		{ "", false },
		{ "*/*", false },
		{ "text/plain;version=0.0.4", false },
		/* Prometheus 2.42 and 2.5x */
		{ OPEN ";version=1.0.0," OPEN ";version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", true },
		{ "text/plain;version=0.0.4;q=1," OPEN ";q=0.5", false },
		{ OPEN ";q=0", false },
		{ OPEN "; q=0.5 , text/plain; q=0.4", true },
		{ "application/openmetrics-texts", false },
		{ "APPLICATION/OpenMetrics-TEXT", true },
		{ OPEN ";q=0.5,TEXT/Plain", false },
		{ "text/plain;q=0.5," OPEN ";Q=0.4", false },
		{ OPEN ";q=banana", false },
		{ ";;;,,,;q=,", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (accept__openmetrics(cases[i].accept) != cases[i].open)
			fail_msg("%s", cases[i].accept ? cases[i].accept : "(none)");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(formats) };

	return cmocka_run_group_tests_name("accept", tests, NULL, NULL);
}
