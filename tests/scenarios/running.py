"""A scenario under pagetide: its report or its events beside the truth that it printed of itself."""

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))
from children import PAGETIDE, die_with_parent  # noqa: E402
from tap import SKIPPED_EXIT, Failure, Skip  # noqa: E402
from views import Snapshot, owners, to_seconds  # noqa: E402

PYTHON = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable
MIB = 1 << 20
INTERVAL_SECONDS = 0.1
SCENARIO_SECONDS = 100


class Run:
    """What came out of `pagetide run` or `trace`: the command's own output, and pagetide's."""

    def __init__(self, done, output):
        self.status, self.errors = done.returncode, done.stderr.decode("utf-8", "backslashreplace")
        self.output = done.stdout
        if done.returncode == SKIPPED_EXIT and self.errors.startswith("pagetide:"):
            raise Skip(self.errors)
        try:
            self.told = [json.loads(line) for line in output().decode("utf-8").splitlines()]
        except (OSError, ValueError) as error:
            raise Failure(f"no JSON lines: {error}; exit status {self.status}; {self.errors}") from error

    def truth(self):
        return last_line(self.output, self.status, self.errors)


def last_line(output, status, errors):
    """What the command knew of itself, which it printed last."""
    lines = output.decode("utf-8", "surrogateescape").splitlines()
    if not lines:
        raise Failure(f"the command printed nothing; exit status {status}; {errors}")
    return json.loads(lines[-1])


def start(words, **options):
    try:
        return subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL, timeout=SCENARIO_SECONDS,
                              preexec_fn=die_with_parent, **options)
    except subprocess.TimeoutExpired as late:
        raise Failure(f"not done after {SCENARIO_SECONDS} s: {words}; it said {late.stderr!r}") from late


def scenario(name, *arguments):
    return [PYTHON, str(HERE / name), *map(str, arguments)]


def in_cgroup(cgroup, command):
    """It prints its pid first: whoever is killed prints nothing at the end."""
    return ["/bin/sh", "-c", 'echo $$ && echo $$ > "$0"/cgroup.procs && exec "$@"', str(cgroup), *command]


def needs(*modules):
    for module in modules:
        if start([PYTHON, "-c", f"import {module}"]).returncode:
            raise Skip(f"{PYTHON} cannot import {module}")


def under_run(t, command, *options):
    """The report of `pagetide run`, the truth, and the run itself."""
    path = Path(t.temp(), f"report-{len(list(Path(t.temp()).iterdir()))}.json")
    done = start([PAGETIDE, "run", "--json", "--interval", str(INTERVAL_SECONDS), *options, "-o", str(path), "--",
                  *command], cwd=t.temp())
    run = Run(done, path.read_bytes)
    if len(run.told) != 1:
        raise Failure(f"{len(run.told)} lines in the report")
    return Report(run.told[0]), run


def under_trace(t, command, *options):
    """The events of `pagetide trace`; the command's output goes to a file of its own."""
    path = Path(t.temp(), f"events-{len(list(Path(t.temp()).iterdir()))}.json")
    done = start([PAGETIDE, "trace", "--json", "--interval", str(INTERVAL_SECONDS), *options, "-o", str(path), "--",
                  *command], cwd=t.temp())
    return Run(done, path.read_bytes)


class Report(Snapshot):
    """The object that `run --json` prints."""

    def below(self, folder):
        """Rows of files in this folder, one by one or grouped."""
        return [row for row in self["files"] if row["path"] == folder or row["path"].startswith(folder + "/")]

    def path(self, path):
        rows = [row for row in self["files"] if row["path"] == path]
        if len(rows) != 1:
            raise Failure(f"{len(rows)} rows of {path!r}, of {[row['path'] for row in self['files']]}")
        return rows[0]

    def moments(self):
        """(seconds since the epoch, row) of the timeline."""
        return [(to_seconds(row["time"]), row) for row in self["timeline"]]

    def at(self, seconds):
        """The last row of the timeline before this moment."""
        rows = [row for time, row in self.moments() if time <= seconds]
        if not rows:
            raise Failure(f"the timeline begins after {seconds}")
        return rows[-1]


def is_common(t, report, run, truth):
    """What holds of every report."""
    t.equal(report["pid"], truth["pid"], "pid of the command")
    t.equal(report["exit_status"], run.status, "exit_status, and pagetide's own")
    row = report.process(truth["pid"])
    if not row:
        raise Failure(f"process {truth['pid']} is not in the report")
    t.equal(row.get("exited"), True, "exited")
    close(t, row["peak_rss_bytes"], truth["peak_rss_bytes"], "peak_rss_bytes of the command", over=2 * MIB)
    if report["peak_rss_bytes"] < row["peak_rss_bytes"]:
        raise Failure(f"peak of the run {report['peak_rss_bytes']}, of its command {row['peak_rss_bytes']}")
    times = [time for time, _ in report.moments()]
    t.equal(times, sorted(times), "the timeline is in order")
    start_time, end = to_seconds(report["start_time"]), to_seconds(report["time"])
    if not start_time - 0.01 <= to_seconds(report["peak_time"]) <= end + 0.01:
        raise Failure(f"peak_time {report['peak_time']} is not within the run")
    if abs(end - start_time - report["wall_seconds"]) > 0.05:
        raise Failure(f"wall_seconds {report['wall_seconds']}, from {report['start_time']} to {report['time']}")
    t.equal(report["lost"], {}, "losses")


def close(t, shown, truth, what, under=0, over=0):
    if not truth - under <= shown <= truth + over:
        raise Failure(f"{what}: {shown} shown, {truth} is the truth (-{under} +{over} allowed)")


def is_owned_by(t, row, pid):
    t.equal(list(owners(row)), [pid], f"owners of {row}")
    t.equal(owners(row)[pid], row["bytes"], f"bytes of the owner of {row}")
