// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ledger of the machine's RAM. It must never count a page in two parts knowingly, and never
 * spread over the others what it cannot explain.
 */
#include "sysmem.h"

#include <errno.h>
#include <string.h>

#include "file.h"

#define MEMINFO_MAX_BYTES 16384

/* The lines as they are, in bytes. */
struct lines {
	struct parse_figure total, free, available, buffers, cached, swap_cached;
	struct parse_figure active_anon, inactive_anon, active_file, inactive_file, unevictable, mlocked;
	struct parse_figure swap_total, swap_free, zswap, zswapped, dirty, writeback;
	struct parse_figure anon, shmem, kreclaimable, slab, sreclaimable, sunreclaim;
	struct parse_figure kernel_stack, page_tables, sec_page_tables, bounce, writeback_tmp;
	struct parse_figure vmalloc_used, percpu, hardware_corrupted, cma_free, unaccepted, balloon;
	struct parse_figure gpu_active, gpu_reclaim;
	struct parse_figure hugetlb, huge_pages_total, huge_page_bytes;
};

#define KIB(text, member)                                       \
	{                                                       \
		text, offsetof(struct lines, member), PARSE_KIB \
	}

static const struct parse_key keys[] = {
	KIB("MemTotal:", total),
	KIB("MemFree:", free),
	KIB("MemAvailable:", available),
	KIB("Buffers:", buffers),
	KIB("Cached:", cached),
	KIB("SwapCached:", swap_cached),
	KIB("Active(anon):", active_anon),
	KIB("Inactive(anon):", inactive_anon),
	KIB("Active(file):", active_file),
	KIB("Inactive(file):", inactive_file),
	KIB("Unevictable:", unevictable),
	KIB("Mlocked:", mlocked),
	KIB("SwapTotal:", swap_total),
	KIB("SwapFree:", swap_free),
	KIB("Zswap:", zswap),
	KIB("Zswapped:", zswapped),
	KIB("Dirty:", dirty),
	KIB("Writeback:", writeback),
	KIB("AnonPages:", anon),
	KIB("Shmem:", shmem),
	KIB("KReclaimable:", kreclaimable),
	KIB("Slab:", slab),
	KIB("SReclaimable:", sreclaimable),
	KIB("SUnreclaim:", sunreclaim),
	KIB("KernelStack:", kernel_stack),
	KIB("PageTables:", page_tables),
	KIB("SecPageTables:", sec_page_tables),
	KIB("Bounce:", bounce),
	KIB("WritebackTmp:", writeback_tmp),
	KIB("VmallocUsed:", vmalloc_used),
	KIB("Percpu:", percpu),
	KIB("HardwareCorrupted:", hardware_corrupted),
	KIB("CmaFree:", cma_free),
	KIB("Unaccepted:", unaccepted),
	KIB("Balloon:", balloon),
	KIB("GPUActive:", gpu_active),
	KIB("GPUReclaim:", gpu_reclaim),
	KIB("Hugetlb:", hugetlb),
	{ "HugePages_Total:", offsetof(struct lines, huge_pages_total), PARSE_PLAIN },
	KIB("Hugepagesize:", huge_page_bytes),
};

static const struct {
	const char *name;
	bool reclaimable;
} part_rows[SYSMEM_PARTS] = {
	[SYSMEM_FREE] = { "free", false },
	[SYSMEM_ANON] = { "anon", false },
	[SYSMEM_CACHE] = { "cache", true },
	[SYSMEM_TMPFS] = { "tmpfs", false },
	[SYSMEM_SWAP_CACHE] = { "swap_cache", false },
	[SYSMEM_SLAB_RECLAIMABLE] = { "slab_reclaimable", true },
	[SYSMEM_SLAB_UNRECLAIMABLE] = { "slab_unreclaimable", false },
	[SYSMEM_MISC_RECLAIMABLE] = { "misc_reclaimable", true },
	[SYSMEM_PAGE_TABLES] = { "page_tables", false },
	[SYSMEM_KERNEL_STACK] = { "kernel_stack", false },
	[SYSMEM_PERCPU] = { "percpu", false },
	[SYSMEM_VMALLOC] = { "vmalloc", false },
	[SYSMEM_HUGETLB] = { "hugetlb", false },
	[SYSMEM_ZSWAP] = { "zswap", false },
	[SYSMEM_BOUNCE] = { "bounce", false },
	[SYSMEM_WRITEBACK_TMP] = { "writeback_tmp", false },
	[SYSMEM_HARDWARE_CORRUPTED] = { "hardware_corrupted", false },
	[SYSMEM_GPU_ACTIVE] = { "gpu_active", false },
	[SYSMEM_GPU_RECLAIM] = { "gpu_reclaim", true },
	[SYSMEM_UNATTRIBUTED] = { "unattributed", false },
};

static const struct parse_figure absent = { 0 };

/* There when all are there; saturates. */
static struct parse_figure add(struct parse_figure a, struct parse_figure b)
{
	struct parse_figure sum = { .has = a.has && b.has };

	if (sum.has && __builtin_add_overflow(a.value, b.value, &sum.value))
		sum.value = UINT64_MAX;
	return sum;
}

/* Not below 0: counters are read one after another. */
static struct parse_figure subtract(struct parse_figure a, struct parse_figure b)
{
	if (!a.has || !b.has)
		return absent;
	return (struct parse_figure){ true, a.value > b.value ? a.value - b.value : 0 };
}

/* a less b; where the kernel does not tell b, there is none of it. */
static struct parse_figure subtract_known(struct parse_figure a, struct parse_figure b)
{
	return b.has ? subtract(a, b) : a;
}

static struct parse_figure add_known(struct parse_figure a, struct parse_figure b)
{
	return b.has ? add(a, b) : a;
}

/* Of the cache what is on the file lists and clean: see the header. */
static uint64_t clean_cache(const struct lines *l, uint64_t cache)
{
	struct parse_figure lru = add(l->active_file, l->inactive_file);
	struct parse_figure clean = subtract_known(subtract_known(lru, l->dirty), l->writeback);

	return clean.has && clean.value < cache ? clean.value : cache;
}

/* A lower bound of the swap cache that nobody maps: see the header. */
static struct parse_figure unmapped_swap_cache(const struct lines *l)
{
	struct parse_figure lru = add(l->active_anon, l->inactive_anon);
	struct parse_figure bound = subtract(subtract(lru, l->anon), l->shmem);

	if (!l->swap_cached.has || l->swap_cached.value == 0)
		return l->swap_cached;
	if (bound.has && bound.value > l->swap_cached.value)
		return l->swap_cached;
	return bound;
}

static struct parse_figure hugetlb(const struct lines *l)
{
	struct parse_figure out = absent;

	if (l->hugetlb.has)
		return l->hugetlb;
	if (!l->huge_pages_total.has || !l->huge_page_bytes.has)
		return absent;
	out.has = true;
	if (__builtin_mul_overflow(l->huge_pages_total.value, l->huge_page_bytes.value, &out.value))
		out.value = UINT64_MAX;
	return out;
}

static void split(const struct lines *l, struct parse_figure parts[SYSMEM_PARTS])
{
	parts[SYSMEM_FREE] = l->free;
	parts[SYSMEM_ANON] = l->anon;
	parts[SYSMEM_CACHE] = subtract_known(add(l->cached, l->buffers), l->shmem);
	parts[SYSMEM_TMPFS] = l->shmem;
	parts[SYSMEM_SWAP_CACHE] = unmapped_swap_cache(l);
	parts[SYSMEM_SLAB_RECLAIMABLE] = l->sreclaimable;
	parts[SYSMEM_SLAB_UNRECLAIMABLE] = l->sunreclaim;
	parts[SYSMEM_MISC_RECLAIMABLE] = subtract(l->kreclaimable, l->sreclaimable);
	parts[SYSMEM_PAGE_TABLES] = add_known(l->page_tables, l->sec_page_tables);
	parts[SYSMEM_KERNEL_STACK] = l->kernel_stack;
	parts[SYSMEM_PERCPU] = l->percpu;
	parts[SYSMEM_VMALLOC] = subtract_known(l->vmalloc_used, l->kernel_stack);
	parts[SYSMEM_HUGETLB] = hugetlb(l);
	parts[SYSMEM_ZSWAP] = l->zswap;
	parts[SYSMEM_BOUNCE] = l->bounce;
	parts[SYSMEM_WRITEBACK_TMP] = l->writeback_tmp;
	parts[SYSMEM_HARDWARE_CORRUPTED] = l->hardware_corrupted;
	parts[SYSMEM_GPU_ACTIVE] = l->gpu_active;
	parts[SYSMEM_GPU_RECLAIM] = l->gpu_reclaim;
}

/* Fills the parts and closes the books with `unattributed`. */
static int balance(const struct parse_figure parts[SYSMEM_PARTS], struct sysmem *out)
{
	struct sysmem_part *rest = &out->parts[SYSMEM_UNATTRIBUTED];
	uint64_t sum = 0;

	for (int i = 0; i < SYSMEM_PARTS; i++) {
		out->parts[i] = (struct sysmem_part){
			.name = part_rows[i].name,
			.has = parts[i].has,
			.bytes = parts[i].value,
			.reclaimable_bytes = part_rows[i].reclaimable ? parts[i].value : 0,
		};
		if (__builtin_add_overflow(sum, parts[i].value, &sum))
			return -ERANGE;
	}
	rest->has = true;
	if (sum <= out->total_bytes)
		rest->bytes = out->total_bytes - sum;
	else
		out->excess_bytes = sum - out->total_bytes;
	return 0;
}

int sysmem__parse(const char *buf, size_t len, struct sysmem *out)
{
	struct parse_figure parts[SYSMEM_PARTS] = { 0 };
	struct lines l = { 0 };
	int err;

	memset(out, 0, sizeof(*out));
	parse__keys((struct parse_span){ buf, len }, keys, sizeof(keys) / sizeof(keys[0]), &l);
	if (!l.total.has || !l.free.has)
		return -EINVAL;
	out->total_bytes = l.total.value;
	out->available_bytes = l.available;
	out->swap_total_bytes = l.swap_total;
	out->swap_free_bytes = l.swap_free;
	out->slab_bytes = l.slab;
	out->dirty_bytes = l.dirty;
	out->writeback_bytes = l.writeback;
	out->unevictable_bytes = l.unevictable;
	out->locked_bytes = l.mlocked;
	out->cma_free_bytes = l.cma_free;
	out->unaccepted_bytes = l.unaccepted;
	out->balloon_bytes = l.balloon;
	out->zswapped_bytes = l.zswapped;
	out->huge_page_bytes = l.huge_page_bytes;
	out->swap_cached_bytes = l.swap_cached;
	split(&l, parts);
	err = balance(parts, out);
	out->parts[SYSMEM_CACHE].reclaimable_bytes = clean_cache(&l, out->parts[SYSMEM_CACHE].bytes);
	if (err)
		memset(out, 0, sizeof(*out));
	return err;
}

int sysmem__read(int proc_fd, struct sysmem *out)
{
	char buf[MEMINFO_MAX_BYTES];
	int len = file__read(proc_fd, "meminfo", buf, sizeof(buf));

	if (len < 0) {
		memset(out, 0, sizeof(*out));
		return len;
	}
	return sysmem__parse(buf, (size_t)len, out);
}
