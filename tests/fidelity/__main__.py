"""`make fidelity`, `python -m tests.fidelity [SUITE …]`: CPython's own suites on every interpreter, bare and traced."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from app.sandbox.pythons import find_pythons
from tests.fidelity.suites import QUICK, SLOW, compare

differences = 0
for python in find_pythons():
    for suite in sys.argv[1:] or (*QUICK, *SLOW):
        with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            try:
                compared = compare(python, (suite,), Path(folder))
            except subprocess.TimeoutExpired:
                way = "traced" if Path(folder, "traced").exists() else "bare"
                differences += way == "traced"
                print(f"{python.version} {suite}: did not end, {way}", flush=True)
                continue
        if not compared.tests:
            print(f"{python.version} {suite}: not installed", flush=True)
            continue
        differences += len(compared.differ)
        print(f"{python.version} {suite}: {compared.tests} tests, {len(compared.differ)} differ", flush=True)
        for name, (bare, traced) in compared.differ.items():
            print(f"    {name}: bare {bare}, traced {traced}")
sys.exit(differences > 0)
