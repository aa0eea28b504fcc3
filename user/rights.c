// SPDX-License-Identifier: GPL-2.0-only
/* Capabilities, asked of the kernel. It must never guess from the user's id: a container's root may have none. */
#include "rights.h"

#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool has(uint64_t effective, int capability)
{
	return effective >> capability & 1;
}

uint64_t rights__effective(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

	if (syscall(SYS_capget, &head, data))
		return UINT64_MAX;
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

int rights__missing(uint64_t effective, char *out, size_t size)
{
	bool bpf = has(effective, CAP_BPF), perfmon = has(effective, CAP_PERFMON);

	if (has(effective, CAP_SYS_ADMIN))
		bpf = perfmon = true;
	snprintf(out, size, "%s%s%s", bpf ? "" : "CAP_BPF", bpf || perfmon ? "" : " and ",
		 perfmon ? "" : "CAP_PERFMON");
	return !bpf + !perfmon;
}
