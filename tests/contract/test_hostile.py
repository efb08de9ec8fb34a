"""The sandbox holds: every program under tests/hostile, in every tier that this machine has."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache

import pytest

from tests.conftest import ROOT
from tests.hostile.__main__ import TIERS
from tests.hostile.suite import AFTERWARDS, attacks

pytestmark = pytest.mark.timeout(600)


@cache
def found(tier: str) -> dict[str, list[str]]:
    """What is wrong with each, by name; in a process of its own, which stands for the server and is looked at too."""
    command = [sys.executable, "-m", "tests.hostile", "--json", "--tier", tier]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.stdout, ran.stderr
    return {result["name"]: result["wrong"] for result in json.loads(ran.stdout).get(tier, [])}


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("name", [*(attack.name for attack in attacks(TIERS[0])), *AFTERWARDS])
def test_it_holds(tier: str, name: str) -> None:
    if not found(tier):
        pytest.skip(f"this machine has no tier {tier}")
    assert found(tier)[name] == []
