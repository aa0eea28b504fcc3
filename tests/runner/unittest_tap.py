#!/usr/bin/env python3
"""Runs the unittest classes of one file and tells the results as TAP. usage: unittest_tap.py FILE.py"""

import importlib.util
import sys
import traceback
import unittest
from pathlib import Path

sys.dont_write_bytecode = True


def say(text):
    print(text, flush=True)


class Tap(unittest.TestResult):
    """One line a test; failed subtests are diagnostics of theirs."""

    def startTest(self, test):
        super().startTest(test)
        self.outcome, self.notes = "ok", []

    def stopTest(self, test):
        super().stopTest(test)
        name = ".".join(test.id().split(".")[-2:])
        say(f"{self.outcome.split('#')[0].strip()} {self.testsRun} - {name}"
            f"{' # ' + self.outcome.split('# ')[1] if '#' in self.outcome else ''}")
        for line in "".join(self.notes).splitlines():
            say(f"# {line}")

    def note(self, what, error):
        self.outcome = "not ok"
        self.notes.append(f"{what}\n" + "".join(traceback.format_exception(*error)))

    def addFailure(self, test, err):
        self.note(test.id(), err)
        super().addFailure(test, err)

    def addError(self, test, err):
        if not isinstance(test, unittest.TestCase):  # of setUpClass: no test is begun
            self.testsRun += 1
            say(f"not ok {self.testsRun} - {test}")
            say("\n".join(f"# {line}" for line in "".join(traceback.format_exception(*err)).splitlines()))
        else:
            self.note(test.id(), err)
        super().addError(test, err)

    def addSkip(self, test, reason):
        if not isinstance(test, unittest.TestCase):
            self.testsRun += 1
            say(f"ok {self.testsRun} - {test} # SKIP {reason}")
        else:
            self.outcome = f"ok # SKIP {reason}"
        super().addSkip(test, reason)

    def addSubTest(self, test, subtest, err):
        if err:
            self.note(subtest.id(), err)
        super().addSubTest(test, subtest, err)


def main():
    path = Path(sys.argv[1]).resolve()
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    result = Tap()
    unittest.defaultTestLoader.loadTestsFromModule(module).run(result)
    say(f"1..{result.testsRun}")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
