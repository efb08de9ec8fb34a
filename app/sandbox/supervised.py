"""What the sandboxes have in common whose boxes are supervised: interpreters' images, turns and open boxes."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import tempfile
from pathlib import Path

from app.core.errors import NoSandbox
from app.core.run import Limits, Python
from app.sandbox import machine
from app.sandbox.box import PATIENCE_SECONDS, Image, Making, Parts, SupervisedBox
from app.sandbox.groups import Groups
from app.sandbox.nursery import Nursery

logger = logging.getLogger(__name__)

HERE = Path(__file__).parent
TRACER = HERE.parent / "tracer"


class Supervised:
    """Makes boxes of `_images` with `_making`, which a backend finds; `groups` are the control groups, if any."""

    groups: Groups | None = None
    _images: dict[str, Image]
    _making: Making

    def __init__(self, directory: Path | None, boxes: int) -> None:
        self._turns = asyncio.Semaphore(boxes)
        self._boxes: set[SupervisedBox] = set()
        self._nursery = Nursery()
        self._folder = machine.own_folder(directory or Path(tempfile.gettempdir()))

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
        if self.groups:
            self.groups.close()
        self._remove()

    def _remove(self) -> None:
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
