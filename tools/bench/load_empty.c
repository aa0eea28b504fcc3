// SPDX-License-Identifier: GPL-2.0-only
/*
 * load_empty OBJECT: attaches every program of the object whose tracepoint this kernel
 * has, says "ready" and this kernel's number for shmem pages in the statistics (0: it
 * has none), and stays until its standard input ends.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, arguments) : 0;
}

static int has_tracepoint(const struct btf *btf, const struct bpf_program *program)
{
	const char *name = strchr(bpf_program__section_name(program), '/');
	char type[128];

	snprintf(type, sizeof(type), "btf_trace_%s", name ? name + 1 : "");
	return btf__find_by_name_kind(btf, type, BTF_KIND_TYPEDEF) > 0;
}

static int enum_value(const struct btf *btf, const char *type_name, const char *name)
{
	int id = btf__find_by_name_kind(btf, type_name, BTF_KIND_ENUM);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (unsigned)id) : NULL;

	for (int i = 0; type && i < btf_vlen(type); i++) {
		if (strcmp(btf__name_by_offset(btf, btf_enum(type)[i].name_off), name) == 0)
			return btf_enum(type)[i].val;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct btf *btf = btf__load_vmlinux_btf();
	struct bpf_program *program;
	struct bpf_object *object;
	char c;

	libbpf_set_print(quiet);
	object = argc > 1 ? bpf_object__open_file(argv[1], NULL) : NULL;
	if (!btf || !object)
		return 1;
	bpf_object__for_each_program (program, object)
		bpf_program__set_autoload(program, has_tracepoint(btf, program));
	if (bpf_object__load(object))
		return 1;
	bpf_object__for_each_program (program, object) {
		if (bpf_program__autoload(program) && !bpf_program__attach(program))
			return 1;
	}
	printf("ready %d\n", enum_value(btf, "node_stat_item", "NR_SHMEM"));
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		continue;
	return 0;
}
