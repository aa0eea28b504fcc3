/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The border between the kernel side (bpf/) and the user side (user/): every map
 * value and every ring-buffer record. Widths are fixed, sizes asserted, records
 * grow by appending only. Pages are counted in pages of PAGE_SIZE here; bytes
 * begin on the user side. Times are CLOCK_BOOTTIME nanoseconds.
 *
 * Two kinds of state cross this border, never mixed:
 *  - the books (file_slot, owner_slot, pair, mount_slot): absolute, in maps that
 *    the user side reads in place. Losing a record never changes them.
 *  - the story (struct record and what follows it): discrete facts in the ring.
 */
#ifndef PAGETIDE_WIRE_H
#define PAGETIDE_WIRE_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define COMM_LENGTH 16
#define PATH_BYTES 1024    /* components of one path, leaf first, each ended by NUL */
#define PATH_COMPONENTS 24 /* deeper ones are cut at the root's side and flagged */
#define EXEC_PATH_BYTES 128
#define MAPPED_PATH_BYTES 256
#define CGROUP_PATH_BYTES 512 /* of kubelet's pods some 200; twice that where a node is itself a container */

#define OWNER_UNKNOWN 0 /* pages from before pagetide, or whose bringer was not seen */
#define OWNER_OTHER 1   /* the owner table was full: brought in while tracing, by someone */
#define OWNER_FIRST 2   /* the first index that stands for one process */
#define FILE_NONE 0     /* index 0 of the file table is never used */

#define TMPFS_MAGIC 0x01021994
#define HUGETLBFS_MAGIC 0x958458f6

enum file_flag {
	FILE_TMPFS = 1 << 0,   /* shmem: a tmpfs mount or the kernel's internal one */
	FILE_DELETED = 1 << 1, /* no name left (i_nlink is 0) */
	FILE_SHARED = 1 << 2,  /* more than one owner: pairs hold the others */
	FILE_SEEDED = 1 << 3,  /* found, not seen being made: a cold start */
	FILE_DIRECTORY = 1 << 4,
	FILE_BLOCK = 1 << 5, /* the page cache of a block device */
};

/*
 * One file with resident pages: base + added - removed of them, kept by the events
 * and corrected in `base` by the refresh iterator from i_mapping->nrpages; `nrpages`
 * is that figure itself. While there is one owner everything is its; shares are used
 * from the second owner on: an owner has pages * shares / total_shares.
 */
struct file_slot {
	/* one cache line: all that a page touches */
	__u64 mapping;    /* struct address_space *, the key; 0: the slot is free */
	__s64 base;       /* pages from before, and corrections */
	__u64 added;      /* pages brought in while watched, by all CPUs … */
	__u64 home_added; /* … but these: only the CPU `home` writes here, so it needs no atomic */
	__u64 removed;    /* pages gone while watched */
	__u64 credited;   /* of added: counted in an owner_slot; the rest is the first owner's */
	__u32 peak;       /* pages: the most that there was before one went */
	__u32 swapped;    /* pages */
	union {
		struct {
			__u16 owner, flags, mount, home;
		};
		__u64 use; /* all four: what a streak compares */
	};

	__u64 ino;
	__u64 birth_ns; /* when pagetide first saw it; with the index it names the slot's use */
	__u64 nrpages;
	__u64 size_bytes;
	__u64 shares;       /* of the first owner */
	__u64 total_shares; /* of all owners */
	__u32 dev;          /* s_dev as the kernel encodes it: major << 20 | minor */
	__u32 name;         /* fingerprint of the names up to the root: changes on rename */
	__u32 scale;        /* times that the shares were halved 8 times */
	__u32 still;        /* of drift and movements at the last refresh: refresh.bpf.c */
};
_Static_assert(sizeof(struct file_slot) == 128, "wire");

static inline __u64 slot__added(const struct file_slot *slot)
{
	return slot->added + slot->home_added;
}

static inline __s64 slot__pages(const struct file_slot *slot)
{
	return slot->base + (__s64)(slot__added(slot) - slot->removed);
}

/* what the first owner brought in, in pages, beyond what its own slot counts */
static inline __u64 slot__uncredited(const struct file_slot *slot)
{
	return slot__added(slot) - slot->credited;
}

/* beside a file's slot, which has no room to spare; of another use of the slot when the births differ */
struct file_charge {
	__u64 birth_ns;
	__u64 memcg; /* kernfs id of the memory cgroup that its first page is charged to; 0: not known */
};
_Static_assert(sizeof(struct file_charge) == 16, "wire");

/* a further owner of a file; the key holds birth_ns so that a reused slot starts anew */
struct pair_key {
	__u32 file;
	__u32 owner;
	__u64 birth_ns;
};
struct pair {
	__u64 shares;
	__u64 added;
	__u32 scale;
	__u32 pad;
};
_Static_assert(sizeof(struct pair_key) == 16 && sizeof(struct pair) == 24, "wire");

enum process_flag {
	PROCESS_FOLLOWED = 1 << 0, /* the command that is run or traced, or a descendant */
	PROCESS_KERNEL = 1 << 1,
	PROCESS_HAS_MM = 1 << 2,
	PROCESS_SHARES_MM = 1 << 3, /* it runs in its parent's memory: vfork(2), clone(2) with CLONE_VM */
};

struct owner_key {
	__u64 start_ns; /* of the thread group's leader */
	__u32 pid;
	__u32 pad;
};
struct owner_slot {
	__u64 start_ns; /* 0: the slot is free */
	__u32 pid;
	__u32 ppid;
	char comm[COMM_LENGTH];
	__u64 cgroup; /* kernfs id of its memory cgroup (v1) or its cgroup (v2) */
	__u32 uid;
	__u32 files;       /* file slots and pairs that name it, at least */
	__u64 cache_added; /* pages; and what is not credited yet of the files that it is the first owner of */
	__u64 tmpfs_added;
	__s64 other_cache; /* pages of files that the file table has no room for */
	__s64 other_tmpfs;
	__u64 exit_ns; /* 0: alive */
	__u32 flags;   /* enum process_flag */
	__u32 pad;
};
_Static_assert(sizeof(struct owner_slot) == 96, "wire");

/* what does not fit the file table: one owner a file, no name */
struct lean_file {
	__u32 owner;
	__u32 mount; /* 0: none, or not known yet */
	__s32 pages;
	__u32 flags;
};
_Static_assert(sizeof(struct lean_file) == 16, "wire");

/*
 * The lean table grows by further tables, each four times as large: an entry stays in
 * the one that it was put into, new ones go to the last.
 */
#define LEAN_TABLES 4
#define LEAN_FIRST_FILES (1U << 15)

/* a mount that the user side knows: the kernel side counts its pages */
struct mount_slot {
	__s64 pages;            /* net change since the user side set base */
	__s64 warn_pages;       /* a record is sent when `pages` reaches it, and this is set to 0; 0: never */
	__s64 peak;             /* the most that `pages` was */
	__u64 warn_free_inodes; /* as warn_pages, when no more inodes are free than that; 0: never */
	__u32 batch;            /* a CPU adds its pages when there are so many (struct streak); 0: at once */
	__u32 dev;
	__s64 other_pages; /* of files that the file table has no room for */
	__s64 other_owned; /* of those, with an owner */
};
_Static_assert(sizeof(struct mount_slot) == 56, "wire");

/*
 * The last file and owner of a CPU: a streak of pages costs no hash lookup. One line
 * of the processor's cache for pages that come, one for pages that go. The user side
 * reads what a CPU has not added to a mount yet, and nothing else.
 */
struct streak {
	__u64 mapping __attribute__((aligned(128)));
	__u64 task;
	__u64 task_start_ns;
	__u64 context; /* of the program that runs now, as a number */
	__u64 use;     /* file_slot.use: when it changes the streak ends */
	__u32 file;
	__u16 frame; /* words from the context to the folio: tmpfs_memcg.bpf.c */
	__u8 is_home;
	__u8 pad;
	__u32 mount; /* 0: none */
	__s32 mount_batch;
	__s32 mount_pages; /* of `mount`, not added to its slot yet */
	__u32 pad2;

	__u64 gone_mapping;
	__u64 gone_generation;
	__u32 gone_file; /* FILE_NONE: not in the table at that generation */
	/* the last shares minted, whose, and for which folio: a full tmpfs takes it out again at once */
	__u32 minted_owner;
	__u64 minted; /* 0: none */
	__u64 minted_ns;
	__u64 folio;
	__u64 gone_pad[2];
};
#define USE_NONE (~0ULL) /* of a streak: no slot is used like that */
_Static_assert(sizeof(struct streak) == 128, "wire");
#define STREAK_CPUS 512 /* CPUs beyond have none: each page takes the slow half */

/* ---- the ring buffer ---- */

enum record_type {
	RECORD_NONE,
	RECORD_FILE,      /* a file's name: new, found, or renamed */
	RECORD_FILE_GONE, /* its last page went */
	RECORD_FORK,
	RECORD_EXEC,
	RECORD_EXIT,
	RECORD_OOM,
	RECORD_MAP,     /* mmap, munmap, brk, mremap */
	RECORD_FULL,    /* a table fills: the user side makes room */
	RECORD_LIMIT,   /* a tmpfs or a cgroup came near its limit: urgent */
	RECORD_REFUSED, /* a full tmpfs refused a page or an inode */
	RECORD_DENIED,  /* a call failed, perhaps by the hugetlb pool or RLIMIT_MEMLOCK */
	RECORD_TYPES,
};

struct record {
	__u16 type;
	__u16 length; /* of the whole record */
	__u32 tid;
	__u64 time_ns;
};
_Static_assert(sizeof(struct record) == 16, "wire");

struct record_process {
	__u64 start_ns;
	__u32 pid;
	__u32 ppid;
	char comm[COMM_LENGTH];
	__u64 cgroup;
	__u32 uid;
	__u32 flags; /* enum process_flag */
};
_Static_assert(sizeof(struct record_process) == 48, "wire");

enum path_flag { PATH_CUT = 1 << 0, PATH_UNHASHED = 1 << 1 };

struct record_file {
	struct record head;
	__u64 birth_ns;
	__u64 ino;
	__u32 index;
	__u32 dev;
	__u32 flags; /* enum file_flag */
	__u16 path_flags;
	__u16 path_length;
	char path[PATH_BYTES]; /* only path_length bytes are sent */
};
_Static_assert(sizeof(struct record_file) == 48 + PATH_BYTES, "wire");

struct record_file_gone {
	struct record head;
	__u64 birth_ns;
	__u64 ino;
	__u64 added, removed, peak;
	__u32 index;
	__u32 dev;
	__u32 flags;
	__u32 owner;
	__u64 owner_start_ns; /* 0: unknown */
	__u32 owner_pid;
	__u32 owner_flags; /* enum process_flag */
	char owner_comm[COMM_LENGTH];
};
_Static_assert(sizeof(struct record_file_gone) == 104, "wire");

struct record_fork {
	struct record head;
	struct record_process child; /* .ppid is the parent that forked */
};
_Static_assert(sizeof(struct record_fork) == 64, "wire");

struct record_exec {
	struct record head;
	struct record_process process;
	char path[EXEC_PATH_BYTES];
};
_Static_assert(sizeof(struct record_exec) == 192, "wire");

struct record_exit {
	struct record head;
	struct record_process process;
	__u64 peak_rss_pages; /* of its last program; 0: not known */
	__u64 cache_added, tmpfs_added;
	__u32 owner;     /* its index, 0 if it never brought a page in */
	__s32 exit_code; /* as wait(2) encodes it */
};
_Static_assert(sizeof(struct record_exit) == 96, "wire");

enum oom_flag {
	OOM_HAS_RSS = 1 << 0,
	OOM_HAS_SCOPE = 1 << 1, /* the fields from limit_cgroup on are filled */
	OOM_PATH_CUT = 1 << 2,
};

struct record_oom {
	struct record head;
	struct record_process victim;
	__u64 anon_pages, file_pages, shmem_pages, swap_pages, page_table_bytes, total_vm_pages;
	__u32 trigger_pid;
	__s16 oom_score_adj;
	__u16 flags;
	char trigger_comm[COMM_LENGTH];
	/* whose limit it was, read at the kill: it may be removed before anyone asks */
	__u64 limit_cgroup; /* kernfs id; 0: no cgroup was full, the machine was */
	__u64 usage_pages, limit_pages;
	__u64 swap_usage_pages, swap_limit_pages; /* of that cgroup; v1: memory and swap together */
	__u32 pad;
	__u32 path_length;
	char path[CGROUP_PATH_BYTES]; /* of limit_cgroup, else of the victim's: components, leaf first */
};
_Static_assert(sizeof(struct record_oom) == 184 + CGROUP_PATH_BYTES, "wire");

enum limit_kind {
	LIMIT_TMPFS = 1,    /* mount_slot.warn_pages was reached */
	LIMIT_TMPFS_INODES, /* mount_slot.warn_free_inodes was reached */
	LIMIT_TMPFS_NEW,    /* a page on a tmpfs that the user side has not told of */
	LIMIT_CGROUP,       /* an armed cgroup's pages were reached */
	LIMIT_RECLAIM,      /* a cgroup is at its limit: pages must be taken back first */
};

struct record_limit {
	struct record head;
	struct record_process process; /* who brought the page in */
	__u64 cgroup;                  /* of LIMIT_CGROUP and LIMIT_RECLAIM: kernfs id */
	__s64 used;                    /* mount_slot.pages; the cgroup's usage in pages; LIMIT_TMPFS_INODES: inodes */
	__u64 limit;                   /* pages or inodes */
	__u64 anon_pages; /* of the process, where a cgroup is told: it may be killed before it is looked at */
	__u32 kind;
	__u32 mount; /* index; 0: none */
	__u32 dev;
	__u32 pad;
};
_Static_assert(sizeof(struct record_limit) == 112, "wire");

enum refusal {
	REFUSED_ENOSPC = 1, /* a system call failed */
	REFUSED_SHORT,      /* a write was cut short */
	REFUSED_SIGBUS,     /* a page of a mapping could not be had */
};
enum refused_flag {
	REFUSED_BY_NAME = 1 << 0, /* path is what the process named, relative to fd: no inode is known */
	REFUSED_PATH_CUT = 1 << 1,
	REFUSED_URING = 1 << 2, /* call is an operation of io_uring */
};

struct record_refused {
	struct record head;
	struct record_process process;
	__u64 ino, address;
	__u64 wanted_bytes, got_bytes;
	__u64 used_blocks, limit_blocks; /* of the filesystem, in pages; limit 0: none */
	__u64 free_inodes, limit_inodes;
	__u32 dev;
	__u32 file; /* index of its slot, FILE_NONE: none */
	__s32 call; /* the system call's number; -1: none */
	__s32 fd;
	__u16 what; /* enum refusal */
	__u16 flags;
	__u32 path_length;
	char path[MAPPED_PATH_BYTES]; /* components, leaf first; REFUSED_BY_NAME: a string */
};
_Static_assert(sizeof(struct record_refused) == 152 + MAPPED_PATH_BYTES, "wire");

enum denial {
	DENIED_HUGETLB = 1,
	DENIED_MEMLOCK,   /* locked by the process */
	DENIED_USER_LOCK, /* charged to its user: io_uring's buffers; up to 5.10 BPF maps */
};

/* The user side judges whether it was that limit: it has the pool's figures, and the arithmetic. */
struct record_denied {
	struct record head;
	struct record_process process;
	__u64 address, length_bytes; /* as the call named them */
	__u64 page_bytes;            /* of the pool; 0: its default size */
	__u64 limit_bytes;           /* RLIMIT_MEMLOCK */
	/* locked or mapped by the process, and what the kernel charges its user with; in pages */
	__u64 locked_pages, mapped_pages, user_pages;
	__s32 call; /* the system call's number; -1: a fault */
	__s16 error;
	__u16 what; /* enum denial */
};
_Static_assert(sizeof(struct record_denied) == 128, "wire");

enum map_op { MAP_OP_MMAP = 1, MAP_OP_MUNMAP, MAP_OP_BRK, MAP_OP_MREMAP };
enum map_kind { MAP_KIND_NONE, MAP_KIND_ANON, MAP_KIND_FILE, MAP_KIND_SHMEM, MAP_KIND_HEAP };

struct record_map {
	struct record head;
	struct record_process process;
	__u64 address;
	__u64 length_bytes;
	__s64 change_bytes; /* of the address space, as far as it is known */
	__u64 ino;
	__u32 dev;
	__u8 op, kind;
	__u16 path_length;
	char path[MAPPED_PATH_BYTES]; /* components, leaf first */
};
_Static_assert(sizeof(struct record_map) == 104 + MAPPED_PATH_BYTES, "wire");

#define SEED_FDS 64 /* descriptors that one run of the seed program takes, and accounts of another pagetide */

/*
 * One owner's part of a file, as another pagetide has it: so that who brought in what was there
 * before is known. Of a file the further owners come first, its first owner last.
 */
struct adopted {
	__u64 mapping, ino; /* the file; looked at before it is believed */
	__u32 dev;
	__u32 owner; /* index in our own table */
	__u32 part;  /* of what the entries before left, in 1/ADOPTED_WHOLE; the first owner takes all of that */
	__u32 first;
};
_Static_assert(sizeof(struct adopted) == 32, "wire");
#define ADOPTED_WHOLE (1U << 20)

/* of a slot that was to be compared with its inode; WAITS: its name finds no room in the ring, and it is as it was */
enum refresh_came { REFRESH_DONE, REFRESH_WAITS };

enum table { TABLE_FILES, TABLE_PAIRS, TABLE_OWNERS, TABLE_LEAN, TABLES };

struct record_full {
	struct record head;
	__u32 table;
	__u32 pad;
};
_Static_assert(sizeof(struct record_full) == 24, "wire");

/* ---- what the iterators print ---- */

struct task_row {
	struct record_process process;
	__u64 anon_pages, file_pages, shmem_pages, swap_pages;
	__u64 page_table_bytes;
	__u64 locked_pages, virtual_pages, peak_rss_pages;
};
_Static_assert(sizeof(struct task_row) == 112, "wire");

struct cgroup_row {
	__u64 id;
	__u64 usage_pages, peak_pages, limit_pages, high_pages;
};
_Static_assert(sizeof(struct cgroup_row) == 40, "wire");

enum holder_way { HOLDER_OPEN = 1, HOLDER_MAPPED = 2 };

struct holder_row {
	__u64 mapping;
	__u64 ino;
	__u32 dev;
	__u32 pid;
	__u32 way;
	__u32 file; /* index, FILE_NONE when it is in no slot */
};
_Static_assert(sizeof(struct holder_row) == 32, "wire");

/* a process as the kernel numbers it, and as /proc does */
struct number_row {
	__u32 kernel;
	__u32 proc;
};
_Static_assert(sizeof(struct number_row) == 8, "wire");

/* ---- losses, by kind; the first RECORD_TYPES are records of that type ---- */

enum loss {
	LOSS_FILE_SLOT = RECORD_TYPES, /* files that went to the lean table */
	LOSS_LEAN,                     /* pages of files that fitted nowhere */
	LOSS_OWNER_SLOT,               /* pages whose owner fitted nowhere: owner "other" */
	LOSS_PAIR,                     /* pages of a further owner that fitted nowhere: unknown */
	LOSS_UNRESOLVED,               /* tmpfs pages whose file was not found at once */
	LOSS_DRIFT,                    /* pages that the refresh had to correct */
	LOSSES,
};

/* learned at the first page: how far above the program's context the folio is kept */
#define FRAME_WORDS 96

#endif
