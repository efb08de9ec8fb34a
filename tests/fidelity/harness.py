"""What runs a suite of the standard library as a user's program: HARNESS.py REPORT NAME…, where NAME is as for unittest.

REPORT becomes a JSON object: how each test ended, by its id.
"""

# ruff: noqa: N802 - the names are unittest's
from __future__ import annotations

import json
import sys
import unittest
from pathlib import Path
from typing import Any

said: dict[str, str] = {}


class Result(unittest.TextTestResult):
    """Remembers how each test ended."""

    def addSuccess(self, test: unittest.TestCase) -> None:
        """See unittest.TestResult."""
        super().addSuccess(test)
        said.setdefault(test.id(), "ok")

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        """See unittest.TestResult."""
        super().addError(test, err)
        said[test.id()] = "error"

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        """See unittest.TestResult."""
        super().addFailure(test, err)
        said[test.id()] = "failed"

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        """See unittest.TestResult."""
        super().addSkip(test, reason)
        said[test.id()] = "skipped"

    def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:
        """See unittest.TestResult."""
        super().addExpectedFailure(test, err)
        said[test.id()] = "failed as expected"

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        """See unittest.TestResult."""
        super().addSubTest(test, subtest, err)
        if err is not None:
            said[test.id()] = "failed"


if __name__ == "__main__":
    tests = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[2:])
    unittest.TextTestRunner(verbosity=2, resultclass=Result).run(tests)
    Path(sys.argv[1]).write_text(json.dumps(said))
