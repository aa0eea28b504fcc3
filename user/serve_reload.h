/* SPDX-License-Identifier: GPL-2.0-only */
/* What a SIGHUP changes in a serve that runs. */
#ifndef PAGETIDE_SERVE_RELOAD_H
#define PAGETIDE_SERVE_RELOAD_H

#include "limitwatch.h"
#include "loop.h"
#include "options.h"
#include "settings.h"

struct serve_reload {
	struct options *options;  /* of all of serve */
	struct settings settings; /* what they were read from last; of the first time: zero */
	struct loop *loop;
	struct limitwatch *limits;
};

/* Reads the file of --config again. What cannot be used is said in a line, and then nothing changes. */
void serve_reload__config(struct serve_reload *reload);
void serve_reload__close(struct serve_reload *reload);

#endif
