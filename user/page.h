/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page at / of serve: its files, which are in the program, and what it asks for: the live state and the
 * last hour. It keeps less than 900 KiB, whatever the system has.
 */
#ifndef PAGETIDE_PAGE_H
#define PAGETIDE_PAGE_H

#include "event.h"
#include "http.h"
#include "metrics.h"

struct page;

/* forecast is copied; what it points to must outlive the page. 0 or -ENOMEM. */
int page__open(struct page **page, double interval_seconds, const struct metrics_forecast *forecast);
void page__close(struct page *page); /* takes NULL */
/* from now on; figures that are later than that are shown as old */
void page__set_interval(struct page *page, double seconds);
void page__event(struct page *page, const struct event *event);
/* Lives until the next one; NULL: the last reading failed. */
void page__reading(struct page *page, const struct snapshot *snapshot);
/* false: it is none of the page's paths */
bool page__answer(struct page *page, const struct http_request *request, struct http_response *response);

#endif
