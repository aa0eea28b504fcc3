"""Headless Chromium, driven over its debugging pipe: no port, no library. It asks nobody but whom a test names."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path

from children import PATIENCE_SECONDS, START_SECONDS, die_with_parent, written_to
from tap import Failure, Skip

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-default-apps", "--disable-extensions", "--disable-sync",
         "--disable-dev-shm-usage", "--hide-scrollbars", "--mute-audio", "--remote-debugging-pipe"]


def chromium():
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        raise Skip("NO CHROMIUM: the page at / is not tested; apt-get install chromium")
    return found


def pipe():
    """Both ends out of the way of the numbers that Chromium wants, 3 and 4."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high


class Browser:
    def __init__(self, t, *flags):
        program = chromium()
        profile = Path(t.temp(), f"browser-{len(t.undo)}")
        from_us, self.to_child = pipe()
        self.from_child, to_us = pipe()
        self.errors = open(Path(t.temp(), "browser-errors"), "w+b")
        self.child = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{from_us} 4>&{to_us}', "chromium", program, *FLAGS, *flags,
             f"--user-data-dir={profile}", "about:blank"], preexec_fn=die_with_parent, pass_fds=(from_us, to_us),
            stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors, start_new_session=True,
            env={**os.environ, "HOME": t.temp()})
        os.close(from_us)
        os.close(to_us)
        t.undo.append(self.close)
        self.pending, self.number, self.session = b"", 0, None
        self.requests, self.complaints = [], []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def close(self):
        """Chromium is many processes: they are a group of their own."""
        os.close(self.to_child)
        try:
            os.killpg(self.child.pid, 9)
        except ProcessLookupError:
            pass
        self.child.wait(START_SECONDS)
        os.close(self.from_child)
        self.errors.close()

    def read(self, deadline):
        while b"\0" not in self.pending:
            ready, _, _ = select.select([self.from_child], [], [], max(0, deadline - time.monotonic()))
            more = os.read(self.from_child, 1 << 16) if ready else b""
            if not more:
                how = "ended" if ready else "does not answer"
                raise Failure(f"chromium {how}: {written_to(self.errors)[-1000:]!r}")
            self.pending += more
        line, _, self.pending = self.pending.partition(b"\0")
        return json.loads(line)

    def note(self, message):
        """What happened beside an answer."""
        method, told = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(told["exceptionDetails"])[:500])
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.complaints.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
        elif method == "Runtime.consoleAPICalled" and told["type"] in ("error", "assert"):
            self.complaints.append(json.dumps(told["args"])[:500])

    def ask(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to_child, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + START_SECONDS + PATIENCE_SECONDS
        while True:
            answer = self.read(deadline)
            if answer.get("id") != self.number:
                self.note(answer)
            elif "error" in answer:
                raise Failure(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    def screen(self, width, height=900, scheme="light"):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def go(self, url):
        self.ask("Page.navigate", url=url)

    def value(self, expression):
        """Of a JavaScript expression, as JSON."""
        done = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            raise Failure(f"{expression}: {json.dumps(done['exceptionDetails'])[:500]}")
        return done["result"].get("value")

    def press(self, key, code):
        for kind in ("rawKeyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code)

    def picture(self, path):
        """The whole page."""
        shot = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        Path(path).write_bytes(base64.b64decode(shot["data"]))
