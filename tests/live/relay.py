#!/usr/bin/env python3
"""A terminal within this one that takes no output while a file is there, as a window that hangs:
relay.py FILE COMMAND..."""

import fcntl
import os
import select
import signal
import sys
import termios
import tty

POLL_SECONDS = 0.02


def write_all(fd, data):
    while data:
        data = data[os.write(fd, data):]


def take_size(master):
    size = fcntl.ioctl(sys.stdin, termios.TIOCGWINSZ, b"\0" * 8)
    fcntl.ioctl(master, termios.TIOCSWINSZ, size)


def copy(hold, master):
    """Until the command's side is closed. Keys pass always; what it writes only while it may."""
    while True:
        held = os.path.exists(hold)
        ready = select.select([sys.stdin, *([] if held else [master])], [], [], POLL_SECONDS)[0]
        if sys.stdin in ready:
            write_all(master, os.read(sys.stdin.fileno(), 4096))
        if master in ready:
            try:
                data = os.read(master, 4096)
            except OSError:  # EIO: nobody has the other side open
                return
            write_all(sys.stdout.fileno(), data)


def main():
    hold, command = sys.argv[1], sys.argv[2:]
    modes = termios.tcgetattr(sys.stdin)
    master, slave = os.openpty()
    take_size(master)
    termios.tcsetattr(slave, termios.TCSANOW, modes)
    child = os.fork()
    if child == 0:
        os.close(master)
        os.login_tty(slave)
        os.execvp(command[0], command)
    os.close(slave)
    signal.signal(signal.SIGWINCH, lambda *_: take_size(master))
    tty.setraw(sys.stdin, termios.TCSANOW)
    try:
        copy(hold, master)
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, modes)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xff)


if __name__ == "__main__":
    main()
