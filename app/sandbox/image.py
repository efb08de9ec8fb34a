"""Lay out the root directory of an interpreter's boxes; run by that interpreter itself.

    python -I -S -X gil=1 image.py FOLDER TRACER INIT [pure] [open]

Makes FOLDER/root (what a box sees as /: a skeleton, and copies of the shared libraries that this interpreter and its
extension modules load) and FOLDER/site (its site-packages: the tracer alone), and prints as JSON
`{"python": path inside, "binds": [[path here, path inside], …], "gil": where its GIL is, "slow": why the tracer has no
C part, if so, "costs": what calibration.py measured}`; with `pure` it gets none. The standard library is bound, not
copied. With `open`, for programs that nothing keeps in, it makes FOLDER/venv instead, a virtual environment with the
tracer, whose log is beside the home folder. Inside, every interpreter but the system's own is under /usr/local,
whatever folder of whose home it lives in here.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import py_compile
import re
import shutil
import site
import struct
import subprocess
import sys
import sysconfig
import threading
import venv
import warnings
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
import accelerator  # type: ignore[import-not-found]

CALIBRATION = Path(__file__).with_name("calibration.py")
PATIENCE_SECONDS = 30
DEVICES = ("null", "zero", "full", "random", "urandom")
FILES = {
    "etc/passwd": "sandbox:x:1000:1000::/home/sandbox:\n",
    "etc/group": "sandbox:x:1000:\n",
    "etc/hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "run/interleave/log": "",
    **{f"dev/{device}": "" for device in DEVICES},
}
FOLDERS = ("proc", "tmp", "home/sandbox", "dev/shm")
LINKS = {"dev/fd": "/proc/self/fd", "dev/stdin": "fd/0", "dev/stdout": "fd/1", "dev/stderr": "fd/2"}
PAGE = 4096
UNUSUAL = 4321
"""A switch interval in µs that nobody has: it stands before the GIL's holder."""
LOADED_LATER = ("libgcc_s.so.1", "libnss_files.so.2")
"""What the C library loads by name when a thread is cancelled, or a name looked up by an older one."""


def main(folder: Path, tracer: Path, init: Path, *, pure: bool) -> None:
    """Build everything; see the module."""
    os.umask(0o022)
    root = folder / "root"
    for name in FOLDERS:
        (root / name).mkdir(parents=True)
    for name, text in FILES.items():
        write(root / name, text)
    for name, target in LINKS.items():
        (root / name).symlink_to(target)
    shutil.copyfile(init, root / "run/interleave/init.py")

    prefix = sys.base_prefix
    home = prefix if prefix in ("/usr", "/usr/local") else "/usr/local"
    executable = Path(os.path.realpath(sys.executable))
    python = f"{home}/bin/{executable.name}"
    write(root / python[1:], "")
    for name in ("python", "python3"):
        if name != executable.name:
            (root / python[1:]).with_name(name).symlink_to(executable.name)
    stdlib = tuple(dict.fromkeys(sysconfig.get_path(name) for name in ("stdlib", "platstdlib")))
    packages, *others = site.getsitepackages()
    (folder / "empty").mkdir()
    bound = {path: path for path in stdlib} | {packages: str(folder / "site")}
    for path in others:
        if path.startswith(tuple(f"{library}/" for library in stdlib)) and Path(path).is_dir():
            bound[path] = str(folder / "empty")
    binds = [(str(executable), python), *((here, home + path.removeprefix(prefix)) for path, here in bound.items())]
    for _, inside in binds[1:]:
        (root / inside[1:]).mkdir(parents=True, exist_ok=True)

    slow = copy_tracer(folder / "site", tracer, home + packages.removeprefix(prefix), pure=pure)
    measuring = calibration(folder / "site", folder / "log")
    copy_libraries(root, executable, stdlib)
    tell(f"{home}/bin/python", [(str(root), "/"), *binds], gil(), slow, measuring)


def lay_open(folder: Path, tracer: Path, *, pure: bool) -> None:
    """Build what `open` asks for; see the module."""
    venv.create(folder / "venv", symlinks=True)
    [packages] = (folder / "venv").glob("lib/python3*/site-packages")
    slow = copy_tracer(packages, tracer, str(packages), pure=pure)
    measuring = calibration(packages, folder / "log")
    measuring.wait(PATIENCE_SECONDS)
    write(packages / "interleave_tracer/log_path", "~/../log")
    tell(str(folder / "venv/bin/python"), [], None, slow, measuring)


def calibration(packages: Path, log: Path) -> subprocess.Popen[bytes]:
    """Measures the tracer in these packages; says so on its standard output."""
    command: list[str | Path] = [sys.executable, "-I", "-S", "-B", CALIBRATION, packages, log]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def tell(
    python: str,
    binds: list[tuple[str, str]],
    gil: dict[str, int | str] | None,
    slow: str,
    measuring: subprocess.Popen[bytes],
) -> None:
    """Print what was made."""
    costs, _ = measuring.communicate(timeout=PATIENCE_SECONDS)
    made = {"python": python, "binds": binds, "gil": gil, "slow": slow, "costs": json.loads(costs)}
    json.dump(made, sys.stdout)


def write(path: Path, text: str) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def copy_libraries(root: Path, executable: Path, stdlib: tuple[str, ...]) -> None:
    """Put every library into the one folder that the dynamic loader searches unasked: no cache, no run path needed."""
    load_everything()
    with Path("/proc/self/maps").open() as maps:
        mapped = {fields[5].rstrip("\n") for line in maps if len(fields := line.split(maxsplit=5)) == 6}
    libraries = [Path(path) for path in sorted(mapped) if ".so" in path and not path.startswith(stdlib)]
    libc = next(path for path in libraries if path.name.startswith(("libc.so", "libc-", "ld-musl")))
    loader = Path(loader_of(executable))
    for top in (Path("/lib"), Path("/lib64")):
        if top.is_symlink():
            (root / str(top.resolve())[1:]).mkdir(parents=True, exist_ok=True)
            (root / top.name).symlink_to(top.resolve())
    place = root / str(libc.parent)[1:]
    place.mkdir(parents=True, exist_ok=True)
    for library in libraries:
        copy_program(library, place / library.name)
        for other in library.parent.glob(library.name.partition(".so")[0] + ".so*"):
            if other.is_symlink() and other.name != library.name and other.resolve() == library.resolve():
                (place / other.name).unlink(missing_ok=True)
                (place / other.name).symlink_to(library.name)
    inside = root / os.path.realpath(loader.parent)[1:] / loader.name
    if not inside.exists():
        inside.parent.mkdir(parents=True, exist_ok=True)
        copy_program(loader, inside)


def gil() -> dict[str, int | str] | None:
    """Where this interpreter has its GIL: found by looking, since every version and build has it elsewhere.

    `gil` is the distance of the GIL's last_holder from where `file` begins in memory, `native` that of a thread's
    native id from the beginning of its thread state; `free` is whether it may be off. None where it can't be found.
    """
    sys.setswitchinterval(UNUSUAL / 1e6)
    get = ctypes.pythonapi.PyThreadState_Get
    get.restype = ctypes.c_void_p
    state = get()
    runtime = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime"))
    found = memory(runtime, 1 << 20).find(struct.pack("<QQ", UNUSUAL, state))
    native = memory(state, 1 << 12).find(struct.pack("<QQ", threading.get_ident(), threading.get_native_id()))
    starts: dict[str, int] = {}
    file = ""
    with Path("/proc/self/maps").open() as maps:
        for line in maps:
            fields = line.split(maxsplit=5)
            start, path = int(fields[0].partition("-")[0], 16), fields[5].rstrip() if len(fields) == 6 else ""
            if path.startswith("/") and start <= runtime:
                starts.setdefault(path, start)
                file = path
    if found < 0 or native < 0 or not file:
        return None
    free = int(sysconfig.get_config_var("Py_GIL_DISABLED") or 0)
    return {"file": Path(file).name, "gil": runtime + found + 8 - starts[file], "native": native + 8, "free": free}


def memory(start: int, most: int) -> bytes:
    """This process's memory from an address on, as far as it goes."""
    data = b""
    descriptor = os.open("/proc/self/mem", os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # the end of what is mapped
            while len(data) < most:
                at = start + len(data)
                data += os.pread(descriptor, PAGE - at % PAGE, at)
    finally:
        os.close(descriptor)
    return data


def load_everything() -> None:
    """Import every extension module, so that what they need is mapped into this process."""
    warnings.simplefilter("ignore")
    for path in Path(str(sysconfig.get_config_var("DESTSHARED"))).glob("*.so"):
        name = path.name.partition(".")[0]
        if "test" not in name and name != "_tkinter":  # no display in a box: its forty libraries stay out
            with contextlib.suppress(ImportError):  # for instance built for a library that is not installed
                importlib.import_module(name)
    for library in LOADED_LATER:
        with contextlib.suppress(OSError):
            ctypes.CDLL(library)


def loader_of(executable: Path) -> str:
    """The program interpreter that an ELF executable asks for."""
    with executable.open("rb") as file:
        found = re.search(rb"/[\w./-]*/ld-[\w.-]+\0", file.read(1 << 16))
    if found is None:
        raise SystemExit(f"{executable} names no dynamic loader")
    return found.group()[:-1].decode()


def copy_program(source: Path, target: Path) -> None:
    """Copy a file that is to be mapped as code."""
    shutil.copyfile(source, target)
    target.chmod(0o755)


def copy_tracer(packages: Path, tracer: Path, inside: str, *, pure: bool) -> str:
    """Copy the tracer with its bytecode: nothing could be cached in there later, it would be compiled at each start.

    Why it has no C part, if it was to have one.
    """
    slow = "" if pure else accelerator.build(tracer)
    fast = None if pure else accelerator.built(tracer)
    target = packages / "interleave_tracer"
    target.mkdir(parents=True)
    write(packages / "interleave.pth", "import interleave_tracer.start\n")
    for source in (*tracer.glob("*.py"), *filter(None, [fast])):
        copy = target / source.name
        shutil.copyfile(source, copy)
        if copy.suffix == ".py":
            py_compile.compile(str(copy), dfile=f"{inside}/interleave_tracer/{source.name}", doraise=True)
    return str(slow)


if __name__ == "__main__":
    folder, tracer, init = map(Path, sys.argv[1:4])
    if "open" in sys.argv[4:]:
        lay_open(folder, tracer, pure="pure" in sys.argv[4:])
    else:
        main(folder, tracer, init, pure="pure" in sys.argv[4:])
