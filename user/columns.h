/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each row of each view is made of, listed once: JSON keys, CSV headers, --sort names and the
 * columns of the tables for people all come from here. A figure added to a table is one line.
 */
#ifndef PAGETIDE_COLUMNS_H
#define PAGETIDE_COLUMNS_H

#include "event.h"
#include "options.h"
#include "run.h"
#include "snapshot.h"

enum column_kind { /* what it is, and so how it is printed */
		   COLUMN_BYTES,
		   COLUMN_CHANGE, /* bytes with a sign */
		   COLUMN_RATE,   /* bytes per second */
		   COLUMN_COUNT,
		   COLUMN_ID,    /* a number that is not a quantity */
		   COLUMN_RATIO, /* 0 to 1 */
		   COLUMN_SECONDS,
		   COLUMN_FLAG,
		   COLUMN_STRING,
		   COLUMN_DEVICE, /* major << 32 | minor */
		   COLUMN_TIME,   /* nanoseconds since the epoch, shown to 1 ms */
		   COLUMN_START,  /* the same, known to 10 ms */
};

enum field_type { FIELD_COMPUTED, FIELD_U64, FIELD_U32, FIELD_I64, FIELD_INT, FIELD_REAL, FIELD_STRING, FIELD_FLAG };

struct value {
	bool known;
	union {
		uint64_t number; /* also ids, flags, times, devices */
		int64_t change;  /* COLUMN_CHANGE */
		double real;     /* COLUMN_RATE, COLUMN_RATIO, COLUMN_SECONDS */
		const char *string;
	};
};

struct column {
	const char *key;   /* for machines and --sort; NULL: only in tables for people */
	const char *title; /* above the column in tables for people; NULL: only for machines */
	enum column_kind kind;
	int rank; /* in a narrow table the highest goes first; 0 stays */
	enum field_type type;
	size_t offset; /* in the row, when not computed */
	struct value (*compute)(const void *row);
	void (*text)(const void *row, char *raw, size_t cap); /* for people, not escaped; NULL: the value */
	const char *object; /* JSON: inside this object, without this prefix and its "_" */
	bool flat;          /* not in JSON, which has the whole list that this is the head of */
	uint32_t events;    /* of an event: bit per type that has it; 0 elsewhere */
};

struct columns {
	const char *name;  /* as in --by */
	const char *table; /* JSON key of the table */
	const char *title; /* of the table, for people */
	const struct column *columns;
	size_t count;
	const struct column *order; /* rows come in this order unless told; descending where it is a quantity */
};

/* the columns of a view; NULL for VIEW_ALL */
const struct columns *columns__of(enum view view);

extern const struct columns columns_event, columns_timeline;
/* what `run` shows people of processes, mounts and files when all is over */
extern const struct columns columns_run_process, columns_run_mount, columns_run_file;

/* by key, with or without its "_bytes"; in VIEW_ALL in any view. NULL: no such column. */
const struct column *columns__find(enum view view, const char *name);

struct value column__value(const struct column *column, const void *row);

/*
 * <0, 0, >0: which row comes first. Quantities, rates and times: the greater first; strings and
 * ids: the lesser first; what is not known comes last.
 */
int column__compare(const struct column *column, const void *a, const void *b);

/*
 * For people, raw: figures in units, unknown ones "-". Not escaped: names are as the kernel has them.
 */
void column__text(const struct column *column, const void *row, char *raw, size_t cap);

/* For CSV, raw: bare numbers, RFC 3339 times, true and false, "" where not known. */
void column__plain(const struct column *column, const void *row, char *raw, size_t cap);

/* text for people, as long as any name, also where it is a number for machines */
bool column__is_text(const struct column *column);
/* a quantity for people stands at the right of its column, a name at the left */
bool column__is_number(const struct column *column);

#define COLUMN_TEXT_MAX 8192

/* All processes of one container, or those of none: a row of VIEW_CONTAINER (select.h makes them). */
struct container_row {
	const char *container;               /* NULL: in no container */
	const struct snapshot_container *in; /* the same, whole; NULL: none or not known */
	const char *cgroup;                  /* its topmost cgroup; NULL: not known */
	uint64_t processes;                  /* alive */
	uint64_t rss_bytes, anon_bytes, file_bytes, shmem_bytes, swap_bytes, page_table_bytes, cache_bytes, tmpfs_bytes;
	uint64_t usage_bytes, limit_bytes, peak_bytes; /* of that cgroup */
	double resident_rate, cache_rate, tmpfs_rate;
};

#endif
