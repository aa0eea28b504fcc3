"""`pagetide serve --config`: options from a file, and what a hangup changes."""

import json
import os
import signal
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from children import ROOT  # noqa: E402
from commands import one_line, pagetide, wait_until  # noqa: E402
from harness import main  # noqa: E402
from serving import Serve  # noqa: E402
from tap import test  # noqa: E402

MIB = 1 << 20


class Configured(Serve):
    def __init__(self, t, text, *options, interval=0.2):
        self.file = Path(t.temp(), "pagetide.yml")
        self.file.write_text(text)
        super().__init__(t, "--config", self.file, *options, interval=interval)

    def hangup(self, text):
        self.file.write_text(text)
        os.kill(self.process.pid, signal.SIGHUP)


@test("a hangup brings another interval, other levels and another command")
def reloaded(t):
    serve = Configured(t, "warn-eta: 0\nwarn-at: [90]\n")
    told = Path(t.temp(), "told")
    folder = t.tmpfs("64M")
    with open(f"{folder}/fill", "wb") as file:
        file.write(bytes(32 * MIB))  # half of it
    before = serve.value("pagetide_readings_total")
    wait_until(lambda: serve.value("pagetide_readings_total") > before + 1, "readings with it")
    t.equal(folder in serve.process.error_text(), False, "a warning below the level")
    serve.hangup(f"warn-eta: 0\nwarn-at: [40, 90]\non-warn: tee -a {told}\n")
    wait_until(lambda: told.exists() and folder in told.read_text(), "the new command is told of the new level")
    warning = next(line for line in map(json.loads, told.read_text().splitlines()) if line["target"] == folder)
    t.equal((warning["limit"], warning["used_bytes"]), ("tmpfs", 32 * MIB), "what it was told")
    t.equal(serve.lines(), [], "standard error")


@test("the page learns another interval: it calls figures old that are late")
def page(t):
    serve = Configured(t, "interval: 0.5\n", interval=None)

    def told():
        return json.loads(serve.get("/api/live")[2])["page"]["reading_seconds"]

    t.equal(told(), 0.5, "seconds between readings")
    serve.hangup("interval: 3\n")
    wait_until(lambda: told() == 3, "the page has the new interval")


@test("what needs a restart is said, and a file that cannot be used changes nothing")
def kept(t):
    serve = Configured(t, "max-series: 5000\n")
    serve.hangup("max-series: 5000\nmax-files: 999\nlog: journal\n")
    wait_until(serve.lines, "a line")
    t.equal([word in serve.lines()[0] for word in ("max-files", "log", "restart", "listen")], [True, True, True, False],
            f"{serve.lines()}")
    for count, (text, word) in enumerate((("interval: 1\nlevels: 3\n", ":2: 'levels'"), ("on-warn: \"'\"\n", "--on-warn"),
                                          ("a: [\n", "YAML")), 2):
        serve.hangup(text)
        wait_until(lambda: len(serve.lines()) == count, f"a line of {text}")
        t.equal(word in serve.lines()[-1], True, f"{word} in {serve.lines()[-1]}")
    before = serve.value("pagetide_readings_total")
    wait_until(lambda: serve.value("pagetide_readings_total") > before + 1, "it reads on")


@test("the command line wins")
def command_line(t):
    serve = Configured(t, "listen: 127.0.0.1:1\nsocket: /nowhere/at/all\ninterval: 3600\n")  # Serve gives all three
    before = serve.value("pagetide_readings_total")
    wait_until(lambda: serve.value("pagetide_readings_total") > before, "another reading")
    serve.hangup("interval: 3600\n")
    before = serve.value("pagetide_readings_total")
    wait_until(lambda: serve.value("pagetide_readings_total") > before + 2, "it still wins after a hangup")


@test("what cannot be is said in one line")
def refusals(t):
    file = Path(t.temp(), "pagetide.yml")
    file.write_text("interval: 1\nlevels: 3\n")
    done = pagetide("serve", "--config", file)
    t.equal(done.status, 2, f"exit status: {done}")
    one_line(t, done, "pagetide.yml:2", "levels")
    file.unlink()
    done = pagetide("serve", "--config", file)
    t.equal(done.status, 1, f"exit status of no file: {done}")
    one_line(t, done, "pagetide.yml", "No such file")


@test("the example in fleet/ can be read")
def example(t):
    serve = Configured(t, (ROOT / "fleet" / "pagetide.yml").read_text())
    t.equal((serve.get("/healthz")[0], serve.lines()), (200, []), "status, standard error")


if __name__ == "__main__":
    main()
