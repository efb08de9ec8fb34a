"""Warm boxes that wait for programs, so that a run begins at once: a sandbox in front of another one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from app.core.errors import NoSandbox
from app.core.run import End, Limits, Python
from app.sandbox import Box, Guarantee, Sandbox
from app.sandbox.machine import memory_left

logger = logging.getLogger(__name__)

LATELY_S = 900
"""How long an interpreter counts as in use after it was asked for; the last one that was always does."""
OLDEST_S = 600
"""How long a box waits before a fresh one takes its place."""
QUIET_S = 0.1
"""How long it must be since a box was asked for, or ended, before one is made: whoever waits for a turn goes first."""
LOOK_S, AGAIN_S = 2, 30
"""How often it is looked at ages and memory, and how soon it is tried again when a box could not be made."""
LEAST_LEFT, ENOUGH_LEFT = 0.1, 0.2
"""With less than the one share of its memory left a machine has no box to spare; with the other, again."""

Wanted = tuple[Python, Limits]
"""What a box was made for: it runs on this interpreter with these limits, and with no others."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A warm box, since when it waits, and what is done when it has died."""

    box: Box
    wanted: Wanted
    since: float
    died: asyncio.Task[End]


class Pool:
    """The Sandbox behind it, and up to `count` warm boxes of the interpreters in use; at first of the `usual` one.

    A box serves one program, whether it waited here or not. Boxes are made one after the other by `run_forever`, and
    only while fewer than `boxes` programs run and nobody waits for a box: a burst of runs gets what there is, and then
    boxes that are made for it. `counted` is told of each prepared box whether it was warm.
    """

    def __init__(
        self, behind: Sandbox, usual: Wanted, *, count: int, boxes: int, counted: Callable[[bool], None]
    ) -> None:
        self.name = behind.name
        self.waiting: list[Waiting] = []
        self._behind = behind
        self._count = count
        self._boxes = boxes
        self._counted = counted
        self._asked = {usual: time.monotonic()}
        self._out: set[asyncio.Task[End]] = set()
        self._preparing = 0
        self._last = 0.0
        self._bell = asyncio.Event()

    def guarantees(self) -> tuple[Guarantee, ...]:
        """See Sandbox."""
        return self._behind.guarantees()

    async def prepare(self, python: Python, limits: Limits, *, warm: bool = False) -> Box:
        """See Sandbox."""
        wanted = (python, limits)
        self._asked.pop(wanted, None)
        self._asked[wanted] = time.monotonic()
        found = next((one for one in self.waiting if one.wanted == wanted and not one.died.done()), None)
        self._counted(found is not None)
        if found:
            self.waiting.remove(found)
            return self._given(found.box, found.died)
        self._preparing += 1
        try:
            box = await self._behind.prepare(python, limits, warm=warm)
        finally:
            self._preparing -= 1
        return self._given(box, asyncio.create_task(box.wait()))

    async def run_forever(self) -> None:
        """Keep boxes warm until cancelled."""
        while True:
            pause = await self._step()
            self._bell.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._bell.wait()

    async def close(self) -> None:
        """See Sandbox."""
        await self._let_go(self.waiting)
        await self._behind.close()

    async def _step(self) -> float:
        """Let go of what is too old, dead or too much, and make one box if one is missing; when to look again, in s."""
        now = time.monotonic()
        left = memory_left()
        targets = self._targets(now) if left >= LEAST_LEFT else {}
        kept: dict[Wanted, int] = {}
        useless = []
        for one in self.waiting:
            kept[one.wanted] = kept.get(one.wanted, 0) + 1
            late = one.died.done() or now - one.since > OLDEST_S
            if late or kept[one.wanted] > targets.get(one.wanted, 0):
                kept[one.wanted] -= 1
                useless.append(one)
        await self._let_go(useless)
        missing = next((wanted for wanted, most in targets.items() if kept.get(wanted, 0) < most), None)
        if missing is None or left < ENOUGH_LEFT or self._preparing + len(self._out) >= self._boxes:
            return LOOK_S
        if (quiet := self._last + QUIET_S - now) > 0:
            await asyncio.sleep(quiet)
            return 0
        try:
            box = await self._behind.prepare(*missing, warm=True)
        except (NoSandbox, OSError) as problem:
            logger.warning("no box could be kept warm: %s", problem)
            await asyncio.sleep(AGAIN_S)
            return 0
        died = asyncio.create_task(box.wait())
        died.add_done_callback(lambda _: self._bell.set())
        self.waiting.append(Waiting(box, missing, time.monotonic(), died))
        return 0

    def _targets(self, now: float) -> dict[Wanted, int]:
        """How many boxes each that is in use is to have, the one that was asked for last first."""
        asked = list(reversed(self._asked.items()))
        for wanted, when in asked[1:]:
            if now - when > LATELY_S:
                del self._asked[wanted]
        used = list(reversed(self._asked))[: self._count]
        return {wanted: (self._count + len(used) - 1 - index) // len(used) for index, wanted in enumerate(used)}

    def _given(self, box: Box, ended: asyncio.Task[End]) -> Box:
        """This box is somebody's now."""
        self._out.add(ended)
        ended.add_done_callback(self._taken_back)
        self._told()
        return box

    def _taken_back(self, ended: asyncio.Task[End]) -> None:
        self._out.discard(ended)
        self._told()

    def _told(self) -> None:
        self._last = time.monotonic()
        self._bell.set()

    async def _let_go(self, boxes: list[Waiting]) -> None:
        for one in list(boxes):
            self.waiting.remove(one)
            await one.box.close()
