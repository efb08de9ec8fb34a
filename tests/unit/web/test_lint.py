"""What ruff and the compiler say, also about programs that were made to break them."""

from __future__ import annotations

import sys

import pytest

from app.web.lint import MAX_MESSAGES, MAX_TEXT, Linter


@pytest.fixture
async def linter() -> Linter:
    return Linter(sys.executable)


async def test_a_good_program_has_no_messages(linter: Linter) -> None:
    assert await linter.messages("import asyncio\n\nasyncio.run(asyncio.sleep(0))\n") == []


async def test_ruff_says_where(linter: Linter) -> None:
    (message,) = await linter.messages("x = 1\nprint(яблоко)\n")
    assert (message.source, message.severity, message.code) == ("ruff", "warning", "F821")
    assert (message.line, message.column, message.end_line, message.end_column) == (2, 7, 2, 13)


async def test_a_blocking_call_in_a_coroutine_is_seen(linter: Linter) -> None:
    found = await linter.messages("import time\n\n\nasync def main():\n    time.sleep(1)\n    await other()\n")
    assert "ASYNC251" in {message.code for message in found}


@pytest.mark.parametrize(
    ("source", "line", "text"),
    [
        ("def f(:\n", 1, "invalid syntax"),
        ("x = 1\nreturn x\n", 2, "'return' outside function"),
        ("for x in y\n    pass\n", 1, "expected ':'"),
    ],
)
async def test_a_syntax_error_is_told_once_in_the_compilers_words(
    linter: Linter, source: str, line: int, text: str
) -> None:
    errors = [message for message in await linter.messages(source) if message.code is None]
    assert [(message.source, message.line, message.message) for message in errors] == [("python", line, text)]
    assert errors[0].severity == "error"
    assert errors[0].end_column > errors[0].column >= 1


@pytest.mark.parametrize(
    "source",
    [
        "(" * 60_000,
        "-" * 60_000 + "1",
        "x" + ".x" * 30_000,
        "[" * 90 + "1" + "]" * 90 + "\n" + "if x:" * 50,
        "\0",
        "x = " + "1" * 60_000,
        "'" * 65_536,
        "a" * 65_536,
        "a;" * 32_768,
        "\ufeff# coding: latin-1\nx = 'я'\n",
        "# coding: no-such\n",
        "",
    ],
    ids=lambda source: f"{source[:6]!r}",
)
async def test_a_hostile_program_is_answered(linter: Linter, source: str) -> None:
    found = await linter.messages(source)
    assert len(found) <= MAX_MESSAGES
    for message in found:
        assert message.line >= 1
        assert message.column >= 1
        assert (message.end_line, message.end_column) > (message.line, 0)
        assert len(message.message) <= MAX_TEXT
