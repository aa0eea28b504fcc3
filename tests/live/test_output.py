"""Where the output goes, and what it may not need for that: links, modes, a small stack."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from children import PAGETIDE, die_with_parent  # noqa: E402
from commands import is_allowed, one_line, pagetide, start, wait_until  # noqa: E402
from harness import main  # noqa: E402
from serving import Serve, free_port  # noqa: E402
from tap import Skip, test  # noqa: E402

SNAPSHOT = ["snapshot", "--json", "--standalone"]
NOBODY = 65534


def writes(t, path, *words, **how):
    """What a command writes there, as JSON."""
    done = is_allowed(pagetide(*(words or SNAPSHOT), "-o", path, **how))
    t.equal((done.status, done.errors), (0, ""), f"exit status and errors of -o {path}")
    return json.loads(Path(path).read_text(encoding="utf-8"))


@test("output: it goes through links, and they stay")
def links(t):
    folder = Path(t.temp(), "folder")
    folder.mkdir()
    for name, target in (("whole", folder / "file"), ("relative", "folder/file"), ("chain", "relative"),
                         ("dangling", "folder/new"), ("to-dangling", "dangling")):
        link = Path(t.temp(), name)
        link.symlink_to(target)
        writes(t, link)
        t.equal(os.readlink(link), str(target), f"the link {name}")
        end = folder / ("new" if "dangling" in name else "file")
        t.equal((end.is_symlink(), bool(json.loads(end.read_text()))), (False, True), f"what {name} leads to")
        end.unlink()
        t.equal(os.listdir(folder), [], f"files beside what {name} leads to")
    timeline = Path(t.temp(), "timeline")
    timeline.symlink_to("folder/timeline.csv")
    done = pagetide("run", "-o", "/dev/null", "--csv", timeline, "--", "true")
    t.equal((done.status, timeline.is_symlink()), (0, True), f"the link of --csv: {done}")
    t.equal((folder / "timeline.csv").read_text().count("\n") >= 2, True, "a header and a row")


@test("output: links that go round are one line")
def round_link(t):
    Path(t.temp(), "round").symlink_to("round")
    done = pagetide(*SNAPSHOT, "-o", Path(t.temp(), "round"))
    t.equal(done.status, 1, f"exit status: {done}")
    one_line(t, done, "round", "Too many levels")


@test("output: a stranger's link in a sticky folder leads nowhere")
def strangers_link(t):
    if Path("/proc/sys/fs/protected_symlinks").read_text() != "1\n":
        raise Skip("fs.protected_symlinks is off")
    sticky = Path(t.tmpfs())
    sticky.chmod(0o1777)
    victim = Path(t.temp(), "victim")
    for exists in (False, True):
        if exists:
            victim.write_text("mine")
        link = sticky / f"link-{exists}"
        link.symlink_to(victim)
        os.lchown(link, NOBODY, NOBODY)
        done = pagetide(*SNAPSHOT, "-o", link)
        t.equal((done.status, victim.exists()), (1, exists), f"exit status, and the file it leads to: {done}")
        one_line(t, done, str(link), "Permission denied")
    t.equal(victim.read_text(), "mine", "the file that it leads to")


# /dev is the test's own: were a link of the machine replaced, all that uses it would break
PRIVATE_DEV = """
mount --make-rprivate / && mount -t tmpfs private /dev && mknod -m 666 /dev/null c 1 3 || exit 99
ln -s /proc/self/fd /dev/fd && ln -s /proc/self/fd/1 /dev/stdout && ln -s /proc/self/fd/2 /dev/stderr || exit 99
cd "$1" && shift
echo before; echo before >&2; echo before >&7
"$@"
status=$?
echo after; echo after >&2; echo after >&7
test "$(readlink /dev/stdout /dev/stderr /dev/fd | wc -l)" = 3 || exit 98
exit $status
"""


@test("output: an open file is written as it is, where it is, and nothing replaces it")
def open_files(t):
    folder = Path(t.temp(), "folder")
    folder.mkdir()
    for appends in (False, True):
        for stream, names in ((1, ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "file1")),
                              (2, ("/dev/stderr", "/dev/fd/2", "file2")), (7, ("/dev/fd/7", "/proc/self/fd/7"))):
            for name in names:
                files = [open(folder / f"file{n}", "ab" if appends else "wb") for n in (1, 2, 7)]
                script = f"exec 7>&{files[2].fileno()}; {PRIVATE_DEV}"
                done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", folder, PAGETIDE, *SNAPSHOT, "-o", name],
                                      stdout=files[0], stderr=files[1], pass_fds=[files[2].fileno()], timeout=60,
                                      preexec_fn=die_with_parent, stdin=subprocess.DEVNULL)
                for file in files:
                    file.close()
                texts = {n: (folder / f"file{n}").read_text() for n in (1, 2, 7)}
                if done.returncode == 99:
                    raise Skip(texts[2])
                t.equal(done.returncode, 0, f"exit status of -o {name}: {texts[2]!r}")
                lines = texts.pop(stream).splitlines()
                t.equal((lines[0], lines[-1]), ("before", "after"), f"around the output of -o {name}")
                json.loads("".join(lines[1:-1]))
                t.equal(set(texts.values()), {"before\nafter\n"}, f"the other streams with -o {name}")
                t.equal(sorted(os.listdir(folder)), ["file1", "file2", "file7"], f"files with -o {name}")
                for n in (1, 2, 7):
                    (folder / f"file{n}").unlink()


@test("output: a pipe that /dev/fd/N names")
def open_pipe(t):
    read, write = os.pipe()
    child = subprocess.Popen([PAGETIDE, *SNAPSHOT, "-o", f"/dev/fd/{write}"], pass_fds=[write], stdin=subprocess.DEVNULL,
                             preexec_fn=die_with_parent)
    t.undo.append(child.kill)
    os.close(write)
    with open(read, encoding="utf-8") as pipe:
        json.loads(pipe.read())
    t.equal(child.wait(60), 0, "exit status")


@test("output: a new file has the mode that the umask leaves, one that is replaced keeps its own, and its owner")
def modes(t):
    out = Path(t.temp(), "out")
    for mask, mode in (("077", 0o600), ("027", 0o640), ("000", 0o666)):
        writes(t, out, wrap=["sh", "-c", f'umask {mask}; exec "$@"', "sh"])
        t.equal(stat.S_IMODE(out.stat().st_mode), mode, f"mode with umask {mask}")
        out.unlink()
    for mode in (0o600, 0o664, 0o444, 0o4755):
        out.write_text("old")
        os.chown(out, NOBODY, NOBODY)
        out.chmod(mode)
        writes(t, out)
        after = out.stat()
        t.equal((stat.S_IMODE(after.st_mode), after.st_uid, after.st_gid), (mode & 0o777, NOBODY, NOBODY),
                f"mode and owner of one of mode {mode:o}")


@test("output: without /proc it is written too")
def no_proc(t):
    for fallback in ([], ["capsh", "--drop=cap_dac_read_search", "--", "-c", 'exec "$@"', "sh"]):
        words = ["sh", "-c", 'mount --make-rprivate / && mount -t tmpfs private /proc && exec "$@"', "sh", *fallback]
        out = Path(t.temp(), "out")
        done = is_allowed(pagetide("probes", "--json", "-o", out, wrap=["unshare", "-m", *words]))
        t.equal((done.status, done.errors), (0, ""), f"exit status and errors with {fallback}")
        json.loads(out.read_text(encoding="utf-8"))
        t.equal(os.listdir(t.temp()), ["out"], f"files with {fallback}")
        out.unlink()


@test("run: one file for the report and the timeline is bad usage, and nothing is run")
def same_file(t):
    folder = Path(t.temp(), "folder")
    folder.mkdir()
    Path(t.temp(), "again").symlink_to("folder")
    for exists in (False, True):
        (folder / "link").symlink_to("out")
        if exists:
            (folder / "out").write_text("old")
            os.link(folder / "out", folder / "hard")
        for other in ("folder/out", "folder/../folder/out", "again/out", "folder/link", *["folder/hard"] * exists):
            for names in ((folder / "out", other), (other, folder / "out")):
                done = pagetide("run", "-o", names[0], "--csv", names[1], "--", "touch", "mark", cwd=t.temp())
                t.equal(done.status, 2, f"exit status of {names}: {done}")
                one_line(t, done, "same file", "--csv")
        t.equal(sorted(os.listdir(folder)), ["hard", "link", "out"] if exists else ["link"], "files")
        (folder / "link").unlink()
    t.equal(((folder / "out").read_text(), Path(t.temp(), "mark").exists()), ("old", False), "the old file, the mark")
    done = is_allowed(pagetide("run", "-o", "/dev/null", "--csv", "/dev/null", "--", "true"))
    t.equal((done.status, done.errors), (0, ""), "both to /dev/null")


@test("output: a stack of 64 KiB is enough")
def small_stack(t):
    for words in (["snapshot"], ["snapshot", "--standalone"], ["snapshot", "--json", "--standalone"],
                  ["top", "--count", "1"], ["explain", "--duration", "0.1"], ["run", "--", "true"],
                  ["trace", "--duration", "0.1"], ["probes"]):
        done = is_allowed(pagetide(*words, wrap=["prlimit", "--stack=65536"]))
        t.equal(done.status, 0, f"exit status of {words}: {done}")


def serve(t, *options):
    """One that is expected to end by itself."""
    words = ("serve", "--listen", f"127.0.0.1:{free_port()}", *options)
    return is_allowed(pagetide(*words, wrap=["timeout", "-s", "KILL", "20"]))


@test("serve: --socket removes nothing but a socket that nobody listens at")
def socket_in_the_way(t):
    folder = Path(t.temp(), "folder")
    folder.mkdir()
    (folder / "file").write_text("mine")
    (folder / "link").symlink_to("nowhere")
    (folder / "to-file").symlink_to("file")
    (folder / "folder").mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(str(folder / "datagrams"))
        for name in ("file", "link", "to-file", "folder", "datagrams"):
            before = os.lstat(folder / name)
            done = serve(t, "--socket", folder / name)
            t.equal(done.status, 1, f"exit status of --socket {name}: {done}")
            one_line(t, done, f"folder/{name}", "--socket")
            after = os.lstat(folder / name)
            t.equal((after.st_ino, after.st_mode), (before.st_ino, before.st_mode), f"what is at {name}")
    t.equal((folder / "file").read_text(), "mine", "the file")


@test("serve: a --textfile that is no regular file is one line, at the start and after a hangup")
def odd_textfile(t):
    fifo, config = Path(t.temp(), "fifo"), Path(t.temp(), "pagetide.yml")
    os.mkfifo(fifo)
    for path in (fifo, "/dev/null", t.temp()):
        done = serve(t, "--socket", f"{t.temp()}/socket", "--textfile", path)
        t.equal(done.status, 1, f"exit status of {path}: {done}")
        one_line(t, done, str(path), "no regular file")
    config.write_text("")
    running = Serve(t, "--config", config)
    for count in (1, 2):
        config.write_text(f"textfile: {fifo}\n")
        os.kill(running.process.pid, signal.SIGHUP)
        wait_until(lambda: len(running.lines()) == count, "a line")
        t.equal("no regular file" in running.lines()[-1], True, f"{running.lines()}")
        goes_on(running)
    config.write_text(f"textfile: {t.temp()}/metrics\n")
    os.kill(running.process.pid, signal.SIGHUP)
    wait_until(Path(t.temp(), "metrics").exists, "another textfile")


def goes_on(running):
    before = running.value("pagetide_readings_total")
    wait_until(lambda: running.value("pagetide_readings_total") > before + 1, "it reads on")


@test("serve: a file that became a FIFO is said at a hangup, and what was read before stays")
def fifo_at_reload(t):
    config, web, cert = (Path(t.temp(), name) for name in ("pagetide.yml", "web.yml", "cert.pem"))
    config.write_text("")
    web.write_text("")
    running = Serve(t, "--config", config, "--web-config", web)
    for count, path in enumerate((config, web, cert), 1):
        if path == cert:
            web.write_text("tls_server_config:\n  cert_file: cert.pem\n  key_file: cert.pem\n")
        path.unlink(missing_ok=True)
        os.mkfifo(path)
        os.kill(running.process.pid, signal.SIGHUP)
        wait_until(lambda: len(running.lines()) == count, f"a line of {path.name}")
        t.equal([word in running.lines()[-1] for word in (path.name, "no regular file", "stays")], [True] * 3,
                f"{running.lines()}")
        goes_on(running)
        path.unlink()
        path.write_text("")


@test("serve: at the start a config may come from a pipe")
def config_of_pipe(t):
    done = pagetide("serve", "--config", "/dev/stdin", given=b"interval: 1\nlevels: 3\n")
    t.equal(done.status, 2, f"exit status: {done}")
    one_line(t, done, "/dev/stdin:2", "levels")
    fifo = Path(t.temp(), "fifo")
    os.mkfifo(fifo)
    child = start("serve", "--config", fifo)
    t.undo.append(child.kill)
    fifo.write_text("levels: 3\n")
    t.equal(child.wait(30), 2, "exit status with a FIFO")


if __name__ == "__main__":
    main()
