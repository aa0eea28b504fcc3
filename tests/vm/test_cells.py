#!/usr/bin/env python3
"""The pure part of the matrix: what a guest's output and end are taken for."""

import unittest

import cells
from cells import FAIL, PASS, SKIP, Cell, Report, Result, Test


def kinds(results):
    return [result.kind for result in results]


class Judge(unittest.TestCase):
    def test_good_run(self):
        results = cells.judge(0, "", "ok 1 - a\nok 2 - b # SKIP no module\n# note\n1..2\n")
        self.assertEqual(results, [Result(PASS, "a"), Result(SKIP, "b", "no module")])

    def test_plan_may_come_first(self):
        self.assertEqual(kinds(cells.judge(0, "", "1..1\nok 1 - a\n")), [PASS])

    def test_failure_keeps_its_reason(self):
        results = cells.judge(1, "", "not ok 1 - a\n# expected 3\n# got 4\nok 2\n1..2\n")
        self.assertEqual(results[0], Result(FAIL, "a", "expected 3 got 4"))
        self.assertEqual(results[1], Result(PASS, "test 2"))

    def test_whole_test_skipped(self):
        self.assertEqual(cells.judge(0, "", "1..0 # SKIP no fentry\n"), [Result(SKIP, "", "no fentry")])
        self.assertEqual(cells.judge(77, "", "# SKIP no v1\n"), [Result(SKIP, "", "no v1")])

    def test_no_silent_loss(self):
        for status, problem, output in (
                (0, "", ""),  # said nothing
                (0, "", "1..0\n"),  # planned nothing, told no reason: a skip
                (0, "", "ok 1 - a\n"),  # ended before its plan
                (0, "", "1..2\nok 1 - a\n"),  # lost one
                (3, "", "1..1\nok 1 - a\n"),  # failed after all
                (124, "not done after 5 s", "ok 1 - a\n"),
                (125, "the machine died", "1..1\nok 1 - a\n")):
            with self.subTest(status=status, output=output):
                results = cells.judge(status, problem, output)
                self.assertIn(results[-1].kind, (FAIL, SKIP))
                self.assertTrue(results[-1].why)

    def test_words_that_are_not_tap(self):
        self.assertEqual(kinds(cells.judge(0, "", "okay then\nnothing ok\nok 1 - a\n1..1\n")), [PASS])


class Head(unittest.TestCase):
    def test_defaults_and_head(self):
        self.assertEqual(cells.parse_test("x", "#!/bin/sh\n\necho\n").tiers, cells.TIERS)
        test = cells.parse_test("x", "#!/bin/sh\n# Why.\n# tiers: fentry kprobe\n# memory: 512\n# disk: ext4:64\n"
                                     "# needs: /pagetide /helpers/fill\necho\n# timeout: 3\n")
        self.assertEqual(test, Test("x", ("fentry", "kprobe"), "ext4:64", 512, needs=("/pagetide", "/helpers/fill")))

    def test_quick_somewhere_only(self):
        test = cells.parse_test("x", "# quick: 5.10=tracepoint,kprobe 6.12=fentry\n")
        self.assertEqual([test.is_quick(*where) for where in (("5.10", "kprobe"), ("5.10", "fentry"), ("6.12", "fentry"),
                                                              ("6.1", "fentry"))], [True, False, True, False])
        self.assertTrue(cells.parse_test("x", "").is_quick("6.1", "fentry"))
        with self.assertRaises(ValueError):
            cells.parse_test("x", "# tiers: any\n# quick: 5.10=fentry\n")

    def test_quick_and_full(self):
        for when, quick, full in (("", True, True), ("# when: quick\n", True, False), ("# when: full\n", False, True)):
            test = cells.parse_test("x", when)
            self.assertEqual((test.belongs(True), test.belongs(False)), (quick, full), when)
            self.assertEqual((test.belongs(True, "arm64"), test.belongs(False, "arm64")), (False, True), when)
        test = cells.parse_test("x", "# when: never\n# arm64: quick\n")
        self.assertEqual([test.belongs(quick, arch) for arch in ("amd64", "arm64") for quick in (True, False)],
                         [False, False, True, False])
        self.assertEqual(cells.parse_test("x", "# cgroups: v2\n").cgroups, ("v2",))

    def test_odd_words_are_refused(self):
        for head in ("# tiers: fetry\n", "# cgroups: v3\n", "# when: seldom\n", "# arm64: slowly\n"):
            with self.assertRaises(ValueError):
                cells.parse_test("x", head)


class Table(unittest.TestCase):
    def test_rows_columns_and_footnotes(self):
        test = Test("files")
        reports = [Report(Cell("5.10", "v2", "fentry", test), [Result(PASS, "a"), Result(SKIP, "b", "no module")]),
                   Report(Cell("6.1", "v2", "fentry", test), [Result(FAIL, "a", "got 4")]),
                   Report(Cell("6.1", "v1", "fentry", test), [Result(SKIP, "", "no v1")])]
        planned = [Cell("5.10", "v2", "fentry", test), Cell("6.1", "v2", "kprobe", test)]
        self.assertEqual(cells.table(reports, {"5.10": "5.10.1", "6.1": ""}, planned).splitlines(), [
            "| test | tier | cgroup | 5.10 (5.10.1) | 6.1 |", "|---|---|---|---|---|",
            "| files | fentry | v1 |  | skip [1] |",
            "| files | fentry | v2 | pass, skip [2] | **FAIL** [3] |",
            "| files | kprobe | v2 |  | not run |",
            "", "1. no v1", "2. b: no module", "3. a: got 4"])

    def test_reports_come_back_from_their_lines(self):
        cell = Cell("6.1", "v2", "fentry", Test("20-core"))
        results = [Result(PASS, "a: b # c"), Result(SKIP, "d", "no e"), Result(FAIL, "f"), Result(FAIL, "")]
        lines = "\n".join(cells.tap_line(number, cell, result) for number, result in enumerate(results, 1))
        self.assertEqual(cells.from_tap(f"1..4\n{lines}\n# a note\nok 5 - not of a machine\n"), [Report(cell, results)])

    def test_short_table(self):
        cells_of = [("6.1", "fentry", [Result(PASS, "a"), Result(FAIL, "b"), Result(SKIP, "c")]),
                    ("6.1", "any", [Result(PASS, "a")])]
        reports = [Report(Cell(kernel, "v2", tier, Test("files", (tier,))), results)
                   for kernel, tier, results in cells_of]
        self.assertEqual(cells.short_table(reports, {"6.1": "6.1.9", "7.3": ""}).splitlines(), [
            "| kernel | fentry | any |", "|---|---|---|",
            "| 6.1.9 | **1 failed**, 1 passed, 1 skipped | 1 passed |", "| 7.3 | not run | not run |"])

    def test_tap_lines(self):
        cell = Cell("6.1", "v2", "fentry", Test("files"))
        self.assertEqual(cells.tap_line(4, cell, Result(PASS, "a")), "ok 4 - vm/6.1/v2/fentry/files: a")
        self.assertEqual(cells.tap_line(5, cell, Result(SKIP, "", "no BTF")),
                         "ok 5 - vm/6.1/v2/fentry/files # SKIP no BTF")


if __name__ == "__main__":
    unittest.main()
