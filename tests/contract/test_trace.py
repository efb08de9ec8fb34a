"""`python -m app trace`: one program in the real sandbox, without a server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app import __main__, main
from app.core.errors import NoSandbox
from app.sandbox.pythons import find_pythons
from app.web.schemas import TimelineOut
from tests.conftest import ROOT

PROGRAM = "import threading\n\nfor name in ('one', 'two'):\n    threading.Thread(target=print, args=[name]).start()\n"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


def test_standard_output_is_the_timeline_and_nothing_else(program: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["trace", str(program)]) == 0
    shown = capfd.readouterr()
    assert shown.out.startswith("completed  1 process")
    assert [line.split()[-1] for line in shown.out.split("Output")[1].splitlines() if line] == ["one", "two"]
    assert shown.err == ""


def test_json_is_what_the_interface_says(program: Path, capfd: pytest.CaptureFixture[str]) -> None:
    oldest = find_pythons()[0].id
    assert __main__.main(["trace", str(program), "--json", "--python", oldest]) == 0
    timeline = TimelineOut.model_validate(json.loads(capfd.readouterr().out))
    assert timeline.run.python.id == oldest
    assert "".join(output.text for output in timeline.output) == "one\ntwo\n"


def test_a_program_that_fails_was_run_all_the_same(program: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program.write_text("raise SystemExit(3)\n")
    assert __main__.main(["trace", str(program)]) == 0
    assert capfd.readouterr().out.startswith("exited")


@pytest.mark.parametrize("arguments", [["--python", "2.7"], ["--colour"], []], ids=["python", "option", "file"])
def test_a_wrong_call_is_2(program: Path, capfd: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    file = [str(program)] if arguments else [str(program.with_name("none.py"))]
    try:
        status = __main__.main(["trace", *file, *arguments])
    except SystemExit as exit_:
        status = exit_.code
    shown = capfd.readouterr()
    assert (status, shown.out) == (2, "")
    assert "error:" in shown.err


def test_no_sandbox_is_3(program: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise NoSandbox("bubblewrap is missing: install it")

    monkeypatch.setattr(main, "_sandbox", refuse)
    assert __main__.main(["trace", str(program)]) == 3
    assert capfd.readouterr() == ("", "error: bubblewrap is missing: install it\n")


def test_a_reader_may_stop_reading(program: Path) -> None:
    command = f"{sys.executable} -m app trace {program} --json | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "{\n", "")


@pytest.mark.parametrize(("name", "value"), [("STORE", "mongo://x"), ("SANDBOX", "chroot"), ("BOXES", "0")])
def test_a_wrong_setting_is_2(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"INTERLEAVE_{name}", value)
    assert __main__.main(["serve"]) == 2
    assert name in capfd.readouterr().err.upper()
