"""Ratios of pairs, and how they are printed."""

from __future__ import annotations

from statistics import median


def ratio(ours: list[float], theirs: list[float]) -> str:
    """The median of the pairs' ratios, with the smallest and the largest."""
    ratios = sorted(mine / other for mine, other in zip(ours, theirs, strict=True))
    return f"{median(ratios):.2f}x ({ratios[0]:.2f}–{ratios[-1]:.2f})"


def milliseconds(values: list[float]) -> str:
    """The median of these seconds, in ms."""
    return f"{median(values) * 1000:.0f} ms"


def spread(values: list[float], scale: float, unit: str) -> str:
    """The median of these times `scale`, with the smallest and the largest."""
    digits = 0 if abs(median(values) * scale) >= 10 else 2
    middle, least, most = (f"{value * scale:.{digits}f}" for value in (median(values), min(values), max(values)))
    return f"{middle} {unit} ({least}–{most})"


def show(title: str, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print a table that is also Markdown."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    print(f"\n{title}\n")
    for row in (head, tuple("-" * width for width in widths), *rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
