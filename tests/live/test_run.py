"""`pagetide run`: the command's streams, signals and exit status are its own; the report is whole or absent."""

import csv
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

from commands import Failure, end_is, held_objects, ignoring, none_left, one_line, pagetide, start, wait_until
from children import PAGETIDE, die_with_parent
from harness import build_pageops, main
from limits import MIB
from tap import Skip, test

SHELL = "/bin/sh"


def run_shell(t, script, *options, **how):
    """`pagetide run` of a shell script; its report goes to a file."""
    report = Path(t.temp(), "report.json")
    done = pagetide("run", "--json", "-o", report, *options, "--", SHELL, "-c", script, **how)
    if done.status == 77 and not report.exists():
        raise Skip(done.errors)
    return done, json.loads(report.read_text(encoding="utf-8")) if report.exists() else None


# ---- the exit status ----

def status_case(script, status, sig=None):
    def case(t):
        done, report = run_shell(t, script)
        t.equal(done.status, status, "exit status")
        t.equal(report["exit_status"], status, "exit_status in the report")
        t.equal(report.get("signal"), sig, "signal in the report")
        t.equal((done.errors, done.out), ("", b""), "what was said besides")

    return case


for number in (0, 1, 2, 77, 126, 127, 255):
    test(f"run: exit status {number} is passed on")(status_case(f"exit {number}", number))
for sig_name in ("TERM", "KILL", "SEGV", "PIPE"):
    sig_number = int(getattr(signal, f"SIG{sig_name}"))
    test(f"run: the end by SIG{sig_name} is passed on")(
        status_case(f"ulimit -c 0; kill -{sig_name} $$", 128 + sig_number, sig_number))


def cannot_run_case(make, status, *words):
    def case(t):
        path, report = make(t), Path(t.temp(), "report")
        done = pagetide("run", "-o", report, "--", path, "argument")
        t.equal(done.status, status, "exit status")
        one_line(t, done, *words)
        t.equal(list(Path(t.temp()).glob("report*")), [], "files left behind")

    return case


def made(name, text, mode):
    def make(t):
        path = Path(t.temp(), name)
        path.write_text(text)
        path.chmod(mode)
        return path

    return make


test("run: no such command")(cannot_run_case(lambda t: "/no/such/command", 127, "/no/such/command"))
test("run: no such command in PATH")(cannot_run_case(lambda t: "no-such-command-4711", 127, "no-such-command-4711"))
test("run: a file that may not be executed")(cannot_run_case(made("plain", "text", 0o644), 126, "plain"))
test("run: a directory")(cannot_run_case(lambda t: t.temp(), 126))
test("run: an interpreter that is not there")(cannot_run_case(made("odd", "#!/no/such\n", 0o755), 127, "odd"))
test("run: a hostile name of a command")(
    cannot_run_case(lambda t: b"/no/\xff\x1b[2J\nsuch", 127, "\\x1b"))


# ---- what the command has is what it has without us ----

@test("run: binary data through the streams, byte for byte")
def streams(t):
    data = bytes(range(256)) * 8192 + b"no newline at the end"
    done, _ = run_shell(t, "tee /dev/stderr; printf 'more\\n' >&2", given=data)
    t.equal(done.out == data, True, f"standard output, {len(done.out)} bytes of {len(data)}")
    t.equal(len(done.errors) >= len(data), True, "standard error")


def own_and_ours(t, script):
    """What a script prints, without pagetide and under it."""
    own = subprocess.run([SHELL, "-c", script], capture_output=True, stdin=subprocess.DEVNULL, cwd=t.temp(), check=False,
                         preexec_fn=die_with_parent)
    done, _ = run_shell(t, script, cwd=t.temp())
    return own.stdout.decode(), done.out.decode()


@test("run: signal masks, descriptors, folder and environment are as without pagetide")
def surroundings(t):
    own, ours = own_and_ours(t, "grep -E '^Sig(Blk|Ign|Cgt)|^NoNewPrivs|^Cap' /proc/self/status; ls /proc/self/fd; pwd;"
                                "ulimit -a; umask; env | grep -v ^_= | sort")
    t.equal(ours, own, "what the command sees")


@test("run: niceness, locked memory and the OOM killer's view are as without pagetide")
def priorities(t):
    limits = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (1 << 20, limits[1]))
    try:
        own, ours = own_and_ours(t, "ulimit -l; ulimit -Hl; nice; cat /proc/self/oom_score_adj;"
                                    "grep VmLck /proc/self/status")
    finally:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, limits)
    t.equal(ours, own, "limits, niceness, oom_score_adj")


@test("run: arguments of any bytes arrive as they are")
def arguments(t):
    words = [b"", b" ", b"a\nb", b"\xff\xfe", "é".encode(), b"--json", b"-o", b"'\"$x`\\"]
    report = Path(t.temp(), "report.json")
    done = pagetide("run", "--json", "-o", report, "--", "/usr/bin/printf", "%s\\n%s_" * 4,
                    *[os.fsdecode(word) for word in words])
    expected = b"".join(words[i] + b"\n" + words[i + 1] + b"_" for i in range(0, 8, 2))
    t.equal(done.out, expected, "what printf printed")
    command = json.loads(report.read_text(encoding="utf-8"))["command"]
    t.equal("\n" in command, False, f"a newline in {command!r}")


@test("run: closed standard streams end in nothing worse")
def closed_streams(t):
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        report = Path(t.temp(), "report.json")
        wrap = [SHELL, "-c", f'exec "$0" "$@" {closed}']
        done = pagetide("run", "--json", "-o", report, "--", SHELL, "-c", "exit 5", wrap=wrap)
        t.equal(done.status, 5, f"exit status with {closed}")
        t.equal(json.loads(report.read_text())["exit_status"], 5, f"the report with {closed}")
        report.unlink()


# ---- signals ----

def waiting_command(t):
    """A shell that says when it waits, and ends with 40 + the signal that it got."""
    names = "HUP INT QUIT TERM USR1 USR2"
    traps = " ".join(f"trap 'exit $((40+{int(getattr(signal, 'SIG' + name))}))' {name};" for name in names.split())
    return f"{traps} echo ready; while :; do sleep 0.05; done"


def ready(child):
    line = child.stdout.readline()
    if line != b"ready\n":
        status = child.wait()
        words = child.stderr.read().decode()
        if status == 77:
            raise Skip(words)
        raise Failure(f"the command did not begin: {line!r}, exit status {status}, {words}")


def signal_case(sig):
    def case(t):
        report = Path(t.temp(), "report.json")
        child = start("run", "--json", "-o", report, "--", SHELL, "-c", waiting_command(t), start_new_session=True)
        t.undo.append(child.kill)
        ready(child)
        child.send_signal(sig)
        end_is(t, child, 40 + sig)
        t.equal(json.loads(report.read_text())["exit_status"], 40 + sig, "exit_status in the report")

    return case


for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
    test(f"run: {each.name} is passed on, and the command decides")(signal_case(each))


@test("run: a signal that its starter ignores is passed on all the same, and the command decides")
def ignored_is_passed(t):
    script = ("import signal, sys\nsignal.signal(signal.SIGHUP, lambda *_: sys.exit(41))\nprint('ready', flush=True)\n"
              "while True: signal.pause()")
    child = start("run", "--json", "-o", Path(t.temp(), "report.json"), "--", sys.executable, "-c", script,
                  wrap=ignoring(signal.SIGHUP))
    t.undo.append(child.kill)
    ready(child)
    child.send_signal(signal.SIGHUP)
    end_is(t, child, 41)


@test("run: what its starter ignores is ignored by the command, and does not hide how that ended")
def ignored_by_starter(t):
    wrap = ignoring(signal.SIGCHLD, signal.SIGHUP, signal.SIGPIPE)
    script = "grep SigIgn /proc/self/status; exit 3"
    own = subprocess.run([*wrap, SHELL, "-c", script], stdout=subprocess.PIPE, check=False, preexec_fn=die_with_parent)
    done, report = run_shell(t, script, wrap=wrap)
    t.equal(done.out, own.stdout, "ignored signals of the command")
    t.equal((done.status, report["exit_status"]), (3, 3), "exit status, and that of the report")


@test("run: a Ctrl-C that the whole group got comes once")
def once(t):
    # the script counts what it gets; a second one would be passed on by pagetide
    script = "n=0; trap 'n=$((n+1))' INT; echo ready; while [ ! -e done ]; do sleep 0.05; done; exit $n"
    report = Path(t.temp(), "report.json")
    leader = subprocess.Popen(
        ["script", "-qefc", f'exec "$PAGETIDE" run --json -o {report} -- {SHELL} -c "$SCRIPT"', "/dev/null"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=t.temp(),
        env={**os.environ, "SCRIPT": script, "PAGETIDE": PAGETIDE})
    t.undo.append(leader.kill)
    seen = b""
    while b"ready" not in seen:
        part = os.read(leader.stdout.fileno(), 100)
        if not part:
            raise Failure(f"the command did not begin: {seen!r}")
        seen += part
    leader.stdin.write(b"\x03")
    leader.stdin.flush()
    wait_until(lambda: b"^C" in os.read(leader.stdout.fileno(), 100), "the terminal echoes ^C")
    Path(t.temp(), "done").touch()
    t.equal(leader.wait(20), 1, "interrupts that the command got")


def end_case(sig):
    def case(t):
        report = Path(t.temp(), "report.json")
        child = start("run", "--json", "-o", report, "--", SHELL, "-c", "echo ready; exec sleep 1000")
        t.undo.append(child.kill)
        ready(child)
        held = held_objects(child.pid)
        victims = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()
        child.send_signal(sig)
        child.wait(20)
        none_left(held)
        for victim in map(int, victims):
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if sig == signal.SIGKILL:
            t.equal(report.exists(), False, "a report of what was killed")

    return case


for each in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
    test(f"run: {each.name} leaves nothing in the kernel")(end_case(each))


# ---- the report ----

@test("run: without -o the report is on standard error, behind what the command said")
def on_stderr(t):
    done = pagetide("run", "--", SHELL, "-c", "echo out; echo err >&2; exit 4")
    if done.status == 77:
        raise Skip(done.errors)
    t.equal((done.status, done.out), (4, b"out\n"), "exit status and standard output")
    t.equal(done.errors.startswith("err\n"), True, f"the command's words first: {done.errors[:100]!r}")
    t.equal("failed with status 4" in done.errors, True, f"the report: {done.errors}")


@test("run: -o replaces a file, whole")
def replaces(t):
    report = Path(t.temp(), "report.json")
    report.write_text("old" * 10000)
    _, new = run_shell(t, "exit 0")
    t.equal(new["exit_status"], 0, "the new report")
    t.equal(os.listdir(t.temp()), ["report.json"], "files in the folder")


@test("run: -o where nothing can be written: the command is not run")
def no_folder(t):
    mark = Path(t.temp(), "mark")
    for path in ("/no/such/folder/report", t.temp() + "/" + "x" * 300):
        done = pagetide("run", "-o", path, "--", "touch", mark)
        t.equal(done.status, 1, f"exit status for {path}")
        one_line(t, done)
    t.equal(mark.exists(), False, "the command ran")


def full_case(*options):
    def case(t):
        mount = t.tmpfs(size="16K")
        Path(mount, "old").write_bytes(bytes(16 << 10))
        done = pagetide("run", *(word.replace("@", mount) for word in options), "--", SHELL, "-c",
                        "for i in 1 2 3 4 5 6 7 8 9; do sleep 0.03; done; exit 6")
        if done.status == 77:
            raise Skip(done.errors)
        t.equal(done.status in (1, 6), True, f"exit status {done.status}")
        t.equal(sorted(os.listdir(mount)), ["old"], "files on the full tmpfs")
        one_line(t, done, "No space left on device")

    return case


test("run: -o on a full tmpfs: one line, no partial file")(full_case("--json", "-o", "@/report"))
test("run: --csv on a full tmpfs: one line, no partial file")(
    full_case("--json", "-o", "/dev/null", "--interval", "0.01", "--csv", "@/timeline"))


@test("run: a report that nobody reads does not change the exit status")
def nobody_reads(t):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([PAGETIDE, "run", "--", SHELL, "-c", "exit 6"], stderr=write,
                          stdout=subprocess.PIPE, timeout=60)
    os.close(write)
    if done.returncode == 77:
        raise Skip("not allowed")
    t.equal(done.returncode, 6, "exit status")


@test("run: --csv writes the timeline")
def timeline(t):
    path, report = Path(t.temp(), "timeline.csv"), Path(t.temp(), "report.json")
    done = pagetide("run", "--json", "-o", report, "--interval", "0.05", "--csv", path, "--", SHELL, "-c",
                    "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.05; done")
    if done.status == 77:
        raise Skip(done.errors)
    with open(path, newline="", encoding="utf-8") as text:
        rows = list(csv.DictReader(text, strict=True))
    told = json.loads(report.read_text())["timeline"]
    t.equal(len(rows), len(told), "rows of the CSV and of the JSON")
    t.equal(len(rows) >= 5, True, f"{len(rows)} rows")
    for row, other in zip(rows, told):
        t.equal({key: float(row[key]) for key in row if key.endswith("_bytes") and row[key]},
                {key: float(value) for key, value in other.items() if key.endswith("_bytes")}, "the figures of a row")
    seconds = [float(row["seconds"]) for row in rows]
    t.equal(seconds, sorted(seconds), "times in order")


@test("run: memory in which a child runs until its exec counts once")
def lent(t):
    path = Path(t.temp(), "report.json")
    child = start("run", "--json", "-o", path, "--interval", "0.05", "--", build_pageops(), "lend", "--bytes", "64M",
                  stdin=subprocess.PIPE)
    if not child.stdout.readline():
        child.communicate()
        raise Skip("not allowed")
    for _ in range(3):
        pagetide("snapshot")  # each longer than the interval
    child.communicate(b"\n", timeout=20)
    report = json.loads(path.read_text())
    t.equal(any(row["processes"] == 2 for row in report["timeline"]), True, "the child was seen within vfork")
    t.equal(64 * MIB <= report["peak_rss_bytes"] < 96 * MIB, True, f"peak_rss_bytes {report['peak_rss_bytes']}")


@test("run: it waits for what the command left running, and says so")
def orphans(t):
    done, report = run_shell(t, "(sleep 0.7; exit 0) & exit 9")
    t.equal(done.status, 9, "exit status")
    t.equal(report["wall_seconds"] >= 0.7, True, f"wall_seconds {report['wall_seconds']}")
    t.equal(report["descendants"], 2, "descendants")


def peak_case(size, mib):
    """A CPU keeps some pages of a large mount back, see mount_slot in wire.h: a thousandth of it at most."""
    def case(t):
        mount = t.tmpfs(f"{size}M")
        fill = f"taskset -c {{0}} dd if=/dev/zero of={mount}/{{0}} bs=4K count={mib * 256} 2>/dev/null"
        cpus = sorted(os.sched_getaffinity(0))[:2]
        script = " & ".join(fill.format(cpu) for cpu in cpus) + f"; wait; rm {mount}/*"
        _, report = run_shell(t, script)
        row = next(row for row in report["mounts"] if row["path"] == mount)
        missing = len(cpus) * (mib << 20) - row["peak_bytes"]
        t.equal(0 <= missing <= (size << 20) // 1000, True, f"{missing} bytes of the peak missing: {row}")
        t.equal(row["used_bytes"], 0, "left behind")

    return case


test("run: the peak of a small mount that two processors fill is exact")(peak_case(7, 3))
test("run: the peak of a large mount that two processors fill is right to a thousandth of its size")(peak_case(1024, 40))


@test("run: a process that calls itself ) R 1 ( breaks nothing")
def hostile_names(t):
    folder = Path(t.temp(), "a\nb \x1b[2J \udcff")
    folder.mkdir()
    program = folder / "a) R 1 (x\n"
    program.write_text("#!/bin/sh\nprintf x > 'f\n\x1b[1m'\n")
    program.chmod(0o755)
    done = pagetide("run", "--limit", "0", "--", os.fsencode(str(program)).decode("utf-8", "surrogateescape"),
                    cwd=t.tmpfs())
    if done.status == 77:
        raise Skip(done.errors)
    t.equal(done.status, 0, f"exit status: {done}")
    odd = [c for c in done.errors if ord(c) < 32 and c != "\n" or ord(c) == 127]
    t.equal(odd, [], f"control characters in {done.errors!r}")
    done = pagetide("run", "--json", "--", str(program), cwd=t.tmpfs())
    report = json.loads(done.errors)
    t.equal(report["exit_status"], 0, "exit_status")
    t.equal(any(row["comm"].startswith("a) R 1 (x") for row in report["processes"]), True, "its name in the report")


if __name__ == "__main__":
    main()
