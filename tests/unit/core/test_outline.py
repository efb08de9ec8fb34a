"""A timeline as text."""

from __future__ import annotations

import re

from app.core.event import Chunk, events_of
from app.core.fold import fold
from app.core.outline import clean, duration, outline
from app.core.run import Kind, Outcome
from app.core.timeline import Timeline
from app.tracer import wire
from tests.golden import handmade
from tests.golden.handmade import Row, row

COMPLETED = Outcome(Kind.completed, exit_code=0)
ROOT, MAIN, WORKER, POOL = 1, 2, 3, 4
LOCK = 1


def timeline_of(rows: list[Row], end_ms: float) -> Timeline:
    return fold([Chunk(1, end_ms * 1e6, 0, events_of(rows))], end_ms * 1e6)


def two_threads() -> list[Row]:
    """MainThread holds a lock for the first half, the worker then."""
    return [
        row(wire.PLACE, 0, ROOT, obj=1, end=7, flags=1, text="work"),
        row(wire.LANE, 0, ROOT, flags=wire.PROCESS, end=2, text="main process"),
        row(wire.STATE, 0, ROOT, flags=wire.RUNNING),
        row(wire.LANE, 0, MAIN, flags=wire.THREAD, obj=ROOT, text="MainThread"),
        row(wire.STATE, 0, MAIN, flags=wire.RUNNING),
        row(wire.RESOURCE, 0, MAIN, flags=wire.LOCK, obj=LOCK, text="gate"),
        row(wire.HOLD, 0, MAIN, obj=LOCK, end=50e6),
        row(wire.LANE, 0, WORKER, flags=wire.THREAD, obj=ROOT, by=MAIN, text="worker"),
        row(wire.STATE, 0, WORKER, flags=wire.WAITING, obj=LOCK, place=1),
        row(wire.STATE, 50, WORKER, flags=wire.RUNNING),
        row(wire.HOLD, 50, WORKER, obj=LOCK, end=90e6),
        row(wire.OUTPUT, 60, WORKER, flags=1, text="one\ntwo\n"),
        row(wire.LANE, 0, POOL, flags=wire.THREAD + wire.INTERNAL, obj=ROOT, text="helper"),
        row(wire.END, 100, MAIN, flags=wire.RETURNED),
        row(wire.END, 100, WORKER, flags=wire.RAISED, text="ValueError: no"),
        row(wire.END, 100, ROOT, flags=wire.RETURNED, obj=1 << 31),
    ]


def test_lanes_are_a_tree_with_a_bar_each() -> None:
    text = outline(timeline_of(two_threads(), 100), COMPLETED, width=60)
    lines = text.splitlines()
    assert lines[0] == "completed  1 process · 2 threads · 1 internal not shown · 100 ms"
    rows = {
        line.split("  ")[0].strip(): line for line in lines if line.lstrip("├└│ ").startswith(("main", "Main", "work"))
    }
    assert list(rows) == ["main process · 2", "├ MainThread", "└ worker"]
    bar = rows["└ worker"].split("  ")[-1]
    assert re.fullmatch(r"(▒+)(█+) ✗", bar)
    assert abs(bar.count("▒") - bar.count("█")) <= 1
    assert set(rows["├ MainThread"].split("  ")[-1]) == {"█"}
    assert "██ running   ▒▒ blocked on a lock   ✗ raised" in text


def test_waits_links_and_output_are_told() -> None:
    text = outline(timeline_of(two_threads(), 100), COMPLETED, width=80)
    assert "50 ms  worker waits for lock gate, held by MainThread on line 7, from 0 µs on" in text
    assert "1 ×  handoff  MainThread → worker over lock gate" in text
    assert re.findall(r"60 ms +worker +(\w+)", text) == ["one", "two"]


def test_no_line_of_the_picture_is_wider_than_asked() -> None:
    for width in (60, 100, 200):
        text = outline(timeline_of(two_threads(), 100), COMPLETED, width=width)
        picture = text.split("\n\nLongest")[0].splitlines()[1:]
        assert max(map(len, picture)) <= width


def test_colours_change_nothing_but_colours() -> None:
    timeline = timeline_of(two_threads(), 100)
    coloured = outline(timeline, COMPLETED, colour=True)
    assert "\x1b[38;5;33m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == outline(timeline, COMPLETED)


def test_nothing_of_the_programs_reaches_the_terminal_but_text() -> None:
    rows = two_threads()
    rows.append(row(wire.OUTPUT, 70, WORKER, flags=1, text="\x1b[2J\x9b\a\rgone\n"))
    rows.append(row(wire.NAME, 80, WORKER, text="\x1b]0;title\a"))
    text = outline(timeline_of(rows, 100), Outcome(Kind.raised, exit_code=1, detail="\x1bc"))
    assert "\\x1b[2J\\x9b\\x07" in text
    assert all(character.isprintable() or character == "\n" for character in text)


def test_any_trace_can_be_told_even_an_empty_one() -> None:
    assert outline(fold([]), None).startswith("lost")
    assert "Output" in outline(fold(handmade.chunks()), Outcome(Kind.timed_out), width=90)


def test_durations_have_three_digits_that_count() -> None:
    assert [duration(ns) for ns in (0, 950, 12_345, 1_500_000, 999_000_000, 12_340_000_000)] == [
        *("0 µs", "0.95 µs", "12.3 µs", "1.5 ms", "999 ms", "12.3 s")
    ]
    assert clean("tab\tя") == "tab\\tя"


def test_jobs_are_summed_up_by_function() -> None:
    text = outline(fold(handmade.jobs(), 6e6), COMPLETED, width=100)
    said = "5 ×  work on executor pool, in the queue 533 µs (at most 1.1 ms), ran 800 µs (at most 900 µs)"
    assert f"{said}, 1 raised, 1 cancelled, 1 not begun, 1 killed" in text
