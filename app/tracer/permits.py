"""Who holds the permits of a semaphore: one hold a permit, from acquire to release by the same lane.

A permit that another lane gives back was none that anybody held: such a semaphore is a signal or a counter, and from
then on nobody is said to hold it.
"""

from __future__ import annotations

from . import wire
from .log import Cell, clock, emit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .lanes import Resource


class Permit:
    """One that is held: by whom, since when, taken on which line."""

    __slots__ = ("cell", "lane", "place", "t")

    def __init__(self, lane: int, place: int, number: int) -> None:
        self.lane = lane
        self.place = place
        self.cell = Cell()
        self.t = clock()
        self.cell.open(self.t, lane, number)


def taken(semaphore: Resource, lane: int, place: int) -> None:
    """The lane has got a permit."""
    if semaphore.permits is not None:
        semaphore.permits.append(Permit(lane, place, semaphore.number))


def given(semaphore: Resource, lane: int) -> None:
    """The lane is about to give one back."""
    permits = semaphore.permits
    if permits is None:
        return
    mine = next((permit for permit in permits if permit.lane == lane), None)
    if mine is not None:
        permits.remove(mine)
        _over(semaphore, mine)
        return
    semaphore.permits = None
    for permit in permits:
        _over(semaphore, permit)


def _over(semaphore: Resource, permit: Permit) -> None:
    emit(wire.HOLD, 0, semaphore.number, permit.t, clock(), permit.lane, permit.place)
    permit.cell.close()
