#!/usr/bin/env python3
"""No failure gets lost: what the runner takes the ends of programs for."""

import unittest

from results import FAIL, PASS, SKIP, Result, Stream, Totals, parse_result


def judge(text, status=0, problem=""):
    stream, found = Stream(), []
    for line in text.splitlines():
        found += [result] if (result := stream.take(line)) else []
    return found + stream.end(status, problem)


def kinds(text, status=0, problem=""):
    return [result.kind for result in judge(text, status, problem)]


class Lines(unittest.TestCase):
    def test_results(self):
        for line, expected in (
                ("ok 1 - a", Result(PASS, "a")), ("not ok 2 - b c", Result(FAIL, "b c")), ("ok", Result(PASS, "test")),
                ("ok 3", Result(PASS, "test 3")), ("ok 4 - d # SKIP no root", Result(SKIP, "d", "no root")),
                ("ok 5 - e # skip", Result(SKIP, "e")), ("not ok 6 - f # TODO later", Result(SKIP, "f", "TODO later")),
                ("ok 7 - #1 is fine", Result(PASS, "#1 is fine"))):
            with self.subTest(line=line):
                self.assertEqual(parse_result(line), expected)

    def test_what_is_none(self):
        for line in ("okay", "not okay", "# ok 1 - a", "    ok 1 - of a subtest", "", "1..3", "notok 1", "OK 1"):
            with self.subTest(line=line):
                self.assertIsNone(parse_result(line))


class Programs(unittest.TestCase):
    def test_all_well(self):
        self.assertEqual(kinds("1..2\nok 1 - a\nok 2 - b # SKIP no module\n"), [PASS, SKIP])
        self.assertEqual(kinds("ok 1 - a\n1..1\n"), [PASS])

    def test_a_failure_has_its_diagnostics(self):
        results = judge("1..2\nnot ok 1 - a\n# got 3\n# not 4\nok 2 - b\n", 1)
        self.assertEqual(results[0], Result(FAIL, "a", diagnostics=["got 3", "not 4"]))
        self.assertEqual(results[1].kind, PASS)

    def test_whole_program_skipped(self):
        self.assertEqual(judge("1..0 # SKIP needs root\n", 77), [Result(SKIP, "(all of it)", "needs root")])
        self.assertEqual(judge("1..0 # SKIP 42 cells not run: no qemu\n", 77)[0].count, 42)

    def test_no_silent_loss(self):
        for what, text, status, problem in (
                ("nothing said", "", 0, ""), ("no plan", "ok 1 - a\n", 0, ""), ("one lost", "1..2\nok 1 - a\n", 0, ""),
                ("one too many", "1..1\nok 1 - a\nok 2 - b\n", 0, ""), ("a signal", "1..1\nok 1 - a\n", -11, ""),
                ("failed after all", "1..1\nok 1 - a\n", 3, ""), ("given up", "1..1\nBail out! no tool\n", 1, ""),
                ("too long", "1..1\nok 1 - a\n", -9, "not done after 5 s"), ("no tests", "1..0\n", 0, ""),
                ("skipped without plan", "# SKIP no root\n", 77, ""), ("a sanitizer's end", "1..1\nok 1 - a\n", 1, ""),
                ("status 0 with a failure", "1..1\nnot ok 1 - a\n", 0, "")):
            with self.subTest(what):
                self.assertIn(FAIL, kinds(text, status, problem))


class Sums(unittest.TestCase):
    def test_line_and_status(self):
        totals = Totals()
        self.assertEqual((totals.line(), totals.status()), ("0 passed, 0 failed, 0 skipped", 1))
        totals.add(Result(SKIP, "a", count=42))
        self.assertEqual((totals.line(), totals.status()), ("0 passed, 0 failed, 42 skipped", 1))
        totals.add(Result(PASS, "b"))
        self.assertEqual((totals.line(), totals.status()), ("1 passed, 0 failed, 42 skipped", 0))
        totals.add(Result(FAIL, "c"))
        self.assertEqual((totals.line(), totals.status()), ("1 passed, 1 failed, 42 skipped", 1))


if __name__ == "__main__":
    unittest.main()
