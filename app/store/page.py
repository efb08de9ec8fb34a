"""How much of a log one read answers: the same for every store."""

from __future__ import annotations

from collections.abc import Iterable


def page(chunks: Iterable[tuple[int, bytes]], limit_bytes: int) -> list[tuple[int, bytes]]:
    """The first of these chunks, as many as `limit_bytes` hold but at least one; takes no more of them than it must."""
    taken: list[tuple[int, bytes]] = []
    size = 0
    for seq, chunk in chunks:
        size += len(chunk)
        if taken and size > limit_bytes:
            break
        taken.append((seq, chunk))
    return taken
