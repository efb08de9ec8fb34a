"""`python -m bench [first|cost|live|page|volume|viewers|bursts|traffic …] [--pairs N]`: print the tables, all of them by default.

`python -m bench soak [--minutes N]` loads one server for so long.
"""

from __future__ import annotations

import argparse

from bench import bursts, cost, first, live, page, soak, traffic, viewers, volume

BENCHES = {
    "first": first.main,
    "cost": cost.main,
    "live": live.main,
    "page": page.main,
    "volume": volume.main,
    "viewers": viewers.main,
    "bursts": bursts.main,
    "traffic": traffic.main,
}


def main() -> None:
    """Run the benches that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("names", nargs="*", choices=[*BENCHES, "soak", []], default=[])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=5)
    arguments = parser.parse_args()
    for name in arguments.names or BENCHES:
        if name == "soak":
            soak.main(arguments.minutes)
        else:
            BENCHES[name](arguments.pairs)


if __name__ == "__main__":
    main()
