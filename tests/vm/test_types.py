#!/usr/bin/env python3
"""The programs' types against the BTF of every fetched kernel, without booting any; and that the check can fail."""

import os
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools" / "kernels"))
import btf  # noqa: E402  pylint: disable=wrong-import-position
import kernels  # noqa: E402  pylint: disable=wrong-import-position
import typecheck  # noqa: E402  pylint: disable=wrong-import-position

OBJECT = Path(os.environ.get("PAGETIDE_BPF_OBJECT", ROOT / "build/pagetide.bpf.o"))
FETCHED = [kernel for kernel in (kernels.Kernel(series) for series in kernels.SERIES) if kernel.cached()]


@unittest.skipUnless(OBJECT.exists(), f"no {OBJECT}: run make")
class Types(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.programs = typecheck.read_object(OBJECT.read_bytes())

    def test_every_exception_is_needed(self):
        self.assertEqual(typecheck.stale(self.programs), [])

    @unittest.skipUnless(os.access("/sys/kernel/btf/vmlinux", os.R_OK), "this kernel shows no BTF")
    def test_this_kernel(self):
        own = btf.Btf(Path("/sys/kernel/btf/vmlinux").read_bytes())
        self.assertEqual(typecheck.problems(self.programs, own), [])

    @unittest.skipUnless(kernels.Kernel("5.10").cached(), "kernel 5.10 is not fetched")
    def test_a_field_without_a_flavor_is_named(self):
        kernel = btf.Btf(kernels.Kernel("5.10").btf.read_bytes())
        without = {place: why for place, why in typecheck.ABSENT.items() if place != "folio.mapping"}
        self.assertEqual(typecheck.problems(self.programs, kernel, without),
                         ["folio.mapping is gone, and nothing stands in for it"])
        broken = {**typecheck.ABSENT, "folio.mapping": (("folio.flags",), "")}
        self.assertEqual(typecheck.problems(self.programs, kernel, broken),
                         ["folio.mapping is gone, and so is folio.flags"])
        sizes = {place: why for place, why in typecheck.ANOTHER_SIZE.items() if place != "mem_cgroup.css"}
        self.assertEqual(typecheck.problems(self.programs, kernel, None, sizes),
                         ["mem_cgroup.css has 200 bytes, it is declared with 16"])


def on_kernel(kernel):
    def case(self):
        self.assertEqual(typecheck.problems(self.programs, btf.Btf(kernel.btf.read_bytes())), [])

    return case


for each in kernels.SERIES:
    wanted = kernels.Kernel(each)
    test = on_kernel(wanted) if wanted in FETCHED else unittest.skip(f"kernel {each} is not fetched")(lambda self: None)
    setattr(Types, f"test_kernel_{each.replace('.', '_')}", test)


if __name__ == "__main__":
    unittest.main()
