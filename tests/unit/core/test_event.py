"""Chunks survive the way to bytes and back, and nothing else is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import BadRecord
from app.core.event import BYTES_PER_EVENT, HEADER, Chunk, concatenate, events_of, merged, pack, unpack, unpack_all

TIMES = st.floats(0, 1e15)
NUMBERS = st.integers(0, 2**32 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
ROWS = st.lists(
    st.tuples(TIMES, TIMES, NUMBERS, NUMBERS, NUMBERS, NUMBERS, TEXTS, st.integers(1, 14), st.integers(0, 255)),
    max_size=20,
)


def rows_of(chunk: Chunk) -> list[tuple[object, ...]]:
    events = chunk.events
    texts = events.text_of()
    columns = (events.t, events.end, events.lane, events.obj, events.by, events.place)
    numbers = list(zip(*(column.tolist() for column in columns), strict=True))
    kinds = list(zip(events.kind.tolist(), events.flags.tolist(), strict=True))
    return [(*numbers[i], texts.get(i, ""), *kinds[i]) for i in range(len(events))]


@given(st.lists(ROWS, max_size=4))
def test_chunks_come_back_as_they_went(parts: list[list[tuple[object, ...]]]) -> None:
    chunks = [Chunk(seq, 5.0 * seq, 0, events_of(rows)) for seq, rows in enumerate(parts, 1)]
    back = list(unpack_all(b"".join(pack(chunk) for chunk in chunks)))
    assert [(chunk.seq, chunk.known) for chunk in back] == [(chunk.seq, chunk.known) for chunk in chunks]
    assert [rows_of(chunk) for chunk in back] == parts


@given(ROWS)
def test_a_chunk_has_the_size_that_the_format_says(rows: list[tuple[object, ...]]) -> None:
    chunk = Chunk(1, 0.0, 0, events_of(rows))
    size = HEADER.size + BYTES_PER_EVENT * len(rows) + len(chunk.events.texts)
    assert len(pack(chunk)) == size + -size % 8


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(BadRecord):
        unpack(data)


@given(ROWS, st.data())
def test_damaged_chunks_are_refused_or_read_within_bounds(rows: list[tuple[object, ...]], data: st.DataObject) -> None:
    whole = bytearray(pack(Chunk(1, 0.0, 0, events_of(rows))))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        chunk, end = unpack(bytes(whole))
    except BadRecord:
        return
    assert end <= len(whole)
    assert all(isinstance(text, str) for text in chunk.events.text_of().values())


@given(ROWS, ROWS)
def test_merging_orders_by_time_and_keeps_each_text_with_its_event(
    first: list[tuple[object, ...]], second: list[tuple[object, ...]]
) -> None:
    events = merged([Chunk(1, 0.0, 0, events_of(first)), Chunk(2, 0.0, 0, events_of(second))])
    assert rows_of(Chunk(1, 0.0, 0, events)) == sorted(first + second, key=lambda row: row[0])  # type: ignore[arg-type, return-value]
    assert len(concatenate([])) == 0
