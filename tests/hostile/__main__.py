"""Attack the sandbox of this machine and say, as a table or as JSON, what held.

python -m tests.hostile [--tier TIER …] [--only NAME …] [--cold] [--json]

On warm boxes, as most programs run, unless they are to be cold.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from app.sandbox.pythons import find_pythons
from tests.hostile.suite import NoTier, Result, attacks, run

TIERS = ("grouped", "unprivileged", "gvisor")


def main() -> int:
    """Run it; 1 if something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--tier", action="append", choices=TIERS)
    parser.add_argument("--only", action="append", metavar="NAME")
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found: dict[str, list[Result]] = {}
    for tier in given.tier or TIERS:
        chosen = [attack for attack in attacks(tier) if given.only is None or attack.name in given.only]
        with tempfile.TemporaryDirectory(prefix="hostile-") as folder, contextlib.suppress(NoTier):
            found[tier] = run(chosen, tier, find_pythons()[-1], Path(folder), warm=not given.cold)
    if given.json:
        print(json.dumps({tier: [asdict(result) for result in results] for tier, results in found.items()}))
    else:
        print(table(found))
    return int(any(result.wrong for results in found.values() for result in results))


def table(found: dict[str, list[Result]]) -> str:
    """As Markdown: an attack a row, a tier a column, how the run ended there or what was wrong."""
    lines = [f"| attack | {' | '.join(found)} | what must hold |", "|---" * (len(found) + 2) + "|"]
    for row in zip(*found.values(), strict=True):
        cells = ("**" + "; ".join(one.wrong) + "**" if one.wrong else one.outcome.replace("_", " ") for one in row)
        lines.append(f"| {row[0].name} | {' | '.join(cells)} | {row[0].promise} |".replace("\n", " "))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
