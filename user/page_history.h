/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The last hour of the machine's ledger and of the largest limits, in memory that is taken once: less than
 * 700 KiB. Pure: fed with snapshots. Points come as the readings do until there is no more room; then every
 * second one goes, and they come half as often, until they reach over the hour.
 */
#ifndef PAGETIDE_PAGE_HISTORY_H
#define PAGETIDE_PAGE_HISTORY_H

#include "snapshot.h"

#define PAGE_HISTORY_POINTS 720
#define PAGE_HISTORY_SECONDS 3600
#define PAGE_HISTORY_NONE INT64_MIN /* it was not there, or has no limit */
#define PAGE_HISTORY_NAME 256

enum page_line_kind { PAGE_LINE_PART, PAGE_LINE_MOUNT, PAGE_LINE_CGROUP, PAGE_LINE_KINDS };
extern const char *const page_line_kind_names[PAGE_LINE_KINDS];

struct page_line {
	enum page_line_kind kind;
	uint64_t id;                       /* never used again */
	uint64_t key;                      /* of the kernel: device or cgroup; of a part 0 */
	char name[PAGE_HISTORY_NAME];      /* "": no line */
	char container[PAGE_HISTORY_NAME]; /* "": none */
	int64_t used[PAGE_HISTORY_POINTS], limit[PAGE_HISTORY_POINTS];
};

struct page_history;

int page_history__open(struct page_history **history);  /* 0 or -ENOMEM */
void page_history__close(struct page_history *history); /* takes NULL */
void page_history__take(struct page_history *history, const struct snapshot *snapshot);

/* points, oldest first; CLOCK_BOOTTIME */
size_t page_history__count(const struct page_history *history);
uint64_t page_history__boot_ns(const struct page_history *history, size_t point);
/* NULL: there are no more; those without a name are to be passed over */
const struct page_line *page_history__line(const struct page_history *history, size_t n);

#endif
