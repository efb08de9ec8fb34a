"""Make the golden recordings anew: `python -m tests.golden.record`. Both folds are held to what it writes."""

from __future__ import annotations

import json
from pathlib import Path

from app.core.event import Chunk, pack
from app.core.fold import fold
from app.core.timeline import to_json
from tests.golden import handmade

HERE = Path(__file__).parent


def write(name: str, chunks: list[Chunk], end_ns: float) -> None:
    """The chunks as they are stored, and the timeline that they fold to."""
    (HERE / f"{name}.chunks").write_bytes(b"".join(pack(chunk) for chunk in chunks))
    said = {"end_ns": end_ns, **to_json(fold(chunks, end_ns))}
    (HERE / f"{name}.timeline.json").write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n")


def main() -> None:
    """Write every golden recording."""
    write("handmade", handmade.chunks(), 19 * handmade.MS)


if __name__ == "__main__":
    main()
