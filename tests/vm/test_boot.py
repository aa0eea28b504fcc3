#!/usr/bin/env python3
"""A machine's contract, on one kernel: status, output, files, and every way to die."""

import io
import tempfile
import unittest
from pathlib import Path

import vm

KERNEL = vm.kernels.Kernel("6.1")


def boot(command: str, sink=None, **how) -> vm.Outcome:
    return vm.boot(vm.Machine(KERNEL, **how), command, sink)


class Boot(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        try:
            vm.check(KERNEL)
        except vm.Unavailable as error:
            raise unittest.SkipTest(str(error)) from error

    def test_output_and_status_in_spite_of_what_is_left_running(self):
        sink = io.BytesIO()
        outcome = boot("echo one >/dev/stdout; echo two >&2; echo kernel >/dev/kmsg; sleep 1000 & exit 3", sink)
        self.assertEqual((outcome.status, outcome.output, outcome.problem), (3, b"one\ntwo\n", ""))
        self.assertEqual(sink.getvalue(), outcome.output)

    def test_all_of_a_long_output_comes(self):
        outcome = boot("seq 200000")
        self.assertEqual(outcome.output, b"".join(b"%d\n" % number for number in range(1, 200001)))

    def test_payload_in_and_files_out(self):
        with tempfile.TemporaryDirectory() as folder:
            payload, out = Path(folder) / "in", Path(folder) / "out"
            (payload / "data").mkdir(parents=True)
            (payload / "data/file").write_bytes(bytes(range(256)) * 4096)
            outcome = boot("cp /data/file /out/copy", payload=payload, files_into=out)
            self.assertEqual(outcome.status, 0)
            self.assertEqual((out / "copy").read_bytes(), (payload / "data/file").read_bytes())

    def test_out_of_time(self):
        outcome = boot("echo began; sleep 1000", timeout_seconds=8)
        self.assertEqual((outcome.status, outcome.output), (vm.TIMED_OUT, b"began\n"))

    def test_panic(self):
        outcome = boot("echo c >/proc/sysrq-trigger; sleep 1000", timeout_seconds=60)
        self.assertEqual((outcome.status, outcome.problem), (vm.DIED, "the machine died"))
        self.assertIn("sysrq triggered crash", "\n".join(outcome.console_tail))

    def test_no_way_up(self):
        outcome = boot("true", append="rdinit=/none", memory_mib=256)
        self.assertEqual((outcome.status, outcome.problem), (vm.DIED, "the machine did not come up"))
        self.assertTrue(outcome.retried)


if __name__ == "__main__":
    unittest.main()
