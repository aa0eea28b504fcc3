// SPDX-License-Identifier: GPL-2.0-only
#include "blame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* without memory for one more it is left out and counted, not the end of us */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(blamed) ((blamed)->left_out = true)
#include <uthash.h>

#define MANY_PROCESSES 4

struct blamed_key {
	uint64_t start_ns, pid;
};

struct blamed {
	struct blamed_key key;
	UT_hash_handle hh;
	struct culprit culprit;
	bool is_elsewhere; /* it owns on another mount, too */
	bool left_out;
};

static void forget(struct blame *blame, struct blamed *blamed)
{
	HASH_DEL(blame->all, blamed);
	free(blamed);
	blame->count--;
}

static void forget_all(struct blame *blame)
{
	struct blamed *blamed, *next;

	HASH_ITER (hh, blame->all, blamed, next)
		forget(blame, blamed);
}

void blame__begin(struct blame *blame, enum blame_of of)
{
	forget_all(blame);
	blame->of = of;
	blame->named_bytes = blame->named_files = 0;
}

/* what two paths have in common, cut at a slash */
static void keep_common_folder(char *folder, const char *path)
{
	size_t n = 0, slash = 0;

	while (folder[n] && folder[n] == path[n]) {
		if (folder[n] == '/')
			slash = n;
		n++;
	}
	if (folder[n] == '\0' && (path[n] == '/' || path[n] == '\0'))
		return;
	folder[slash] = '\0';
}

static void cut_last_component(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
}

/* all of one size but one, which may still be growing */
static void note_size(struct culprit *culprit, uint64_t each)
{
	if (culprit->bytes_each == each || culprit->bytes_each == ABSENT)
		return;
	if (each > culprit->bytes_each && each != ABSENT) {
		culprit->odd_files = culprit->files;
		culprit->bytes_each = each;
	} else {
		culprit->odd_files++;
	}
	if (culprit->odd_files > 1 || each == ABSENT)
		culprit->bytes_each = ABSENT;
}

static void note_file(struct culprit *culprit, const struct share *share)
{
	uint64_t each = share->files > 1 ? ABSENT : share->bytes;

	if (!culprit->files) {
		culprit->bytes_each = each;
		snprintf(culprit->path, sizeof(culprit->path), "%s", share->path ? share->path : "");
	} else {
		if (culprit->files == 1)
			cut_last_component(culprit->path);
		if (share->path)
			keep_common_folder(culprit->path, share->path);
		note_size(culprit, each);
	}
	culprit->files += share->files;
	if (share->deleted)
		culprit->deleted_bytes += share->bytes;
}

static struct blamed *find(const struct blame *blame, uint32_t pid, uint64_t start_ns)
{
	struct blamed_key key = { start_ns, pid };
	struct blamed *blamed;

	HASH_FIND(hh, blame->all, &key, sizeof(key), blamed);
	return blamed;
}

/* NULL: there is no memory for it */
static struct blamed *make(struct blame *blame, const struct share *share)
{
	struct blamed *blamed = calloc(1, sizeof(*blamed));

	if (!blamed)
		return NULL;
	blamed->key = (struct blamed_key){ share->start_ns, share->pid };
	HASH_ADD(hh, blame->all, key, sizeof(blamed->key), blamed);
	if (blamed->left_out) {
		free(blamed);
		return NULL;
	}
	blame->count++;
	blamed->culprit.pid = share->pid;
	blamed->culprit.start_ns = share->start_ns;
	blamed->culprit.processes = 1;
	blamed->culprit.exited = share->exited;
	blamed->culprit.bytes_each = ABSENT;
	snprintf(blamed->culprit.comm, sizeof(blamed->culprit.comm), "%s", share->comm);
	if (share->container)
		snprintf(blamed->culprit.container, sizeof(blamed->culprit.container), "%s", share->container);
	return blamed;
}

uint64_t blame__bytes_of(const struct blame *blame, uint32_t pid, uint64_t start_ns)
{
	const struct blamed *blamed = find(blame, pid, start_ns);

	return blamed ? blamed->culprit.bytes : 0;
}

void blame__add(struct blame *blame, const struct share *share)
{
	struct blamed *blamed;

	if (!share->bytes && (blame->of != BLAME_INODES || !share->files)) {
		blame->named_bytes += share->elsewhere ? 0 : share->swap_bytes;
		return;
	}
	blamed = find(blame, share->pid, share->start_ns);
	if (!blamed)
		blamed = make(blame, share);
	if (!blamed)
		return;
	if (share->elsewhere) {
		blamed->is_elsewhere = true;
		return;
	}
	blamed->culprit.bytes += share->bytes;
	blame->named_bytes += share->bytes + share->swap_bytes;
	blame->named_files += share->files;
	if (share->file && share->files)
		note_file(&blamed->culprit, share);
}

/* false: what it had of this before is not known */
static bool find_before(const struct blamed *blamed, const struct history *history, enum blame_of of, uint64_t now_ns,
			uint64_t *before, double *seconds)
{
	const struct culprit *c = &blamed->culprit;
	uint64_t anon = 0;

	if (!history ||
	    !history__before(history, c->pid, c->start_ns, HISTORY_TMPFS, BLAME_WINDOW_NS, now_ns, before, seconds))
		return false;
	if (of != BLAME_MEMORY) /* it was at most that: who has more here now has grown, wherever else it owns */
		return !blamed->is_elsewhere || c->bytes > *before;
	if (!history__before(history, c->pid, c->start_ns, HISTORY_ANON, BLAME_WINDOW_NS, now_ns, &anon, seconds))
		return false;
	*before += anon;
	return true;
}

static void find_growth(struct blamed *blamed, const struct history *history, enum blame_of of, uint64_t now_ns)
{
	struct culprit *c = &blamed->culprit;
	double age = now_ns > c->start_ns ? (double)(now_ns - c->start_ns) / 1e9 : 0, seconds = 0;
	uint64_t before = 0;

	/* younger than the window: all of it is growth */
	if (age * 1e9 < (double)BLAME_WINDOW_NS) {
		c->growth_bytes = (int64_t)c->bytes;
		c->seconds = age;
	} else if (find_before(blamed, history, of, now_ns, &before, &seconds)) {
		c->growth_bytes = (int64_t)c->bytes - (int64_t)before;
		c->seconds = seconds;
	}
}

static void merge(struct culprit *into, const struct culprit *from)
{
	into->processes += from->processes;
	into->growth_bytes += from->growth_bytes;
	if (from->seconds > into->seconds)
		into->seconds = from->seconds;
	into->exited = into->exited && from->exited;
	if (into->files && from->files) {
		if (into->files == 1)
			cut_last_component(into->path);
		keep_common_folder(into->path, from->path);
		if (into->bytes_each != from->bytes_each)
			into->bytes_each = ABSENT;
	}
	into->bytes += from->bytes;
	into->files += from->files;
	into->deleted_bytes += from->deleted_bytes;
}

static int by_growth(const struct blamed *a, const struct blamed *b)
{
	const struct culprit *left = &a->culprit, *right = &b->culprit;

	if (left->growth_bytes != right->growth_bytes)
		return left->growth_bytes < right->growth_bytes ? 1 : -1;
	if (left->bytes != right->bytes)
		return left->bytes < right->bytes ? 1 : -1;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

static int by_files(const struct blamed *a, const struct blamed *b)
{
	if (a->culprit.files != b->culprit.files)
		return a->culprit.files < b->culprit.files ? 1 : -1;
	return by_growth(a, b);
}

static int by_name(const struct blamed *a, const struct blamed *b)
{
	return strcmp(a->culprit.comm, b->culprit.comm);
}

static struct blamed *next_of(const struct blamed *blamed)
{
	return blamed->hh.next;
}

static bool is_of_name(const struct blamed *blamed, const struct blamed *first)
{
	return blamed && strcmp(blamed->culprit.comm, first->culprit.comm) == 0;
}

/* many processes of one name, none of which stands out, are one row: they follow each other */
static void merge_name(struct blame *blame, struct blamed *first)
{
	uint64_t all = 0, most = 0;
	size_t same = 0;

	for (const struct blamed *next = first; is_of_name(next, first); next = next_of(next)) {
		uint64_t has = blame->of == BLAME_INODES ? next->culprit.files : next->culprit.bytes;

		same++;
		all += has;
		most = has > most ? has : most;
	}
	if (same < MANY_PROCESSES || most > all / 2)
		return;
	while (is_of_name(next_of(first), first)) {
		merge(&first->culprit, &next_of(first)->culprit);
		forget(blame, next_of(first));
	}
}

static void merge_names(struct blame *blame)
{
	struct blamed *first, *next;

	HASH_SORT(blame->all, by_name); /* those of one name stay in order */
	for (first = blame->all; first; first = next) {
		merge_name(blame, first);
		for (next = next_of(first); is_of_name(next, first);)
			next = next_of(next);
	}
}

/* of whom only another mount's files are known */
static void forget_the_elsewhere(struct blame *blame)
{
	struct blamed *blamed, *next;

	HASH_ITER (hh, blame->all, blamed, next) {
		if (!blamed->culprit.bytes && !blamed->culprit.files)
			forget(blame, blamed);
	}
}

static void sort(struct blame *blame)
{
	if (blame->of == BLAME_INODES)
		HASH_SORT(blame->all, by_files);
	else
		HASH_SORT(blame->all, by_growth);
}

/* the books have files without an owner, and some files not at all */
static uint64_t unattributed_of(const struct blame *blame, uint64_t used)
{
	uint64_t named = blame->of == BLAME_INODES ? blame->named_files : blame->named_bytes;

	if (blame->of == BLAME_MEMORY || !is_known(used))
		return ABSENT;
	return used > named ? used - named : 0;
}

void blame__finish(struct blame *blame, const struct history *history, uint64_t now_ns, struct warning *warning)
{
	struct blamed *blamed;

	for (blamed = blame->all; blamed; blamed = next_of(blamed))
		find_growth(blamed, history, blame->of, now_ns);
	forget_the_elsewhere(blame);
	sort(blame);
	merge_names(blame);
	sort(blame);
	warning->unattributed = unattributed_of(blame, warning->used);
	warning->culprit_count = 0;
	for (blamed = blame->all; blamed && warning->culprit_count < WARNING_CULPRITS; blamed = next_of(blamed))
		warning->culprits[warning->culprit_count++] = blamed->culprit;
	forget_all(blame);
}

/* by pid and start, as the snapshot's processes are sorted */
static const struct snapshot_process *process_of(const struct snapshot *snapshot, uint32_t pid, uint64_t start_ns)
{
	size_t low = 0, high = snapshot->process_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct snapshot_process *p = &snapshot->processes[middle];

		if (p->pid < pid || (p->pid == pid && p->start_ns < start_ns))
			low = middle + 1;
		else
			high = middle;
	}
	if (low < snapshot->process_count && snapshot->processes[low].pid == pid &&
	    snapshot->processes[low].start_ns == start_ns)
		return &snapshot->processes[low];
	return NULL;
}

void blame__mount(struct blame *blame, const struct snapshot *snapshot, unsigned major, unsigned minor)
{
	for (size_t i = 0; i < snapshot->file_count; i++) {
		const struct snapshot_file *file = &snapshot->files[i];

		bool elsewhere = file->major != major || file->minor != minor;

		if (file->gone || (elsewhere ? file->kind == FILE_KIND_FILE : file->other))
			continue;
		for (size_t j = 0; j < file->owner_count; j++) {
			const struct snapshot_owner *owner = &file->owners[j];
			const struct snapshot_process *p = process_of(snapshot, owner->pid, owner->start_ns);
			struct share share = { .pid = owner->pid,
					       .start_ns = owner->start_ns,
					       .comm = owner->comm,
					       .exited = owner->exited,
					       .container = p ? p->container : NULL,
					       .path = file->path,
					       .elsewhere = elsewhere,
					       .file = true,
					       .files = blame->of != BLAME_INODES || j == 0,
					       .deleted = file->deleted,
					       .bytes = owner->bytes };

			if (j == 0 && is_known(file->swap_bytes))
				share.swap_bytes = file->swap_bytes;

			blame__add(blame, &share);
		}
	}
}

static bool is_below(const char *path, const char *above)
{
	size_t length = strlen(above);

	if (length == 1)
		return true; /* "/" */
	return strncmp(path, above, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

void blame__cgroup(struct blame *blame, const struct snapshot *snapshot, const char *path)
{
	for (size_t i = 0; i < snapshot->process_count; i++) {
		const struct snapshot_process *p = &snapshot->processes[i];
		struct share share = { .pid = p->pid,
				       .start_ns = p->start_ns,
				       .comm = p->comm,
				       .container = p->container,
				       .exited = p->exited };

		if (p->kernel || (path && (!p->cgroup || !is_below(p->cgroup, path))))
			continue;
		share.bytes = is_known(p->anon_bytes) && !p->shares_memory ? p->anon_bytes : 0;
		blame__add(blame, &share);
		/* what it brought into tmpfs is its, whether it maps it or not */
		share.bytes = is_known(p->tmpfs_bytes) ? p->tmpfs_bytes : 0;
		blame__add(blame, &share);
	}
}
