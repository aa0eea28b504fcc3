"""Packs python3 for the test machines: the program, its libraries, its standard library as bytecode.

The live tests run in a machine as they run here, so it needs the interpreter
that they need here: this machine's own, or for another architecture the one
that tools/kernels/sysroot brought. Packs a third of it; downloads nothing.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

# Big, and of no use to a test in a machine without a terminal or a network.
LEFT_OUT = {"test", "tests", "idlelib", "tkinter", "lib2to3", "ensurepip", "distutils", "pydoc_data", "turtledemo",
            "venv", "xml", "xmlrpc", "sqlite3", "unittest", "curses", "dbm", "wsgiref", "asyncio", "email", "http",
            "multiprocessing", "dist-packages", "site-packages", "sitecustomize.py", "__pycache__"}
LEFT_OUT_EXTENSIONS = re.compile(r"_(test|xx|codecs_|curses|ssl|hashlib|sqlite3|g?dbm|tkinter|lsprof|multibyte)|"
                                 r"nis|ossaudio|audioop|xxlimited|readline")
ASK = ("import json, sys, sysconfig, py_compile, importlib.util; "
       "print(json.dumps([sys.executable, sys.prefix, sysconfig.get_path('stdlib'), "
       "sysconfig.get_config_var('DESTSHARED')]))")
COMPILE = """
import importlib.util, os, py_compile, shutil, sys
for line in sys.stdin:
    source, made = line.rstrip("\\n").split("\\t")
    os.makedirs(os.path.dirname(made), exist_ok=True)
    cached = importlib.util.cache_from_source(source)
    if os.path.exists(cached) and os.path.getmtime(cached) >= os.path.getmtime(source):
        shutil.copy(cached, made)
    else:
        py_compile.compile(source, cfile=made, dfile=source, doraise=True)
"""


class Python(NamedTuple):
    """An interpreter: its paths as it sees them, below the root of its machine."""
    root: Path
    program: Path
    stdlib: Path
    extensions: Path

    def at(self, path: Path) -> Path:
        return self.root / str(path).lstrip("/")


def interpreter() -> str:
    """The distribution's: another one may be a script that chooses, or built for this machine's folders."""
    return "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable


def own() -> Python:
    asked = subprocess.run([interpreter(), "-c", ASK], stdout=subprocess.PIPE, check=True).stdout
    program, _prefix, stdlib, extensions = map(Path, json.loads(asked))
    return Python(Path("/"), program.resolve(), stdlib, extensions)


def of_sysroot(sysroot: Path) -> Python:
    program = (sysroot / "usr/bin/python3").resolve()
    stdlib = Path("/usr/lib") / program.name
    return Python(sysroot, Path("/usr/bin") / program.name, stdlib, stdlib / "lib-dynload")


def own_libraries(program: Path) -> set[Path]:
    """The shared libraries that a program or an extension of this machine is linked with, and the loader."""
    said = subprocess.run(["ldd", str(program)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          check=False).stdout
    return {Path(path) for path in re.findall(r"(?:^|\s)(/\S+) \(", said)}


def libraries(python: Python, programs: list[Path]) -> set[Path]:
    """The same of a machine that these programs cannot be run on."""
    folders = [path.relative_to(python.root) for path in [*python.root.glob("lib/*-linux-gnu"),
                                                          *python.root.glob("usr/lib/*-linux-gnu")]]
    found: set[Path] = set()
    asked = list(programs)
    while asked:
        said = subprocess.run(["readelf", "-dlW", python.at(asked.pop())], stdout=subprocess.PIPE, text=True,
                              check=True).stdout
        needed = {Path("/", folder, name) for name in re.findall(r"\(NEEDED\).*\[(\S+)\]", said) for folder in folders}
        needed |= {Path(loader) for loader in re.findall(r"interpreter: (\S+)\]", said)}
        fresh = {path for path in needed if python.at(path).exists()} - found
        found |= fresh
        asked += fresh
    return found


def place(python: Python, path: Path, root: Path) -> None:
    """To the same path below ROOT."""
    target = root / str(path).lstrip("/")
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(python.at(path), target)


def place_modules(python: Python, modules: list[Path], root: Path) -> None:
    """As bytecode, which is the same on every architecture, where this machine's Python speaks that version's."""
    compiler = interpreter()
    asked = subprocess.run([compiler, "-c", "import sys; print('python%d.%d' % sys.version_info[:2])"],
                           stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    if asked != python.stdlib.name:
        for module in modules:
            place(python, module, root)
        return
    below = root / str(python.stdlib).lstrip("/")
    subprocess.run([compiler, "-c", COMPILE], check=True, text=True, input="".join(
        f"{python.at(source)}\t{below / source.relative_to(python.stdlib).with_suffix('.pyc')}\n"
        for source in modules))


def pack(root: Path, sysroot: Path | None = None) -> None:
    """Puts python3 below ROOT; there it runs as /usr/bin/python3."""
    python = of_sysroot(sysroot) if sysroot else own()
    stdlib = python.at(python.stdlib)
    within = [path.relative_to(stdlib) for path in stdlib.rglob("*.py")]
    modules = [python.stdlib / path for path in within
               if not any(part in LEFT_OUT or part.startswith("config-") for part in path.parts)]
    place_modules(python, modules, root)
    shared = [python.extensions / path.name for path in python.at(python.extensions).glob("*.so")
              if not LEFT_OUT_EXTENSIONS.match(path.name)]
    programs = [python.program, *shared]
    needed = libraries(python, programs) if sysroot else set().union(*map(own_libraries, programs))
    for path in [*programs, *needed]:
        place(python, path, root)
    link = root / "usr/bin/python3"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.exists():
        link.symlink_to(python.program)
