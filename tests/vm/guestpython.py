"""Packs this machine's python3 for the test machines: the program, its libraries, its standard library as bytecode.

The live tests run in a machine as they run here, so it needs the interpreter
that they need here. Packs what is installed, a third of it; downloads nothing.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

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


def interpreter() -> str:
    """The distribution's: another one may be a script that chooses, or built for this machine's folders."""
    return "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable


def libraries(program: Path) -> list[Path]:
    """The shared libraries that a program or an extension is linked with, and the loader."""
    said = subprocess.run(["ldd", str(program)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          check=False).stdout
    return [Path(path) for path in re.findall(r"(?:^|\s)(/\S+) \(", said)]


def place(source: Path, root: Path) -> None:
    """To the same path below ROOT."""
    target = root / str(source).lstrip("/")
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def pack(root: Path) -> None:
    """Puts python3 below ROOT; there it runs as /usr/bin/python3."""
    python = interpreter()
    asked = subprocess.run([python, "-c", ASK], stdout=subprocess.PIPE, check=True).stdout
    program, _prefix, stdlib, extensions = map(Path, json.loads(asked))
    modules = [source for source in stdlib.rglob("*.py")
               if not any(part in LEFT_OUT or part.startswith("config-") for part in source.relative_to(stdlib).parts)]
    below = root / str(stdlib).lstrip("/")
    subprocess.run([python, "-c", COMPILE], check=True, text=True, input="".join(
        f"{source}\t{below / source.relative_to(stdlib).with_suffix('.pyc')}\n" for source in modules))
    shared = [path for path in extensions.glob("*.so") if not LEFT_OUT_EXTENSIONS.match(path.name)]
    place(program.resolve(), root)
    for path in shared:
        place(path, root)
    for library in {library for path in (program, *shared) for library in libraries(path)}:
        place(library, root)
    link = root / "usr/bin/python3"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.exists():
        link.symlink_to(program.resolve())
