// SPDX-License-Identifier: GPL-2.0-only
#include "accept.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "parse.h"

static bool is_same_word(struct parse_span word, const char *other)
{
	return word.len == strlen(other) && strncasecmp(word.p, other, word.len) == 0;
}

/* type/subtype;q=…, …: the quality of a type in thousandths, 0 where it is not listed */
static unsigned quality(const char *accept, const char *type)
{
	struct parse_span rest = { accept, strlen(accept) }, item, word;
	unsigned best = 0;

	while (parse__until(&rest, ',', &item)) {
		double q = 1;
		bool first = true, is_it = false;

		while (parse__until(&item, ';', &word)) {
			while (word.len && (*word.p == ' ' || *word.p == '\t')) {
				word.p++;
				word.len--;
			}
			if (first)
				is_it = is_same_word(word, type);
			else if (parse__starts(word, "q=") || parse__starts(word, "Q="))
				q = word.len < 8 ? strtod(word.p + 2, NULL) : 0; /* ends at what is no number */
			first = false;
		}
		if (is_it && q > 0 && q <= 1 && (unsigned)(q * 1000) > best)
			best = (unsigned)(q * 1000);
	}
	return best;
}

bool accept__openmetrics(const char *accept)
{
	unsigned open = accept ? quality(accept, "application/openmetrics-text") : 0;

	return open && open >= quality(accept, "text/plain");
}
