"""A server without a sandbox: by that setting alone, and it says so everywhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import Server, start_server
from tests.contract.serving import ended, submit, until

SAYS = {"en": "There is no sandbox here.", "ru": "Здесь нет песочницы."}
PROGRAM = """
import os, subprocess, sys, threading
thread = threading.Thread(target=print, args=(os.getuid(), os.path.exists({mark!r})), name="one")
thread.start()
thread.join()
subprocess.run([sys.executable, "-c", "print('child')"], check=True)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = start_server(tmp_path_factory.mktemp("none"), SANDBOX="none", ACCELERATOR="false")
    yield started
    log = started.stop()
    assert "WARNING" in log
    assert "nothing keeps programs in" in log


@pytest.mark.parametrize("language", SAYS)
@pytest.mark.parametrize("path", ["/", "/r/nosuchrun000", "/nowhere"])
def test_every_page_says_so(path: str, language: str, server: Server) -> None:
    page = httpx.get(f"{server.url}{path}", headers={"Accept-Language": language, "Accept": "text/html"}).text
    assert SAYS[language] in page
    assert 'role="alert"' in page


def test_nothing_is_promised(server: Server) -> None:
    sandbox = httpx.get(f"{server.url}/healthz").raise_for_status().json()["sandbox"]
    assert sandbox["backend"] == "none"
    assert [one["name"] for one in sandbox["guarantees"] if one["holds"]] == []


def test_programs_run_as_they_are_and_are_traced(server: Server, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    mark.touch()
    run = submit(server, PROGRAM.format(mark=str(mark)))
    assert until(server, run, ended)["outcome"]["kind"] == "completed"
    timeline = httpx.get(f"{server.url}/api/runs/{run}/timeline").raise_for_status().json()
    assert [line["text"] for line in timeline["output"]] == [f"{os.getuid()} True\n", "child\n"]
    lanes = {(lane["kind"], lane["name"]) for lane in timeline["lanes"]}
    assert {("process", "main process"), ("thread", "MainThread"), ("thread", "one")} <= lanes
    assert len([kind for kind, _ in lanes if kind == "process"]) == 2
    assert "GIL" not in {resource["name"] for resource in timeline["resources"]}


def test_it_is_never_taken_unasked(servers: Callable[..., Server]) -> None:
    server = servers()
    assert SAYS["en"] not in httpx.get(server.url).text
    assert httpx.get(f"{server.url}/healthz").json()["sandbox"]["backend"] == "bubblewrap"
