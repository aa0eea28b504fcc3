// SPDX-License-Identifier: GPL-2.0-only
#include "sink.h"

const struct sink *sink__choose(const struct options *options)
{
	static const struct sink *const sinks[] = {
		[FORMAT_TEXT] = &sink_text,
		[FORMAT_JSON] = &sink_json,
		[FORMAT_CSV] = &sink_csv,
	};

	return sinks[options->format];
}

int sink__begin(FILE *out, const struct options *options)
{
	const struct sink *sink = sink__choose(options);

	return sink->begin ? sink->begin(out, options) : 0;
}
