// SPDX-License-Identifier: GPL-2.0-only
// needs: sink sink_text sink_text_event sink_text_run sink_json sink_json_run sink_csv json_row table top_layout out select select_container columns columns_tables columns_file columns_run columns_event names units escape columns_limits sink_text_limits warning_text sink_json_limits
/*
 * What the sinks write of readings, against tests/golden. The names in the fixture are hostile: besides, no output may have a control character in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "columns.h"
#include "fixture_snapshot.h"
#include "golden.h"
#include "sink.h"

#define MANY 3000

static struct options reading(enum command command, enum view view)
{
	return (struct options){ .command = command, .view = view };
}

static void snapshot_golden(const struct sink *sink, const struct snapshot *snapshot, const struct options *o,
			    const char *columns, const char *name)
{
	struct memory m = begin(columns);

	open_memory(&m);
	if (sink->begin)
		assert_int_equal(sink->begin(m.out, o), 0);
	assert_int_equal(sink->snapshot(m.out, snapshot, o), 0);
	fflush(m.out);
	if (sink == &sink_json)
		assert_json_lines(m.text);
	finish(&m, name);
}

static void text_tables(void **state)
{
	struct snapshot s = fixture_snapshot();
	struct options o = reading(COMMAND_SNAPSHOT, VIEW_ALL);

	(void)state;
	snapshot_golden(&sink_text, &s, &o, NULL, "snapshot.txt");
	snapshot_golden(&sink_text, &s, &o, "40", "snapshot-40.txt");
	snapshot_golden(&sink_text, &s, &o, "160", "snapshot-160.txt");
	o.limit_given = true;
	o.limit = 2;
	o.view = VIEW_PROCESS;
	o.sort = "pid";
	snapshot_golden(&sink_text, &s, &o, NULL, "processes-limit.txt");
	o = reading(COMMAND_SNAPSHOT, VIEW_CONTAINER);
	snapshot_golden(&sink_text, &s, &o, NULL, "containers.txt");
	o.container = "nobody";
	snapshot_golden(&sink_text, &s, &o, NULL, "nobody.txt");
}

/* it is shortened, and takes no other column with it */
static void text_with_a_long_name(void **state)
{
	static const struct snapshot_mount mounts[] = {
		{ .path = "/run/credentials/systemd-cryptsetup",
		  .namespace_id = 4026532281,
		  .unit = "systemd-cryptsetup@luks-2f1c8f0a-9a53-4a0c-8df6-0f0b7f6d5b61-data.service",
		  .used_bytes = MIB,
		  .limit_bytes = 4 * MIB,
		  .used_inodes = 5,
		  .limit_inodes = 1000,
		  .unattributed_bytes = MIB,
		  .peak_bytes = 2 * MIB,
		  .file_count = 2,
		  .used_rate = NO_RATE },
		{ .path = "/run", .root_namespace = true, .used_bytes = MIB, .limit_bytes = 800 * MIB },
	};
	struct snapshot s = fixture_snapshot();
	struct options o = reading(COMMAND_SNAPSHOT, VIEW_MOUNT);

	(void)state;
	s.mounts = mounts;
	s.mount_count = COUNT(mounts);
	snapshot_golden(&sink_text, &s, &o, NULL, "long-name.txt");
	snapshot_golden(&sink_text, &s, &o, "200", "long-name-200.txt");
}

static void text_not_tracing(void **state)
{
	struct snapshot s = fixture_snapshot();
	struct options o = reading(COMMAND_SNAPSHOT, VIEW_ALL);
	struct snapshot_process processes[COUNT(fixture_processes)];

	(void)state;
	for (size_t i = 0; i < COUNT(processes); i++) {
		processes[i] = fixture_processes[i];
		processes[i].cache_bytes = processes[i].tmpfs_bytes = ABSENT;
		processes[i].resident_rate = processes[i].cache_rate = processes[i].tmpfs_rate = NO_RATE;
	}
	s.processes = processes;
	s.tracing = false;
	s.tier = NULL;
	s.loss_count = 0;
	s.file_count = 0;
	s.system.cache_owned_bytes = s.system.tmpfs_owned_bytes = ABSENT;
	snapshot_golden(&sink_text, &s, &o, NULL, "not-tracing.txt");
	snapshot_golden(&sink_json, &s, &o, NULL, "not-tracing.json");
}

/* Rows without number; the text stays short, the JSON has all of them. */
static void many_rows(void **state)
{
	struct snapshot_process *processes = calloc(MANY, sizeof(*processes));
	struct snapshot s = fixture_snapshot();
	struct options o = reading(COMMAND_SNAPSHOT, VIEW_PROCESS);
	struct memory m = begin(NULL);
	json_t *json;

	(void)state;
	assert_non_null(processes);
	for (uint32_t i = 0; i < MANY; i++) {
		processes[i] = fixture_processes[0];
		processes[i].pid = i + 1;
		processes[i].anon_bytes = (i * 7919ull % MANY) * MIB;
	}
	s.processes = processes;
	s.process_count = MANY;
	snapshot_golden(&sink_text, &s, &o, NULL, "many.txt");
	open_memory(&m);
	assert_int_equal(sink_json.snapshot(m.out, &s, &o), 0);
	fclose(m.out);
	json = json_loads(m.text, JSON_REJECT_DUPLICATES, NULL);
	assert_int_equal(json_array_size(json_object_get(json, "processes")), MANY);
	json_decref(json);
	free(m.text);
	free(processes);
}

static void json_tables(void **state)
{
	struct snapshot s = fixture_snapshot();
	struct options o = reading(COMMAND_SNAPSHOT, VIEW_ALL);

	(void)state;
	snapshot_golden(&sink_json, &s, &o, NULL, "snapshot.json");
	o.view = VIEW_CONTAINER;
	snapshot_golden(&sink_json, &s, &o, NULL, "containers.json");
	o.view = VIEW_FILE;
	o.limit_given = true;
	o.limit = 1;
	snapshot_golden(&sink_json, &s, &o, NULL, "files-limit.json");
	o.view = VIEW_SYSTEM;
	snapshot_golden(&sink_json, &s, &o, NULL, "system.json");
}

static void csv_tables(void **state)
{
	struct snapshot s = fixture_snapshot();
	struct options o = reading(COMMAND_SNAPSHOT, VIEW_ALL);

	(void)state;
	snapshot_golden(&sink_csv, &s, &o, NULL, "processes.csv");
	o.view = VIEW_FILE;
	snapshot_golden(&sink_csv, &s, &o, NULL, "files.csv");
	o.view = VIEW_SYSTEM;
	snapshot_golden(&sink_csv, &s, &o, NULL, "system.csv");
	o = reading(COMMAND_TOP, VIEW_MOUNT); /* a stream: the time leads */
	snapshot_golden(&sink_csv, &s, &o, NULL, "top-mounts.csv");
}

/* docs/snapshot.schema.json has each key of each table, and no other. */
static void schema_lists_the_columns(void **state)
{
	const char *path = getenv("PAGETIDE_SCHEMA");
	json_t *schema = json_load_file(path ? path : "docs/snapshot.schema.json", JSON_REJECT_DUPLICATES, NULL);
	json_t *definitions = json_object_get(schema, "$defs");

	(void)state;
	assert_non_null(schema);
	for (enum view view = VIEW_PROCESS; view <= VIEW_FILE; view++) {
		const struct columns *columns = columns__of(view);
		json_t *keys = json_object_get(json_object_get(definitions, columns->name), "properties");
		size_t known = 0;

		for (size_t i = 0; i < columns->count; i++) {
			const struct column *column = &columns->columns[i];
			json_t *inside = column->object
						 ? json_object_get(json_object_get(keys, column->object), "properties")
						 : keys;
			const char *key = column->key + (column->object ? strlen(column->object) + 1 : 0);

			if (column->flat)
				continue;
			if (!json_object_get(inside, key))
				fail_msg("the schema of %s does not have %s", columns->name, column->key);
			known += !column->object;
		}
		/* besides: "tightest" of cgroups, "owners" and "holders" of files */
		known += view == VIEW_CGROUP ? 1 : view == VIEW_FILE ? 2 : 0;
		assert_int_equal(json_object_size(keys), known);
	}
	json_decref(schema);
}

static void choice(void **state)
{
	struct options o = { .format = FORMAT_JSON };

	(void)state;
	assert_ptr_equal(sink__choose(&o), &sink_json);
	o.format = FORMAT_CSV;
	assert_ptr_equal(sink__choose(&o), &sink_csv);
	o.format = FORMAT_TEXT;
	assert_ptr_equal(sink__choose(&o), &sink_text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_tables),
		cmocka_unit_test(text_with_a_long_name),
		cmocka_unit_test(text_not_tracing),
		cmocka_unit_test(many_rows),
		cmocka_unit_test(json_tables),
		cmocka_unit_test(csv_tables),
		cmocka_unit_test(schema_lists_the_columns),
		cmocka_unit_test(choice),
	};

	setenv("TZ", "UTC0", 1);
	tzset();
	return cmocka_run_group_tests_name("sinks", tests, NULL, NULL);
}
