// SPDX-License-Identifier: GPL-2.0-only
// needs: metrics_rows unit bag tally escape out names
/* Pages of metrics: a golden one of each format, bounds, sums, and the documentation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "fixture_snapshot.h"
#include "golden.h"
#include "metrics.h"

#define GENERATIONS 5
#define CONTAINERS 1000

struct crowd {
	struct snapshot_container in[CONTAINERS];
	struct snapshot_cgroup cgroups[CONTAINERS];
	char names[CONTAINERS][32];
};

static char *page(const struct snapshot *snapshot, const struct tally *tally, enum metrics_format format, uint64_t most)
{
	const struct metrics_input input = {
		.snapshot = snapshot,
		.tally = tally,
		.max_series = most,
		.reading_seconds = 0.25,
		.render_seconds = NAN,
		.readings = 7,
		.map_bytes = 4096,
	};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(metrics__write(out, &input, format), 0);
	fclose(out);
	return text;
}

static struct tally *some_tally(void)
{
	static const struct snapshot_container in = {
		.shown = "shop/web-0/app", .kind = "container", .name = "app", .pod = "web-0", .pod_namespace = "shop"
	};
	const struct event event = { .type = EVENT_OOM, .in = &in };
	struct tally *tally;

	assert_int_equal(tally__open(&tally, 1U << EVENT_OOM), 0);
	tally__take(tally, &event);
	return tally;
}

/* OpenMetrics wants them escaped, text 0.0.4 does not: there are none */
static void assert_help_without_quotes(const char *text)
{
	for (const char *help = text; (help = strstr(help, "# HELP ")); help++)
		assert_int_equal(strcspn(help, "\n"), strcspn(help, "\n\"\\"));
}

static void golden_page(const char *name, enum metrics_format format)
{
	const struct snapshot snapshot = fixture_snapshot();
	struct tally *tally = some_tally();
	struct memory m = begin(NULL);
	char *text = page(&snapshot, tally, format, 20000);

	assert_help_without_quotes(text);
	open_memory(&m);
	fputs(text, m.out);
	finish(&m, name);
	free(text);
	tally__close(tally);
}

static void text(void **state)
{
	(void)state;
	golden_page("metrics.txt", METRICS_TEXT);
}

static void openmetrics(void **state)
{
	(void)state;
	golden_page("metrics.openmetrics", METRICS_OPENMETRICS);
}

/* series and the sum of one family, by their lines */
static size_t lines(const char *text, const char *family, double *sum)
{
	size_t count = 0, len = strlen(family);

	*sum = 0;
	for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		const char *end = strchr(line, '\n');

		if (*line != '#' && strncmp(line, family, len) == 0) {
			while (end > line && end[-1] != ' ')
				end--;
			*sum += strtod(end, NULL);
		}
		count += *line != '#';
	}
	return count;
}

static void make_crowd(struct crowd *crowd, int generation)
{
	for (int i = 0; i < CONTAINERS; i++) {
		snprintf(crowd->names[i], sizeof(crowd->names[i]), "g%d-%d", generation, i);
		crowd->in[i] = (struct snapshot_container){
			.shown = crowd->names[i], .id = crowd->names[i], .kind = "container", .runtime = "podman"
		};
		crowd->cgroups[i] = (struct snapshot_cgroup){
			.path = "/x",
			.in = &crowd->in[i],
			.usage_bytes = (uint64_t)i,
			.limit_bytes = 1000,
			.high_bytes = ABSENT,
			.tightest_limit_bytes = 1000,
			.tightest_room_bytes = 500,
			.anon_bytes = (uint64_t)i,
			.file_bytes = 0,
			.shmem_bytes = 0,
			.kernel_bytes = 0,
			.swap_bytes = 0,
		};
	}
}

/* 5,000 containers that come and go: no more series than allowed, and no byte lost */
static void bounded(void **state)
{
	static struct crowd crowd;
	struct snapshot snapshot = {
		.tier = "tracepoint", .kernel = "6.1", .cgroups = crowd.cgroups, .cgroup_count = CONTAINERS
	};
	struct tally *tally = some_tally();

	(void)state;
	for (int generation = 0; generation < GENERATIONS; generation++) {
		const uint64_t most = 2000;
		double sum;
		char *text;

		make_crowd(&crowd, generation);
		for (int i = 0; i < CONTAINERS; i++) {
			const struct event event = { .type = EVENT_OOM, .in = &crowd.in[i] };

			tally__take(tally, &event);
		}
		text = page(&snapshot, tally, METRICS_TEXT, most);
		assert_in_range(lines(text, "pagetide_container_usage_bytes{", &sum), 100, most + TALLY_MOST);
		assert_true(sum == CONTAINERS * (CONTAINERS - 1) / 2);
		lines(text, "pagetide_oom_kills_total{", &sum);
		assert_true(sum == 1 + CONTAINERS * (generation + 1));
		free(text);
	}
	tally__close(tally);
}

/* what an earlier container of the same name left behind is its own no longer */
static void info_of_the_living(void **state)
{
	static struct snapshot_container in[2] = {
		{ .shown = "shop", .id = "1", .kind = "container", .name = "shop", .runtime = "podman", .image = "v1" },
		{ .shown = "shop", .id = "2", .kind = "container", .name = "shop", .runtime = "podman", .image = "v2" },
	};
	static struct snapshot_process processes[2] = {
		{ .comm = "old", .in = &in[0], .exited = true, .cache_bytes = 4096 },
		{ .comm = "new", .in = &in[1], .cache_bytes = 8192 },
	};
	struct snapshot snapshot = {
		.tier = "tracepoint", .kernel = "6.1", .processes = processes, .process_count = 2
	};
	struct tally *tally = some_tally();
	char *text = page(&snapshot, tally, METRICS_TEXT, 20000);
	double sum;

	(void)state;
	lines(text, "pagetide_container_info{", &sum);
	assert_true(sum == 1);
	assert_non_null(strstr(text, "image=\"v2\"} 1\n"));
	lines(text, "pagetide_container_owned_bytes{", &sum);
	assert_true(sum == 12288);
	free(text);
	tally__close(tally);
}

static void assert_no_series_twice(const char *text)
{
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
		const char *end = line + strcspn(line, "\n");

		while (end > line && *end != ' ')
			end--;
		for (const char *other = end + strcspn(end, "\n") + 1; *line != '#' && *other;
		     other += strcspn(other, "\n") + 1)
			if (strncmp(line, other, (size_t)(end - line) + 1) == 0)
				fail_msg("twice: %.*s", (int)(end - line), line);
	}
}

static void memory_that_two_share_counts_once(void **state)
{
	static struct snapshot_process processes[2] = {
		{ .comm = "x", .pid = 1, .anon_bytes = 7 },
		{ .comm = "x", .pid = 2, .anon_bytes = 7, .shares_memory = true },
	};
	struct snapshot snapshot = {
		.tier = "tracepoint", .kernel = "6.1", .processes = processes, .process_count = 2
	};
	struct tally *tally = some_tally();
	char *text = page(&snapshot, tally, METRICS_TEXT, 20000);

	(void)state;
	assert_non_null(strstr(text, "pagetide_process_memory_bytes{comm=\"x\",kind=\"anon\"} 7\n"));
	assert_non_null(strstr(text, "pagetide_processes{comm=\"x\"} 2\n"));
	free(text);
	tally__close(tally);
}

/* names that differ, and look the same where they are shown */
static void one_series_for_what_looks_the_same(void **state)
{
	static struct snapshot_container in[2] = {
		{ .shown = "a\x01", .id = "1", .kind = "container" },
		{ .shown = "a\\x01", .id = "2", .kind = "container" },
	};
	static struct snapshot_process processes[2] = {
		{ .comm = "dup\x01", .in = &in[0], .anon_bytes = 1 },
		{ .comm = "dup\\x01", .in = &in[1], .anon_bytes = 2 },
	};
	struct snapshot snapshot = {
		.tier = "tracepoint", .kernel = "6.1", .processes = processes, .process_count = 2
	};
	const struct event events[2] = { { .type = EVENT_OOM, .in = &in[0] }, { .type = EVENT_OOM, .in = &in[1] } };
	struct tally *tally = some_tally();
	char *text;

	(void)state;
	for (int i = 0; i < 2; i++)
		tally__take(tally, &events[i]);
	text = page(&snapshot, tally, METRICS_TEXT, 20000);
	assert_no_series_twice(text);
	assert_non_null(strstr(text, "pagetide_process_memory_bytes{comm=\"dup\\\\x01\",kind=\"anon\"} 3\n"));
	assert_non_null(strstr(text, "pagetide_oom_kills_total{namespace=\"\",pod=\"\",container=\"a\\\\x01\"} 2\n"));
	free(text);
	tally__close(tally);
}

static void documented(void **state)
{
	char *table = NULL, *text = malloc(1 << 20);
	size_t size, len;
	FILE *out = open_memstream(&table, &size), *file;
	char path[512];

	(void)state;
	metrics__document(out);
	fclose(out);
	snprintf(path, sizeof(path), "%s/../../docs/metrics.md",
		 getenv("PAGETIDE_GOLDEN") ? getenv("PAGETIDE_GOLDEN") : "tests/golden");
	file = fopen(path, "re");
	if (!file)
		fail_msg("docs/metrics.md is not there; its table is:\n%s", table);
	len = fread(text, 1, (1 << 20) - 1, file);
	text[len] = '\0';
	fclose(file);
	if (!strstr(text, table) || strstr(text, table)[strlen(table)] == '|')
		fail_msg("docs/metrics.md does not have this table:\n%s", table);
	free(text);
	free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text),
		cmocka_unit_test(openmetrics),
		cmocka_unit_test(bounded),
		cmocka_unit_test(info_of_the_living),
		cmocka_unit_test(memory_that_two_share_counts_once),
		cmocka_unit_test(one_series_for_what_looks_the_same),
		cmocka_unit_test(documented),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
