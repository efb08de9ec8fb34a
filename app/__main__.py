"""The command line: `serve` starts the server, `trace FILE.py` runs one program and prints its timeline."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sys
from pathlib import Path

import uvicorn
from pydantic import ValidationError

from app.core.errors import BadInput, NoSandbox
from app.core.findings import findings
from app.core.outline import outline
from app.core.run import MAX_SOURCE, Program, Run
from app.core.timeline import Timeline, to_json
from app.main import create_app, trace
from app.settings import Settings
from app.web.connections import Http, Socket
from app.web.logs import configuration
from app.web.schemas import RunOut

USAGE, NO_SANDBOX = 2, 3
GRACE_S = 5
"""For answers that are under way. Whoever stops a service often kills it 10 s later; what records must end by then."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m app", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve_parser = commands.add_parser("serve", help="start the server")
    serve_parser.add_argument("--host", help="address to listen on (HOST, by default 127.0.0.1)")
    serve_parser.add_argument("--port", type=int, help="port to listen on (PORT, by default 8000); 0 takes a free one")
    trace_parser = commands.add_parser("trace", help="run one program in the sandbox and print its timeline")
    trace_parser.add_argument("file", type=Path, metavar="FILE.py")
    trace_parser.add_argument("--json", action="store_true", help="print the timeline as JSON")
    trace_parser.add_argument("--python", metavar="ID", help="interpreter to run on, like 3.12; by default the newest")
    given = parser.parse_args(arguments)
    try:
        if given.command == "serve":
            listen = {name: value for name in ("host", "port") if (value := getattr(given, name)) is not None}
            return _serve(Settings(**listen))
        return _trace(Settings(), given.file, given.python, as_json=given.json)
    except (BadInput, ValidationError) as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    except NoSandbox as error:
        print(f"error: {error}", file=sys.stderr)
        return NO_SANDBOX


def _serve(settings: Settings) -> int:
    # Every viewer and every box takes descriptors, and the usual limit is for programs of long ago.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
            host=settings.host,
            port=settings.port,
            http=Http,
            ws=Socket,
            ws_max_size=1024,
            log_config=configuration(settings.log),
            forwarded_allow_ips=settings.trusted_proxies,
            timeout_graceful_shutdown=GRACE_S,
            server_header=False,
        )
    )
    server.run()
    return 0 if server.started else 1


def _program(file: Path) -> Program:
    try:
        source = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(str(error)) from error
    size = len(source.encode())
    if size > MAX_SOURCE:
        raise BadInput(f"{file} has {size} bytes; {MAX_SOURCE} are allowed")
    return Program(source)


def _trace(settings: Settings, file: Path, python: str | None, *, as_json: bool) -> int:
    run, timeline = asyncio.run(trace(settings, _program(file), python))
    try:
        _show(run, timeline, as_json=as_json)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the timeline has seen enough; and the interpreter must not flush at its end what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _show(run: Run, timeline: Timeline, *, as_json: bool) -> None:
    if as_json:
        found = [one.to_json() for one in findings(timeline)]
        whole = {"run": RunOut.of(run).model_dump(mode="json"), **to_json(timeline), "findings": found}
        print(json.dumps(whole, indent=2))
    else:
        terminal = sys.stdout.isatty()
        width = os.get_terminal_size(sys.stdout.fileno()).columns if terminal else 100
        print(outline(timeline, run.outcome, width=width, colour=terminal and "NO_COLOR" not in os.environ))


if __name__ == "__main__":
    sys.exit(main())
