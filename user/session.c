// SPDX-License-Identifier: GPL-2.0-only
/* Opening in order, closing in the other; the only place that says why it cannot trace. */
#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accounts.h"
#include "ask.h"
#include "clock.h"
#include "pid_option.h"
#include "pidns.h"
#include "rights.h"
#include "say.h"

#define FAILURES_MOST 5U /* readings in a row */

#define RECORD_MOST (sizeof(struct record_file) + 256)

/* a reading needs no tracing: without BPF it shows what /proc tells */
static bool can_do_without(const struct session_needs *needs)
{
	return !(needs->groups & ~(unsigned)GROUP_READ);
}

static int refused(const struct session_needs *needs, const char *what, const char *remedy)
{
	if (can_do_without(needs)) {
		say("%s: showing what /proc tells, without owners and holders", what);
		return EXIT_OK;
	}
	say("%s; %s; pagetide snapshot works, from /proc", what, remedy);
	return EXIT_NOT_ALLOWED;
}

static int refused_by_lockdown(const struct session_needs *needs)
{
	return refused(needs, "lockdown=confidentiality keeps BPF from the kernel's memory",
		       "boot without it to trace");
}

static bool locked_down(void)
{
	return strcmp(kernel__lockdown(), "confidentiality") == 0;
}

/* true: rights are missing, which then is the reason of any refusal, and was said */
static bool lacks_rights(const struct session_needs *needs, int *status)
{
	char missing[64], what[128];

	if (!rights__missing(rights__effective(), missing, sizeof(missing)))
		return false;
	snprintf(what, sizeof(what), "no right to use BPF, without %s", missing);
	*status = refused(needs, what,
			  geteuid() ? "run it as root, or with CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE and "
				      "CAP_DAC_READ_SEARCH"
				    : "give this container CAP_BPF and CAP_PERFMON, or run it outside");
	return true;
}

int session__rights(const struct session_needs *needs)
{
	int status;

	return lacks_rights(needs, &status) ? status : EXIT_OK;
}

static int refused_load(const struct session_needs *needs, int err)
{
	char what[640];

	if (locked_down())
		return refused_by_lockdown(needs);
	if (err == -EPERM)
		return refused(needs, "this kernel or container does not allow BPF",
			       "run it outside the container, as the first user namespace's root");
	if (err == -ENOMEM) {
		say("no memory for the tables; give it more, or fewer files with --max-files");
		return EXIT_FAILED;
	}
	if (err == -EMFILE) {
		say("too many open files for the BPF programs: raise the limit (ulimit -n 256)");
		return EXIT_FAILED;
	}
	/* 5.11 to 6.1: libbpf looks for a function that only later kernels have in their modules' types */
	if (err == -EINVAL && !(rights__effective() >> CAP_SYS_ADMIN & 1))
		return refused(needs, "this kernel refuses the BPF programs without CAP_SYS_ADMIN",
			       "give it that, too");
	snprintf(what, sizeof(what), "the kernel refused the BPF programs: %s (%s)", strerror(-err),
		 tracer__last_words());
	return refused(needs, what, "-v shows its reasons");
}

static int open_tracer(struct session *session, const struct session_needs *needs)
{
	struct tracer_knobs knobs = {
		.unified = collector__facts().unified,
		.story = true,
		.follow = needs->follow,
		.read_only = can_do_without(needs),
		.numbers = pidns__differs(),
		.proc_above = pidns__proc_above(),
		.verbose = session->options->verbose > 0,
		.max_files = session->options->max_files,
		.map_bytes = session->options->min_bytes,
	};

	return tracer__open(&session->tracer, &session->plan, &knobs);
}

/* attaches; a way that does not work here gives place to the next */
static int attach(struct session *session, const struct session_needs *needs)
{
	enum fact_id fact;
	int err;

	for (;;) {
		err = tracer__attach(session->tracer, &fact);
		if (!err && session->plan.choices[FACT_TMPFS_ADD].way) {
			fact = FACT_TMPFS_ADD;
			err = tracer__self_test(session->tracer);
		}
		if (!err)
			return EXIT_OK;
		tracer__close(session->tracer);
		session->tracer = NULL;
		if (plan__next_way(&session->plan, session->kernel, fact, session->options->tier)) {
			say("no way to see %s works on this kernel: %s", facts[fact].what, strerror(-err));
			return EXIT_NOT_ALLOWED;
		}
		err = open_tracer(session, needs);
		if (err)
			return refused_load(needs, err);
	}
}

static int open_kernel_side(struct session *session, const struct session_needs *needs)
{
	const char *why = "";
	int err, status;

	if (lacks_rights(needs, &status))
		return status;
	err = kernel__open(&session->kernel, session->options->verbose > 0);
	if (err == -ENOENT)
		return refused(needs, "this kernel shows no BTF in /sys/kernel/btf (CONFIG_DEBUG_INFO_BTF)",
			       "tracing needs a kernel that has it, and /sys");
	if (err) {
		say("cannot read the kernel's BTF: %s", strerror(-err));
		return EXIT_FAILED;
	}
	if (plan__make(&session->plan, session->kernel, session->options->tier, needs->groups, &why)) {
		if (kernel__try_tracepoint(session->kernel, "sched_process_exit") == -EPERM)
			return refused_load(needs, -EPERM);
		say("%s", why);
		return EXIT_NOT_ALLOWED;
	}
	err = open_tracer(session, needs);
	if (err)
		return refused_load(needs, err);
	return can_do_without(needs) ? EXIT_OK : attach(session, needs);
}

/* an event on its way from the model to the command */
static void tell(void *context, const struct event *event)
{
	struct session *session = context;
	struct event whole = *event;

	if (session->limits)
		limitwatch__decorate(session->limits, &whole);
	if (session->emit)
		session->emit(session->context, &whole);
}

static int open_model(struct session *session, const struct session_needs *needs)
{
	struct model_settings settings = {
		.host = session->host,
		.kernel = kernel__release(),
		.tier = session->tracer ? plan__tier_name(session->plan.tier) : "proc",
		.page_bytes = (uint32_t)sysconf(_SC_PAGESIZE),
		.boot_offset_ns = session->boot_offset_ns,
		.self_pid = session->tracer ? tracer__self(session->tracer) : 0,
		.keep_gone = needs->keep_gone,
		.page_events = needs->page_events,
		.page_event_files = 20,
	};

	session->emit = needs->emit;
	session->context = needs->context;
	return model__open(&session->model, &settings, tell, session);
}

static int open_limits(struct session *session)
{
	if (!session->tracing)
		return 0;
	say__in_background();
	return limitwatch__open(&session->limits, session->options, session->tracer, session->collector,
				session->model);
}

/* whose the pages are that were there before us, where a serve has watched; what it does not know stays nobody's */
static int adopt(struct session *session)
{
	const struct options *options = session->options;
	struct accounts accounts;
	size_t size;
	void *data;
	int n;

	if (ask__accounts(options, &data, &size))
		return 0;
	n = accounts__parse(data, size, &accounts);
	if (n)
		say("the serve at %s is of another version: who owned pages before is not known", options->socket);
	else
		n = tracer__adopt(session->tracer, &accounts);
	if (n > 0 && options->verbose)
		say("who owned %d files before is known from the serve at %s", n, options->socket);
	free(data);
	return n == -ENOMEM ? n : 0;
}

static void take_record(void *context, const void *data, size_t length)
{
	struct session *session = context;
	_Alignas(8) char copy[RECORD_MOST];
	const struct record *record;
	int err;

	if (length > sizeof(copy))
		length = sizeof(copy); /* what a newer kernel side appended is not needed */
	memcpy(copy, data, length);
	record = decode(copy, length, &session->decoded);
	if (!record)
		return;
	if (record->type == RECORD_FULL)
		tracer__make_room(session->tracer);
	if (record->type == RECORD_EXEC)
		collector__forget(session->collector, ((const struct record_exec *)record)->process.pid);
	if (session->limits)
		limitwatch__record(session->limits, record);
	err = model__record(session->model, record);
	if (err && !session->error)
		session->error = err;
}

int session__open(struct session *session, const struct options *options, const struct session_needs *needs)
{
	int status, err;

	memset(session, 0, sizeof(*session));
	session->options = options;
	session->boot_offset_ns = clock__boot_offset_ns(0);
	if (gethostname(session->host, sizeof(session->host) - 1))
		session->host[0] = '\0';
	status = open_kernel_side(session, needs);
	if (status != EXIT_OK)
		return status;
	if (!pid_option__fits(options, session->tracer != NULL)) {
		say("the kernel does not tell which process --pid %" PRIu32
		    " is in this pid namespace; run it in that of "
		    "the host (docker run --pid=host)",
		    options->pid);
		return EXIT_NOT_ALLOWED;
	}
	/* the kernel's types are needed no more: several MiB, given back before memory is locked */
	kernel__close(session->kernel);
	session->kernel = NULL;
	malloc_trim(0);
	session->tracing = session->tracer && !can_do_without(needs);
	err = collector__open(&session->collector, session->tracer, session->tracing);
	if (!err && session->tracer)
		err = collector__seed(session->collector);
	if (!err && session->tracing && needs->ask_accounts)
		err = adopt(session);
	if (!err)
		err = open_model(session, needs);
	if (!err)
		err = open_limits(session);
	if (err == -EINVAL)
		return EXIT_USAGE; /* it has said why */
	if (err) {
		say("cannot start: %s", strerror(-err));
		return EXIT_FAILED;
	}
	if (session->tracer)
		tracer__set_taker(session->tracer, take_record, session);
	session->wants = (needs->cmdlines ? WANT_CMDLINES : 0U) | (needs->holders ? WANT_HOLDERS : 0U);
	return EXIT_OK;
}

void session__close(struct session *session)
{
	limitwatch__close(session->limits);
	model__close(session->model);
	collector__close(session->collector);
	tracer__close(session->tracer);
	kernel__close(session->kernel);
	memset(session, 0, sizeof(*session));
}

int session__drain(struct session *session)
{
	int err;

	if (!session->tracer)
		return 0;
	err = tracer__drain(session->tracer);
	if (!err)
		err = session->error;
	session->error = 0;
	return err;
}

static void clear_garbage(struct session *session)
{
	struct model_garbage garbage = model__garbage(session->model);

	if (!session->tracing)
		return;
	for (size_t i = 0; i < garbage.pair_count; i++)
		tracer__drop_pair(session->tracer, &garbage.pairs[i]);
	for (size_t i = 0; i < garbage.owner_count; i++)
		tracer__drop_owner(session->tracer, garbage.owners[i], &garbage.owner_keys[i]);
}

/* somebody may have set the clock since */
static void take_clock(struct session *session)
{
	session->boot_offset_ns = clock__boot_offset_ns(session->boot_offset_ns);
	model__set_boot_offset(session->model, session->boot_offset_ns);
	if (session->limits)
		limitwatch__set_boot_offset(session->limits, session->boot_offset_ns);
}

static const struct snapshot *read_once(struct session *session, unsigned wants, int *err)
{
	const struct reading *reading;
	const struct snapshot *snapshot;

	take_clock(session);
	collector__our_losses(session->collector, session->decoded.odd, session->dropped_output);
	reading = collector__read(session->collector, session->wants | wants, err);
	if (!reading)
		return NULL;
	/* names first: the refresh of this reading told renames and new files */
	*err = session__drain(session);
	if (*err)
		return NULL;
	snapshot = model__update(session->model, reading);
	collector__done(session->collector);
	if (!snapshot)
		*err = -ENOMEM;
	else
		clear_garbage(session);
	if (snapshot && session->limits)
		limitwatch__snapshot(session->limits, snapshot);
	return snapshot;
}

const struct snapshot *session__read(struct session *session, unsigned wants, int *err)
{
	const struct snapshot *snapshot = read_once(session, wants, err);

	session->failures = snapshot ? 0 : session->failures + 1;
	session->failed_with = snapshot ? 0 : *err;
	return snapshot;
}

bool session__may_go_on(const struct session *session)
{
	return session->failures < FAILURES_MOST;
}

int session__go_on(const struct session *session, int err)
{
	if (!session->failures)
		return err;
	if (session->failures == 1)
		say("cannot read this system: %s; trying again", strerror(-err));
	return session__may_go_on(session) ? 0 : err;
}

bool session__said_unread(const struct session *session, int err)
{
	if (!err || err != session->failed_with)
		return false;
	say("cannot read this system: %s", strerror(-err));
	return true;
}

bool session__look(struct session *session, int *patience_ms)
{
	if (!session->limits)
		return false;
	limitwatch__look(session->limits);
	*patience_ms = limitwatch__patience_ms(session->limits);
	return limitwatch__wants_reading(session->limits);
}

int session__accounts(struct session *session, FILE *out)
{
	struct tracer *tracer = session->tracer;
	struct accounts accounts = {};
	struct pair_row *pairs = NULL;
	size_t capacity = 0;
	uint32_t files, owners;
	int n = tracer__refresh(tracer, false);

	if (!n)
		n = tracer__pairs(tracer, &pairs, &capacity);
	if (n < 0)
		return n;
	accounts.pairs = pairs;
	accounts.pair_count = (size_t)n;
	accounts.files = tracer__files(tracer, &files);
	accounts.file_count = files;
	accounts.owner_slots = tracer__owners(tracer, &owners);
	accounts.owner_count = owners;
	n = accounts__write(out, &accounts);
	free(pairs);
	return n;
}
