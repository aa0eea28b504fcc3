"""Debian's packages of any suite and architecture, brought here without installing one.

Uses the mirror that this machine's apt is configured with, and lists of its
own: the machine's own package state is never touched.
"""

import platform
import re
import subprocess
from pathlib import Path

SUITES = ("bullseye", "bookworm", "bookworm-backports", "trixie", "trixie-backports")
SECURITY_SUITES = ("bullseye-security", "bookworm-security", "trixie-security")
PUBLIC_MIRROR = "http://deb.debian.org/debian"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
OTHERWISE = "bookworm"  # for a machine that is no Debian of the above


def own_suite() -> str:
    """The release that this machine runs: its compilers and its Python fit that release's libraries."""
    try:
        codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    except OSError:
        codename = ""
    return codename if codename in SUITES else OTHERWISE


def mirrors() -> tuple[str, str]:
    """The archive and the security archive that this machine's apt uses."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout
    main, security = "", ""
    for line in listed.splitlines():
        uri, _, release = line.partition(" ")
        debian = re.match(r"(bullseye|bookworm|trixie|forky|sid|(old)*stable|testing|unstable)\b", release)
        if debian and "security" in release:
            security = security or uri
        elif debian and "security" not in uri:
            main = main or uri
    main = (main or PUBLIC_MIRROR).rstrip("/")
    return main, (security or main + "-security").rstrip("/")


class Apt:
    """apt with sources, lists and a package state of its own."""

    def __init__(self, home: Path, arch: str):
        self.home = home
        self.arch = arch
        sources = home / "sources"
        for folder in (sources, home / "lists" / "partial", home / "archives" / "partial"):
            folder.mkdir(parents=True, exist_ok=True)
        signed = f"Signed-By: {KEYRING}\n" if KEYRING.exists() else ""
        stanzas = [f"Types: deb\nURIs: {uri}\nSuites: {' '.join(suites)}\n"
                   f"Components: main\nArchitectures: {arch}\n{signed}"
                   for uri, suites in zip(mirrors(), (SUITES, SECURITY_SUITES))]
        (sources / "kernels.sources").write_text("\n".join(stanzas))
        (home / "status").touch()
        settings = {
            "Dir::Etc::sourcelist": "/dev/null", "Dir::Etc::sourceparts": sources,
            "Dir::Etc::preferencesparts": "/dev/null", "Dir::State::lists": home / "lists",
            "Dir::State::status": home / "status", "Dir::Cache": home,
            "APT::Architecture": arch, "APT::Architectures::": arch, "APT::Sandbox::User": "root",
            "Acquire::Languages": "none", "Acquire::Retries": "2", "Acquire::http::Timeout": "20",
        }
        self.options = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]

    def run(self, *command: str, **how) -> subprocess.CompletedProcess:
        return subprocess.run([command[0], *self.options, *command[1:]],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, **how)

    def update(self) -> bool:
        """False if any suite did not come: one that is gone for good need not matter."""
        return self.run("apt-get", "update", "-o", "APT::Update::Error-Mode=any").returncode == 0

    def packages(self, named: tuple[str, ...]) -> list[dict[str, str]]:
        """Name and version of every package offered whose name starts so."""
        found = []
        for index in sorted((self.home / "lists").glob(f"*_binary-{self.arch}_Packages*")):
            text = self.run("/usr/lib/apt/apt-helper", "cat-file", str(index)).stdout
            for stanza in text.split("\n\n"):
                if stanza.startswith(tuple(f"Package: {name}" for name in named)):
                    found.append(dict(re.findall(r"^(Package|Version): (.*)$", stanza, re.M)))
        return found

    def download(self, package: str, version: str, folder: Path) -> Path:
        done = self.run("apt-get", "download", f"{package}:{self.arch}={version}", cwd=folder)
        files = list(folder.glob(f"{package}_*.deb"))
        if done.returncode or not files:
            raise ValueError(f"{package} {version} did not come: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
        return files[0]

    def download_with_needs(self, packages: list[str], suite: str) -> list[Path]:
        """The packages of one suite and all that they depend on, as if nothing were installed."""
        done = self.run("apt-get", "install", "--download-only", "--no-install-recommends", "-y", "-t", suite, *packages)
        if done.returncode:
            raise ValueError(f"{' '.join(packages)} did not come: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
        return sorted((self.home / "archives").glob("*.deb"))


def extract(package: Path, into: Path) -> None:
    """A package's files without its documentation."""
    archive = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "-C", into, "--exclude=./usr/share"], stdin=archive.stdout, check=True)
    if archive.wait():
        raise ValueError(f"{package.name} cannot be unpacked")
