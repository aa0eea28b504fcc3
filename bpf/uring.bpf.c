// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fact: a full tmpfs refused a write through io_uring, whose result no system call
 * returns: it is in the request when that completes. All of io_uring pays for it, so
 * it is attached only while a tmpfs is close to full, or when the user asks.
 */
#include "refused.bpf.h"

/* include/uapi/linux/io_uring.h, enum io_uring_op */
enum { URING_WRITE_FIXED = 5, URING_FALLOCATE = 17, URING_WRITE = 23, URING_SPLICE = 30 };

/* 0: not known, as where the buffers are many */
static __always_inline __u64 wanted_bytes(struct io_kiocb *request, __u8 operation)
{
	__u64 bytes = 0;
	__u32 length = 0;

	/* what an operation keeps of its own begins where the request does */
	if (operation == URING_WRITE || operation == URING_WRITE_FIXED) {
		bpf_core_read(&length, sizeof(length), &((struct io_rw *)request)->len);
		return length;
	}
	if (operation == URING_FALLOCATE)
		bpf_core_read(&bytes, sizeof(bytes), &((struct io_sync *)request)->len);
	else if (operation == URING_SPLICE)
		bpf_core_read(&bytes, sizeof(bytes), &((struct io_splice *)request)->len);
	return bytes;
}

/* who handed it in: current may be a worker, or whoever found it complete */
static __always_inline struct task_struct *submitter(struct io_kiocb *request)
{
	if (bpf_core_field_exists(((struct io_kiocb___tctx *)0)->tctx))
		return BPF_CORE_READ((struct io_kiocb___tctx *)request, tctx, task);
	return BPF_CORE_READ((struct io_kiocb___task *)request, task);
}

SEC("tp_btf/io_uring_complete")
int uring_tracepoint(__u64 *ctx)
{
	struct io_kiocb *request = (void *)ctx[1];
	struct record_refused *record;
	struct shmem_sb_info *info;
	struct task_struct *task;
	struct file *file;
	__u8 operation;
	__u64 wanted;
	__s32 result;

	result = request ? BPF_CORE_READ(request, cqe.res) : 0;
	if (result != -ENOSPC && result <= 0)
		return 0;
	operation = BPF_CORE_READ(request, opcode);
	wanted = wanted_bytes(request, operation);
	/* a splice also ends where its source does */
	if (result > 0 && (operation == URING_FALLOCATE || operation == URING_SPLICE || wanted <= (__u64)result))
		return 0;
	file = BPF_CORE_READ(request, file);
	info = file ? tmpfs_of(file) : 0;
	if (!info || (result > 0 && !is_full(info)))
		return 0;
	task = submitter(request);
	record = refused__begin(result > 0 ? REFUSED_SHORT : REFUSED_ENOSPC, operation, task);
	if (!record)
		return 0;
	record->head.tid = BPF_CORE_READ(task, pid);
	record->flags = REFUSED_URING;
	record->fd = -1;
	record->wanted_bytes = wanted;
	record->got_bytes = result > 0 ? result : 0;
	refused__describe(record, file);
	bpf_ringbuf_submit(record, BPF_RB_FORCE_WAKEUP);
	return 0;
}
