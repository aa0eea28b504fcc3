// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's offers. It must never decide which one is taken: plan.c does. */
#include "kernel.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "file.h"

struct kernel {
	struct btf *btf;
};

int kernel__open(struct kernel **out, bool verbose)
{
	struct kernel *kernel = calloc(1, sizeof(*kernel));
	int err;

	*out = NULL;
	if (!kernel)
		return -ENOMEM;
	if (!verbose)
		libbpf_set_print(NULL); /* it tells of a missing BTF by itself, before we do */
	kernel->btf = btf__load_vmlinux_btf();
	if (!kernel->btf &&
	    errno == ESRCH) /* none of the files that libbpf tried; this one it may have found and not read */
		kernel->btf = btf__parse("/sys/kernel/btf/vmlinux", NULL);
	if (!kernel->btf) {
		err = -errno;
		free(kernel);
		return err;
	}
	*out = kernel;
	return 0;
}

void kernel__close(struct kernel *kernel)
{
	if (!kernel)
		return;
	btf__free(kernel->btf);
	free(kernel);
}

static const struct utsname *names(void)
{
	static struct utsname names;

	if (!names.release[0])
		uname(&names);
	return &names;
}

const char *kernel__release(void)
{
	return names()->release;
}

static int function_id(struct kernel *kernel, const char *name)
{
	return btf__find_by_name_kind(kernel->btf, name, BTF_KIND_FUNC);
}

bool kernel__has_function(struct kernel *kernel, const char *name)
{
	return function_id(kernel, name) > 0;
}

int kernel__function_arguments(struct kernel *kernel, const char *name)
{
	int id = function_id(kernel, name);
	const struct btf_type *type;

	if (id <= 0)
		return -ENOENT;
	type = btf__type_by_id(kernel->btf, (__u32)id);
	type = btf__type_by_id(kernel->btf, type->type);
	return btf_vlen(type);
}

/* the prototype behind `typedef void (*btf_trace_NAME)(void *, …)` */
static const struct btf_type *tracepoint(struct kernel *kernel, const char *name, int *id)
{
	const struct btf_type *type;
	char typedef_name[128];

	snprintf(typedef_name, sizeof(typedef_name), "btf_trace_%s", name);
	*id = btf__find_by_name_kind(kernel->btf, typedef_name, BTF_KIND_TYPEDEF);
	if (*id <= 0)
		return NULL;
	type = btf__type_by_id(kernel->btf, (__u32)*id);
	type = btf__type_by_id(kernel->btf, type->type);
	return type ? btf__type_by_id(kernel->btf, type->type) : NULL;
}

bool kernel__has_tracepoint(struct kernel *kernel, const char *name)
{
	int id;

	return tracepoint(kernel, name, &id) != NULL;
}

int kernel__tracepoint_arguments(struct kernel *kernel, const char *name)
{
	int id;
	const struct btf_type *type = tracepoint(kernel, name, &id);

	return type ? btf_vlen(type) - 1 : -ENOENT; /* the first parameter is the probe's data */
}

/* the type of a tracepoint's argument, NULL: it is no pointer */
static const struct btf_type *pointer_argument(struct kernel *kernel, const char *name, int index)
{
	const struct btf_type *type;
	int id;

	type = tracepoint(kernel, name, &id);
	if (!type || index + 1 >= btf_vlen(type)) /* the first parameter is the probe's data */
		return NULL;
	type = btf__type_by_id(kernel->btf, btf_params(type)[index + 1].type);
	return type && btf_is_ptr(type) ? type : NULL;
}

bool kernel__tracepoint_takes_pointer(struct kernel *kernel, const char *name, int index)
{
	return pointer_argument(kernel, name, index) != NULL;
}

bool kernel__tracepoint_takes_struct(struct kernel *kernel, const char *name, int index)
{
	const struct btf_type *type = pointer_argument(kernel, name, index);

	if (!type)
		return false;
	type = btf__type_by_id(kernel->btf, type->type);
	while (type && btf_is_mod(type))
		type = btf__type_by_id(kernel->btf, type->type);
	return type && btf_is_struct(type);
}

bool kernel__has_iterator(struct kernel *kernel, const char *name)
{
	char function[128];

	snprintf(function, sizeof(function), "bpf_iter_%s", name);
	return kernel__has_function(kernel, function);
}

/* a struct without a name within is part of the one around it */
static bool has_member(const struct btf *btf, const struct btf_type *type, const char *field)
{
	for (int i = 0; i < btf_vlen(type); i++) {
		const struct btf_member *member = &btf_members(type)[i];
		const struct btf_type *inner = btf__type_by_id(btf, member->type);

		if (member->name_off && strcmp(btf__name_by_offset(btf, member->name_off), field) == 0)
			return true;
		if (!member->name_off && inner && btf_is_composite(inner) && has_member(btf, inner, field))
			return true;
	}
	return false;
}

bool kernel__has_field(struct kernel *kernel, const char *type, const char *field)
{
	int id = btf__find_by_name_kind(kernel->btf, type, BTF_KIND_STRUCT);

	return id > 0 && has_member(kernel->btf, btf__type_by_id(kernel->btf, (__u32)id), field);
}

/* debugfs, mounted nowhere: nobody sees it, and it goes with the descriptor; -1: not to be had */
static int open_debugfs(void)
{
	int context = (int)syscall(SYS_fsopen, "debugfs", 1U /* FSOPEN_CLOEXEC */), mount = -1;

	if (context < 0)
		return -1;
	if (syscall(SYS_fsconfig, context, 6U /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0) == 0)
		mount = (int)syscall(SYS_fsmount, context, 1U /* FSMOUNT_CLOEXEC */, 0U);
	close(context);
	return mount;
}

/* "none (voluntary) full"; the length or -errno */
static int read_modes(char *modes, size_t cap)
{
	int n = file__read(AT_FDCWD, "/sys/kernel/debug/sched/preempt", modes, cap), debugfs;

	if (n >= 0)
		return n;
	debugfs = open_debugfs(); /* not mounted, as in a container */
	if (debugfs < 0)
		return n;
	n = file__read(debugfs, "sched/preempt", modes, cap);
	close(debugfs);
	return n;
}

bool kernel__is_preemptible(void)
{
	const char *version = names()->version;
	char modes[64];

	if (!strstr(version, "PREEMPT"))
		return false;
	if (!strstr(version, "PREEMPT_DYNAMIC"))
		return true;
	return read_modes(modes, sizeof(modes)) < 0 || !(strstr(modes, "(none)") || strstr(modes, "(voluntary)"));
}

static const struct bpf_insn empty_program[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

/* a program that does nothing, loaded for that function or tracepoint; -errno */
static int load_empty(int id, enum bpf_attach_type type)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = type, .attach_btf_id = (__u32)id);

	return bpf_prog_load(BPF_PROG_TYPE_TRACING, "pagetide_try", "GPL", empty_program, 2, &options);
}

int kernel__try_fexit(struct kernel *kernel, const char *function)
{
	int id = function_id(kernel, function), program, link, err = 0;

	if (id <= 0)
		return -ENOENT;
	program = load_empty(id, BPF_TRACE_FEXIT);
	if (program < 0)
		return program;
	link = bpf_raw_tracepoint_open(NULL, program);
	if (link < 0)
		err = link;
	else
		close(link);
	close(program);
	return err;
}

/* loaded only: taking a tracepoint's last program away makes the next one wait for an RCU grace period */
int kernel__try_tracepoint(struct kernel *kernel, const char *name)
{
	int id, program;

	if (!tracepoint(kernel, name, &id))
		return -ENOENT;
	program = load_empty(id, BPF_TRACE_RAW_TP);
	if (program < 0)
		return program;
	close(program);
	return 0;
}

int kernel__try_kprobe(struct kernel *kernel, const char *function)
{
	struct perf_event_attr attr = { .size = sizeof(attr) };
	char text[32];
	int err = 0, fd, program;
	long event;

	(void)kernel;
	fd = open("/sys/bus/event_source/devices/kprobe/type", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -ENOENT;
	if (read(fd, text, sizeof(text) - 1) <= 0)
		err = -EIO;
	close(fd);
	if (err)
		return err;
	attr.type = (__u32)strtoul(text, NULL, 10);
	attr.config1 = (__u64)(unsigned long)function;
	event = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (event < 0)
		return -errno;
	program = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "pagetide_try", "GPL", empty_program, 2, NULL);
	if (program < 0)
		err = program;
	else if (ioctl((int)event, PERF_EVENT_IOC_SET_BPF, program))
		err = -errno;
	if (program >= 0)
		close(program);
	close((int)event);
	return err;
}

const char *kernel__lockdown(void)
{
	static char text[128];
	char *start, *end;

	if (file__read_once(AT_FDCWD, "/sys/kernel/security/lockdown", text, sizeof(text)) <= 0)
		return "unknown";
	start = strchr(text, '[');
	end = start ? strchr(start, ']') : NULL;
	if (!end)
		return "unknown";
	*end = '\0';
	return start + 1;
}
