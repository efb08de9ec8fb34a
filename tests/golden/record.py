"""Make the golden recordings anew: `python -m tests.golden.record`. Both folds are held to what it writes."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from app.core.event import Chunk, pack
from app.core.fold import fold
from app.core.run import Limits
from app.core.timeline import to_json
from app.examples import load
from app.sandbox.pythons import find_pythons
from tests.contract.recording import Job, record
from tests.golden import handmade

HERE = Path(__file__).parent
LIMITS = Limits(wall_ns=4_000_000_000)
RECORDED = (
    "article-threading",
    "article-pool",
    "article-asyncio",
    "lock",
    "deadlock",
    "sync-in-executor",
    "async-generator",
)
"""Examples whose runs, as they were recorded, show all that the tracer tells: processes, tasks, locks, futures, a limit."""


def write(name: str, chunks: list[Chunk], end_ns: float, folder: Path = HERE) -> None:
    """The chunks as they are stored, and the timeline that they fold to."""
    (folder / f"{name}.chunks").write_bytes(b"".join(pack(chunk) for chunk in chunks))
    said = {"end_ns": end_ns, **to_json(fold(chunks, end_ns))}
    (folder / f"{name}.timeline.json").write_text(json.dumps(said, ensure_ascii=False) + "\n")


def main() -> None:
    """Write every golden recording."""
    write("handmade", handmade.chunks(), 19 * handmade.MS)
    write("hidden", handmade.hidden(), 9 * handmade.MS)
    write("passed", handmade.passed(), 7 * handmade.MS)
    write("jobs", handmade.jobs(), 6 * handmade.MS)
    sources = {example.slug: example.source for example in load()}
    python = next(python for python in reversed(find_pythons()) if not python.free_threaded)
    with tempfile.TemporaryDirectory() as folder:
        found = record([Job(sources[slug], python, LIMITS) for slug in RECORDED], Path(folder))
    for slug, shown in zip(RECORDED, found, strict=True):
        assert shown.run.wall_ns is not None
        write(slug, shown.chunks, shown.run.wall_ns)


if __name__ == "__main__":
    main()
