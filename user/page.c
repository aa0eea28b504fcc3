// SPDX-License-Identifier: GPL-2.0-only
#include "page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "page_json.h"

/* in web/files.S */
extern const char web_index_html[], web_index_html_end[], web_page_css[], web_page_css_end[], web_page_js[],
	web_page_js_end[], web_plots_js[], web_plots_js_end[], web_dygraph_css[], web_dygraph_css_end[],
	web_dygraph_js[], web_dygraph_js_end[];

static const struct {
	const char *path, *type, *begin, *end;
} files[] = {
	{ "/", "text/html; charset=utf-8", web_index_html, web_index_html_end },
	{ "/page.css", "text/css; charset=utf-8", web_page_css, web_page_css_end },
	{ "/page.js", "text/javascript; charset=utf-8", web_page_js, web_page_js_end },
	{ "/plots.js", "text/javascript; charset=utf-8", web_plots_js, web_plots_js_end },
	{ "/dygraph.css", "text/css; charset=utf-8", web_dygraph_css, web_dygraph_css_end },
	{ "/dygraph.js", "text/javascript; charset=utf-8", web_dygraph_js, web_dygraph_js_end },
};

struct page {
	const struct snapshot *snapshot;
	struct metrics_forecast forecast;
	struct page_history *history;
	struct recent *recent;
	double interval_seconds;
	uint64_t server;
};

int page__open(struct page **out, double interval_seconds, const struct metrics_forecast *forecast)
{
	struct page *page = calloc(1, sizeof(*page));
	int err = page ? page_history__open(&page->history) : -ENOMEM;

	if (!err)
		err = recent__open(&page->recent);
	if (err) {
		page__close(page);
		*out = NULL;
		return err;
	}
	page->interval_seconds = interval_seconds;
	page->forecast = *forecast;
	page->server = clock__ns(CLOCK_REALTIME) / 1000000;
	*out = page;
	return 0;
}

void page__close(struct page *page)
{
	if (!page)
		return;
	page_history__close(page->history);
	recent__close(page->recent);
	free(page);
}

void page__set_interval(struct page *page, double seconds)
{
	page->interval_seconds = seconds;
}

void page__event(struct page *page, const struct event *event)
{
	recent__take(page->recent, event);
}

void page__reading(struct page *page, const struct snapshot *snapshot)
{
	page->snapshot = snapshot;
	if (snapshot)
		page_history__take(page->history, snapshot);
}

static bool answer_file(const struct http_request *request, struct http_response *response)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (strcmp(request->path, files[i].path) != 0)
			continue;
		response->length = (size_t)(files[i].end - files[i].begin);
		response->body = malloc(response->length);
		response->status = response->body ? 200 : 503;
		if (!response->body)
			return true;
		memcpy(response->body, files[i].begin, response->length);
		response->type = files[i].type;
		return true;
	}
	return false;
}

static bool is_live(const struct http_request *request)
{
	return strcmp(request->path, "/api/live") == 0;
}

static int write_json(void *context, const struct http_request *request, FILE *out)
{
	const struct page *page = context;
	const struct page_json_input input = {
		.snapshot = page->snapshot,
		.forecast = &page->forecast,
		.history = page->history,
		.recent = page->recent,
		.interval_seconds = page->interval_seconds,
		.age_seconds = (double)(clock__ns(CLOCK_BOOTTIME) - page->snapshot->boot_ns) / 1e9,
		.server = page->server,
	};

	if (is_live(request))
		return page_json__live(out, &input);
	return page_json__history(out, &input, request->since ? strtod(request->since, NULL) : 0);
}

bool page__answer(struct page *page, const struct http_request *request, struct http_response *response)
{
	if (!is_live(request) && strcmp(request->path, "/api/history") != 0)
		return answer_file(request, response);
	response->status = 503;
	response->type = "application/json";
	if (page->snapshot)
		http__write(response, request, write_json, page);
	return true;
}
