"""What runs suites of the standard library as a user's program: HARNESS.py REPORT NAME…, where NAME is a module.

REPORT gets a line of JSON as each test ends: its id, and how it ended; the last line of a test counts. Suites that are
not installed are left out.
"""

# ruff: noqa: N802 - the names are unittest's
from __future__ import annotations

import importlib.util
import json
import os
import sys
import unittest
from pathlib import Path
from typing import Any

ENDLESS = (".test_print_exception_gh_102056",)  # of 3.12.1
report = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
failed: set[str] = set()


class Result(unittest.TextTestResult):
    """Remembers how each test ended."""

    def say(self, test: unittest.TestCase, how: str) -> None:
        """A test's end, or that of a part of it."""
        if how != "ok" or test.id() not in failed:
            os.write(report, json.dumps([test.id(), how]).encode() + b"\n")
        if how != "ok":
            failed.add(test.id())

    def addSuccess(self, test: unittest.TestCase) -> None:
        """See unittest.TestResult."""
        super().addSuccess(test)
        self.say(test, "ok")

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        """See unittest.TestResult."""
        super().addError(test, err)
        self.say(test, "error")

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        """See unittest.TestResult."""
        super().addFailure(test, err)
        self.say(test, "failed")

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        """See unittest.TestResult."""
        super().addSkip(test, reason)
        self.say(test, "skipped")

    def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:
        """See unittest.TestResult."""
        super().addExpectedFailure(test, err)
        self.say(test, "failed as expected")

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        """See unittest.TestResult."""
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.say(test, "failed")


def installed(suite: str) -> str:
    """The name under which this suite can be imported; empty if it is not there.

    Some installations lack multiprocessing's, which are a line each, but have what is in them.
    """
    if importlib.util.find_spec(suite):
        return suite
    package, _, name = suite.rpartition(".")
    if not name.startswith("test_multiprocessing_") or not importlib.util.find_spec(f"{package}._test_multiprocessing"):
        return ""
    line = f"install_tests_in_module_dict(globals(), {name.rpartition('_')[2]!r})\n"
    Path(f"{name}.py").write_text(f"from {package}._test_multiprocessing import install_tests_in_module_dict\n{line}")
    sys.path.insert(0, str(Path.cwd()))
    return name


def without_endless(tests: unittest.TestSuite) -> unittest.TestSuite:
    """Without those that do not always end, with nobody watching either."""
    kept = unittest.TestSuite()
    for test in tests:
        if isinstance(test, unittest.TestSuite):
            kept.addTest(without_endless(test))
        elif not test.id().endswith(ENDLESS):
            kept.addTest(test)
    return kept


if __name__ == "__main__":
    names = [name for suite in sys.argv[2:] if (name := installed(suite))]
    tests = unittest.defaultTestLoader.loadTestsFromNames(names)
    unittest.TextTestRunner(verbosity=2, resultclass=Result).run(without_endless(tests))
