"""Where the kernels that tests boot are kept, and what is known of each.

tools/kernels/fetch fills this cache, tests/vm and the CO-RE checks read it.
Nothing here downloads, boots or changes anything.

    CACHE/6.1/vmlinux        the kernel, unpacked (for arm64: the Image): it boots
                             1 s sooner under emulation than its vmlinuz
    CACHE/6.1/release        what uname -r says there
    CACHE/6.1/version        the upstream version: 6.1.192
    CACHE/6.1/config         the build's configuration, where Debian still offers it
    CACHE/6.1/modules/       NAME.ko, modules.dep, modules.alias, modules.builtin
    CACHE/btf-6.1            the kernel's raw BTF
    CACHE/6.12-arm64/, CACHE/btf-6.12-arm64, CACHE/busybox-arm64
    CACHE/sysroot-arm64/     libraries, headers and python3 (tools/kernels/sysroot)
"""

import os
from pathlib import Path
from typing import NamedTuple

SERIES = ("5.10", "6.1", "6.12", "6.16", "7.0", "7.3")
ARM64_SERIES = ("6.12", SERIES[-1])
ARCHES = ("amd64", "arm64")
SKIPPED = 77  # exit status: not possible on this machine


def cache() -> Path:
    chosen = os.environ.get("PAGETIDE_KERNELS")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or "/var/cache"
    return Path(base) / "pagetide" / "kernels"


def sysroot(arch: str) -> Path:
    return cache() / f"sysroot-{arch}"


class Kernel(NamedTuple):
    series: str
    arch: str = "amd64"

    @property
    def name(self) -> str:
        return self.series if self.arch == "amd64" else f"{self.series}-{self.arch}"

    @property
    def directory(self) -> Path:
        return cache() / self.name

    @property
    def vmlinux(self) -> Path:
        return self.directory / "vmlinux"

    @property
    def modules(self) -> Path:
        return self.directory / "modules"

    @property
    def btf(self) -> Path:
        return cache() / f"btf-{self.name}"

    @property
    def release(self) -> str:
        return (self.directory / "release").read_text().strip()

    @property
    def version(self) -> str:
        return (self.directory / "version").read_text().strip()

    def cached(self) -> bool:
        return self.vmlinux.exists() and self.btf.exists()

    @classmethod
    def named(cls, name: str) -> "Kernel":
        """6.1, or 6.12-arm64."""
        series, _, arch = name.partition("-")
        return cls(series, arch or "amd64")

    def has_memcg_v1(self) -> bool:
        """Whether cgroup v1 has a memory controller: CONFIG_MEMCG_V1 since 6.11.

        Asked of the BTF, since not every package brings its configuration:
        memory.force_empty exists in v1 only (mm/memcontrol.c, later
        mm/memcontrol-v1.c).
        """
        return b"\0mem_cgroup_force_empty_write\0" in self.btf.read_bytes()


MATRIX = (*map(Kernel, SERIES), *(Kernel(series, "arm64") for series in ARM64_SERIES))
