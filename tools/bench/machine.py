# SPDX-License-Identifier: GPL-2.0-only
"""What every figure needs: our helper programs built, tracers started until they wait,
the kernel's own clock around BPF programs. It leaves nothing behind on the machine."""

import ctypes
import os
import platform
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SYS_BPF = {"x86_64": 321, "aarch64": 280}
BPF_ENABLE_STATS = 32
WAITS = {"x86_64": {"232", "281"}, "aarch64": {"22"}}  # epoll_wait, epoll_pwait
READY_SECONDS = 60


class BenchError(Exception):
    """One line that says what is wrong and what to do."""


class Machine:
    """Where things are, and how many repetitions a figure gets."""

    def __init__(self, pagetide, pageops, build, quick):
        self.pagetide, self.pageops, self.quick = pagetide, pageops, quick
        self.build = build
        self.shm = f"/dev/shm/pagetide-bench-{os.getpid()}"
        self.disk = os.path.join(build, f"files-{os.getpid()}")
        self.started = []

    def __enter__(self):
        for folder in (self.build, self.shm, self.disk):
            os.makedirs(folder, exist_ok=True)
        return self

    def __exit__(self, *_):
        for process in self.started:
            stop(process)
        for folder in (self.shm, self.disk):
            shutil.rmtree(folder, ignore_errors=True)

    def rounds(self, whole, quick):
        return quick if self.quick else whole

    def turns(self, whole, quick, seconds):
        """Counts repetitions; on a busy machine it ends after so many seconds, two at the least."""
        limit = time.monotonic() + (seconds / 3 if self.quick else seconds)
        for turn in range(self.rounds(whole, quick)):
            if turn >= 2 and time.monotonic() > limit:
                return
            yield turn

    def compile(self, name, *arguments, static=False):
        """A C program beside this file; returns the path of the binary."""
        out = os.path.join(self.build, name)
        command = [os.environ.get("CC", "gcc"), "-std=gnu11", "-O2", "-g", "-Wall", "-Wextra",
                   *(["-static"] if static else []), os.path.join(HERE, name + ".c"), "-o", out,
                   *arguments]
        _run(command)
        return out

    def compile_bpf(self, name):
        out = os.path.join(self.build, name + ".o")
        _run([os.environ.get("CLANG", "clang"), "-O2", "-g", "-target", "bpf", "-mcpu=v2", "-c",
              os.path.join(HERE, name + ".bpf.c"), "-o", out])
        return out

    def start(self, command, **options):
        """Runs in a process group of its own; stopped with the bench at the latest."""
        process = subprocess.Popen(command, start_new_session=True, **options)
        self.started.append(process)
        return process

    def start_pagetide(self, *arguments, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL):
        process = self.start([self.pagetide, *arguments], stdin=stdin, stdout=stdout,
                             stderr=subprocess.PIPE)
        wait_until_idle(process, "pagetide")
        return process

    def start_bpftrace(self, script):
        """In a mount namespace of its own, where tracefs is mounted."""
        shell = "mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null; exec bpftrace -e \"$0\""
        process = self.start(["unshare", "--mount", "--propagation", "private", "sh", "-c", shell,
                              script], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE)
        wait_until_idle(process, "bpftrace")
        return process


def _run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{command[0]} failed: {done.stderr.strip()[-400:]}")


def read_text(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def wait_until_idle(process, name):
    """A tracer that has attached everything waits for events; sees it in /proc/PID/syscall."""
    waits = WAITS.get(platform.machine(), WAITS["x86_64"])
    end, calm = time.monotonic() + READY_SECONDS, 0
    while calm < 3:
        if process.poll() is not None:
            said = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
            raise BenchError(f"{name} ended with {process.returncode}: {said[-300:]}")
        if time.monotonic() > end:
            stop(process)
            raise BenchError(f"{name} did not become ready in {READY_SECONDS} s")
        try:
            calm = calm + 1 if read_text(f"/proc/{process.pid}/syscall").split()[0] in waits else 0
        except (OSError, IndexError):
            calm = 0
        time.sleep(0.01)


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            stream.close()


class Worker:
    """work.c: a command in, the nanoseconds of its inner loop out."""

    def __init__(self, machine, binary):
        self.process = machine.start([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     text=True)

    def run(self, verb, path="-", count=0):
        self.process.stdin.write(f"{verb} {path} {count}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer or answer.startswith("error"):
            raise BenchError(f"workload {verb}: {answer.strip() or 'it ended'}")
        return int(answer.split()[0])


class Stats:
    """kernel.bpf_stats_enabled for as long as this is open, by descriptor: no sysctl stays set."""

    def __enter__(self):
        libc = ctypes.CDLL(None, use_errno=True)
        attr = ctypes.create_string_buffer(64)  # type 0: run time
        self.fd = libc.syscall(SYS_BPF.get(platform.machine(), 321), BPF_ENABLE_STATS, attr, 64)
        if self.fd < 0:
            raise BenchError(f"BPF statistics: {os.strerror(ctypes.get_errno())}")
        return self

    def __exit__(self, *_):
        os.close(self.fd)


def fdinfo(pid, key):
    """The fdinfo of every descriptor of the process that has `key`, as dictionaries."""
    found, folder = [], f"/proc/{pid}/fdinfo"
    for fd in os.listdir(folder):
        try:
            lines = read_text(f"{folder}/{fd}").splitlines()
        except OSError:
            continue
        fields = dict(line.split(":", 1) for line in lines if ":" in line)
        if key in fields:
            found.append({name: value.strip() for name, value in fields.items()})
    return found


def program_times(pid):
    """prog_id -> (nanoseconds run, times run) of the programs that the process holds."""
    return {int(f["prog_id"]): (int(f["run_time_ns"]), int(f["run_cnt"]))
            for f in fdinfo(pid, "prog_id") if "run_time_ns" in f}


def map_bytes(pid):
    """map_id -> (type, bytes) of the maps that the process holds."""
    return {int(f["map_id"]): (int(f["map_type"]), int(f["memlock"]))
            for f in fdinfo(pid, "map_id") if "map_type" in f}  # links name maps too


def bpftool(kind):
    """id -> object as `bpftool prog|map show --json` has it."""
    import json
    tool = next((p for p in ("/usr/sbin/bpftool", "/usr/bin/bpftool") if os.path.exists(p)), "bpftool")
    done = subprocess.run([tool, kind, "show", "--json"], capture_output=True, check=False)
    try:
        return {row["id"]: row for row in json.loads(done.stdout)}
    except (ValueError, KeyError) as bad:
        raise BenchError(f"bpftool {kind} show --json: not understood ({bad})") from bad


def say(text):
    print(text, file=sys.stderr, flush=True)
