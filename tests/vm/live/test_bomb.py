"""Many short processes and many short files: whatever is lost on the way, the books balance at the end."""

import os

from expect import mount_complaint
from harness import PATIENCE_SECONDS, main
from tap import test
from views import PAGE, owners

SCALE = int(os.environ.get("PAGETIDE_TEST_SCALE", "1"))


def bomb_case(processes, files, keep):
    def case(t):
        top, mount = t.shared_top(), t.tmpfs(size="512M")
        said = t.helper("bomb", "--processes", processes * SCALE, "--files", files * SCALE, "--keep", keep,
                        "--dir", mount).read_all()[-1]
        t.equal(said["failed"], 0, "helpers that failed")
        t.equal(said["used_bytes"], said["pages_left"] * PAGE, "what the helper left and statfs")
        dev = t.helper("do", mount, "mkdir path=d").read()["dev"]
        expected = {row["ino"]: row["st_blocks"] * 512 for row in said["left"]}

        def judge(snapshot):
            shown = {row["ino"]: row["bytes"] for row in snapshot.files(dev) if row.get("bytes")}
            if shown != expected:
                return f"{len(shown)} files with {sum(shown.values())} bytes shown, " \
                       f"{len(expected)} with {sum(expected.values())} expected: {sorted(shown.items())[:5]}"
            for row in snapshot.files(dev):
                if row.get("bytes") and sum(owners(row).values()) != row["bytes"]:
                    return f"the owners do not add up to the file's bytes: {row}"
            return mount_complaint(snapshot, dev, mount)

        snapshot = top.wait_until(judge, timeout=2 * PATIENCE_SECONDS)
        t.equal((snapshot.mount(dev, mount) or {}).get("unattributed_bytes", 0), 0, "unattributed_bytes of the mount")

    return case


test("bomb: few processes, few files")(bomb_case(20, 100, 0))
test("bomb: 300 processes, 3000 files, all gone")(bomb_case(300, 3000, 0))
test("bomb: 300 processes, 3000 files, 50 left")(bomb_case(300, 3000, 50))
test("bomb: 2000 processes, no more than one file each")(bomb_case(2000, 500, 5))


@test("bomb: short processes have no row with bytes when all is gone")
def no_ghosts(t):
    top, mount = t.shared_top(), t.tmpfs(size="512M")
    before = {row["pid"] for row in top.wait_until(lambda _: None).get("processes", [])}
    t.helper("bomb", "--processes", 300 * SCALE, "--files", 1000 * SCALE, "--dir", mount).read_all()

    def judge(snapshot):
        ghosts = [row for row in snapshot.get("processes", []) if row["pid"] not in before
                  and row.get("exited") and row.get("tmpfs_bytes")]
        return f"{len(ghosts)} processes that have exited still own tmpfs: {ghosts[:3]}" if ghosts else None

    top.wait_until(judge, timeout=2 * PATIENCE_SECONDS)


if __name__ == "__main__":
    main()
