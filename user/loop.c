// SPDX-License-Identifier: GPL-2.0-only
#include "loop.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "dispositions.h"

/* the kernel side wakes us only when the ring fills or something is urgent */
#define RING_LOOK_MS 100

static int add(struct loop *loop, int fd, uint32_t event)
{
	struct epoll_event interest = { .events = EPOLLIN, .data.u32 = event };

	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &interest) ? -errno : 0;
}

static struct timespec seconds(double value)
{
	struct timespec spec = { .tv_sec = (time_t)value };

	spec.tv_nsec = (long)((value - (double)spec.tv_sec) * 1e9);
	return spec;
}

static int open_timer(double first, double interval)
{
	struct itimerspec spec = { .it_value = seconds(first), .it_interval = seconds(interval) };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (timerfd_settime(fd, 0, &spec, NULL)) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

static int open_signals(struct loop *loop, bool stops)
{
	static const int wanted[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD, SIGPIPE };
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		sigaddset(&set, wanted[i]);
	if (stops)
		sigaddset(&set, SIGTSTP);
	if (sigprocmask(SIG_BLOCK, &set, &loop->before))
		return -errno;
	loop->masked = true;
	sigdelset(&set, SIGPIPE); /* a closed pipe is an error of write(2) */
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

int loop__open(struct loop *loop, double interval_seconds, double duration_seconds, int ring_fd, int input_fd)
{
	int err = 0;

	memset(loop, 0, sizeof(*loop));
	loop->timer_fd = loop->end_fd = loop->signal_fd = -1;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return -errno;
	loop->signal_fd = open_signals(loop, input_fd >= 0);
	loop->timer_fd = open_timer(interval_seconds, interval_seconds);
	if (loop->signal_fd < 0)
		err = loop->signal_fd;
	else if (loop->timer_fd < 0)
		err = loop->timer_fd;
	if (!err && duration_seconds > 0) {
		loop->end_fd = open_timer(duration_seconds, 0);
		err = loop->end_fd < 0 ? loop->end_fd : add(loop, loop->end_fd, LOOP_END);
	}
	if (!err)
		err = add(loop, loop->signal_fd, LOOP_QUIT);
	if (!err)
		err = add(loop, loop->timer_fd, LOOP_TIMER);
	loop->has_ring = ring_fd >= 0;
	loop->patience_ms = RING_LOOK_MS;
	if (!err && ring_fd >= 0)
		err = add(loop, ring_fd, LOOP_RECORDS);
	if (!err && input_fd >= 0)
		err = add(loop, input_fd, LOOP_INPUT);
	if (err)
		loop__close(loop);
	return err;
}

void loop__close(struct loop *loop)
{
	const int fds[] = { loop->epoll_fd, loop->timer_fd, loop->end_fd, loop->signal_fd };

	if (loop->masked)
		sigprocmask(SIG_SETMASK, &loop->before, NULL);
	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++) {
		if (fds[i] > 0)
			close(fds[i]);
	}
	memset(loop, 0, sizeof(*loop));
}

static int take_signal(struct loop *loop, const struct signalfd_siginfo *info)
{
	int signal = (int)info->ssi_signo;
	uint32_t bit = 1U << signal;
	/* blocked, it comes all the same */
	bool ignored = dispositions__ignored(signal);

	if (signal == SIGWINCH)
		return LOOP_RESIZE;
	if (signal == SIGCHLD)
		return LOOP_CHILD;
	if (signal == SIGTSTP)
		return ignored ? 0 : LOOP_STOP;
	loop->signals |= bit;
	if (info->ssi_code == SI_KERNEL)
		loop->from_tty |= bit;
	if (ignored)
		return LOOP_SIGNAL;
	loop->ending |= bit;
	return LOOP_SIGNAL | LOOP_QUIT;
}

static int take_signals(struct loop *loop)
{
	struct signalfd_siginfo info;
	int events = 0;

	while (read(loop->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		events |= take_signal(loop, &info);
	return events;
}

void loop__set_interval(struct loop *loop, double interval_seconds)
{
	struct itimerspec spec = { .it_value = seconds(interval_seconds), .it_interval = seconds(interval_seconds) };

	timerfd_settime(loop->timer_fd, 0, &spec, NULL);
}

void loop__hurry(struct loop *loop)
{
	struct itimerspec spec;

	if (timerfd_gettime(loop->timer_fd, &spec))
		return;
	spec.it_value = (struct timespec){ .tv_nsec = 1 };
	timerfd_settime(loop->timer_fd, 0, &spec, NULL);
}

/* by the same signal: where nobody could let us go on, the kernel does not stop us by it */
void loop__stop(void)
{
	struct sigaction stop = { .sa_handler = SIG_DFL }, before;
	sigset_t signal, mask;

	sigemptyset(&signal);
	sigaddset(&signal, SIGTSTP);
	sigaction(SIGTSTP, &stop, &before);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &signal, &mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	sigaction(SIGTSTP, &before, NULL);
}

int loop__wait(struct loop *loop)
{
	struct epoll_event ready[8];
	uint64_t expirations;
	int events = 0, n;

	loop->signals = loop->ending = loop->from_tty = 0;
	do {
		n = epoll_wait(loop->epoll_fd, ready, 8, loop->has_ring ? loop->patience_ms : -1);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0)
		return LOOP_RECORDS;
	for (int i = 0; i < n; i++) {
		if (ready[i].data.u32 == LOOP_QUIT) {
			events |= take_signals(loop);
			continue;
		}
		events |= (int)ready[i].data.u32;
		if (ready[i].data.u32 == LOOP_TIMER && read(loop->timer_fd, &expirations, sizeof(expirations)) < 0)
			events &= ~LOOP_TIMER;
	}
	return events;
}
