"""What the sandboxes have in common whose boxes are supervised: interpreters' images, turns and open boxes."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.core.errors import NoSandbox
from app.core.run import Limits, Program, Python
from app.sandbox import machine
from app.sandbox.box import PATIENCE_SECONDS, SECCOMP, Image, Making, Parts, SupervisedBox, Way, try_out
from app.sandbox.groups import Groups
from app.sandbox.nursery import Nursery

logger = logging.getLogger(__name__)

HERE = Path(__file__).parent
TRACER = HERE.parent / "tracer"


PROBE = Program("import os\nos._exit(0 if os.listdir('/home') == ['sandbox'] and os.getuid() == 1000 else 1)\n")
"""Ends with 0 where there are walls around it."""
PROBE_LIMITS = Limits(log_bytes=1 << 20)


class Supervised(ABC):
    """A Sandbox whose boxes a supervisor builds with `_builder` as `name` says. Constructing it blocks: for start-up.

    In `directory` it keeps flight logs while they are written and the interpreters' images, in a folder of its own;
    best on a disk: on a tmpfs a log takes all its memory at once. At most `boxes` are open at a time: `prepare` waits
    for its turn. With `pure` the tracer is never accelerated. `groups` are the control groups, if any.

    Raises NoSandbox.
    """

    name: str
    groups: Groups | None = None

    def __init__(
        self,
        pythons: Iterable[Python],
        directory: Path | None = None,
        *,
        boxes: int = 4,
        tracer: Path = TRACER,
        pure: bool = False,
    ) -> None:
        builder = self._builder()
        self._turns = asyncio.Semaphore(boxes)
        self._boxes: set[SupervisedBox] = set()
        self._nursery = Nursery()
        self._folder = machine.own_folder(directory or Path(tempfile.gettempdir()))
        try:
            (self._folder.path / SECCOMP).touch()
            self._images = build_images(
                tuple(pythons), self._folder.path, tracer, pure=pure, walled=builder is not None
            )
            self._making = Making(self.name, builder, Way(True, True), self._folder.path, None, self._nursery)
            self._prove()
        except BaseException:
            self._remove()
            raise

    @abstractmethod
    def _builder(self) -> machine.Builder | None:
        """What builds the walls, if there are any. Raises NoSandbox if it is missing."""

    @abstractmethod
    def _prove(self) -> None:
        """Find out how boxes can be made here, for `_making`, with real ones. Raises NoSandbox if they can't."""

    def _try_out(self, making: Making, program: Program = PROBE, limits: Limits = PROBE_LIMITS) -> dict[str, Any]:
        """Run a program in a box that is made so; how it ended, or what went wrong as `detail`."""
        return try_out(Parts(next(iter(self._images.values())), limits, making, warm=False), program)

    async def prepare(self, python: Python, limits: Limits, *, warm: bool = False) -> SupervisedBox:
        """See Sandbox; `python` is one of those given at the start."""
        await self._turns.acquire()
        try:
            parts = Parts(self._images[python.executable], limits, self._making, warm=warm)
            box = SupervisedBox(parts, self._left)
        except BaseException:
            self._turns.release()
            raise
        self._boxes.add(box)
        try:
            await box.ready()
        except BaseException:
            await box.close()
            raise
        return box

    async def close(self) -> None:
        """See Sandbox."""
        await asyncio.gather(*(box.close() for box in self._boxes))
        self._remove()

    def _remove(self) -> None:
        if self.groups:
            self.groups.close()
        self._nursery.close()
        self._folder.remove()

    def _left(self, box: SupervisedBox) -> None:
        self._boxes.discard(box)
        self._turns.release()


def build_images(
    pythons: tuple[Python, ...], folder: Path, tracer: Path, *, pure: bool, walled: bool
) -> dict[str, Image]:
    """The image of every interpreter, by executable; all built at the same time."""
    builders = {}
    for python in pythons:
        place = folder / python.id
        place.mkdir()
        builders[python.executable] = subprocess.Popen(
            [
                python.executable,
                "-I",
                "-S",
                "-X",
                "gil=1",
                HERE / "image.py",
                place,
                tracer,
                HERE / "init.py",
                *["pure"] * pure,
                *["open"] * (not walled),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    images = {}
    for executable, builder in builders.items():
        with builder:
            built, complaint = builder.communicate(timeout=PATIENCE_SECONDS)
        if builder.returncode != 0:
            raise NoSandbox(f"Programs can't run on {executable}: {complaint.strip().rpartition(chr(10))[2]}")
        image = json.loads(built)
        if image["slow"]:
            logger.warning("on %s programs are traced in pure Python: %s", executable, image["slow"])
        binds = tuple((path, inside) for path, inside in image["binds"])
        costs = {int(kind): ns for kind, ns in image["costs"].items()}
        images[executable] = Image(image["python"], binds, image["gil"], costs)
    if not images:
        raise NoSandbox("Programs can't run: there is no CPython from 3.11 on. Install one or name it in the settings.")
    return images
