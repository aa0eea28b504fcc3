"""Real containers of busybox: runc and crun by hand, podman with its storage, and all that it keeps, in a folder of
the test's. What podman leaves of its own accord, cgroups and locks, is taken away again, too."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from children import Process
from commands import wait_until
from tap import Failure, Skip

SHM_BYTES = 64 << 20
UNIFIED = Path("/sys/fs/cgroup/unified")  # of a hybrid hierarchy
IMAGE, PAUSE = "pagetide-test", "pagetide-test-pause"


def tool(name):
    found = shutil.which(name)
    if not found:
        raise Skip(f"{name} is not installed")
    return found


def without_hybrid():
    """What to put before a command that uses crun, which refuses a hybrid hierarchy: a namespace without it."""
    controllers = UNIFIED / "cgroup.controllers"
    if not controllers.exists() or not controllers.read_text().strip():
        return []
    return ["unshare", "-m", "sh", "-c", f'umount {UNIFIED} && exec "$@"', "sh"]


class Container:
    """busybox in runc or crun, with a /dev/shm and a memory limit of its own, that runs a shell script."""

    def __init__(self, t, name, script, limit=128 << 20, runtime="runc"):
        self.runtime, self.name = tool(runtime), name
        bundle = Path(t.temp(), name)
        (bundle / "rootfs" / "bin").mkdir(parents=True)
        shutil.copy(tool("busybox"), bundle / "rootfs" / "bin" / "busybox")
        subprocess.run([self.runtime, "spec"], cwd=bundle, check=True)
        spec = json.loads((bundle / "config.json").read_text())
        spec["process"]["args"] = ["/bin/busybox", "sh", "-c", script]
        spec["process"]["terminal"] = False
        spec["linux"].setdefault("resources", {})["memory"] = {"limit": limit}
        for mount in spec["mounts"]:
            if mount["destination"] == "/dev/shm":
                mount["options"] = ["nosuid", "noexec", "nodev", "mode=1777", f"size={SHM_BYTES}"]
        (bundle / "config.json").write_text(json.dumps(spec))
        t.undo.append(self.delete)
        self.output = open(bundle / "output", "w+b")
        wrap = without_hybrid() if runtime == "crun" else []
        self.child = subprocess.Popen([*wrap, self.runtime, "run", name], cwd=bundle, stdin=subprocess.DEVNULL,
                                      stdout=self.output, stderr=subprocess.STDOUT)

    def said(self, word):
        text = Path(self.output.name).read_text()
        if self.child.poll() not in (None, 0):
            if "cgroup" in text or "not permitted" in text:
                raise Skip(f"{self.runtime} cannot run here: {text}")
            raise Failure(f"{self.runtime}: {text}")
        return word in text

    def go(self, file="go"):
        """Makes that file in its root folder."""
        Path(self.output.name).with_name("rootfs").joinpath(file).touch()

    def delete(self):
        subprocess.run([self.runtime, "delete", "-f", self.name], capture_output=True)
        self.child.wait(10)


class Podman:
    """A podman of the test's own. user: an account with a home of its own that runs it; None: root. hidden: what it
    keeps is in a mount namespace of its own, so that no file tells a name."""

    def __init__(self, t, runtime="runc", user=None, hidden=False):
        tool("conmon"), tool(runtime), tool("podman")
        self.t, self.runtime, self.user = t, runtime, user
        self.folder = Path(user.pw_dir if user else t.temp(), f"podman-{runtime}")
        for name in (".", "storage", "run", "tmp"):
            (self.folder / name).mkdir()
        self.wrap = self.hide() if hidden else without_hybrid() if runtime == "crun" else []
        self.cgroups = {path: path.exists() for path in cgroups_of_podman()}
        self.write_settings()
        if user:
            subprocess.run(["chown", "-R", f"{user.pw_uid}:{user.pw_gid}", self.folder], check=True)
        t.undo.append(self.close)
        self.make_images()
        self.can_run()

    def hide(self):
        holder = self.t.start(Process(["unshare", "-m", "sh", "-c", 'mount -t tmpfs hidden "$1" && echo && exec cat', "sh",
                                       self.folder / "storage"]))
        holder.child.stdout.readline()
        return ["nsenter", "-t", str(holder.pid), "-m"]

    def serve(self, socket):
        """Its daemon at that path."""
        done = Process([*self.wrap, "env", *(f"{key}={value}" for key, value in self.environment().items()), "podman",
                        "system", "service", "-t", "0", f"unix://{socket}"])
        self.t.start(done)
        wait_until(socket.exists, "podman's daemon listens")

    def write_settings(self):
        """What a machine without systemd, without a network and with few rights can do."""
        (self.folder / "containers.conf").write_text(
            '[containers]\nnetns = "none"\nlog_driver = "k8s-file"\n'
            'default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n'
            f'[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nlock_type = "file"\n'
            f'runtime = "{self.runtime}"\ntmp_dir = "{self.folder}/tmp"\ninfra_image = "{PAUSE}"\n')
        # a user's storage is where it usually is, so that its names are looked for there
        where = "" if self.user else f'graphroot = "{self.folder}/storage"\nrunroot = "{self.folder}/run"\n'
        (self.folder / "storage.conf").write_text(f'[storage]\ndriver = "vfs"\n{where}')

    def environment(self):
        env = {"PATH": os.environ["PATH"], "CONTAINERS_CONF": str(self.folder / "containers.conf"),
               "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"), "HOME": "/root"}
        if self.user:
            env.update({"HOME": self.user.pw_dir, "XDG_RUNTIME_DIR": f"{self.folder}/run"})
            del env["CONTAINERS_STORAGE_CONF"]  # it would be root's
            home = Path(self.user.pw_dir, ".config", "containers")
            if not home.exists():
                subprocess.run(["install", "-d", "-o", self.user.pw_name, home.parent, home], check=True)
                shutil.copy(self.folder / "storage.conf", home)
        return env

    def call(self, *words, given=None):
        who = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        return subprocess.run([*self.wrap, "podman", *map(str, words)], env=self.environment(), cwd=self.folder,
                              input=given, capture_output=True, timeout=60, **who)

    def run(self, *words, given=None):
        """What it prints; a failure is the test's."""
        done = self.call(*words, given=given)
        if done.returncode:
            raise Failure(f"podman {words}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode().strip()

    def make_images(self):
        rootfs = self.folder / "rootfs" / "bin"
        rootfs.mkdir(parents=True)
        shutil.copy(tool("busybox"), rootfs / "busybox")
        archive = subprocess.run(["tar", "-C", rootfs.parent, "-c", "."], stdout=subprocess.PIPE, check=True).stdout
        pause = 'ENTRYPOINT ["/bin/busybox", "sleep", "1000000"]'
        for image, change in ((IMAGE, []), (PAUSE, ["--change", pause])):
            done = self.call("import", *change, "-", image, given=archive)
            if done.returncode:
                raise Skip(f"podman cannot import an image here: {done.stderr.decode(errors='replace')}")

    def can_run(self):
        """Whether it can run anything at all is the machine's affair, all else is the test's."""
        done = self.call("run", "--rm", IMAGE, "/bin/busybox", "true")
        if done.returncode:
            raise Skip(f"podman with {self.runtime} cannot run a container here: {done.stderr.decode(errors='replace')}")

    def start(self, name, script, *options, limit=128 << 20):
        return PodmanContainer(self, name, script, options, limit)

    def has_processes(self):
        """Whether there is one that has our folder among its words."""
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if bytes(self.folder) in path.read_bytes():
                    return True
            except OSError:
                pass  # it has ended
        return False

    def close(self):
        self.call("pod", "rm", "-f", "-t", "0", "-a")
        self.call("rm", "-f", "-t", "0", "-a")
        wait_until(lambda: not self.has_processes(), "conmon and what it calls have ended")
        if self.user:
            self.call("system", "migrate")  # ends the process that keeps the user's namespaces
        else:
            subprocess.run([*self.wrap, "umount", "-l", self.folder / "storage" / "vfs"], capture_output=True)
        for path, was_there in self.cgroups.items():
            if not was_there:
                wait_until(lambda path=path: remove_tree(path), f"{path} is empty")


class PodmanContainer:
    """busybox in a podman, with a /dev/shm and, as root, a memory limit of its own, that runs a shell script."""

    def __init__(self, podman, name, script, options, limit):
        self.podman, self.name = podman, name
        own = ["--memory", limit] if not podman.user else []
        own += ["--shm-size", SHM_BYTES] if "--pod" not in options else []  # there it is the pod's
        self.id = podman.run("run", "-d", "--name", name, *own, *options, IMAGE, "/bin/busybox", "sh", "-c",
                             script).splitlines()[-1]

    def inspect(self, what):
        return self.podman.run("inspect", "-f", "{{" + what + "}}", self.name)

    def pid(self):
        return int(self.inspect(".State.Pid"))

    def said(self, word):
        """Whether it has printed that; it must have before it ends."""
        runs = self.inspect(".State.Running") == "true"
        text = self.podman.run("logs", self.name)
        if word not in text and not runs:
            raise Failure(f"{self.name} ended: {text}")
        return word in text

    def go(self, file="go"):
        """Makes that file in its root folder."""
        self.podman.run("exec", self.name, "/bin/busybox", "touch", f"/{file}")

    def delete(self):
        self.podman.run("rm", "-f", "-t", "0", self.name)


def cgroups_of_podman():
    """Where it puts its containers and what watches them, in each hierarchy."""
    top = Path("/sys/fs/cgroup")
    hierarchies = [top] if (top / "cgroup.controllers").exists() else [path for path in top.iterdir() if path.is_dir()]
    return [path / "libpod_parent" for path in hierarchies]


def remove_tree(path):
    """false: somebody is still in it"""
    for folder, _, _ in os.walk(path, topdown=False):
        try:
            os.rmdir(folder)
        except FileNotFoundError:
            pass
        except OSError:
            return False
    return True
