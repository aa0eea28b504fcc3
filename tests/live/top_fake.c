// SPDX-License-Identifier: GPL-2.0-only
/*
 * `top` on a machine that is made up: the same screens, keys and signals with no
 * rights and no tracing. Figures change with every reading, names are as hostile as
 * the kernel lets them be. Usage: top_fake top [--interval S] [--by VIEW] [--sort COLUMN]
 */
#include "top.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MIB (1024.0 * 1024)
#define GIB (1024 * MIB)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { PROCESSES = 60, FILES = 40 };

static struct snapshot_process processes[PROCESSES];
static struct snapshot_file files[FILES];
static struct snapshot_owner owners[FILES][2];
static struct system_part parts[10];
static char comms[PROCESSES][32], commands[PROCESSES][128], paths[FILES][128];
static unsigned int tick;

static const char *const hostile[] = {
	"a) R 1 (x",
	"evil\033[2J\033[Hx",
	"two\nlines",
	"inv\xff\xfe"
	"alid",
	"日本語プロセス",
	"\xcc\x81 👩\xe2\x80\x8d👩fam",
	"un\xcd\xb8"
	"assigned",
};

static uint64_t bytes(double value)
{
	return value > 0 ? (uint64_t)value & ~4095ull : 0;
}

static void make_process(unsigned int i)
{
	struct snapshot_process *p = &processes[i];
	double size = 900 * MIB / (1 + i), grown = i % 7 == 2 ? 2.1 * MIB * tick : 0;

	snprintf(comms[i], sizeof(comms[i]), "%s",
		 i % 9 == 5   ? hostile[i / 9 % COUNT(hostile)]
		 : i % 5 == 0 ? "python3"
		 : i % 5 == 1 ? "postgres"
		 : i % 5 == 2 ? "joblib-worker"
			      : "nginx");
	snprintf(commands[i], sizeof(commands[i]), "/usr/bin/%s --worker %u --data /srv/data/part-%03u.parquet",
		 comms[i], i, i);
	*p = (struct snapshot_process){
		.pid = 4000 + i * 37,
		.ppid = i ? 4000 : 1,
		.uid = 1000,
		.start_ns = 1000000000ull * (i + 1),
		.start_time_ns = 1732287600000000000ull,
		.comm = comms[i],
		.cmdline = i % 11 == 10 ? NULL : commands[i],
		.cgroup = i % 3 ? "/system.slice/nginx.service" : "/docker/0123456789abcdef0123456789abcdef",
		.container = i % 3 ? NULL : "0123456789ab",
		.anon_bytes = bytes(size + grown),
		.file_bytes = bytes(size / 9),
		.shmem_bytes = bytes(grown),
		.swap_bytes = i % 13 ? 0 : bytes(5 * MIB),
		.page_table_bytes = bytes(size / 300),
		.locked_bytes = 0,
		.virtual_bytes = bytes(4 * size),
		.peak_rss_bytes = bytes(1.3 * size + grown),
		.cache_bytes = bytes(size * (i % 4) / 2),
		.tmpfs_bytes = bytes(grown),
		.tmpfs_swap_bytes = 0,
		.peak_cache_bytes = bytes(size),
		.peak_tmpfs_bytes = bytes(grown),
		.cache_added_bytes = bytes(2 * size),
		.tmpfs_added_bytes = bytes(grown),
		.resident_rate = tick ? grown / (tick + 1) : NO_RATE,
		.cache_rate = tick ? 0 : NO_RATE,
		.tmpfs_rate = tick ? (grown > 0 ? 2.1 * MIB : 0) : NO_RATE,
		.exited = i % 12 == 7,
		.kernel = i == 59,
	};
	if (p->exited)
		p->anon_bytes = p->file_bytes = p->shmem_bytes = 0;
}

static void make_file(unsigned int i, bool holders)
{
	static const uint32_t pids[] = { 4000, 4037, 4074 };
	struct snapshot_file *f = &files[i];
	bool tmpfs = i % 2;
	double size = 400 * MIB / (1 + i);

	if (tmpfs)
		snprintf(paths[i], sizeof(paths[i]),
			 "/dev/shm/joblib_memmapping_folder_4074_0123456789abcdef/%u-%s.pkl", i,
			 i % 6 == 3 ? hostile[i / 6 % COUNT(hostile)] : "table");
	else
		snprintf(paths[i], sizeof(paths[i]), "/srv/data/table/part-%03u.parquet", i);
	owners[i][0] = (struct snapshot_owner){ .pid = processes[i].pid,
						.start_ns = processes[i].start_ns,
						.comm = processes[i].comm,
						.bytes = bytes(size * 0.7),
						.exited = processes[i].exited };
	owners[i][1] = (struct snapshot_owner){ .pid = processes[2].pid,
						.start_ns = processes[2].start_ns,
						.comm = processes[2].comm,
						.bytes = bytes(size * 0.3) };
	*f = (struct snapshot_file){
		.path = paths[i],
		.mount = tmpfs ? "/dev/shm" : "/",
		.major = tmpfs ? 0 : 254,
		.minor = tmpfs ? 26 : 1,
		.ino = 100 + i,
		.kind = tmpfs ? FILE_KIND_TMPFS : FILE_KIND_FILE,
		.bytes = bytes(size),
		.swap_bytes = 0,
		.peak_bytes = bytes(1.2 * size),
		.size_bytes = bytes(size),
		.added_bytes = bytes(size),
		.count = 1,
		.bytes_each = ABSENT,
		.rate = tick ? (i % 8 == 1 ? 2.1 * MIB : 0) : NO_RATE,
		.deleted = i % 10 == 9,
		.shared = i % 3 == 0,
		.owners = owners[i],
		.owner_count = i % 7 == 6   ? 0
			       : i % 3 == 0 ? 2
					    : 1,
		.holders = pids,
		.holder_count = holders ? COUNT(pids) : 0,
		.holders_known = holders,
	};
	if (i == 4) {
		f->count = 1200;
		f->bytes_each = 65536;
	}
	f->other = i == 39;
}

static const struct snapshot_mount *make_mounts(size_t *count)
{
	static struct snapshot_mount mounts[6];
	double shm = 40.1 * MIB + 0.21 * MIB * (tick % 120);

	mounts[0] = (struct snapshot_mount){ .path = "/dev/shm",
					     .minor = 26,
					     .root_namespace = true,
					     .used_bytes = bytes(shm),
					     .limit_bytes = bytes(64 * MIB),
					     .used_inodes = 23,
					     .limit_inodes = 400000,
					     .unattributed_bytes = bytes(3 * MIB),
					     .peak_bytes = bytes(60 * MIB),
					     .file_count = 20,
					     .used_rate = tick ? 0.21 * MIB : NO_RATE };
	mounts[1] = (struct snapshot_mount){ .path = "/tmp",
					     .minor = 27,
					     .root_namespace = true,
					     .used_bytes = bytes(1.2 * GIB),
					     .limit_bytes = bytes(7.8 * GIB),
					     .used_inodes = 812345,
					     .limit_inodes = 819200,
					     .peak_bytes = bytes(2 * GIB),
					     .file_count = 812345,
					     .used_rate = NO_RATE };
	mounts[2] = (struct snapshot_mount){ .path = "/run",
					     .minor = 22,
					     .root_namespace = true,
					     .used_bytes = bytes(1.1 * MIB),
					     .limit_bytes = bytes(1.6 * GIB),
					     .used_inodes = 900,
					     .limit_inodes = 819200,
					     .peak_bytes = bytes(2 * MIB),
					     .file_count = 400,
					     .used_rate = 0 };
	mounts[3] = (struct snapshot_mount){ .path = "/dev/shm",
					     .minor = 91,
					     .namespace_id = 4026532281,
					     .used_bytes = bytes(60 * MIB),
					     .limit_bytes = bytes(64 * MIB),
					     .used_inodes = 7,
					     .limit_inodes = ABSENT,
					     .peak_bytes = bytes(60 * MIB),
					     .file_count = 7,
					     .used_rate = 0 };
	mounts[4] = (struct snapshot_mount){ .path = "(memfd, System V, shared anonymous)",
					     .minor = 1,
					     .internal = true,
					     .used_bytes = bytes(300 * MIB),
					     .limit_bytes = ABSENT,
					     .used_inodes = ABSENT,
					     .limit_inodes = ABSENT,
					     .unattributed_bytes = ABSENT,
					     .peak_bytes = bytes(300 * MIB),
					     .file_count = 12,
					     .used_rate = 0 };
	*count = 5;
	return mounts;
}

static const struct snapshot_cgroup *make_cgroups(size_t *count)
{
	static const char *const names[] = { "/", "/system.slice", "/system.slice/nginx.service",
					     "/docker/0123456789abcdef0123456789abcdef",
					     "/user.slice/user-1000.slice/session-3.scope" };
	static struct snapshot_cgroup cgroups[COUNT(names)];

	for (size_t i = 0; i < COUNT(names); i++) {
		double usage = 3 * GIB / (double)(1 + i) + 1.5 * MIB * (tick % 300);

		cgroups[i] =
			(struct snapshot_cgroup){ .path = names[i],
						  .id = i + 1,
						  .version = 2,
						  .container = i == 3 ? "0123456789ab" : NULL,
						  .usage_bytes = bytes(usage),
						  .peak_bytes = bytes(1.2 * usage),
						  .limit_bytes = i >= 2 ? bytes(1.5 * GIB) : ABSENT,
						  .high_bytes = ABSENT,
						  .tightest_path = i >= 2 ? names[i] : NULL,
						  .tightest_limit_bytes = i >= 2 ? bytes(1.5 * GIB) : ABSENT,
						  .tightest_room_bytes = i >= 2 ? bytes(1.5 * GIB - usage) : ABSENT,
						  .anon_bytes = bytes(usage / 2),
						  .file_bytes = bytes(usage / 3),
						  .shmem_bytes = bytes(usage / 10),
						  .kernel_bytes = bytes(usage / 20),
						  .swap_bytes = 0,
						  .reclaimable_bytes = bytes(usage / 4),
						  .usage_rate = tick ? 1.5 * MIB : NO_RATE };
	}
	*count = COUNT(names);
	return cgroups;
}

static void make_system(struct snapshot_system *system)
{
	static const struct {
		const char *name;
		double gib;
		bool reclaimable;
	} shape[] = {
		{ "free", 4.5, false },          { "anon", 6.2, false },    { "cache", 3.1, true },
		{ "tmpfs", 1.2, false },         { "slab", 0.3, false },    { "page_tables", 0.05, false },
		{ "kernel_stack", 0.02, false }, { "percpu", 0.01, false }, { "hugetlb", 0, false },
		{ "unattributed", 0.22, false },
	};

	for (size_t i = 0; i < COUNT(shape); i++)
		parts[i] = (struct system_part){ shape[i].name, (int64_t)bytes(shape[i].gib * GIB),
						 shape[i].reclaimable ? (int64_t)bytes(shape[i].gib * GIB) : 0 };
	parts[0].bytes -= (int64_t)bytes(2.1 * MIB * (tick % 300));
	parts[1].bytes += (int64_t)bytes(2.1 * MIB * (tick % 300));
	*system = (struct snapshot_system){ .total_bytes = bytes(15.6 * GIB),
					    .available_bytes = bytes(7.1 * GIB),
					    .swap_total_bytes = bytes(2 * GIB),
					    .swap_free_bytes = bytes(1.5 * GIB),
					    .cache_owned_bytes = bytes(2 * GIB),
					    .tmpfs_owned_bytes = bytes(1 * GIB),
					    .parts = parts,
					    .part_count = COUNT(shape) };
}

static const struct snapshot *make_snapshot(bool holders)
{
	static const struct snapshot_loss lost[] = { { "ring", 12 }, { "files", 3 } };
	static struct snapshot s;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	for (unsigned int i = 0; i < PROCESSES; i++)
		make_process(i);
	for (unsigned int i = 0; i < FILES; i++)
		make_file(i, holders);
	s = (struct snapshot){ .time_ns = (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec,
			       .interval_seconds = tick ? 1 : 0,
			       .host = "web-1",
			       .kernel = "6.1.0-18-amd64",
			       .tier = "tracepoint",
			       .tracing = true,
			       .processes = processes,
			       .process_count = PROCESSES,
			       .files = files,
			       .file_count = FILES,
			       .lost = lost,
			       .loss_count = tick > 5 ? COUNT(lost) : 0 };
	make_system(&s.system);
	s.mounts = make_mounts(&s.mount_count);
	s.cgroups = make_cgroups(&s.cgroup_count);
	tick++;
	return &s;
}

static void set_timer(int timer, double seconds)
{
	struct timespec each = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };

	timerfd_settime(timer, 0, &(struct itimerspec){ each, each }, NULL);
}

static int signals(void)
{
	static const int taken[] = { SIGWINCH, SIGTERM, SIGINT, SIGHUP };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < COUNT(taken); i++)
		sigaddset(&set, taken[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* One loop as the real one: nothing but epoll_wait waits. */
static void loop(struct top *top, int signal_fd, int timer, int epoll)
{
	struct epoll_event ready;

	top__show(top, make_snapshot(false));
	while (!top__look(top) && (epoll_wait(epoll, &ready, 1, -1) >= 0 || errno == EINTR)) {
		if (ready.data.fd == signal_fd) {
			struct signalfd_siginfo info;

			if (read(signal_fd, &info, sizeof(info)) != sizeof(info) || info.ssi_signo != SIGWINCH)
				return;
			top__resized(top);
		} else if (ready.data.fd == timer) {
			uint64_t times;

			if (read(timer, &times, sizeof(times)) == sizeof(times))
				top__show(top, make_snapshot(top__wants_holders(top)));
			if (tick == 3 && getenv("TOP_FAKE_MESSAGE"))
				top__message(top, "/dev/shm is full in 2 min: joblib-worker[4074] +2.1 MiB/s \033[31m");
		} else {
			enum top_wish wish = top__key(top);

			if (wish == TOP_QUIT)
				return;
			if (wish == TOP_READ_NOW) {
				top__show(top, make_snapshot(top__wants_holders(top)));
				set_timer(timer, top__interval_seconds(top));
			}
		}
	}
}

static enum view view_of(const char *name)
{
	static const char *const names[] = { "all", "system", "process", "container", "cgroup", "mount", "file" };

	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(name, names[i]) == 0)
			return (enum view)i;
	return VIEW_ALL;
}

int main(int argc, char **argv)
{
	struct options options = { .command = COMMAND_TOP, .interval_seconds = 1 };
	struct top *top;
	int epoll = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), signal_fd = signals();
	int fds[] = { STDIN_FILENO, signal_fd, timer }, error;

	for (int i = 2; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--interval") == 0)
			options.interval_seconds = atof(argv[i + 1]);
		else if (strcmp(argv[i], "--by") == 0)
			options.view = view_of(argv[i + 1]);
		else if (strcmp(argv[i], "--sort") == 0)
			options.sort = argv[i + 1];
	}
	error = top__open(&top, &options);
	if (error) {
		fprintf(stderr, "top_fake: %s\n", strerror(-error));
		return EXIT_FAILED;
	}
	for (size_t i = 0; i < COUNT(fds); i++)
		epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &(struct epoll_event){ .events = EPOLLIN, .data.fd = fds[i] });
	set_timer(timer, options.interval_seconds);
	loop(top, signal_fd, timer, epoll);
	top__close(top);
	return EXIT_OK;
}
