// SPDX-License-Identifier: GPL-2.0-only
#include "syscall_name.h"

#include <stddef.h>
#include <sys/syscall.h>

static const struct {
	int number;
	const char *name;
} rows[] = {
	{ SYS_write, "write" },
	{ SYS_pwrite64, "pwrite64" },
	{ SYS_writev, "writev" },
	{ SYS_pwritev, "pwritev" },
	{ SYS_pwritev2, "pwritev2" },
	{ SYS_sendfile, "sendfile" },
	{ SYS_splice, "splice" },
	{ SYS_fallocate, "fallocate" },
	{ SYS_copy_file_range, "copy_file_range" },
	{ SYS_openat, "openat" },
	{ SYS_openat2, "openat2" },
	{ SYS_mkdirat, "mkdirat" },
	{ SYS_mknodat, "mknodat" },
	{ SYS_symlinkat, "symlinkat" },
	{ SYS_linkat, "linkat" },
#ifdef SYS_open /* newer machines have only those with a folder */
	{ SYS_open, "open" },
	{ SYS_creat, "creat" },
	{ SYS_mkdir, "mkdir" },
	{ SYS_mknod, "mknod" },
	{ SYS_symlink, "symlink" },
	{ SYS_link, "link" },
#endif
	{ SYS_mmap, "mmap" },
	{ SYS_mremap, "mremap" },
	{ SYS_shmget, "shmget" },
	{ SYS_shmctl, "shmctl" },
	{ SYS_mlock, "mlock" },
	{ SYS_mlock2, "mlock2" },
	{ SYS_mlockall, "mlockall" },
	{ SYS_bpf, "bpf" },
	{ SYS_io_uring_register, "io_uring_register" },
};

const char *syscall_name(int number)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].number == number)
			return rows[i].name;
	}
	return number < 0 ? NULL : "a system call";
}
