"""`python -m bench [first|cost|live|volume …] [--pairs N]`: print the tables, all of them by default."""

from __future__ import annotations

import argparse

from bench import cost, first, live, volume

BENCHES = {"first": first.main, "cost": cost.main, "live": live.main, "volume": volume.main}


def main() -> None:
    """Run the benches that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("names", nargs="*", choices=[*BENCHES, []], default=[])
    parser.add_argument("--pairs", type=int, default=7)
    arguments = parser.parse_args()
    for name in arguments.names or BENCHES:
        BENCHES[name](arguments.pairs)


if __name__ == "__main__":
    main()
