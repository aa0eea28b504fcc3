// SPDX-License-Identifier: GPL-2.0-only
/* Readings judged, thresholds armed, warnings told. What is urgent is in limitwatch_urgent.c. */
#include "limitwatch_private.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "advice.h"
#include "clock.h"
#include "escape.h"
#include "limit_sinks.h"
#include "options_value.h"
#include "say.h"
#include "survive.h"
#include "warning_text.h"

#define HOOK_SECONDS 10.0
#define REFUSING_PERCENT 90 /* from there on what a tmpfs refuses is watched … */
#define REFUSING_ETA 10     /* … or when it is full so soon */
#define LOOK_MS 100

uint64_t limitwatch__now_ns(void)
{
	return clock__ns(CLOCK_BOOTTIME);
}

void limitwatch__watch_refusals(struct limitwatch *limits, bool on)
{
	tracer__arm(limits->tracer, FACT_ENOSPC, on);
	tracer__arm(limits->tracer, FACT_URING, on);
}

/* by name: --events without a list asks for all that costs nothing more */
static bool is_asked(const struct limitwatch *limits, uint32_t types)
{
	return limits->options->events_given && limits->options->events & types;
}

static void set_variable(struct hook_call *call, size_t *n, const char *name, const char *value)
{
	/* a long line is cut: the whole is on standard input */
	if (*n < HOOK_VARIABLES && value[0])
		snprintf(call->variables[(*n)++], sizeof(call->variables[0]), "PAGETIDE_%s=%.*s", name,
			 (int)sizeof(call->variables[0]) - 40, value);
}

static void set_number(struct hook_call *call, size_t *n, const char *name, double value)
{
	char text[40];

	if (isnan(value))
		return;
	snprintf(text, sizeof(text), "%.0f", value);
	set_variable(call, n, name, text);
}

static void fill_call(struct hook_call *call, const struct event *event, const char *line)
{
	const struct warning *w = event->warning;
	json_t *json = sink_json__make_event(event);
	size_t n = 0, length = json ? json_dumpb(json, call->input, sizeof(call->input) - 1, JSON_COMPACT) : 0;

	json_decref(json);
	call->input_length = length < sizeof(call->input) ? length : 0;
	call->input[call->input_length++] = '\n';
	memset(call->variables, 0, sizeof(call->variables));
	set_variable(call, &n, "LIMIT", warning_limit_names[w->limit]);
	set_variable(call, &n, "REASON", warning_reason_names[w->reason]);
	set_variable(call, &n, "TARGET", w->target);
	set_variable(call, &n, "CONTAINER", w->container);
	set_variable(call, &n, "MESSAGE", line);
	set_variable(call, &n, "ADVICE", w->advice);
	set_number(call, &n, w->limit == WARNING_TMPFS_INODES ? "USED_INODES" : "USED_BYTES", (double)w->used);
	set_number(call, &n, w->limit == WARNING_TMPFS_INODES ? "LIMIT_INODES" : "LIMIT_BYTES", (double)w->limit_value);
	set_number(call, &n, "LEVEL_PERCENT", w->level ? (double)w->level : (double)NAN);
	set_number(call, &n, "RATE", w->rate);
	set_number(call, &n, "ETA_SECONDS", w->eta_seconds);
	if (!w->culprit_count)
		return;
	set_number(call, &n, "PID", w->culprits[0].pid);
	set_variable(call, &n, "COMM", w->culprits[0].comm);
}

static void log_warning(struct limitwatch *limits, const struct warning *w, const char *line)
{
	static char target[WARNING_TARGET_MAX * 4], fields[JOURNAL_FIELDS_MAX];

	escape__text(target, sizeof(target), w->target);
	snprintf(fields, sizeof(fields),
		 "PAGETIDE_LIMIT=%s\nPAGETIDE_REASON=%s\nPAGETIDE_TARGET=%s\nPAGETIDE_USED=%" PRIu64
		 "\nPAGETIDE_LIMIT_VALUE=%" PRIu64 "\n",
		 warning_limit_names[w->limit], warning_reason_names[w->reason], target, w->used, w->limit_value);
	journal__send(limits->journal, line, fields);
}

void limitwatch__tell(struct limitwatch *limits, struct warning *warning)
{
	static char raw[WARNING_LINE_MAX], line[JOURNAL_MESSAGE_MAX];
	struct event event = { .type = EVENT_WARNING, .boot_ns = warning->boot_ns, .warning = warning };
	uint32_t pid = warning->culprit_count ? warning->culprits[0].pid : 0;

	limits->counts.warnings += warning->reason != WARNING_SAMPLE;
	warning->time_ns = warning->boot_ns + limits->boot_offset_ns;
	if (pid) { /* it may have exited: then this is all that is known of it */
		event.pid = pid;
		event.start_ns = warning->culprits[0].start_ns;
		event.comm = warning->culprits[0].comm;
	}
	if (warning->reason != WARNING_SAMPLE)
		model__tell(limits->model, &event, pid, event.start_ns);
	event.time_ns = warning->time_ns;
	if (!limits->hook && !limits->journal)
		return;
	warning_text__line(warning, raw, sizeof(raw));
	escape__text(line, sizeof(line), raw);
	if (limits->journal)
		log_warning(limits, warning, line);
	if (limits->hook) {
		fill_call(&limits->call, &event, line);
		hook__run(limits->hook, &limits->call, limitwatch__now_ns());
	}
}

static void tell_sample(struct limitwatch *limits)
{
	struct warning *w = &limits->urgent;

	memset(w, 0, sizeof(*w));
	w->reason = WARNING_SAMPLE;
	w->limit = WARNING_TMPFS;
	w->limit_name = "size";
	snprintf(w->target, sizeof(w->target), "/dev/shm");
	w->boot_ns = limitwatch__now_ns();
	w->used = 52ULL << 20;
	w->limit_value = 64ULL << 20;
	w->level = 80;
	w->rate = 1 << 20;
	w->eta_seconds = 12;
	w->reclaimable_bytes = ABSENT;
	w->culprit_count = 1;
	w->culprits[0] = (struct culprit){ .pid = tracer__self(limits->tracer),
					   .processes = 1,
					   .comm = "pagetide",
					   .bytes = 52ULL << 20,
					   .growth_bytes = 52 << 20,
					   .seconds = 50,
					   .files = 1,
					   .bytes_each = ABSENT,
					   .path = "/dev/shm/sample" };
	advice__write(w);
	limitwatch__tell(limits, w);
}

int limitwatch__set_hook(struct limitwatch *limits)
{
	const char *command = limits->options->on_warn;
	struct hook *hook = NULL;
	int err = command ? hook__open(&hook, command, HOOK_SECONDS) : 0;

	if (err == -ENOMEM)
		return err;
	if (err) {
		say("--on-warn: %s: use words as in a shell, each quote closed",
		    err == -E2BIG ? "too many words" : "no command in it, or a quote without its end");
		return -EINVAL;
	}
	hook__close(limits->hook);
	limits->hook = hook;
	return 0;
}

static int open_ways_out(struct limitwatch *limits)
{
	const struct options *options = limits->options;
	int err = limitwatch__set_hook(limits);

	if (err)
		return err;
	if (options->log_journal) {
		err = journal__open(&limits->journal);
		if (err == -ENOMEM)
			return err;
		if (err)
			say("there is neither a journal nor a syslog here: warnings are not logged until there is one");
	}
	return 0;
}

static struct warner_settings settings_of(const struct options *options)
{
	struct warner_settings settings = { .eta_seconds = options->warn_eta_seconds,
					    .floor_percent = (unsigned)options->warn_floor };

	settings.level_count = (size_t)value__levels(options->warn_at, settings.levels, WARNER_LEVELS);
	return settings;
}

void limitwatch__set_levels(struct limitwatch *limits)
{
	struct warner_settings settings = settings_of(limits->options);

	limits->first_level = settings.levels[0];
	warner__set(limits->warner, &settings);
}

int limitwatch__open(struct limitwatch **out, const struct options *options, struct tracer *tracer,
		     struct collector *collector, struct model *model)
{
	struct warner_settings settings = settings_of(options);
	struct limitwatch *limits = calloc(1, sizeof(*limits));
	int err;

	*out = limits;
	if (!limits)
		return -ENOMEM;
	limits->options = options;
	limits->tracer = tracer;
	limits->collector = collector;
	limits->model = model;
	limits->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	limits->boot_offset_ns = clock__boot_offset_ns(0);
	limits->available_bytes = ABSENT;
	limits->unified = collector__facts().unified;
	limits->first_level = settings.levels[0];
	err = warner__open(&limits->warner, &settings);
	if (!err)
		err = history__open(&limits->history);
	if (!err)
		err = open_ways_out(limits);
	if (err) {
		limitwatch__close(limits);
		*out = NULL;
		return err;
	}
	if (!survive__prepare() && options->verbose)
		say("cannot lock memory or leave the OOM killer's list: these rights do not allow it");
	if (is_asked(limits, 1U << EVENT_ENOSPC))
		limitwatch__watch_refusals(limits, true);
	if (is_asked(limits, EVENT_DENIALS))
		tracer__arm(tracer, FACT_DENIED, true);
	if (options->on_warn_test)
		tell_sample(limits);
	return 0;
}

void limitwatch__set_boot_offset(struct limitwatch *limits, uint64_t offset_ns)
{
	limits->boot_offset_ns = offset_ns;
}

void limitwatch__close(struct limitwatch *limits)
{
	if (!limits)
		return;
	hook__close(limits->hook);
	journal__close(limits->journal);
	history__close(limits->history);
	warner__close(limits->warner);
	free(limits);
}

void limitwatch__record(struct limitwatch *limits, const struct record *record)
{
	switch (record->type) {
	case RECORD_LIMIT:
		limitwatch__urgent(limits, (const void *)record);
		break;
	case RECORD_REFUSED:
		limitwatch__refused(limits, (const void *)record);
		break;
	case RECORD_DENIED:
		limitwatch__denied(limits, (const void *)record);
		break;
	case RECORD_OOM:
		survive__drop_ballast();
		limitwatch__oom(limits, (const void *)record);
		break;
	default:
		break;
	}
}

static bool is_near(const struct warner_watch *watch)
{
	return watch->percent >= REFUSING_PERCENT || watch->eta_seconds < REFUSING_ETA;
}

/* thresholds for the next level; base: what was there when the slot began to count */
void limitwatch__arm_tmpfs(struct limitwatch *limits, uint32_t dev, const struct warner_watch *bytes,
			   const struct warner_watch *inodes)
{
	int64_t pages = 0;
	uint64_t free_inodes = 0;
	struct mount_now now;

	if (is_near(bytes) || is_near(inodes) || bytes->percent >= limits->first_level) {
		limits->near_tmpfs = true;
		limitwatch__watch_refusals(limits, true);
	}
	if (collector__mount_now(limits->collector, dev, &now) || !now.slot)
		return;
	tracer__mount_limit(limits->tracer, now.slot,
			    now.limit_bytes == UINT64_MAX ? UINT64_MAX : now.limit_bytes / limits->page_bytes);
	if (bytes->next) {
		pages = (int64_t)(bytes->next / limits->page_bytes) -
			((int64_t)(now.used_bytes / limits->page_bytes) - now.slot_pages);
		pages = pages ? pages : 1;
	}
	if (inodes->next && inodes->next < now.limit_inodes)
		free_inodes = now.limit_inodes - inodes->next;
	tracer__arm_mount(limits->tracer, now.slot, pages, free_inodes);
}

static void arm_mount(struct limitwatch *limits, const struct snapshot_mount *mount)
{
	struct warner_watch watch[2] = { { 0, 0, NAN }, { 0, 0, NAN } };
	struct gauge gauge;

	for (int inodes = 0; inodes < 2; inodes++) {
		if (warner__mount_gauge(mount, &limits->system, inodes, &gauge))
			warner__gauge(limits->warner, &gauge, limits->urgent.boot_ns, &limits->urgent, &watch[inodes]);
	}
	limitwatch__arm_tmpfs(limits, mount->major << 20 | mount->minor, &watch[0], &watch[1]);
}

void limitwatch__snapshot(struct limitwatch *limits, const struct snapshot *snapshot)
{
	int count;

	limits->available_bytes = snapshot->system.available_bytes;
	limits->swap_free_bytes = is_known(snapshot->system.swap_free_bytes) ? snapshot->system.swap_free_bytes : 0;
	limits->system = snapshot->system;
	do {
		count = warner__judge(limits->warner, snapshot, limits->history, snapshot->boot_ns, limits->warnings,
				      WARNINGS_AT_ONCE);
		for (int i = 0; i < count; i++)
			limitwatch__tell(limits, &limits->warnings[i]);
	} while (count == WARNINGS_AT_ONCE);
	history__take(limits->history, snapshot);
	survive__keep_room();
	limits->near_tmpfs = false;
	for (size_t i = 0; i < snapshot->mount_count; i++) {
		limits->urgent.boot_ns = snapshot->boot_ns;
		if (!snapshot->mounts[i].internal)
			arm_mount(limits, &snapshot->mounts[i]);
	}
	if (!limits->near_tmpfs && !is_asked(limits, 1U << EVENT_ENOSPC))
		limitwatch__watch_refusals(limits, false);
	limitwatch__keep_cgroups(limits, snapshot);
	tracer__arm(limits->tracer, FACT_DENIED, snapshot->system.pool_count || is_asked(limits, EVENT_DENIALS));
}

double limitwatch__mount_eta(const struct limitwatch *limits, const struct snapshot_mount *mount)
{
	struct gauge gauge;

	return warner__mount_gauge(mount, &limits->system, false, &gauge) ? warner__eta(limits->warner, &gauge) : NAN;
}

double limitwatch__cgroup_eta(const struct limitwatch *limits, const struct snapshot_cgroup *cgroup)
{
	struct gauge gauge;
	const char *name;

	return warner__cgroup_gauge(cgroup, false, &gauge, &name) ? warner__eta(limits->warner, &gauge) : NAN;
}

void limitwatch__look(struct limitwatch *limits)
{
	uint64_t now_ns = limitwatch__now_ns();

	limitwatch__poll_cgroups(limits, now_ns);
	hook__look(limits->hook, now_ns);
}

int limitwatch__patience_ms(const struct limitwatch *limits)
{
	uint64_t now_ns = limitwatch__now_ns(), ms;

	if (limits->poll_ns <= now_ns)
		return 1;
	ms = (limits->poll_ns - now_ns) / 1000000 + 1;
	return ms < LOOK_MS ? (int)ms : LOOK_MS;
}

bool limitwatch__wants_reading(struct limitwatch *limits)
{
	bool wanted = limits->wants_reading;

	limits->wants_reading = false;
	return wanted;
}

struct limits_counts limitwatch__counts(const struct limitwatch *limits)
{
	return limits->counts;
}

const struct history *limitwatch__history(const struct limitwatch *limits)
{
	return limits->history;
}

const struct warner *limitwatch__warner(const struct limitwatch *limits)
{
	return limits->warner;
}
