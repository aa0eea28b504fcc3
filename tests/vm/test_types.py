#!/usr/bin/env python3
"""The programs' types against the BTF of every fetched kernel, without booting any; and that the check can fail."""

import os
import platform
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools" / "kernels"))
import btf  # noqa: E402  pylint: disable=wrong-import-position
import kernels  # noqa: E402  pylint: disable=wrong-import-position
import typecheck  # noqa: E402  pylint: disable=wrong-import-position

BUILD = Path(os.environ.get("BUILD", ROOT / "build"))
HEADER = (ROOT / "vmlinux/vmlinux.h").read_text(encoding="utf-8")
FILES = {arch: typecheck.object_file(arch, BUILD) for arch in kernels.ARCHES}
OBJECTS = {arch: typecheck.read_object(file.read_bytes()) for arch, file in FILES.items() if file.exists()}
OWN = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine())


def types_of(kernel):
    return btf.Btf(kernel.btf.read_bytes())


NOT_BUILT = f"not built: {' '.join(str(FILES[arch]) for arch in kernels.ARCHES if arch not in OBJECTS)}"
needs_all = unittest.skipUnless(len(OBJECTS) == len(kernels.ARCHES), f"{NOT_BUILT} (make bpf, make bpf ARCH=arm64)")


def needs(arch):
    return unittest.skipUnless(arch in OBJECTS, f"{NOT_BUILT} (make bpf, make bpf ARCH=arm64)")


class Types(unittest.TestCase):
    @needs_all
    def test_every_exception_is_needed(self):
        self.assertEqual(typecheck.stale(list(OBJECTS.values())), [])

    @needs_all
    def test_every_declared_field_is_asked_for(self):
        self.assertEqual(typecheck.unread(HEADER, list(OBJECTS.values())), [])

    @needs_all
    def test_a_field_that_is_not_asked_for_is_named(self):
        longer = HEADER.replace("	unsigned long nrpages;\n", "	unsigned long nrpages, gfp_mask[2];\n")
        longer = longer.replace("NR_SHMEM = 22", "NR_SHMEM = 22, NR_SLAB = 23")
        said = " is declared, and no program asks the kernel for it"
        self.assertEqual(typecheck.unread(longer, list(OBJECTS.values())),
                         [f"address_space.gfp_mask{said}", f"node_stat_item.NR_SLAB{said}"])

    @needs(OWN)
    @unittest.skipUnless(os.access("/sys/kernel/btf/vmlinux", os.R_OK), "this kernel shows no BTF")
    def test_this_kernel(self):
        own = btf.Btf(Path("/sys/kernel/btf/vmlinux").read_bytes())
        self.assertEqual(typecheck.problems(OBJECTS[OWN], own), [])

    @needs("amd64")
    @unittest.skipUnless(kernels.Kernel("5.10").cached(), "kernel 5.10 is not fetched")
    def test_a_field_without_a_flavor_is_named(self):
        kernel = types_of(kernels.Kernel("5.10"))
        without = {place: why for place, why in typecheck.ABSENT.items() if place != "folio.mapping"}
        self.assertEqual(typecheck.problems(OBJECTS["amd64"], kernel, without),
                         ["folio.mapping is gone, and nothing stands in for it"])
        broken = {**typecheck.ABSENT, "folio.mapping": (("folio.flags",), "")}
        self.assertEqual(typecheck.problems(OBJECTS["amd64"], kernel, broken),
                         ["folio.mapping is gone, and so is folio.flags"])
        sizes = {place: why for place, why in typecheck.ANOTHER_SIZE.items() if place != "mem_cgroup.css"}
        self.assertEqual(typecheck.problems(OBJECTS["amd64"], kernel, None, sizes),
                         ["mem_cgroup.css has 200 bytes, it is declared with 8"])


def on_kernel(kernel):
    def case(self):
        self.assertEqual(typecheck.problems(OBJECTS[kernel.arch], types_of(kernel)), [])

    return needs(kernel.arch)(unittest.skipUnless(kernel.cached(), f"kernel {kernel.name} is not fetched")(case))


for each in kernels.MATRIX:
    setattr(Types, f"test_kernel_{each.name.replace('.', '_').replace('-', '_')}", on_kernel(each))


if __name__ == "__main__":
    unittest.main()
