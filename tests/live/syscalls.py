"""The system calls that a unit of systemd's allows, and a command that has no others: one that it makes kills it."""

import re
import subprocess
import sys

from containers import tool

# seccomp(2): each number that is allowed, and for all others the end of the process
CONFINE = """
import ctypes, os, struct, sys
LOAD, EQUAL, RETURN, ALLOW, KILL = 0x20, 0x15, 0x06, 0x7fff0000, 0x80000000
program = [(LOAD, 0, 0, 0)]
for number in sys.argv[1].split():
    program += [(EQUAL, 0, 1, int(number)), (RETURN, 0, 0, ALLOW)]
program.append((RETURN, 0, 0, KILL))
code = b"".join(struct.pack("HBBI", *each) for each in program)
buffer = ctypes.create_string_buffer(code, len(code))
head = struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.c_char_p(head), 0, 0):
    sys.exit(f"no filter: {os.strerror(ctypes.get_errno())}")
os.execvp(sys.argv[2], sys.argv[2:])
"""


def members(group):
    """The names of one of systemd's groups, of those within it too."""
    done = subprocess.run([tool("systemd-analyze"), "--no-pager", "syscall-filter", group], capture_output=True, text=True,
                          check=True)
    found = set()
    for word in map(str.strip, re.sub(r"\x1b\[[0-9;]*m", "", done.stdout).splitlines()[1:]):
        if word.startswith("@"):
            found |= members(word)
        elif word and not word.startswith("#"):
            found.add(word)
    return found


def allowed(unit):
    """What its SystemCallFilter lets through; @default always is."""
    words = [word for line in re.findall(r"^SystemCallFilter=(.*)$", unit, re.M) for word in line.split()]
    return set().union(*(members(word) if word.startswith("@") else {word} for word in [*words, "@default"]))


def confined(names):
    """What starts a command, for `wrap`, so that it has these system calls only."""
    done = subprocess.run([tool("gcc"), "-E", "-dM", "-include", "sys/syscall.h", "-x", "c", "/dev/null"],
                          capture_output=True, text=True, check=True)
    numbers = dict(re.findall(r"^#define __NR_(\w+) (\d+)$", done.stdout, re.M))
    return [sys.executable, "-c", CONFINE, " ".join(numbers[name] for name in sorted(names) if name in numbers)]
