"""Settings come from the environment."""

from __future__ import annotations

import tomllib

import pytest
from pydantic import ValidationError

from app.core.run import Limits
from app.settings import ROOT, VERSION, Settings


def test_the_environment_sets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "HOST": "0.0.0.0",
        "PORT": "1",
        "INTERLEAVE_PORT": "2",
        "INTERLEAVE_STORE": "memory:",
        "INTERLEAVE_LIMITS__WALL_NS": "5",
    }.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert (settings.host, settings.port, settings.store) == ("0.0.0.0", 2, "memory:")
    assert settings.limits == Limits(wall_ns=5)
    assert Settings(port=3).port == 3


def test_they_cant_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1


def test_the_readme_lists_every_setting() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert [name for name in Settings.model_fields if f"INTERLEAVE_{name.upper()}" not in readme] == []


def test_there_is_one_version() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"] == VERSION
