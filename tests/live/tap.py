"""Registers tests, runs them one after another and tells the results as TAP. Knows nothing of memory."""

import os
import signal
import sys
import traceback

TESTS = []  # (name, function)
SKIPPED_EXIT = 77
ENDING = (signal.SIGINT, signal.SIGTERM)
# An emulated processor may stand still in the middle of an operation for longer than two readings are apart. What is
# wrong for another reason is wrong at every attempt.
ATTEMPTS = 1
TEST_SECONDS = int(os.environ.get("PAGETIDE_TEST_SECONDS", "120"))


class Failure(Exception):
    """A test's expectation did not hold; the text has the values."""


class Skip(Exception):
    """This machine cannot run the test; the text says why."""


def test(name):
    """Registers a function of one argument, the test's context."""

    def register(function):
        TESTS.append((name, function))
        return function

    return register


def diagnostics(text):
    for line in str(text).splitlines():
        print("#", line.encode("utf-8", "backslashreplace").decode("utf-8"))


def one_line(text):
    return " ".join(str(text).split())


def attempt(function, new_context):
    """None when the test passed, else what it has against it."""
    try:
        with new_context() as context:
            signal.alarm(TEST_SECONDS)
            try:
                function(context)
            finally:
                signal.alarm(0)
    except Skip:
        raise
    except Failure as why:
        return str(why)
    except Exception:  # a broken test is a failed test
        return traceback.format_exc()
    return None


def run_one(number, name, function, new_context):
    """Returns whether the test did not fail in the end. Each attempt that failed says why."""
    complaints = []
    try:
        while len(complaints) < ATTEMPTS:
            complaint = attempt(function, new_context)
            if not complaint:
                break
            complaints.append(complaint)
    except Skip as why:
        print(f"ok {number} - {name} # SKIP {one_line(why)}")
        return True
    failed = len(complaints) == ATTEMPTS
    print(f"{'not ok' if failed else 'ok'} {number} - {name}")
    for complaint in complaints:
        diagnostics(complaint)
    return not failed


def too_long(_number, _frame):
    raise Failure(f"not done within {TEST_SECONDS} s")


def interrupt(_number, _frame):
    """The first one ends the tests; a second one must not end the cleaning up."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def chosen(arguments):
    """The tests that --filter TEXT keeps (any of several); --list prints their names and ends."""
    wanted = [arguments[i + 1] for i, word in enumerate(arguments[:-1]) if word == "--filter"]
    tests = [(name, f) for name, f in TESTS if not wanted or any(w in name for w in wanted)]
    if "--list" in arguments:
        for name, _ in tests:
            print(name)
        sys.exit(0)
    return tests


def run(new_context, unavailable=None):
    """Runs what was chosen and exits: 0 all well, 1 something failed, 77 nothing can run here."""
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    for number in ENDING:
        signal.signal(number, interrupt)
    signal.signal(signal.SIGALRM, too_long)
    tests = chosen(sys.argv[1:])
    if unavailable:
        print(f"1..0 # SKIP {one_line(unavailable)}")
        sys.exit(SKIPPED_EXIT)
    print(f"1..{len(tests)}")
    failed = 0
    try:
        for number, (name, function) in enumerate(tests, 1):
            failed += not run_one(number, name, function, new_context)
    except KeyboardInterrupt:
        print("Bail out! interrupted")
        sys.exit(1)
    sys.exit(1 if failed else 0)
