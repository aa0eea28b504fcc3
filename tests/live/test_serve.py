"""`pagetide serve`: its pages and what they say of a real container, hostile requests, signals, the service manager."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from children import PAGETIDE  # noqa: E402
from commands import end_is, one_line, pagetide, processor_seconds, wait_until  # noqa: E402
from containers import SHM_BYTES, Container  # noqa: E402
from harness import main  # noqa: E402
from serving import Serve, capabilities, no_series_twice, promtool, send_each  # noqa: E402
from tap import Failure, test  # noqa: E402

MIB = 1 << 20
OPEN = "application/openmetrics-text"
KEPT = 1 << 38 | 1 << 39 | 1 << 19 | 1 << 2 | 1 << 14  # PERFMON, BPF, SYS_PTRACE, DAC_READ_SEARCH, IPC_LOCK
FILL = "/bin/busybox dd if=/dev/zero of=/dev/shm/fill bs=1048576 count=40 2>/dev/null && echo full && " \
       "/bin/busybox sleep 1000"


class Said:
    """What one_line() judges, of a serve that goes on."""

    def __init__(self, errors):
        self.errors = errors


@test("every page is well-formed")
def pages(t):
    serve = Serve(t)
    status, kind, page = serve.get("/metrics")
    t.equal((status, kind), (200, "text/plain; version=0.0.4; charset=utf-8"), "text")
    promtool(page)
    t.equal(page.endswith("# EOF\n"), False, "text has no end mark")
    status, kind, page = serve.get("/metrics", Accept=f"{OPEN};version=1.0.0,text/plain;q=0.5")
    t.equal((status, kind.split(";")[0]), (200, OPEN), "OpenMetrics")
    t.equal(page.endswith("# EOF\n"), True, "OpenMetrics has an end mark")
    t.equal("# TYPE pagetide_oom_kills counter" in page, True, "a counter's family has no suffix")
    status, kind, page = serve.get("/api/snapshot")
    t.equal((status, kind), (200, "application/json"), "snapshot")
    t.equal(json.loads(page)["tracing"], True, "it traces")
    t.equal(serve.get("/nothing")[0], 404, "status of a page that is none")


@test("no series twice, and the system's parts add up")
def series(t):
    serve = Serve(t)
    page = serve.get("/metrics")[2]
    no_series_twice(page)
    parts = [float(line.split()[-1]) for line in page.splitlines() if line.startswith("pagetide_system_memory_bytes{")]
    ram = [float(line.split()[-1]) for line in page.splitlines() if line.startswith("pagetide_system_ram_bytes ")]
    t.equal(sum(parts), ram[0], "sum of the parts")


@test("a container that fills its /dev/shm")
def container(t):
    serve = Serve(t)
    name = f"pagetide-test-{os.getpid()}"
    box = Container(t, name, FILL)
    wait_until(lambda: box.said("full"), "the container has filled its /dev/shm")
    wait_until(lambda: serve.value("pagetide_tmpfs_owned_bytes", container=name) == 40 * MIB, "40 MiB are its own")
    mount = {"container": name, "mount": "/dev/shm"}
    wait_until(lambda: serve.value("pagetide_tmpfs_used_bytes", **mount) == 40 * MIB, "its mount is used")
    t.equal(serve.value("pagetide_tmpfs_limit_bytes", **mount), SHM_BYTES, "the mount's limit")
    t.equal(serve.value("pagetide_container_limit_bytes", container=name), 128 * MIB, "the container's limit")
    t.equal(serve.value("pagetide_container_owned_bytes", container=name, kind="tmpfs"), 40 * MIB, "tmpfs owned")
    t.equal(serve.value("pagetide_container_info", container=name, runtime="runc"), 1, "its runtime")
    t.equal(serve.value("pagetide_container_processes", container=name) >= 1, True, "its processes")
    rows = json.loads(pagetide("snapshot", "--by", "container", "--json", "--container", name).out)["containers"]
    t.equal([row["container"] for row in rows], [name], "containers that snapshot shows")
    box.delete()
    wait_until(lambda: not serve.samples("pagetide_container_usage_bytes", container=name), "it is gone")


@test("a container that is killed for its memory is counted after it has gone")
def killed(t):
    serve = Serve(t)
    name = f"pagetide-test-oom-{os.getpid()}"
    box = Container(t, name, "while [ ! -e /go ]; do /bin/busybox sleep 0.1; done; "
                             "/bin/busybox dd if=/dev/zero of=/dev/null bs=200M count=1; echo over", limit=32 * MIB)
    wait_until(lambda: serve.samples("pagetide_container_usage_bytes", container=name), "the container is seen")
    box.go()
    wait_until(lambda: box.child.poll() is not None, "the container ends")
    box.delete()
    wait_until(lambda: serve.value("pagetide_oom_kills_total", container=name) == 1, "one kill")


@test("hostile requests hurt nothing")
def hostile(t):
    serve = Serve(t)
    requests = (b"", b"GET /metr", b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000,
                b"GET " + b"/" * 100_000, b"\x00\xff\xfe" * 1000, b"POST /metrics HTTP/1.1\r\nHost: x\r\n"
                b"Content-Length: 99999999999999999999\r\n\r\n", b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
                b"GET /metrics HTTP/9.9\r\n\r\n", b"\r\n" * 1000)
    idle = send_each(serve.port, requests * 10)
    t.equal(serve.get("/healthz")[0], 200, "status beside 90 bad connections")
    promtool(serve.get("/metrics")[2])
    t.equal(b"root:" in idle[6].recv(65536), False, "a file outside was given out")
    for peer in idle:
        peer.close()
    for _ in range(300):
        t.equal(serve.get("/healthz")[0], 200, "status")
    t.equal(serve.process.child.poll(), None, "serve lives")


@test("answers that nobody reads are bounded, and given up with their connections")
def unread(t):
    mount = t.tmpfs("64M")
    for number in range(4000):
        Path(mount, f"file-{number}").write_bytes(b"x")
    serve = Serve(t)
    wait_until(lambda: len(serve.get("/api/snapshot")[2]) > MIB, "answers of 1 MiB")

    def resident():
        status = Path(f"/proc/{serve.process.pid}/status").read_text(encoding="utf-8")
        return int(status.split("VmRSS:")[1].split()[0]) << 10

    before, peers = resident(), []
    for _ in range(100):
        peer = socket.socket()
        t.undo.append(peer.close)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.connect(("127.0.0.1", serve.port))
        peer.sendall(b"GET /api/snapshot HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        peers.append(peer)
    wait_until(lambda: serve.get("/metrics")[0] == 503, "a refusal")
    t.equal(serve.get("/healthz")[0], 200, "status of /healthz")
    t.equal(resident() - before < 48 * MIB, True, f"it grew by {(resident() - before) >> 20} MiB")
    for peer in peers:
        peer.close()
    wait_until(lambda: serve.get("/metrics")[0] == 200, "it answers again")


@test("snapshot asks a running serve, which knows the owners")
def asked(t):
    serve = Serve(t, interval=3600)
    folder = t.tmpfs()
    writer = subprocess.Popen(["dd", "if=/dev/zero", f"of={folder}/fill", "bs=1M", "count=8"], stderr=subprocess.DEVNULL)
    writer.wait()

    def shown(*words):
        done = pagetide("snapshot", "--json", "--socket", serve.socket, *words)
        t.equal((done.status, done.errors), (0, ""), f"snapshot {words}")
        found = json.loads(done.out)
        return found["tracing"], [owner["pid"] for file in found["files"] if file["path"] == f"{folder}/fill"
                                  for owner in file.get("owners", [])]

    t.equal(shown(), (True, [writer.pid]), "asked: tracing, and who owns the file")
    t.equal(shown("--standalone"), (False, []), "not asked")
    text = pagetide("snapshot", "--by", "process", "--socket", serve.socket,
                    env={**os.environ, "COLUMNS": "60"}).out.decode()
    t.equal("Not tracing" in text, False, "people are told of no tracing")
    t.equal(max(map(len, text.splitlines()[1:])) in range(40, 61), True, f"the width of {text}")
    output = os.path.join(t.temp(), "output")
    done = pagetide("snapshot", "--csv", "--by", "mount", "--socket", serve.socket, "-o", output)
    t.equal((done.status, done.out), (0, b""), "into a file")
    with open(output, encoding="utf-8") as rows:
        t.equal(folder in rows.read(), True, "the mount in the file")


@test("the socket is root's own, and the first serve's")
def local_socket(t):
    first = Serve(t)
    t.equal(stat.S_IMODE(os.stat(first.socket).st_mode), 0o600, "its mode")
    second = Serve(t, "--socket", first.socket)
    os.kill(second.process.pid, signal.SIGTERM)
    end_is(t, second.process.child, 0)
    t.equal(pagetide("snapshot", "--json", "--by", "system", "--socket", first.socket).status, 0, "the first still answers")
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.child.wait(10)
    t.equal(os.path.exists(first.socket), True, "a killed one leaves it")
    done = pagetide("snapshot", "--json", "--by", "system", "--socket", first.socket)
    t.equal((done.status, json.loads(done.out)["tracing"]), (0, False), "nobody there: it reads itself")
    third = Serve(t, "--socket", first.socket)
    done = pagetide("snapshot", "--json", "--by", "system", "--socket", first.socket)
    t.equal(json.loads(done.out)["tracing"], True, "the next one takes it over")
    os.kill(third.process.pid, signal.SIGTERM)
    end_is(t, third.process.child, 0)
    t.equal(os.path.exists(first.socket), False, "it is left behind")


@test("only the capabilities that it needs are left")
def privileges(t):
    has = capabilities(Serve(t).process.pid)
    t.equal(has["CapEff"] & ~KEPT, 0, "effective ones beyond those")
    t.equal(has["CapPrm"] & ~KEPT, 0, "permitted ones beyond those")
    t.equal(has["CapBnd"], 0, "bounding set")


@test("signals: a hangup reads anew, a termination ends it cleanly")
def signals(t):
    serve = Serve(t, interval=3600)
    before = serve.value("pagetide_readings_total")
    os.kill(serve.process.pid, signal.SIGHUP)
    wait_until(lambda: serve.value("pagetide_readings_total") == before + 1, "another reading")
    os.kill(serve.process.pid, signal.SIGTERM)
    end_is(t, serve.process.child, 0)
    t.equal(serve.process.error_text(), "", "standard error")


@test("the service manager is told")
def manager(t):
    path = os.path.join(t.temp(), "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        listener.settimeout(10)
        serve = Serve(t, env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000"}, interval=3600)
        t.equal(listener.recv(1000).splitlines()[0], b"READY=1", "the first word")
        t.equal([listener.recv(1000) for _ in range(3)], [b"WATCHDOG=1"] * 3, "signs of life")
        os.kill(serve.process.pid, signal.SIGTERM)
        wait_until(lambda: listener.recv(1000) == b"STOPPING=1", "the last word")
        end_is(t, serve.process.child, 0)


@test("the text file is whole whenever it is looked at")
def textfile(t):
    path = os.path.join(t.temp(), "pagetide.prom")
    Serve(t, "--textfile", path)
    seen = set()

    def another():
        if os.path.exists(path):
            with open(path, encoding="utf-8") as page:
                text = page.read()
            promtool(text)
            t.equal("pagetide_series " in text, True, "its last line is there")
            seen.add(next(line for line in text.splitlines() if line.startswith("pagetide_readings_total")))
        return len(seen) > 3

    wait_until(another, "four readings", 20)
    t.equal([name for name in os.listdir(t.temp()) if name.startswith("pagetide.prom")], ["pagetide.prom"], "files left")


@test("the text file is for everybody to read, whatever the umask; a mode that it has stays")
def textfile_mode(t):
    path = Path(t.temp(), "pagetide.prom")
    serve = Serve(t, "--textfile", path, wrap=["sh", "-c", 'umask 077; exec "$@"', "sh"])
    wait_until(path.exists, "the file")
    t.equal(stat.S_IMODE(path.stat().st_mode), 0o644, "its mode")
    path.chmod(0o640)
    before = path.stat().st_ino
    wait_until(lambda: path.stat().st_ino != before, "another one in its place")
    t.equal(stat.S_IMODE(path.stat().st_mode), 0o640, "the mode that it was given")
    t.equal(serve.process.error_text(), "", "standard error")


@test("a folder of another user's that the text file cannot be made in is told at the start, once")
def textfile_folder(t):
    folder = Path(t.temp(), "other's")
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    serve = Serve(t, "--textfile", folder / "pagetide.prom")
    before = serve.value("pagetide_readings_total")
    wait_until(lambda: serve.value("pagetide_readings_total") > before + 1, "it reads on")
    said = [line for line in serve.process.error_text().splitlines() if "--textfile" in line or "pagetide.prom" in line]
    t.equal((len(said), f"the folder {folder} without CAP_DAC_OVERRIDE" in said[0]), (1, True), f"what is said: {said}")
    os.chown(folder, 0, 0)
    wait_until((folder / "pagetide.prom").exists, "the file, when the folder is root's")


@test("where the usual socket cannot be made, serve does without, and says so")
def no_local_socket(t):
    masked = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o ro none /run && exec "$@"', "sh"]
    serve = Serve(t, local=False, wrap=masked)
    one_line(t, Said(serve.process.error_text()), "/run/pagetide/pagetide.sock", "Read-only file system", "no answers")
    done = pagetide("serve", "--listen", "127.0.0.1:0", "--socket", "/run/pagetide/pagetide.sock", wrap=masked)
    t.equal(done.status, 1, f"exit status with one that was asked for: {done}")
    one_line(t, done, "Read-only file system", "--socket")


@test("without rights serve says what top says, before it listens")
def no_rights(t):
    folder = Path(t.temp())
    folder.chmod(0o777)
    binary = shutil.copy(PAGETIDE, folder / "pagetide")
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", binary, "serve",
                           "--listen", "127.0.0.1:1"], capture_output=True, text=True, cwd=folder)
    t.equal(done.returncode, 77, f"exit status: {done}")
    t.equal(("CAP_BPF" in done.stderr, "root" in done.stderr, done.stderr.count("\n")), (True, True, 1), f"{done.stderr!r}")


@test("what cannot be is said in one line")
def refusals(t):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = pagetide("serve", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    t.equal(done.status, 1, f"exit status: {done}")
    one_line(t, done, "in use", "--listen")
    for address in ("", "9879", "localhost:9879", "127.0.0.1:99999", "::1:9879"):
        done = pagetide("serve", "--listen", address)
        t.equal(done.status, 2, f"exit status of {address!r}: {done}")
        one_line(t, done, "--listen")
    done = pagetide("serve", "--socket", "rel.sock")
    t.equal(done.status, 2, f"exit status of a socket's name: {done}")
    one_line(t, done, "--socket", "rel.sock")


@test("without libmicrohttpd it says so, and the other commands work")
def no_library(t):
    found = [line.split(" => ")[1] for line in
             subprocess.run(["ldconfig", "-p"], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
             if "libmicrohttpd.so.12 " in line]
    hide = "".join(f"mount --bind /dev/null {path} && " for path in found)
    outcomes = [subprocess.run(["unshare", "-m", "sh", "-c", f"{hide} exec {PAGETIDE} {command}"], text=True,
                               capture_output=True, check=False) for command in ("serve", "snapshot --json")]
    t.equal([done.returncode for done in outcomes], [1, 0], f"exit statuses: {outcomes[0].stderr}")
    t.equal("libmicrohttpd.so.12" in outcomes[0].stderr and outcomes[0].stderr.count("\n") == 1, True,
            f"one line: {outcomes[0].stderr!r}")


@test("a scrape costs at most 20 ms of CPU")
def cost(t):
    serve = Serve(t, interval=3600)
    before = processor_seconds(serve.process.pid)
    for _ in range(50):
        serve.get("/metrics")
    each = (processor_seconds(serve.process.pid) - before) / 50
    print(f"# {each * 1000:.2f} ms of CPU a scrape")
    if each > 0.02:
        raise Failure(f"{each * 1000:.1f} ms of CPU a scrape, 20 at most")


if __name__ == "__main__":
    main()
