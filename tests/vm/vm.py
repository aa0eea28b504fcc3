"""Boots another kernel in QEMU and runs one command in it.

A machine is an initramfs of busybox, tests/vm/init and a payload; its ports
carry the command's output, its status and the files it leaves in /out. Needs
no root and no network, and leaves nothing behind.
"""

import os
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tools" / "kernels"))
import kernels  # noqa: E402  pylint: disable=wrong-import-position

SKIPPED = kernels.SKIPPED
TIMED_OUT = 124
DIED = 125
BOOT_MODULES = ("virtio_pci", "virtio_console")
QEMU = {"amd64": "qemu-system-x86_64", "arm64": "qemu-system-aarch64"}
CONSOLE = {"amd64": "ttyS0", "arm64": "ttyAMA0"}


class Unavailable(Exception):
    """This machine cannot boot that kernel; the text says what is missing."""


@dataclass
class Machine:
    kernel: kernels.Kernel
    cgroup: str = "v2"
    memory_mib: int = 1024
    cpus: int = 2
    timeout_seconds: float = 120
    append: str = ""
    payload: Path | None = None
    disk: str = ""  # such as ext4:64, a filesystem (or raw) and its MiB: /dev/disk
    files_into: Path | None = None  # where what the command leaves in /out goes
    console: Path | None = None  # keeps the kernel's messages


@dataclass
class Outcome:
    status: int
    output: bytes = b""
    problem: str = ""  # why there is no status of the command's own
    seconds: float = 0
    console_tail: list[str] = field(default_factory=list)
    retried: str = ""  # the panic of a first boot that did not reach init


def busybox(arch: str) -> Path:
    path = kernels.cache() / "busybox-arm64" if arch == "arm64" else Path("/bin/busybox")
    if not path.exists():
        how = "run tools/kernels/fetch --arch arm64" if arch == "arm64" else "install busybox-static"
        raise Unavailable(f"no static busybox for {arch}: {how}")
    return path


def check(kernel: kernels.Kernel) -> None:
    """Raises Unavailable unless this machine can boot the kernel."""
    for program in (QEMU[kernel.arch], "cpio", "setpriv"):
        if not shutil.which(program):
            raise Unavailable(f"{program} is not installed")
    busybox(kernel.arch)
    if not kernel.cached():
        raise Unavailable(f"kernel {kernel.name} is not in {kernels.cache()}: run tools/kernels/fetch")


def build_initramfs(machine: Machine, command: str, root: Path, archive: Path) -> None:
    kernel = machine.kernel
    for folder in ("bin", "etc", f"lib/modules/{kernel.release}"):
        (root / folder).mkdir(parents=True)
    if machine.payload:
        shutil.copytree(machine.payload, root, symlinks=True, dirs_exist_ok=True)
    shutil.copy(busybox(kernel.arch), root / "bin" / "busybox")
    shutil.copy(HERE / "init", root / "init")
    shutil.copytree(kernel.modules, root / "lib/modules" / kernel.release, dirs_exist_ok=True)
    loadable = [name for name in BOOT_MODULES if (kernel.modules / f"{name}.ko").exists()]
    (root / "etc" / "machine").write_text(
        f"CGROUP={machine.cgroup}\nKERNEL={kernel.series}\nDISK={machine.disk}\n"
        f"BOOT_MODULES='{' '.join(loadable)}'\n")
    (root / "etc" / "command").write_text(command + "\n")
    names = b"\0".join(str(path.relative_to(root)).encode() for path in sorted(root.rglob("*"))) + b"\0"
    with open(archive, "wb") as out:  # not packed: unpacking costs the slow machine more than loading
        subprocess.run(["cpio", "--null", "-o", "-H", "newc", "--quiet", "-R", "0:0"],
                       input=names, stdout=out, cwd=root, check=True)


def make_disk(disk: str, image: Path) -> None:
    """DISK is FILESYSTEM:MIB; the host makes the filesystem, raw leaves it blank."""
    filesystem, _, mib = disk.partition(":")
    with open(image, "wb") as file:
        file.truncate(int(mib) << 20)
    if filesystem == "raw":
        return
    maker = shutil.which(f"mkfs.{filesystem}", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not maker:
        raise Unavailable(f"mkfs.{filesystem} is not installed")
    # ext4 takes smaller blocks for so small a disk: pages that are up to date in part only, which mincore leaves out
    blocks = ["-b", "4096"] if filesystem == "ext4" else []
    subprocess.run([maker, "-q", *blocks, str(image)], check=True, stdout=subprocess.DEVNULL)


def cpu(kernel: kernels.Kernel) -> list[str]:
    """QEMU 7.2 emulates cmpxchg16b so that kernels up to 6.16 may fault early on;
    from 7.0 on, BPF task storage cannot be had without it."""
    if kernel.arch == "arm64":
        return ["-M", "virt", "-cpu", "max,pauth-impdef=on"]
    return ["-cpu", "max" if int(kernel.series.split(".")[0]) >= 7 else "max,-cx16"]


def qemu_command(machine: Machine, work: Path, ports: dict[str, str]) -> list[str]:
    """One thread for all processors: with one each, QEMU 7.2 may run code that the kernel has patched meanwhile."""
    kernel = machine.kernel
    command = ["setpriv", "--pdeathsig", "KILL",  # no machine outlives its test
               QEMU[kernel.arch], "-accel", "tcg,thread=single", *cpu(kernel), "-smp", str(machine.cpus),
               "-m", str(machine.memory_mib), "-no-user-config", "-nodefaults", "-display", "none", "-no-reboot",
               "-serial", f"file:{work / 'console'}", "-device", "virtio-serial-pci",
               "-kernel", str(kernel.vmlinux), "-initrd", str(work / "initramfs"), "-append",
               f"console={CONSOLE[kernel.arch]} loglevel=5 panic=-1 oops=panic cryptomgr.notests {machine.append}"]
    for name, path in ports.items():
        command += ["-chardev", f"file,id={name},path={path}",
                    "-device", f"virtserialport,chardev={name},name={name}"]
    if machine.disk:
        command += ["-drive", f"file={work / 'disk'},format=raw,if=none,id=disk,cache=unsafe",
                    "-device", "nvme,drive=disk,serial=disk"]  # built into every one of these kernels
    return command


class Ports:
    """What the machine says, collected as it comes: its output and its status."""

    def __init__(self, sink):
        self.sink = sink
        self.said = {"output": bytearray(), "status": bytearray()}
        self.selector = selectors.DefaultSelector()
        self.write_ends = {}
        for name in self.said:
            reading, self.write_ends[name] = os.pipe()
            self.selector.register(reading, selectors.EVENT_READ, name)

    def given_away(self) -> None:
        for end in self.write_ends.values():
            os.close(end)

    def close(self) -> None:
        for key in list(self.selector.get_map().values()):
            os.close(key.fd)
        self.selector.close()

    def status(self) -> int | None:
        """The command's own, once it is there whole: a machine says it last."""
        words = bytes(self.said["status"]).split()
        whole = self.said["status"].endswith(b"\n")
        return int(words[2]) if whole and len(words) == 3 else None

    def take(self, key: selectors.SelectorKey) -> None:
        piece = os.read(key.fd, 65536)
        if not piece:
            self.selector.unregister(key.fd)
            os.close(key.fd)
        self.said[key.data] += piece
        if piece and self.sink and key.data == "output":
            self.sink.write(piece)
            self.sink.flush()

    def listen(self, deadline: float) -> bool:
        """Until the status is there and all output before it, or the machine ended; false if the time ran out."""
        while self.selector.get_map():
            wait = 0 if self.status() is not None else deadline - time.monotonic()
            ready = self.selector.select(max(wait, 0))
            if not ready:
                return self.status() is not None
            for key, _ in ready:
                self.take(key)
        return True


def run_qemu(machine: Machine, work: Path, ports: Ports) -> bool:
    """Returns whether the machine ended or gave its status in time."""
    paths = {name: f"/dev/fd/{end}" for name, end in ports.write_ends.items()}
    paths["files"] = str(work / "files")
    deadline = time.monotonic() + machine.timeout_seconds
    with open(work / "qemu-errors", "wb") as errors:
        process = subprocess.Popen(qemu_command(machine, work, paths), pass_fds=list(ports.write_ends.values()),
                                   stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
    ports.given_away()
    try:
        return ports.listen(deadline)
    finally:
        process.kill()
        process.wait()
        ports.close()


def boot_once(machine: Machine, command: str, sink) -> tuple[Outcome, bool]:
    """Returns what came of it, and whether init was reached."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="pagetide-vm-") as folder:
        work = Path(folder)
        build_initramfs(machine, command, work / "root", work / "initramfs")
        if machine.disk:
            make_disk(machine.disk, work / "disk")
        ports = Ports(sink)
        in_time = run_qemu(machine, work, ports)
        logs = [(work / name).read_text(errors="replace") if (work / name).exists() else ""
                for name in ("console", "qemu-errors")]
        if machine.console:
            machine.console.write_text(logs[0])
        came_up = bool(ports.said["status"])
        outcome = Outcome(DIED, bytes(ports.said["output"]), console_tail="\n".join(logs).strip().splitlines()[-40:])
        status = ports.status()
        if status is not None:
            outcome.status = status
            if machine.files_into and (work / "files").stat().st_size:
                machine.files_into.mkdir(parents=True, exist_ok=True)
                subprocess.run(["tar", "-xf", work / "files", "-C", machine.files_into], check=True)
        elif not in_time:
            outcome.status = TIMED_OUT
            outcome.problem = f"not done after {machine.timeout_seconds:g} s"
        else:
            outcome.problem = "the machine died" if came_up else "the machine did not come up"
        outcome.seconds = time.monotonic() - began
        return outcome, came_up


def boot(machine: Machine, command: str, sink=None) -> Outcome:
    """Runs a shell command in a machine; its output goes to SINK as it comes.

    Booted once more when the kernel does not reach init: under emulation some
    kernels fault early, now and then.
    """
    check(machine.kernel)
    outcome, came_up = boot_once(machine, command, sink)
    if outcome.status == DIED and not came_up:
        why = next((line for line in outcome.console_tail if "panic" in line), outcome.problem)
        outcome, _ = boot_once(machine, command, sink)
        outcome.retried = why
    return outcome
