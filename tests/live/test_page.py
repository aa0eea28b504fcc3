"""The page at / of `pagetide serve` in headless Chromium: the figures, the plots, hostile names, a server that is
gone, narrow and wide screens. With $PAGETIDE_PICTURES its pictures go into that folder."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from browser import Browser  # noqa: E402
from commands import wait_until  # noqa: E402
from containers import tool  # noqa: E402
from harness import main  # noqa: E402
from serving import Serve  # noqa: E402
from tap import Failure, test  # noqa: E402

MIB = 1 << 20
HOSTILE = '<img src=x onerror=hit()>&quot;\'"]]>\x1b[31m\u202eevil'
WIDTHS = (360, 700, 1400)


class Page(Browser):
    def __init__(self, t, serve, width=1400, scheme="light"):
        super().__init__(t)
        self.base = f"http://127.0.0.1:{serve.port}/"
        self.screen(width, scheme=scheme)
        self.go(self.base)
        wait_until(lambda: self.value("document.documentElement?.className") == "live", "the page is live", 30)

    def row(self, path):
        """What the row of a limit shows; nothing if there is none."""
        return self.value("""(() => {
            const row = [...document.querySelectorAll(".rows > li")].find((li) => li.dataset.path === %s);
            return row && {used: Number(row.dataset.usedBytes), text: row.innerText, urgency: row.className,
                           shown: row.getBoundingClientRect().height > 0,
                           meter: row.querySelector("[role=meter]").getAttribute("aria-valuenow")};
        })()""" % json.dumps(path))

    def text(self, selector):
        return self.value(f"document.querySelector({json.dumps(selector)}).innerText")

    def colored(self, figure):
        """How many pixels of a plot have its first line's colour."""
        return self.value("""(() => {
            const figure = document.getElementById(%s), chip = figure.querySelector(".chip");
            const canvas = figure.querySelector("canvas");
            if (!chip || !canvas)
                return 0;
            const wanted = getComputedStyle(chip).backgroundColor.match(/\\d+/g);
            const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            let count = 0;
            for (let i = 0; i < pixels.length; i += 4)
                count += pixels[i + 3] > 60 && [0, 1, 2].every((c) => Math.abs(pixels[i + c] - wanted[c]) < 12);
            return count;
        })()""" % json.dumps(figure))

    def clean(self, t):
        t.equal(sorted(set(self.complaints)), [], "complaints of the browser")
        t.equal([url for url in self.requests if not url.startswith(self.base) and url not in ("about:blank", "data:,")],
                [], "requests to anywhere else")

    def keep(self, name):
        if os.environ.get("PAGETIDE_PICTURES"):
            self.picture(Path(os.environ["PAGETIDE_PICTURES"], f"{name}.png"))


def fill(folder, name, mib):
    subprocess.run(["dd", "if=/dev/zero", f"of={folder}/{name}", "bs=1M", f"count={mib}"], check=False,
                   stderr=subprocess.DEVNULL)


@test("a tmpfs that fills: its row, the plots, the warning, the refusal")
def filling(t):
    folder = t.tmpfs("64M")
    serve = Serve(t)
    page = Page(t, serve)
    fill(folder, "first", 8)
    wait_until(lambda: (page.row(folder) or {}).get("used") == 8 * MIB, "8 MiB are in its row")
    t.equal("8.00 MiB of 64.0 MiB, 13 %" in page.row(folder)["text"], True, f"its text: {page.row(folder)}")
    t.equal(page.row(folder)["meter"], "13", "its meter")
    wait_until(lambda: int(page.value("document.getElementById('plot-machine').dataset.points")) >= 3, "three points")
    for figure in ("plot-machine", "plot-tmpfs"):
        wait_until(lambda f=figure: page.colored(f) > 10, f"{figure} is drawn")
    t.equal(f"{folder}8.00 MiB of 64.0 MiB" in page.text("#plot-tmpfs figcaption").replace("\n", "").replace(" 8", "8"),
            True, f"the plot's legend: {page.text('#plot-tmpfs figcaption')!r}")
    fill(folder, "second", 60)
    wait_until(lambda: page.row(folder)["used"] == 64 * MIB, "all of it")
    t.equal(page.row(folder)["urgency"], "full", "its row says that it is full")
    wait_until(lambda: "no space" in page.text("#recent-list"), "the refusal is told")
    t.equal(folder in page.text("#recent-list"), True, "where it was refused")
    os.remove(f"{folder}/second")
    wait_until(lambda: page.row(folder)["used"] == 8 * MIB, "it has room again")
    page.clean(t)
    page.keep("filling")


@test("hostile names are text")
def hostile(t):
    outer = t.tmpfs("4M")
    folder = os.path.join(outer, HOSTILE.replace("/", "")).encode("utf-8", "surrogateescape") + b"\xff"
    os.mkdir(folder)
    subprocess.run([b"mount", b"-t", b"tmpfs", b"-o", b"size=4M", b"pagetide-test", folder], check=True)
    t.undo.append(lambda: subprocess.run([b"umount", b"-l", folder], check=True))
    program = Path(t.disk(), "<b>&\u202e\x07")
    shutil.copy(tool("busybox"), program)
    serve = Serve(t)
    page = Page(t, serve)
    with open(os.path.join(folder, b"<script>hit()<script>"), "wb") as file:
        subprocess.run(["busybox", "dd", "if=/dev/zero", "bs=1M", "count=8"], executable=program, stdout=file,
                       stderr=subprocess.DEVNULL, check=False)
    wait_until(lambda: "<img src=x onerror=hit()>&quot;" in page.text("#limits"), "the mount's name as it is")
    wait_until(lambda: "<script>" in page.text("#recent-list"), "the file's name as it is")
    t.equal("\x1b" in page.text("body") or "\u202e" in page.text("body"), False, "what changes the text around it is shown")
    t.equal(page.value("document.querySelectorAll('main img, main script, main b').length"), 0, "elements made of names")
    page.clean(t)


@test("what is old is said to be old")
def gone(t):
    serve = Serve(t)
    page = Page(t, serve)
    serve.process.child.send_signal(signal.SIGSTOP)
    t.undo.append(lambda: serve.process.child.send_signal(signal.SIGCONT))
    wait_until(lambda: "does not answer" in page.text("#trouble"), "a server that hangs", 30)
    t.equal(page.value("document.documentElement?.className"), "gone", "the page's state")
    serve.process.child.send_signal(signal.SIGCONT)
    wait_until(lambda: page.value("document.documentElement?.className") == "live", "it goes on", 30)
    t.equal(page.value("document.getElementById('trouble').hidden"), True, "no trouble any more")
    page.clean(t)
    serve.process.child.send_signal(signal.SIGTERM)
    wait_until(lambda: "does not answer" in page.text("#trouble"), "a server that is gone", 30)
    t.equal("What is shown is from before" in page.text("#trouble"), True, "what is shown")


@test("narrow and wide, light and dark, by keyboard")
def screens(t):
    folder = t.tmpfs("8M")
    fill(folder, "x", 7)
    serve = Serve(t)
    page = Page(t, serve)
    wait_until(lambda: page.row(folder) and page.row(folder)["shown"], "the mount's row")
    wait_until(lambda: int(page.value("document.getElementById('plot-machine').dataset.points")) >= 3, "three points")
    back = {}
    for width in WIDTHS:
        for scheme in ("light", "dark"):
            page.screen(width, scheme=scheme)
            wait_until(lambda w=width: page.value("innerWidth") == w, f"{width} pixels")
            wide = page.value("[...document.querySelectorAll('body *')].filter((e) => e.checkVisibility() && "
                              "e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.skip'))"
                              ".map((e) => e.tagName + '.' + e.className).slice(0, 5)")
            t.equal(wide, [], f"what is wider than {width}")
            t.equal(page.value("document.documentElement.scrollWidth"), width, "no scrolling to the side")
            back[scheme] = page.value("getComputedStyle(document.body).backgroundColor")
            wait_until(lambda: page.colored("plot-tmpfs") > 10, "the plot has its colour")
            page.keep(f"{width}-{scheme}")
    t.equal(back["light"] != back["dark"], True, "a background of its own in the dark")
    page.press("Tab", 9)
    t.equal(page.value("document.activeElement.className"), "skip", "the first thing that the keyboard reaches")
    unnamed = page.value("[...document.querySelectorAll('[role=meter], [role=img]')].filter((e) => "
                         "!e.getAttribute('aria-label')).length")
    t.equal(unnamed, 0, "pictures without a word")
    page.clean(t)


@test("what it asks for is bounded, never kept, and the same as the snapshot")
def answers(t):
    folder = t.tmpfs("8M")
    fill(folder, "x", 3)
    serve = Serve(t)
    for path, kind in (("/", "text/html"), ("/page.js", "text/javascript"), ("/plots.js", "text/javascript"),
                       ("/page.css", "text/css"), ("/dygraph.js", "text/javascript"), ("/dygraph.css", "text/css"),
                       ("/api/live", "application/json"), ("/api/history", "application/json")):
        headers, body = serve.headers(path)
        t.equal(headers["Content-Type"].split(";")[0], kind, f"type of {path}")
        t.equal(headers["Cache-Control"], "no-store", f"{path} is not kept")
        t.equal(headers["X-Content-Type-Options"], "nosniff", f"{path}: nosniff")
        t.equal("default-src 'none'" in headers["Content-Security-Policy"] and "unsafe" not in
                headers["Content-Security-Policy"], True, f"policy of {path}")
        t.equal(len(body) > 100, True, f"something in {path}")
    t.equal("Permission is hereby granted" in serve.headers("/dygraph.js")[1], True, "the licence goes with dygraphs")
    live = json.loads(serve.headers("/api/live")[1])
    row = next(row for row in live["limits"] if row["path"] == folder)
    t.equal((row["used_bytes"], row["limit_bytes"], row["kind"]), (3 * MIB, 8 * MIB, "tmpfs"), "the mount")
    t.equal(len(live["processes"]) <= 20 and len(live["limits"]) <= 60 and len(live["recent"]) <= 50, True, "rows")
    parts = sum(bytes for key, bytes in live["system"].items() if key[:-6] in
                {line["name"] for line in json.loads(serve.headers("/api/history")[1])["lines"] if line["kind"] == "part"})
    t.equal(parts, live["system"]["total_bytes"], "the parts add up")


@test("the history goes on from where it was asked for")
def history(t):
    folder = t.tmpfs("8M")
    serve = Serve(t)

    def ask(since=0):
        return json.loads(serve.headers(f"/api/history?since={since}")[1])

    wait_until(lambda: len(ask()["points"]["boot_seconds"]) >= 3, "three points")
    whole = ask()
    times = whole["points"]["boot_seconds"]
    t.equal(all(len(line["used_bytes"]) == len(times) for line in whole["lines"]), True, "as many figures as points")
    fill(folder, "x", 5)
    wait_until(lambda: any(line["name"] == folder and line["used_bytes"][-1] == 5 * MIB for line in ask(times[-1])["lines"]),
               "the mount's bytes in a later point")
    later = ask(times[-1])["points"]["boot_seconds"]
    t.equal(all(time > times[-1] for time in later) and later == ask()["points"]["boot_seconds"][-len(later):], True,
            f"only what is new: {later} after {times}")
    for odd in ("x", "-1", "nan", "1e999", "%00", "9" * 400):
        if not isinstance(ask(odd)["lines"], list):
            raise Failure(f"since={odd}")


if __name__ == "__main__":
    main()
