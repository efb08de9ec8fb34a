"""The quick half of CPython's own suites, with the tracer and without."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.run import Python
from app.sandbox.pythons import find_pythons
from tests.fidelity.suites import QUICK, compare


@pytest.mark.timeout(600)
@pytest.mark.parametrize("python", find_pythons(), ids=lambda python: python.id)
def test_the_standard_librarys_tests_do_not_notice(python: Python, tmp_path: Path) -> None:
    compared = compare(python, QUICK, tmp_path)
    assert (compared.differ, compared.endless) == ({}, ())
    assert compared.tests > 0
