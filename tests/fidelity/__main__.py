"""`make fidelity`: CPython's own suites on every interpreter, bare and traced.

python -m tests.fidelity [ID …] [SUITE …], where an ID is an interpreter's, like 3.13
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from app.sandbox.pythons import find_pythons
from tests.fidelity.suites import QUICK, SLOW, compare

pythons = {python.id: python for python in find_pythons()}
asked = [word for word in sys.argv[1:] if word in pythons]
suites = [word for word in sys.argv[1:] if word not in pythons]
differences = 0
for python in [pythons[word] for word in asked or pythons]:
    for suite in suites or (*QUICK, *SLOW):
        began = time.monotonic()
        with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            compared = compare(python, (suite,), Path(folder))
        differences += len(compared.differ) + ("traced" in compared.endless)
        said = f"{compared.tests} tests, {len(compared.differ)} differ" if compared.tests else "not installed"
        ends = "".join(f", did not end {way}" for way in compared.endless)
        print(f"{python.version} {suite}: {said}{ends}, {time.monotonic() - began:.0f} s", flush=True)
        for name, (bare, traced) in compared.differ.items():
            print(f"    {name}: bare {bare}, traced {traced}")
sys.exit(differences > 0)
