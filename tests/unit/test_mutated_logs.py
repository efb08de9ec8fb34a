"""Ten thousand logs, each damaged in its own way: every one is read to the end, and is a timeline."""

from __future__ import annotations

import json
import os
import random
import struct
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import BadRecord
from app.core.event import Chunk, Events, pack, unpack, unpack_all
from app.core.findings import findings
from app.core.fold import fold
from app.core.log import LEGAL, Numbering, check
from app.core.timeline import to_json
from app.flight import FlightLog
from app.tracer import wire

LOGS = 10_000
BATCHES = 20
SEGMENTS = 3
SIZE = wire.PAGE + wire.table_bytes(SEGMENTS) + SEGMENTS * wire.SEGMENT
NOW = 1_000_000
ODD = [0, 1, 2, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 24, 1 << 32, 1 << 63, (1 << 64) - 1]
KINDS = sorted({int(kind) for kind, _ in np.argwhere(LEGAL)})


def number(dice: random.Random) -> int:
    """A number that a log may have given a lane, a resource or a place."""
    return dice.randrange(1, 4) << 24 | dice.randrange(1, 12)


def record(dice: random.Random, t: int, size: int = 0) -> bytes:
    """A record that could be true."""
    kind = dice.choice(KINDS)
    flags = int(dice.choice(np.flatnonzero(LEGAL[kind]).tolist()))
    arg = t + dice.randrange(100) if kind in (wire.STEP, wire.HOLD) else number(dice) | number(dice) << 32
    obj, lane, place = number(dice), number(dice), dice.choice([0, number(dice)])
    return struct.pack("<BBHIQQII", kind, flags, size, obj, t, arg, lane, place)


def written(dice: random.Random) -> bytes:
    """A log as a program could have written it."""
    log = bytearray(SIZE)
    log[: len(wire.header(SIZE))] = wire.header(SIZE)
    log[wire.HINT_AT : wire.HINT_AT + 8] = struct.pack("<Q", SEGMENTS)
    _, first = wire.layout(SIZE)
    for index, kind in enumerate((wire.RECORDS, wire.TEXTS, wire.CELLS)):
        at = wire.TABLE_AT + index * wire.ENTRY
        log[at : at + wire.ENTRY] = struct.pack("<4Q", 1, 50, 1, kind)
    told = b"".join(record(dice, t) for t in range(1, 120))
    texts = b""
    for t in range(1, 20):
        text = dice.randbytes(dice.randrange(100))
        texts += record(dice, t, len(text)) + text + bytes(-len(text) % wire.SLOT)
    cells = b"".join(struct.pack("<QII", dice.randrange(200), number(dice), number(dice)) for _ in range(20))
    for index, data in enumerate((told, texts, cells)):
        at = first + index * wire.SEGMENT
        log[at : at + len(data)] = data
    return bytes(log)


def damaged(dice: random.Random, log: bytes) -> bytearray:
    """The log with some of what is used of it overwritten."""
    _, first = wire.layout(SIZE)
    used = [(0, 64), (wire.PROCESS_AT, 64), (wire.TABLE_AT, SEGMENTS * wire.ENTRY)]
    used += [(first + index * wire.SEGMENT, 4000) for index in range(SEGMENTS)]
    made = bytearray(log)
    for _ in range(dice.choice([1, 1, 2, 4, 16, 64])):
        start, size = dice.choice(used)
        at = start + dice.randrange(size)
        match dice.randrange(4):
            case 0:
                new = bytes([made[at] ^ 1 << dice.randrange(8)])
            case 1:
                at -= at % 8
                new = struct.pack("<Q", dice.choice(ODD))
            case 2:
                new = dice.randbytes(dice.randrange(1, 200))
            case _:
                source = first + dice.randrange(4000)
                new = bytes(made[source : source + dice.randrange(1, 200)])
        made[at : at + len(new)] = new
    return made[:SIZE]


def told(log: FlightLog) -> Iterator[Events]:
    """What the recorder makes of it, first while it may still be written, then at its end."""
    numbering = Numbering(0)
    for final in (False, True):
        for found, _ in log.look(NOW, final=final):
            checked, bad = check(found, NOW)
            assert len(checked) + bad == len(found) <= 2 * wire.SEGMENT // wire.SLOT
            yield numbering.events(checked)
        log.open_cells(final=final)
    assert log.lost() >= 0


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_damaged_log_is_read_to_its_end_and_is_a_timeline(batch: int) -> None:
    dice = random.Random(batch)
    good = written(dice)
    descriptor = os.memfd_create("log")
    try:
        for _ in range(LOGS // BATCHES):
            os.pwrite(descriptor, damaged(dice, good), 0)
            parts = [Chunk(1, 0.0, 0, events) for events in told(FlightLog(descriptor, SIZE))]
            kept = [chunk for part in parts for chunk in unpack_all(pack(part))]
            timeline = fold(kept, float(NOW))
            json.dumps([to_json(timeline), [finding.to_json() for finding in findings(timeline)]])
    finally:
        os.close(descriptor)


@given(st.data(), st.integers(0, 1 << 30))
def test_a_damaged_chunk_is_refused_or_is_one(data: st.DataObject, seed: int) -> None:
    dice = random.Random(seed)
    descriptor = os.memfd_create("log")
    try:
        os.pwrite(descriptor, written(dice), 0)
        good = b"".join(pack(Chunk(1, 0.0, 0, events)) for events in told(FlightLog(descriptor, SIZE)))
    finally:
        os.close(descriptor)
    made = bytearray(good)
    for _ in range(data.draw(st.integers(1, 8))):
        made[data.draw(st.integers(0, len(made) - 1))] = data.draw(st.integers(0, 255))
    made = made[: data.draw(st.integers(0, len(made)))]
    try:
        chunk, end = unpack(bytes(made))
    except BadRecord:
        return
    assert end <= len(made)
    timeline = fold([chunk], float(NOW))
    json.dumps([to_json(timeline), [finding.to_json() for finding in findings(timeline)]])
