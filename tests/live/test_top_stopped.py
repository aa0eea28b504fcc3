"""A terminal that takes no output stops neither the tracing nor the warnings of `top`; when it takes output again, the
screen is right. Stopped by Ctrl-S, or by nobody's reading it, as a window that hangs."""

import os
import select
import shlex
import sys
from pathlib import Path

import harness
from commands import wait_until
from limits import MIB, write_file
from screens import Context, main
from syslogs import SystemLog
from tap import Failure, test

RELAY = Path(__file__).with_name("relay.py")


class Stopping:
    """A top on a terminal that can be stopped, with a hook and a log that say what it warned of."""

    def __init__(self, context, by):
        self.t = context.enter(harness.Context())
        self.told = Path(self.t.temp(), "told")
        self.hold = Path(self.t.temp(), "hold")
        hook = Path(self.t.temp(), "hook")
        hook.write_text(f'#!/bin/sh\necho "$PAGETIDE_TARGET" >> {self.told}\n')
        hook.chmod(0o755)
        self.log = SystemLog(self.t)
        self.by = by
        relay = [sys.executable, str(RELAY), str(self.hold)] if by == "relay" else []
        self.screen = context.start(environment=shlex.join([*relay, *self.log.wrap]),
                                    arguments=f"--interval 0.2 --on-warn {hook} --log journal")
        self.pid = self.top_pid()

    def top_pid(self):
        """Below the shell of the screen: whatever wraps it becomes it, or is its parent."""
        pid = self.screen.program_pid()
        while Path(f"/proc/{pid}/comm").read_text() != "pagetide\n":
            pid = int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
        return pid

    def takes_output(self):
        terminal = os.open(f"/proc/{self.pid}/fd/1", os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            return bool(select.select([], [terminal], [], 0)[1])
        finally:
            os.close(terminal)

    def stop(self):
        if self.by == "relay":
            self.hold.touch()
        else:
            self.screen.keys("C-s")

        def full():
            self.screen.keys("2", "1")
            return not self.takes_output()

        wait_until(full, "the terminal takes no output any more")
        self.screen.keys(*"2531" * 10)  # more screens than may wait

    def go_on(self):
        if self.by == "relay":
            self.hold.unlink()
        else:
            self.screen.keys("C-q")

    def targets(self):
        return self.told.read_text().split() if self.told.exists() else []

    def is_warned_of(self):
        """A tmpfs that is filled now."""
        mount = self.t.tmpfs("16M")
        write_file(os.path.join(mount, "f"), 15 * MIB)
        wait_until(lambda: mount in self.targets(), f"the hook is called for {mount}")
        self.log.read(f"PAGETIDE_TARGET={mount}\n")
        return mount

    def is_right(self):
        """What stands there is what is drawn when all is drawn anew."""
        shown = self.screen.see("PAUSED")
        Path(self.screen.ask("pane_tty")).write_text("\x1b[12;1Hgarbage on the screen")
        self.screen.see("garbage on")
        self.screen.keys("C-l")
        self.screen.wait("the same, drawn anew", lambda text: text == shown)


def stopped_by(by):
    def case(context):
        stopping = Stopping(context, by)
        screen = stopping.screen
        stopping.is_warned_of()
        stopping.stop()
        mount = [stopping.is_warned_of() for _ in range(2)][-1]
        screen.keys("4", "p")
        if by == "relay":  # after a change of size all is drawn anew anyhow
            screen.tmux("resize-window", "-x", "100", "-y", "30")
        t_equal(stopping.takes_output(), False, "it takes output")
        t_equal("MOUNT" in screen.text(), False, "the view of mounts is shown")
        stopping.go_on()
        screen.see("MOUNT", "LIMIT", "PAUSED", "tmpfs /")
        stopping.is_warned_of()  # a pause holds the screen, no more
        screen.keys("/")
        screen.keys("-l", os.path.basename(mount))
        screen.keys("Enter")
        screen.see("1 row", os.path.basename(mount))
        stopping.is_right()
        screen.keys("q")
        screen.check_given_back()

    return case


def t_equal(shown, expected, what):
    if shown != expected:
        raise Failure(f"{what}: {shown!r} shown, {expected!r} expected")


test("stopped by Ctrl-S: warnings go on, and the screen is right afterwards")(stopped_by("Ctrl-S"))
test("a terminal that nobody reads: warnings go on, and the screen is right afterwards")(stopped_by("relay"))


@test("it ends while its terminal is stopped, and gives it back where that can be")
def ends(context):
    stopping = Stopping(context, "Ctrl-S")
    stopping.stop()
    stopping.screen.keys("q")
    stopping.screen.check_given_back()
    stopping = Stopping(context, "relay")
    stopping.stop()
    os.kill(stopping.pid, 15)
    wait_until(lambda: "State:\tZ" in Path(f"/proc/{stopping.pid}/status").read_text(), "it ends though nobody reads it")


@test("Ctrl-Z gives the terminal to the shell, fg takes it again")
def job_control(context):
    screen = context.open(shell="exec bash --norc --noprofile -i")
    screen.keys("-l", f"PS1='shell: '; {Context.program} top --interval 0.2")
    for _ in range(2):
        screen.keys("Enter")
        screen.see("COMMAND", "h help")
        screen.keys("C-z")
        screen.see("Stopped")
        t_equal((screen.ask("alternate_on"), screen.ask("cursor_flag")), ("0", "1"), "alternate screen, cursor")
        screen.keys("-l", "stty -a | grep -c -w -e '-echo' -e '-icanon'; echo said")
        screen.keys("Enter")
        screen.see("0\nsaid")
        screen.keys("-l", "fg")
    screen.keys("Enter")
    screen.see("COMMAND", "h help")
    screen.keys("q")
    screen.wait("the prompt", lambda text: text.rstrip().endswith("shell:"))


if __name__ == "__main__":
    main()
