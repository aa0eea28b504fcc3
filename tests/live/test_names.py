"""Names of files as their user sees them: btrfs subvolumes, bind mounts, overlays, other mount namespaces."""

import os
import shutil
import subprocess
from pathlib import Path

from children import Process
from harness import main
from tap import Skip, test

PAGES = 300


def mount(t, *words):
    done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Skip(f"mount {' '.join(words)}: {done.stderr.strip()}")
    t.undo.append(lambda: subprocess.run(["umount", "-l", words[-1]], check=True))
    return words[-1]


def folder(t, name):
    path = os.path.join(t.disk(), name)
    os.makedirs(path)
    return path


def shows(kind, ino, path):
    """A judge: a file of that inode with all its pages has that name, and its reader or writer owns it."""
    def judge(snapshot):
        rows = [(row["path"], row["bytes"]) for row in snapshot.files(None, ino, kind)]
        return None if (path, PAGES * 4096) in rows else f"{path} expected for inode {ino}, with its {PAGES} pages; {rows}"
    return judge


@test("names: a file in a btrfs subvolume, mounted by itself")
def subvolume(t):
    top = t.shared_top()
    if not shutil.which("mkfs.btrfs"):
        raise Skip("mkfs.btrfs is not installed")
    image, whole, part = os.path.join(t.disk(), "image"), folder(t, "whole"), folder(t, "part")
    with open(image, "wb") as file:
        file.truncate(200 << 20)
    subprocess.run(["mkfs.btrfs", "-q", image], check=True, capture_output=True)
    mount(t, "-o", "loop", image, whole)
    subprocess.run(["btrfs", "subvolume", "create", f"{whole}/sub"], check=True, capture_output=True)
    loop = subprocess.run(["findmnt", "-n", "-o", "SOURCE", whole], check=True, capture_output=True, text=True).stdout
    mount(t, "-o", "subvol=sub", loop.strip(), part)
    t.worker(part).do(f"write path=file len={PAGES * 4}K")
    # both mounts show it; the nearer one is the subvolume's own
    top.wait_until(shows("file", os.stat(f"{part}/file").st_ino, f"{part}/file"))


@test("names: a file below a bind mount of its folder")
def bound(t):
    top = t.shared_top()
    source, target = folder(t, "a/b/c"), folder(t, "seen")
    mount(t, "--bind", os.path.dirname(source), target)
    worker = t.worker(source)
    worker.do(f"write path=file len={PAGES * 4}K")
    ino = os.stat(f"{source}/file").st_ino

    def judge(snapshot):
        paths = [row["path"] for row in snapshot.files(None, ino, "file")]
        leads = [path for path in paths if os.path.exists(path) and os.path.samefile(path, f"{source}/file")]
        return None if leads else f"no path that leads to {source}/file: {paths}"

    top.wait_until(judge)


@test("names: files of an overlay, of its lower and of its upper folder, as in a container's image")
def overlaid(t):
    top = t.shared_top()
    lower, upper, work, merged = (folder(t, name) for name in ("lower", "upper", "work", "merged"))
    below = t.worker(lower)
    below.do(f"write path=image len={PAGES * 4}K")
    try:
        mount(t, "-t", "overlay", "overlay", "-o", f"lowerdir={lower},upperdir={upper},workdir={work}", merged)
    except Skip as why:
        raise Skip(f"{why} (an overlay needs a disk below it)") from None
    worker = t.worker(merged)
    worker.do(f"write path=new len={PAGES * 4}K")
    top.wait_until(shows("file", os.stat(f"{lower}/image").st_ino, f"{merged}/image"))
    top.wait_until(shows("file", os.stat(f"{upper}/new").st_ino, f"{merged}/new"))


@test("names: a file of a lower folder that the overlay does not show has its own name")
def hidden(t):
    top = t.shared_top()
    lower, above, upper, work, merged = (folder(t, name) for name in ("lower", "above", "upper", "work", "merged"))
    names = ("shown", "removed", "changed", "replaced", "folder/inside")
    os.mkdir(f"{lower}/folder")
    for name in names:
        t.worker(lower).do(f"write path={name} len={PAGES * 4}K")
    Path(above, "replaced").write_bytes(b"another")
    try:
        mount(t, "-t", "overlay", "overlay", "-o",
              f"lowerdir={above}:{lower},upperdir={upper},workdir={work}", merged)
    except Skip as why:
        raise Skip(f"{why} (an overlay needs a disk below it)") from None
    os.unlink(f"{merged}/removed")
    shutil.rmtree(f"{merged}/folder")
    with open(f"{merged}/changed", "ab") as file:
        file.write(b"more")
    t.tmpfs()  # the mounts are read anew
    top.wait_until(shows("file", os.stat(f"{lower}/shown").st_ino, f"{merged}/shown"))
    for name in names[1:]:
        top.wait_until(shows("file", os.stat(f"{lower}/{name}").st_ino, f"{lower}/{name}"))


@test("names: a file on a tmpfs of another mount namespace, which is named beside it")
def elsewhere(t):
    hidden = folder(t, "hidden")
    script = (f"mount -t tmpfs -o size=16M pagetide-test {hidden} && cd {hidden} && dd if=/dev/zero of=file bs=4096 "
              f"count={PAGES} 2>/dev/null && stat -c %i file && readlink /proc/self/ns/mnt && read line")
    child = t.start(Process(["unshare", "--mount", "--propagation", "private", "sh", "-c", script]))
    ino, space = (child.child.stdout.readline().decode().strip() for _ in range(2))
    snapshot = t.shared_top().wait_until(shows("tmpfs", int(ino), f"{hidden}/file"))
    row = next(row for row in snapshot.files(None, int(ino), "tmpfs") if row["path"] == f"{hidden}/file")
    t.equal(f"mnt:[{row.get('namespace')}]", space, "the namespace of the path")
    t.equal(os.path.exists(f"{hidden}/file"), False, "it is not seen here")


@test("names: a folder above a file is renamed, or moved into another")
def moved(t):
    top = t.shared_top()
    for kind, root in ("tmpfs", t.tmpfs()), ("file", t.disk()):
        os.makedirs(f"{root}/e1/e2/e3")
        os.mkdir(f"{root}/other")
        t.worker(f"{root}/e1/e2/e3").do(f"write path=f len={PAGES * 4}K")
        ino = os.stat(f"{root}/e1/e2/e3/f").st_ino
        top.wait_until(shows(kind, ino, f"{root}/e1/e2/e3/f"))
        os.rename(f"{root}/e1", f"{root}/new")
        top.wait_until(shows(kind, ino, f"{root}/new/e2/e3/f"))
        os.rename(f"{root}/new/e2", f"{root}/other/e2")
        top.wait_until(shows(kind, ino, f"{root}/other/e2/e3/f"))


@test("names: folders and a file of the longest names, to the last byte that is kept of a path")
def longest(t):
    top = t.shared_top()
    root = t.tmpfs()
    for depth in 3, 4:  # 1024 bytes of names; and more, of which the folder at the top is left out
        above = "/".join([str(depth) * 255] * depth)
        os.makedirs(f"{root}/{above}")
        t.worker(f"{root}/{above}").do(f"write path={'f' * 255} len={PAGES * 4}K")
        path = "/".join([root if depth == 3 else "…", *[str(depth) * 255] * 3, "f" * 255])
        top.wait_until(shows("tmpfs", os.stat(f"{root}/{above}/{'f' * 255}").st_ino, path))


if __name__ == "__main__":
    main()
