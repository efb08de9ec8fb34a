"""How heavy the page is, by what for: for the tests that hold it to its limit, and for the bench."""

from __future__ import annotations

import gzip
import re

from tests.conftest import ROOT

BUILD = ROOT / "static/build"
PARTS = {
    "shell and timeline": r"(main|theme|page)-",
    "panels, tour": r"(later|asked|tour)-",
    "editor": r"editor-",
}
"""What each part begins with; it also has all that those files import at once, unless a part before it has."""


def weights(loaded: set[str]) -> dict[str, int]:
    """The gzipped bytes of these files of static/build, by part."""
    sizes = {path.name: len(gzip.compress(path.read_bytes())) for path in BUILD.iterdir() if path.name in loaded}
    found = {}
    for part, entries in PARTS.items():
        mine: set[str] = set()
        todo = {name for name in sizes if re.match(entries, name)}
        while todo:
            name = todo.pop()
            mine.add(name)
            imported = re.findall(r'(?:from|import)\s*"\./([^"]+)"', (BUILD / name).read_text("utf-8"))
            todo |= (set(imported) & set(sizes)) - mine
        found[part] = sum(sizes.pop(name) for name in mine)
    return found | {"the rest": sum(sizes.values())}
