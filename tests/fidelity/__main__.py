"""`make fidelity`, `python -m tests.fidelity [SUITE …]`: CPython's own suites on every interpreter, bare and traced."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from app.sandbox.pythons import find_pythons
from tests.fidelity.suites import QUICK, SLOW, compare

differences = 0
for python in find_pythons():
    for suite in sys.argv[1:] or (*QUICK, *SLOW):
        with TemporaryDirectory() as folder:
            compared = compare(python, (suite,), Path(folder))
        differences += len(compared.differ)
        print(f"{python.version} {suite}: {compared.tests} tests, {len(compared.differ)} differ", flush=True)
        for name, (bare, traced) in compared.differ.items():
            print(f"    {name}: bare {bare}, traced {traced}")
sys.exit(differences > 0)
