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
    permits = semaphore.permits
    if permits is not None:
        mine = Permit(lane, place, semaphore.number)
        permits.append(mine)
        if semaphore.permits is None:
            _over(semaphore, permits, mine)


def given(semaphore: Resource, lane: int) -> None:
    """The lane is about to give one back."""
    permits = semaphore.permits
    if permits is None:
        return
    mine = next((permit for permit in permits.copy() if permit.lane == lane), None)
    if mine is not None:
        _over(semaphore, permits, mine)
        return
    semaphore.permits = None
    for permit in permits.copy():
        _over(semaphore, permits, permit)


def _over(semaphore: Resource, permits: list[Permit], permit: Permit) -> None:
    try:
        permits.remove(permit)
    except ValueError:
        return  # another thread has just told it
    emit(wire.HOLD, 0, semaphore.number, permit.t, clock(), permit.lane, permit.place)
    permit.cell.close()
