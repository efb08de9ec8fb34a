"""Build the tracer's C part for an interpreter; run by that interpreter itself.

    python -I -S accelerator.py TRACER

Leaves the extension module beside its source in TRACER, where the interpreter's own naming keeps one for each kind of
interpreter apart, and does nothing when it is newer than its source. Without a compiler, headers or the right to write
there, says so on stderr and ends with 1: then the tracer runs in pure Python.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

FLAGS = ("-shared", "-fPIC", "-O2", "-std=c11", "-fvisibility=hidden")
PATIENCE_SECONDS = 60


def built(tracer: Path) -> Path | None:
    """The module that was built for this interpreter from the source as it is, if there is one."""
    target, source = _target(tracer), tracer / "fast.c"
    current = target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns
    return target if current else None


def build(tracer: Path) -> str:
    """Build it if that is to be done; why that can't be, or nothing."""
    if built(tracer):
        return ""
    compiler = shlex.split(os.environ.get("CC", "cc"))
    include = sysconfig.get_path("include")
    if shutil.which(compiler[0]) is None:
        return f"no C compiler ({compiler[0]})"
    if not Path(include, "Python.h").exists():
        return f"no headers in {include}"
    target = _target(tracer)
    fresh = target.with_suffix(f".{os.getpid()}")
    try:
        command = [*compiler, *FLAGS, f"-I{include}", str(tracer / "fast.c"), "-o", str(fresh)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
        if done.returncode:
            return f"{compiler[0]}: {done.stderr.strip()}"
        fresh.replace(target)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    finally:
        fresh.unlink(missing_ok=True)
    return ""


def _target(tracer: Path) -> Path:
    return tracer / f"fast{sysconfig.get_config_var('EXT_SUFFIX')}"


if __name__ == "__main__":
    if problem := build(Path(sys.argv[1])):
        raise SystemExit(problem)
