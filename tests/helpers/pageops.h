// SPDX-License-Identifier: GPL-2.0-only
/* What the parts of pageops share: an operation, its result, and how the kernel is asked for the truth.
 * pageops causes memory and knows whose it is; it must never use pagetide to find out. */
#ifndef PAGEOPS_H
#define PAGEOPS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* every file has this header first */
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

#define PAGE_BYTES 4096
#define SLOTS 64
#define PATH_BYTES 512
#define NAME_BYTES 20
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* One operation. Fields that it does not use are 0, -1 (slots) or empty. */
struct op {
	char name[NAME_BYTES];
	int slot;  /* the object: one this process holds, or will hold from now on */
	int slot2; /* the source of a copy */
	int64_t off;
	int64_t len;
	int64_t chunk; /* bytes a call; 0 is all at once */
	int64_t arg;   /* threads, symlink target length, System V id: as the operation says */
	int64_t pid;   /* process_vm_writev: whose memory */
	uint64_t addr; /* process_vm_writev: where */
	char path[PATH_BYTES];
	char path2[PATH_BYTES];
};

struct result {
	int err;     /* errno, 0 when all went well */
	bool sigbus; /* a touch was refused by the kernel */
	int64_t bytes;
	pid_t pid; /* who did it: this process, or the child that it forked for it */
	uint64_t start_time;
	uint64_t dev;
	uint64_t ino;
	int64_t st_blocks;
	int fd;
	int shmid;
	uint64_t addr;
};

/* What a worker holds in a slot. */
struct held {
	int fd;
	char *map;
	size_t map_len;
	int shmid; /* attached System V segment, when map is its */
};

struct worker {
	struct held held[SLOTS];
};

struct op_row {
	const char *name;
	int (*run)(struct worker *w, const struct op *op, struct result *r); /* 0 or -errno */
};

extern const struct op_row write_ops[];
extern const struct op_row map_ops[];
extern const struct op_row space_ops[];
extern const struct op_row copy_ops[];
extern const struct op_row disk_ops[];
extern const struct op_row name_ops[];
extern const struct op_row share_ops[];

/* op.c */
void op__init(struct op *op);
int op__parse(struct op *op, const char *text);
void op__run(struct worker *w, const struct op *op, struct result *r);
void worker__init(struct worker *w);
void worker__release(struct worker *w, int slot);
int worker__fd(const struct worker *w, const struct op *op, int flags, int *to_close);
int worker__fd2(const struct worker *w, const struct op *op, int flags, int *to_close);
int do_main(int argc, char **argv);

/* ops_map.c: the range of the operation, mapped shared: what the slot holds mapped, else mapped for this once */
struct window {
	char *at;
	size_t len;
	char *unmap;
	size_t unmap_len;
	int fd;      /* -1: what the slot holds mapped */
	int64_t end; /* in the file */
	int to_close;
};

enum { WINDOW_GROW = 1, WINDOW_POPULATE = 2 };

int window__open(const struct worker *w, const struct op *op, int how, struct window *out);
int window__grow(const struct window *win); /* to its end, where the file is shorter */
void window__close(struct window *win);
int window__touch(const struct window *win, bool for_write, struct result *r); /* -EFAULT at a SIGBUS */

/* ops_write.c: a buffer of len bytes that no page of is zero; the caller frees */
char *bytes__new(size_t len);
/* uring.c: bytes or -errno */
int uring__write(int fd, const char *buf, size_t len, int64_t off);
int uring__poll_write(int fd, const char *buf, size_t len, int64_t off);
int uring__fallocate(int fd, int64_t off, int64_t len);
int uring__register(void *at, size_t len); /* 0 or -errno */

/* truth.c */
uint64_t truth__start_time(pid_t pid);
bool truth__has_cachestat(void);
int truth__resident(int fd, uint8_t *present, size_t pages); /* 0 or -errno */
int64_t truth__count(int fd, int64_t size);                  /* resident pages, or -errno */
int truth__mincore(const char *map, uint8_t *present, size_t pages);
uint64_t truth__used_bytes(const char *dir);
uint64_t truth__reclaims(void);
bool truth__has_damon(void);
int64_t clock__ns(clockid_t id);
void json__string(FILE *out, const char *text);
void json__dev(FILE *out, uint64_t dev);
void json__process(FILE *out, pid_t pid, uint64_t start_time);

/* options shared by the modes: a row of {name, where}; "--name value" or "--flag" */
struct option_row {
	const char *name;
	char kind; /* s: text, n: number with K, M, G suffix, f: flag (int64_t 0 or 1) */
	void *value;
};
int options__parse(const struct option_row *rows, size_t count, int argc, char **argv);
int number__parse(const char *text, int64_t *out);
int wait_for_line(void); /* its first character, or -1 at the end of the input */

int fuzz_main(int argc, char **argv);
int bomb_main(int argc, char **argv);
int fill_main(int argc, char **argv);
int anon_main(int argc, char **argv);
int spawn_main(int argc, char **argv);
int lend_main(int argc, char **argv);
int short_main(int argc, char **argv);
int crowd_main(int argc, char **argv);
int deny_main(int argc, char **argv);

#endif
