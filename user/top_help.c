// SPDX-License-Identifier: GPL-2.0-only
/* The help screen: the keys first, then what the words mean. */
#include "top_page.h"
#include "top_private.h"

static const struct {
	const char *keys, *text;
} help[] = {
	{ "1-6, Tab", "view: process, container, cgroup, mount, file, system" },
	{ "arrows, j k", "move; so do PgUp PgDn, Home End (g G)" },
	{ "Enter", "everything about the row: files, owners, holders" },
	{ "< >", "sort by another column; so do left and right" },
	{ "r", "reverse the order" },
	{ "/", "show only rows with this text in a name; Esc clears it" },
	{ "p, space", "pause and go on" },
	{ "i", "seconds between readings" },
	{ "Ctrl-L", "draw the screen anew" },
	{ "h, ?", "this help" },
	{ "q", "back; quit" },
	{ "", "" },
	{ "RSS", "resident now: anon + file + shmem, as the kernel counts them" },
	{ "CACHE", "page cache of disks: what it brought in, and is there now" },
	{ "TMPFS", "the same on tmpfs: files, memfd, System V and shared memory" },
	{ "CHANGE", "bytes a second gained (+) or lost (-) since the last reading" },
	{ "ROOM", "left under the tightest limit of a cgroup and those above it" },
	{ "UNATTRIBUTED", "no known process brought it in: it was there before" },
	{ "(exited)", "the process is gone; what it brought in is not" },
	{ "bars", "limits that are nearest: # in use, = of it reclaimable" },
	{ "-", "not known, which is not 0" },
};

void top_help__draw(struct top *top, int lines)
{
	int split = paint__columns() < 50 ? 11 : 15;

	do {
		struct page page = page__begin(&top->state.details, 0, lines);

		for (size_t i = 0; i < sizeof(help) / sizeof(help[0]); i++)
			page__entry(&page, split, help[i].keys, help[i].text);
		if (!page__end(&page, &top->state.details))
			return;
	} while (true);
}
