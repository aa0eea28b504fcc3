// SPDX-License-Identifier: GPL-2.0-only
/* Processes of a reading: the iterator's rows, or /proc where there is none; command lines. */
#include "collector_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "task_rows.h"

static void from_proc(const struct collector *collector, const struct proc_process *in, struct task_row *row)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint32_t node;

	memset(row, 0, sizeof(*row));
	row->process.start_ns = in->start_ns;
	row->process.pid = (uint32_t)in->stat.pid;
	row->process.ppid = (uint32_t)in->stat.ppid;
	row->process.uid = (uint32_t)in->status.uid.value;
	memcpy(row->process.comm, in->stat.comm, COMM_LENGTH - 1); /* longer ones are cut */
	if (in->stat.kernel_thread)
		row->process.flags |= PROCESS_KERNEL;
	else if (in->status.anon_bytes.has)
		row->process.flags |= PROCESS_HAS_MM;
	if (in->has_cgroup && collector->has_tree) {
		node = cgroup__by_path(&collector->tree, in->cgroup.path);
		if (node != CGROUP_NO_NODE)
			row->process.cgroup = collector->tree.nodes[node].id;
	}
	row->anon_pages = in->status.anon_bytes.value / page;
	row->file_pages = in->status.file_bytes.value / page;
	row->shmem_pages = in->status.shmem_bytes.value / page;
	row->swap_pages = in->status.swap_bytes.value / page;
	row->page_table_bytes = in->status.page_tables_bytes.value;
	row->locked_pages = in->status.locked_bytes.value / page;
	row->virtual_pages = in->status.virtual_bytes.value / page;
	row->peak_rss_pages = in->status.peak_rss_bytes.value / page;
}

/* without a BPF iterator: slower, and the start time is whole clock ticks */
static int read_proc(struct collector *collector)
{
	static struct proc_process process;
	struct proc_iter iter;
	size_t count = 0;
	pid_t pid;
	int err = proc__iter_begin(&collector->proc, &iter);

	if (err)
		return err;
	while ((err = proc__iter_next(&iter, &pid)) > 0) {
		if (proc__read_process(&collector->proc, pid, &process))
			continue; /* gone */
		if (count == collector->task_capacity) {
			size_t more = collector->task_capacity * 2 + 256;
			void *grown = realloc(collector->tasks, more * sizeof(*collector->tasks));

			if (!grown) {
				err = -ENOMEM;
				break;
			}
			collector->tasks = grown;
			collector->task_capacity = more;
		}
		from_proc(collector, &process, &collector->tasks[count++]);
	}
	proc__iter_end(&iter);
	return err < 0 ? err : (int)count;
}

void collector__forget(struct collector *collector, uint32_t pid)
{
	struct cmdline *cmdline, *next;

	HASH_ITER (hh, collector->cmdlines, cmdline, next) {
		if (cmdline->key.pid == pid)
			cmdline->comm[0] = '\0'; /* matches no process: read again */
	}
}

/* read once, and again when the process became another program or has another name; NULL: as before, or none */
static char *cmdline_of(struct collector *collector, const struct task_row *row)
{
	char raw[PROC_CMDLINE_MAX], text[PROC_CMDLINE_MAX];
	struct owner_key key;
	struct cmdline *cmdline;
	uint32_t pid = collector__in_proc(collector, row->process.pid);
	int length;

	if (!pid || !(row->process.flags & PROCESS_HAS_MM))
		return NULL;
	memset(&key, 0, sizeof(key));
	key.start_ns = row->process.start_ns;
	key.pid = row->process.pid;
	HASH_FIND(hh, collector->cmdlines, &key, sizeof(key), cmdline);
	if (!cmdline) {
		cmdline = calloc(1, sizeof(*cmdline));
		if (!cmdline)
			return NULL;
		cmdline->key = key;
		HASH_ADD(hh, collector->cmdlines, key, sizeof(key), cmdline);
	}
	cmdline->seen = true;
	if (cmdline->comm[0] && memcmp(cmdline->comm, row->process.comm, COMM_LENGTH) == 0)
		return NULL;
	length = proc__read_file(&collector->proc, (pid_t)pid, "cmdline", raw, sizeof(raw));
	if (length <= 0 || !proc__parse_cmdline(raw, (size_t)length, text, sizeof(text)))
		return NULL;
	memcpy(cmdline->comm, row->process.comm, COMM_LENGTH);
	return strdup(text);
}

void collector__free_cmdlines(struct collector *collector)
{
	while (collector->cmdline_count)
		free(collector->cmdline_of[--collector->cmdline_count]);
}

static void read_cmdlines(struct collector *collector, size_t count)
{
	struct cmdline *cmdline, *next;

	collector__free_cmdlines(collector);
	if (collector->cmdline_capacity < count) {
		void *grown = realloc(collector->cmdline_of, (count + 256) * sizeof(char *));

		if (!grown)
			return;
		collector->cmdline_of = grown;
		collector->cmdline_capacity = count + 256;
	}
	for (cmdline = collector->cmdlines; cmdline; cmdline = cmdline->hh.next)
		cmdline->seen = false;
	for (size_t i = 0; i < count; i++)
		collector->cmdline_of[i] = cmdline_of(collector, &collector->tasks[i]);
	collector->cmdline_count = count;
	HASH_ITER (hh, collector->cmdlines, cmdline, next) {
		if (cmdline->seen)
			continue;
		HASH_DEL(collector->cmdlines, cmdline);
		free(cmdline);
	}
	collector->reading.cmdlines = (const char *const *)collector->cmdline_of;
}

/* as large as a reading's: not kept for the next warning */
static void free_now(struct collector *collector)
{
	free(collector->tasks_now);
	collector->tasks_now = NULL;
	collector->task_now_capacity = 0;
}

int collector__processes(struct collector *collector, unsigned wants)
{
	int n = -EOPNOTSUPP;

	free_now(collector);
	if (collector->tracer)
		n = tracer__tasks(collector->tracer, &collector->tasks, &collector->task_capacity);
	if (n == -EOPNOTSUPP)
		n = read_proc(collector);
	if (n < 0)
		return n;
	n = (int)task_rows__settle(collector->tasks, (size_t)n); /* they may have come in the order of other numbers */
	collector->reading.tasks = collector->tasks;
	collector->reading.task_count = (size_t)n;
	collector->reading.cmdlines = NULL;
	if (wants & WANT_CMDLINES)
		read_cmdlines(collector, (size_t)n);
	return 0;
}

void collector__free_processes(struct collector *collector)
{
	struct cmdline *cmdline, *next;

	HASH_ITER (hh, collector->cmdlines, cmdline, next) {
		HASH_DEL(collector->cmdlines, cmdline);
		free(cmdline);
	}
	collector__free_cmdlines(collector);
	free_now(collector);
	free(collector->cmdline_of);
	free(collector->tasks);
}
