"""Interpreters like the one that runs the bench, but with nothing else installed; one of them with the tracer."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import app.sandbox
from app.tracer import wire

TRACER = Path(wire.__file__).parent
ACCELERATOR = Path(app.sandbox.__file__).with_name("accelerator.py")


def bare(folder: Path, python: str = sys.executable) -> Path:
    """A plain interpreter."""
    home = folder / "bare"
    subprocess.run([python, "-m", "venv", "--without-pip", home], check=True)
    return home / "bin" / "python"


def traced(folder: Path, log: Path, python: str = sys.executable, *, pure: bool = False) -> Path:
    """An interpreter with the tracer, which writes this log if it is there; accelerated, unless `pure`, if it can be."""
    home = folder / ("pure" if pure else "venv")
    subprocess.run([python, "-m", "venv", "--without-pip", home], check=True)
    [site] = home.glob("lib/python*/site-packages")
    shutil.copytree(TRACER, site / "interleave_tracer", ignore=shutil.ignore_patterns("*.so"))
    if not pure:
        subprocess.run([python, "-I", "-S", ACCELERATOR, site / "interleave_tracer"], check=False)
    # As in a box; where Python may not write bytecode, the tracer would be compiled at every start.
    subprocess.run([home / "bin" / "python", "-m", "compileall", "-q", site / "interleave_tracer"], check=True)
    (site / "interleave.pth").write_text("import interleave_tracer.start\n")
    (site / "interleave_tracer" / "log_path").write_text(str(log))
    return home / "bin" / "python"
