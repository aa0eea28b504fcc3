"""What is installed beside the daemon: rules, dashboard, example configuration, against a real Prometheus that scrapes
three daemons while a container fills its /dev/shm."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True
from children import Process  # noqa: E402
from commands import wait_until  # noqa: E402
from containers import Container, tool  # noqa: E402
from harness import main  # noqa: E402
from limits import limited  # noqa: E402
from serving import Serve, free_port  # noqa: E402
from syscalls import allowed, confined  # noqa: E402
from tap import Failure, Skip, test  # noqa: E402

FLEET = Path(__file__).resolve().parent.parent.parent / "fleet"
FILL = "i=0; while /bin/busybox dd if=/dev/zero of=/dev/shm/$i bs=1048576 count=2 2>/dev/null; do " \
       "i=$((i+1)); /bin/busybox sleep 1; done; echo ENOSPC; /bin/busybox sleep 1000"


class Prometheus:
    """Scrapes and judges every second; otherwise it is configured as the example is."""

    def __init__(self, t, ports):
        folder = Path(t.temp())
        config = (FLEET / "prometheus.yml").read_text()
        config = config.replace("pagetide.rules.yml", str(FLEET / "pagetide.rules.yml"))
        config = config.replace('["127.0.0.1:9879"]', json.dumps([f"127.0.0.1:{port}" for port in ports]))
        config += "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
        (folder / "prometheus.yml").write_text(config)
        self.port = free_port()
        self.process = t.start(Process([
            tool("prometheus"), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=error"]))
        wait_until(self.is_ready, "Prometheus is ready", 60)

    def is_ready(self):
        if self.process.child.poll() is not None:
            raise Failure(f"Prometheus ended: {self.process.error_text()}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5):
                return True
        except OSError:
            return False

    def ask(self, path, **parameters):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=20) as answer:
            return json.load(answer)["data"]

    def query(self, text):
        """[(labels, value)]"""
        return [(row["metric"], float(row["value"][1])) for row in self.ask("query", query=text)["result"]]

    def firing(self, name):
        return [alert["labels"] for alert in self.ask("alerts")["alerts"]
                if alert["labels"]["alertname"] == name and alert["state"] == "firing"]


def run(*words, cwd=FLEET):
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"{' '.join(words)}: {done.stdout}{done.stderr}")


@test("the rules do what their tests say")
def rules(t):
    run(tool("promtool"), "check", "rules", "pagetide.rules.yml")
    run(tool("promtool"), "test", "rules", "pagetide.rules.test.yml")
    tested = set(re.findall(r"alertname: (\w+)", (FLEET / "pagetide.rules.test.yml").read_text()))
    defined = set(re.findall(r"alert: (\w+)", (FLEET / "pagetide.rules.yml").read_text()))
    t.equal(tested, defined, "alerts that have a test")


@test("the example configuration is one of Prometheus'")
def example(t):
    run(tool("promtool"), "check", "config", "prometheus.yml")


@test("the unit is one of systemd's")
def unit(t):
    folder = Path(t.temp())
    text = (FLEET / "pagetide.service").read_text().replace("/usr/local/sbin/pagetide", "/bin/true")
    (folder / "pagetide.service").write_text(text)
    done = subprocess.run([tool("systemd-analyze"), "verify", "--man=no", str(folder / "pagetide.service")],
                          capture_output=True, text=True)
    t.equal([line for line in done.stderr.splitlines() if "pagetide" in line], [], "complaints of systemd-analyze")


@test("make uninstall disables the unit before it takes it away, but in a package's folder")
def uninstall(t):
    folder = Path(t.temp())
    (folder / "bin").mkdir()
    said, fake = folder / "said", folder / "bin" / "systemctl"
    fake.write_text(f'#!/bin/sh\n[ -e {folder}/units/pagetide.service ] && echo "$*" >>{said}\nexit 1\n')
    fake.chmod(0o755)
    for destdir, expected in (("", "disable --now pagetide.service\n"), (str(folder / "package"), "")):
        unit_file = Path(f"{destdir}{folder}/units/pagetide.service")
        unit_file.parent.mkdir(parents=True)
        unit_file.write_text("")
        said.write_text("")
        run("env", f"PATH={folder}/bin:{os.environ['PATH']}", tool("make"), "uninstall", f"PREFIX={folder}/usr",
            f"UNITS={folder}/units", f"DESTDIR={destdir}", cwd=FLEET.parent)
        t.equal((said.read_text(), unit_file.exists()), (expected, False), f"what systemctl is told with DESTDIR={destdir!r}")


@test("the unit's system calls are enough to warn of a cgroup that is new")
def system_calls(t):
    text = (FLEET / "pagetide.service").read_text()
    t.equal("\nSystemCallErrorNumber=EPERM\n" in text, True, "one that is missed is an error, not the end")
    sources = "".join(path.read_text() for path in (FLEET.parent / "user").glob("*.c"))
    made = set(re.findall(r"\bsyscall\(SYS_(\w+)", sources)) | set(re.findall(r"\bopen_by_handle_at\b", sources))
    t.equal(made - allowed(text), set(), "system calls of ours that the unit does not let through")
    serve = Serve(t, wrap=confined(allowed(text)), interval=3600)
    cgroup = limited(t, 64 << 20)
    t.worker(t.tmpfs("128M"), cgroup=cgroup).do("fallocate path=f len=58M")
    wait_until(lambda: f"cgroup /{cgroup.name} is" in serve.process.error_text(), "the warning")
    t.equal(serve.process.child.poll(), None, "serve lives")


@test("where the example writes the metrics, the unit may write")
def text_file(t):
    path = re.search(r"^# textfile: (\S+)$", (FLEET / "pagetide.yml").read_text(), re.M)[1]
    writable = re.findall(r"^ReadWritePaths=-(\S+)$", (FLEET / "pagetide.service").read_text(), re.M)
    t.equal(writable, [str(Path(path).parent)], "what the unit may write to")


@test("every metric that rules and dashboard name is one of ours")
def names(t):
    ours = set(re.findall(r"^\| `(\w+)`", (FLEET.parent / "docs" / "metrics.md").read_text(), re.M))
    used = set()
    for name in ("pagetide.rules.yml", "grafana.json"):
        used |= set(re.findall(r"\bpagetide_[a-z_]+\b", (FLEET / name).read_text()))
    t.equal(used - ours - {"pagetide_recording", "pagetide_alerts"}, set(), "names that no page has")


@test("the manifests have only fields that Kubernetes knows")
def manifests(t):
    try:
        import kubernetes.client
        import yaml
    except ImportError as why:
        raise Skip(f"python3-kubernetes and python3-yaml: {why}") from why
    client = kubernetes.client.ApiClient()
    for document in yaml.safe_load_all((FLEET / "kubernetes" / "daemonset.yaml").read_text()):
        answer = type("Answer", (), {"data": json.dumps(document)})
        known = client.sanitize_for_serialization(client.deserialize(answer, f"V1{document['kind']}"))
        t.equal(known, document, "what Kubernetes' own types keep of it")
    pod = document["spec"]["template"]["spec"]
    mounts = {mount["mountPath"]: mount["name"] for mount in pod["containers"][0]["volumeMounts"]}
    name = mounts.get("/run/pagetide")  # its root is read-only
    t.equal([volume.get("emptyDir", {}).get("medium") for volume in pod["volumes"] if volume["name"] == name], ["Memory"],
            "where the socket is made")
    monitor = yaml.safe_load((FLEET / "kubernetes" / "podmonitor.yaml").read_text())
    t.equal(monitor["spec"]["selector"]["matchLabels"], document["spec"]["selector"]["matchLabels"], "the pods")
    ports = [port["name"] for port in document["spec"]["template"]["spec"]["containers"][0]["ports"]]
    t.equal([point["port"] for point in monitor["spec"]["podMetricsEndpoints"]], ports, "the ports")


@test("three daemons, one Prometheus: who fills a /dev/shm is found, and told before it is full")
def fleet(t):
    daemons = [Serve(t, interval=0.5) for _ in range(3)]
    prometheus = Prometheus(t, [daemon.port for daemon in daemons])
    wait_until(lambda: prometheus.query("sum(up)") == [({}, 3)], "three are scraped", 20)
    name = f"pagetide-test-fleet-{os.getpid()}"
    box = Container(t, name, FILL)

    def told():
        if box.said("ENOSPC"):
            raise Failure("no alert before ENOSPC")
        return [labels for labels in prometheus.firing("PagetideTmpfsFullSoon") if labels.get("container") == name]

    alert = wait_until(told, "the alert", 90)[0]
    t.equal(alert["mount"], "/dev/shm", "the mount that the alert names")
    labels, value = prometheus.query('topk(1, pagetide_tmpfs_owned_bytes{mount="/dev/shm"})')[0]
    t.equal((labels["container"], labels["comm"]), (name, "busybox"), "who owns most of a /dev/shm")
    t.equal(value > 20 << 20, True, f"{value} bytes")

    def all_foretell():
        eta = prometheus.query(f'pagetide:tmpfs_full:seconds{{container="{name}"}}')
        return len(eta) == 3 and all(0 < seconds < 900 for _, seconds in eta)

    wait_until(all_foretell, "all three tell the time to full", 30)
    wait_until(lambda: box.said("ENOSPC"), "it is full in the end", 90)
    dashboard(t, prometheus)


def dashboard(t, prometheus):
    """Every query is answered; those of what cannot be here now may have no rows."""
    panels = json.loads((FLEET / "grafana.json").read_text())["panels"]
    empty = []
    for panel in panels:
        for target in panel["targets"]:
            query = target["expr"].replace("$instance", ".*")
            now = time.time()
            rows = prometheus.ask("query_range", query=query, start=now - 60, end=now, step=2)["result"]
            if not rows:
                empty.append(panel["title"])
    allowed = {"OOM kills", "pagetide itself: lost", "Services: memory charged", "Containers: time to full"}
    t.equal(set(empty) - allowed, set(), "panels without data")
    t.equal(len(panels) > 10, True, f"{len(panels)} panels")


if __name__ == "__main__":
    main()
