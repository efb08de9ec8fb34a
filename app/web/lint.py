"""What ruff and the compiler say about a program, each in a short-lived process of its own: the text is hostile."""

from __future__ import annotations

import asyncio
import json
import sysconfig
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from app.core.errors import Busy

RULES = "F,E9,PLE,ASYNC,B006,B012,B015,B018,B023,B905,RUF006,RUF029,W605"
TIMEOUT_S = 5.0
AT_ONCE = 2
MAX_WAITING = 32
MAX_MESSAGES = 200
MAX_LINE = 1 << 20
MAX_TEXT = 500

COMPILE = """
import json, resource, sys, warnings
for limit, value in ((resource.RLIMIT_CPU, 3), (resource.RLIMIT_AS, 1 << 30), (resource.RLIMIT_CORE, 0)):
    resource.setrlimit(limit, (value, value))

def tell(severity, text, line, column, end_line, end_column):
    print(json.dumps([severity, text, line, column, end_line, end_column]))

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    try:
        compile(sys.stdin.buffer.read(), "main.py", "exec", dont_inherit=True)
    except SyntaxError as error:
        tell("error", error.msg, error.lineno, error.offset, error.end_lineno, error.end_offset)
    except (MemoryError, RecursionError, ValueError) as error:
        tell("error", f"{type(error).__name__}: {error}", 1, 1, 1, 1)
for warning in caught:
    tell("warning", str(warning.message), warning.lineno, 1, warning.lineno, 1)
"""


@dataclass(frozen=True, slots=True)
class Message:
    """Something about a place in the program: lines and columns from 1, columns in code points, the end exclusive."""

    source: Literal["python", "ruff"]
    severity: Literal["error", "warning"]
    code: str | None
    message: str
    line: int
    column: int
    end_line: int
    end_column: int


class Linter:
    """Asks ruff, and the compiler of one interpreter; a few programs at a time."""

    def __init__(self, python: str | None) -> None:
        self._python = python
        self._ruff = Path(sysconfig.get_path("scripts")) / "ruff"
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._asked = 0

    async def messages(self, source: str) -> list[Message]:
        """What they say, by line, MAX_MESSAGES at most; a syntax error in the compiler's words.

        Raises Busy when too many ask.
        """
        if self._asked >= MAX_WAITING:
            raise Busy("too many programs are being read", retry_after=1)
        text = source.encode()
        self._asked += 1
        try:
            async with self._turn:
                compiled, linted = await asyncio.gather(self._compiler(text), self._linter(text))
        finally:
            self._asked -= 1
        broken = any(message.severity == "error" for message in compiled)
        kept = [message for message in linted if message.code is not None or not broken]
        return sorted([*compiled, *kept], key=lambda message: (message.line, message.column))[:MAX_MESSAGES]

    async def _compiler(self, source: bytes) -> list[Message]:
        if self._python is None:
            return []
        lines, status = await _lines([self._python, "-I", "-S", "-c", COMPILE], source)
        found = []
        for severity, text, line, column, end_line, end_column in lines:
            at, start = max(line or 1, 1), max(column or 1, 1)
            stop = end_line if end_line and end_line >= at else at
            past = end_column if end_column and (stop > at or end_column > start) else start + 1
            found.append(Message("python", severity, None, text[:MAX_TEXT], at, start, stop, past))
        if status != 0:
            found.append(Message("python", "error", None, "The compiler gave up on this program.", 1, 1, 1, 2))
        return found

    async def _linter(self, source: bytes) -> list[Message]:
        options = ["--isolated", "--no-cache", "--quiet", "--exit-zero", "--output-format", "json-lines"]
        command = [str(self._ruff), "check", *options, "--select", RULES, "--stdin-filename", "main.py", "-"]
        lines, _ = await _lines(command, source)
        found = []
        for item in lines:
            start, end = item["location"], item["end_location"]
            code = None if item["code"] in (None, "invalid-syntax") else item["code"]
            severity: Literal["error", "warning"] = "warning" if code else "error"
            place = (start["row"], start["column"], end["row"], end["column"])
            found.append(Message("ruff", severity, code, item["message"][:MAX_TEXT], *place))
        return found


async def _lines(command: list[str], source: bytes) -> tuple[list[Any], int]:
    """The lines of JSON that a command prints about a source, MAX_MESSAGES at most, and its status."""
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, limit=MAX_LINE)
    # Both are pipes, whatever the type says.
    stdin, stdout = cast("StreamWriter", process.stdin), cast("StreamReader", process.stdout)
    found: list[Any] = []
    try:
        async with asyncio.timeout(TIMEOUT_S):
            stdin.write(source)
            stdin.close()
            async for line in stdout:
                found.append(json.loads(line))
                if len(found) == MAX_MESSAGES:
                    return found, 0
            return found, await process.wait()
    except (TimeoutError, ValueError):
        # A ValueError is a line longer than the limit: no message that anybody would read.
        return found, -9
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
