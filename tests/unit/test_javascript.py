"""The scripts' own tests, run by node."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_scripts_pass_their_tests() -> None:
    # Files by name: a folder means something else to each version of node.
    files = sorted(str(path) for path in (ROOT / "tests/js").glob("*.test.js"))
    run = subprocess.run(["node", "--test", *files], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
