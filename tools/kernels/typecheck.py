"""What the BPF programs ask of a kernel's types, and whether a kernel has it.

Every CO-RE relocation of the object is resolved in the kernel's BTF. What a
kernel does not have must stand in ABSENT with what is read there instead: a
field that goes without a flavor that covers it is a failure here, long before
a machine with that kernel says so.
"""

import platform
import re
from pathlib import Path
from typing import NamedTuple

import btf

NO_PROGRAM = "the program is loaded only where the kernel has this iterator (user/plan.c)"
NO_TRACEPOINT = "the program is loaded only where the tracepoint hands over a request with its result (user/plan.c)"

# what some kernel does not have: (what is read there instead, any of them; or none and the reason)
ABSENT: dict[str, tuple[tuple[str, ...], str]] = {
    "folio": (("page.mapping",), ""),
    "folio.flags": (("page.flags",), ""),
    "folio.mapping": (("page.mapping",), ""),
    "folio___memdesc.flags.f": (("folio.flags", "page.flags"), ""),
    "folio___large._nr_pages": (("folio___large_old._folio_nr_pages", "page___compound.compound_nr"), ""),
    "folio___large_old._folio_nr_pages": (("folio___large._nr_pages", "page___compound.compound_nr"), ""),
    "page___compound.compound_nr": (("folio___large._nr_pages", "folio___large_old._folio_nr_pages"), ""),
    "mm_struct.rss_stat[0].counters": (("mm_struct___atomic.rss_stat.count",), ""),
    "mm_struct___atomic.rss_stat.count": (("mm_struct.rss_stat[0].counters",), ""),
    "bpf_func_id___task_btf.BPF_FUNC_get_current_task_btf": (("task_struct.start_boottime",), ""),
    "bpf_func_id___percpu.BPF_FUNC_map_lookup_percpu_elem": (("mm_struct___atomic.rss_stat.count",), ""),
    "dentry.d_u.d_alias": (("dentry___flat.d_alias",), ""),
    "dentry___flat.d_alias": (("dentry.d_u.d_alias",), ""),
    "folio.memcg_data": (("page___memcg.mem_cgroup",), ""),
    "page___memcg.mem_cgroup": (("folio.memcg_data",), ""),
    "kernfs_node___new.__parent": (("kernfs_node___old.parent",), ""),
    "kernfs_node___old.parent": (("kernfs_node___new.__parent",), ""),
    "shmem_sb_info___bytes.free_ispace": (("shmem_sb_info___count.free_inodes",), ""),
    "shmem_sb_info___count.free_inodes": (("shmem_sb_info___bytes.free_ispace",), ""),
    "mm_struct___tree.mm_rb.rb_node": (("mm_struct___maple.mm_mt.ma_root",), ""),
    "vm_area_struct___tree.vm_rb": (("mm_struct___maple.mm_mt.ma_root",), ""),
    **{place: (("mm_struct___tree.mm_rb.rb_node",), "") for place in (
        "mm_struct___maple.mm_mt", "mm_struct___maple.mm_mt.ma_root", "maple_range_64", "maple_range_64.pivot",
        "maple_range_64.slot", "maple_range_64.meta.end", "maple_arange_64.pivot", "maple_arange_64.slot",
        "maple_arange_64.meta.end", "maple_type.maple_leaf_64", "maple_type.maple_arange_64")},
    "bpf_map___charged.memory": ((), "no BPF map counts as locked memory there"),
    "io_kiocb.cqe.res": ((), NO_TRACEPOINT),
    "io_kiocb___task.task": (("io_kiocb___tctx.tctx",), ""),
    "io_kiocb___tctx.tctx": (("io_kiocb___task.task",), ""),
    "io_uring_task.task": (("io_kiocb___task.task",), ""),
    "obj_cgroup___is_root.is_root": ((), "memcg_data of a page-cache folio is a mem_cgroup there"),
    "spinlock___rt.lock": ((), "not a PREEMPT_RT kernel"),
    "bpf_iter__cgroup.meta": ((), NO_PROGRAM),
    "bpf_iter__cgroup.cgroup": ((), NO_PROGRAM),
    "bpf_iter__task_vma.meta": ((), NO_PROGRAM),
    "bpf_iter__task_vma.task": ((), NO_PROGRAM),
    "bpf_iter__task_vma.vma": ((), NO_PROGRAM),
}

# fields that are declared with another size than they have, and why no harm is done
ANOTHER_SIZE = {
    "css_set.subsys": "an array, read by its offset",
    "cgroup.subsys": "an array, read by its offset",
    "mem_cgroup.css": "gone through, never read as a whole",
    "mem_cgroup.memory": "gone through, and its offset taken away from its address",
    "vm_area_struct___tree.vm_rb": "its offset is taken away from its address",
    "xa_node.slots": "an array, read by its offset",
    "io_rw.len": "an older kernel's, where the program is not loaded",
    "pid.numbers": "an array, read by its offset and the kernel's size of an element",
    "mm_struct.rss_stat": "an array, read by its offset and the kernel's size of an element",
    "shmem_inode_info.vfs_inode": "gone through, never read as a whole",
}

# types that are declared whole, though no program reads what is in them
SHAPE_ONLY = {
    "hlist_node": "it is gone through: dentry.d_u.d_alias",
    "hlist_bl_node": "one of its two pointers is read",
    "spinlock": "its first four bytes are read, whatever they are called",
}


class Object(NamedTuple):
    btf: btf.Btf
    relocations: list[tuple[int, str, int]]  # type, access string, kind


def read_object(elf: bytes) -> Object:
    found = btf.sections(elf)
    own = btf.Btf(found[".BTF"])
    return Object(own, sorted({each[1:] for each in btf.relocations(found[".BTF.ext"], own)}))


def object_file(arch: str, build: Path) -> Path:
    """Where make puts the programs: this machine's own, or those of ARCH=arm64."""
    own = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine())
    return build / ("" if arch == own else arch) / "pagetide.bpf.o"


def answers(programs: Object, kernel: btf.Btf) -> list[tuple[btf.Need, object, object]]:
    return [btf.answer(programs.btf, type_id, access, kind, kernel)
            for type_id, access, kind in programs.relocations]


def problems(programs: Object, kernel: btf.Btf, absent=None, another_size=None) -> list[str]:
    """One line for each thing that the programs ask for and this kernel cannot give."""
    absent = ABSENT if absent is None else absent
    another_size = ANOTHER_SIZE if another_size is None else another_size
    found = answers(programs, kernel)
    there = {need.place for need, _home, answer in found if answer is not None}
    said = []
    for place in sorted({need.place for need, _home, answer in found if answer is None}):
        if place not in absent:
            said.append(f"{place} is gone, and nothing stands in for it")
            continue
        instead, why = absent[place]
        if not why and not there & set(instead):
            said.append(f"{place} is gone, and so is {' and '.join(instead)}")
    for need, home, answer in found:
        if need.what == "offset" and answer and home[1] != answer[1] and need.place not in another_size:
            said.append(f"{need.place} has {answer[1]} bytes, it is declared with {home[1]}")
    return sorted(set(said))


def stale(objects: list[Object], absent=None, another_size=None) -> list[str]:
    """What the tables here allow and no program asks for."""
    allowed = {**(ABSENT if absent is None else absent), **(ANOTHER_SIZE if another_size is None else another_size)}
    asked = {need.place for programs in objects for need, _home, _answer in answers(programs, programs.btf)}
    return [f"no program reads {place} any more" for place in sorted(set(allowed) - asked)]


def steps(programs: Object, type_id: int, access: str) -> list[tuple[str, str]]:
    """(struct, member) of each step of a field's access string; of what is inside an unnamed union, its struct."""
    own, found = programs.btf, []
    here = own.plain(type_id)
    struct = own.types[here].name
    for index in map(int, access.split(":")[1:]):
        kind = own.types[here]
        if kind.kind not in (btf.STRUCT, btf.UNION):
            here = own.plain(kind.members[0][0])
        else:
            struct = kind.name or struct
            found.append((struct, own.text(kind.members[index][0])))
            here = own.plain(kind.members[index][1])
    return found


def declared(header: str) -> list[tuple[str, str]]:
    """(type, member or enumerator) that the kernel's part of vmlinux.h declares, by its layout: one brace a line."""
    kernel = re.search(r"#pragma clang attribute push.*?\n(.*)#pragma clang attribute pop", header, re.S)[1]
    kernel = re.sub(r"/\*.*?\*/", "", kernel, flags=re.S)
    found = []
    for name, body in re.findall(r"^(?:typedef )?struct (\w+) \{\n(.*?)^\}", kernel, re.S | re.M):
        for statement in re.sub(r"\b(?:union|struct)\s*\{|\}", "", body).split(";"):
            words = re.sub(r"\[\w*\]", "", statement).split(",")
            found += [(name, member) for word in words if (member := re.search(r"(\w*)\s*$", word)[1])]
    for name, body in re.findall(r"^enum (\w+) \{([^}]*)\}", kernel, re.M):
        found += [(name, word.split("=")[0].strip()) for word in body.split(",") if word.strip()]
    return found


def unread(header: str, objects: list[Object]) -> list[str]:
    """What vmlinux.h declares and no program asks a kernel for: left over, or read where it is only here."""
    asked = set()
    for programs in objects:
        for type_id, access, kind in programs.relocations:
            if kind in btf.FIELD_KINDS:
                asked.update(steps(programs, type_id, access))
        asked.update((need.type_name, need.path) for need, _home, _answer in answers(programs, programs.btf))
    return [f"{name}.{member} is declared, and no program asks the kernel for it"
            for name, member in declared(header) if (name, member) not in asked and name not in SHAPE_ONLY]
