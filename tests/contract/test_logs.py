"""The server's log: for machines, too, and never with a program in it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import start_server
from tests.contract.serving import ended, submit, until

SECRET = "sesame" + "42"


def test_as_json_every_line_is_an_object_and_tells_its_run_but_not_its_program(tmp_path: Path) -> None:
    server = start_server(tmp_path, LOG="json", ACCELERATOR="false")
    runs = [
        submit(server, f"{SECRET} = 1\nprint('{SECRET}')\n"),
        submit(server, f"raise ValueError('{SECRET}')"),
    ]
    for run in runs:
        until(server, run, ended)
    log = server.stop()
    lines = [json.loads(line) for line in log.splitlines()]
    assert all({"time", "level", "logger", "message"} <= set(line) for line in lines)
    for run in runs:
        assert [line["message"].split()[2] for line in lines if line.get("run") == run] == ["begins", "ended:"]
    assert SECRET not in log
