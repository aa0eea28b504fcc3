"""Seeded sequences of all operations by several processes: after every batch the books are compared with the truth
that the helper checked against st_blocks, mincore and statfs. A failure tells the seed and the batch's operations;
PAGETIDE_FUZZ_SEEDS=7,8 runs other seeds, PAGETIDE_FUZZ_WITHOUT=splice,sysv leaves operations or kinds out."""

import contextlib
import os

from books import Batch
from children import EMULATED
from harness import Failure, main
from tap import test
from views import SLACK

SEEDS = [int(word) for word in os.environ.get("PAGETIDE_FUZZ_SEEDS", "1,2,3,4,5,6").split(",")]
WITHOUT = os.environ.get("PAGETIDE_FUZZ_WITHOUT", "")
# name: mount options, then the helper's
SHAPES = {
    "one operation at a time": ("size=64M", ["--ops", "60", "--batch", "1", "--workers", "2", "--files", "6"]),
    "batches of 20": ("size=64M", ["--ops", "400", "--batch", "20", "--workers", "4", "--files", "16"]),
    "one worker, all exact": ("size=64M", ["--ops", "200", "--batch", "20", "--workers", "1", "--files", "10",
                                           "--without", "fork_write,fork_touch,respawn"]),
    "huge pages": ("size=256M,huge=always", ["--ops", "200", "--batch", "20", "--workers", "3", "--files", "8",
                                             "--max-pages", "1500"]),
    # fallocate brings pages in and takes them out again when the next is refused: in proportion, as all that go
    "a full mount": ("size=1M", ["--ops", "200", "--batch", "20", "--workers", "3", "--files", "16",
                                 "--max-pages", "150", "--without", "fallocate,fallocate_keep"]),
}


def joined(arguments):
    """--without of the shape and of the environment, in one."""
    arguments = list(arguments)
    if "--without" in arguments:
        at = arguments.index("--without") + 1
        arguments[at] = ",".join(filter(None, [arguments[at], WITHOUT]))
    elif WITHOUT:
        arguments += ["--without", WITHOUT]
    return arguments


KHUGEPAGED = "/sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none"


@contextlib.contextmanager
def holes_stay_holes(options):
    """khugepaged fills holes of huge-page files whenever it likes; the truth cannot know when."""
    if "huge" not in options or not os.path.exists(KHUGEPAGED):
        yield
        return
    with open(KHUGEPAGED) as file:
        before = file.read()
    try:
        with open(KHUGEPAGED, "w") as file:
            file.write("0")
        yield
    finally:
        with open(KHUGEPAGED, "w") as file:
            file.write(before)


@contextlib.contextmanager
def late_refusals(name):
    """bpf/books.bpf.c, REFUSED_NS: a page that is refused is out again at once, but where a processor stands still."""
    SLACK["refused_pages"] = 3 if EMULATED and name == "a full mount" else 0
    try:
        yield
    finally:
        SLACK["refused_pages"] = 0


def fuzz_case(seed, name, options, arguments):
    def case(t):
        with holes_stay_holes(options), late_refusals(name):
            sequence(t)

    def sequence(t):
        top, mount = t.shared_top(), t.tmpfs(options.split(",", 1)[0].split("=")[1],
                                             "," + options.split(",", 1)[1] if "," in options else "")
        ops = int(arguments[arguments.index("--ops") + 1])
        helper = t.helper("fuzz", "--seed", seed, "--dir", mount, "--disk", t.disk(), *joined(arguments))
        done = 0
        while done < ops:
            batch = Batch(helper)
            done = batch.truth["ops_done"]
            try:
                top.wait_until(batch.complaints)
            except Failure as failure:
                log = "\n".join(f"  {line}" for line in batch.log)
                raise Failure(f"seed {seed}, batch {batch.truth['batch']}: {failure}\n"
                              f"the batch's operations:\n{log}") from None
            helper.next()
        helper.end()

    return case


for name, (mount_options, words) in SHAPES.items():
    for number in SEEDS:
        test(f"fuzz: {name}, seed {number}")(fuzz_case(number, name, mount_options, words))


if __name__ == "__main__":
    main()
