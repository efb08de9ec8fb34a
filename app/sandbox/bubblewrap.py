"""Boxes by bubblewrap: namespaces of their own, nothing of the host in them but the interpreter and its libraries.

    server ── nursery ── supervisor (one a box) ── bwrap ── init (process 1, on the box's interpreter) ── the program

`prepare` builds everything up to an init that waits for its program; warm, up to an interpreter that does.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from app.core.errors import NoSandbox
from app.core.run import Kind, Limits, Program, Python
from app.sandbox import Guarantee, machine, seccomp
from app.sandbox.box import PATIENCE_SECONDS, SECCOMP, BubblewrapBox, Image, Making, Parts, Way, try_out
from app.sandbox.groups import Groups, NoGroups
from app.sandbox.nursery import Nursery

logger = logging.getLogger(__name__)

HERE = Path(__file__).parent
TRACER = HERE.parent / "tracer"
PROBE = Program("import os\nos._exit(0 if os.listdir('/home') == ['sandbox'] and os.getuid() == 1000 else 1)\n")
PROBE_LIMITS = Limits(log_bytes=1 << 20)
GREEDY = Program("kept = bytearray(64 << 20)\nfor at in range(0, len(kept), 4096): kept[at] = 1\n")
GREEDY_LIMITS = Limits(log_bytes=1 << 20, memory_bytes=16 << 20)
WAYS = (Way(True, True), Way(False, True), Way(True, False), Way(False, False))
"""Best first."""


class Bubblewrap:
    """The Sandbox by bubblewrap. Constructing it blocks (some 0.5 s): for start-up. Raises NoSandbox.

    In `directory` it keeps flight logs while they are written and the interpreters' images, in a folder of its own;
    best on a disk: on a tmpfs a log takes all its memory at once. At most `boxes` are open at a time: `prepare` waits
    for its turn. With `pure` the tracer is never accelerated; without `grouped` no control groups are made. `groups`
    are those that are.
    """

    name = "bubblewrap"

    def __init__(
        self,
        pythons: Iterable[Python],
        directory: Path | None = None,
        *,
        boxes: int = 4,
        tracer: Path = TRACER,
        pure: bool = False,
        grouped: bool = True,
    ) -> None:
        self._bwrap = machine.find_bwrap()
        self._turns = asyncio.Semaphore(boxes)
        self._boxes: set[BubblewrapBox] = set()
        self._nursery = Nursery()
        self._folder = machine.own_folder(directory or Path(tempfile.gettempdir()))
        try:
            (self._folder.path / SECCOMP).write_bytes(seccomp.program())
            self._images = _build_images(tuple(pythons), self._folder.path, tracer, pure=pure)
            self._making = self._find_way()
            self.groups, self._ungrouped = self._find_groups() if grouped else (None, "control groups are not wanted")
            self._making = replace(self._making, groups=self.groups)
        except BaseException:
            self._nursery.close()
            self._folder.remove()
            raise

    def guarantees(self) -> tuple[Guarantee, ...]:
        """See Sandbox."""
        return machine.guarantees(
            staged=self._making.way.staged, disable_userns=self._making.way.disable_userns, ungrouped=self._ungrouped
        )

    async def prepare(self, python: Python, limits: Limits, *, warm: bool = False) -> BubblewrapBox:
        """See Sandbox; `python` is one of those given at the start."""
        await self._turns.acquire()
        try:
            parts = Parts(self._images[python.executable], limits, self._making, warm=warm)
            box = BubblewrapBox(parts, self._left)
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
        self._nursery.close()
        if self.groups:
            self.groups.close()
        self._folder.remove()

    def _left(self, box: BubblewrapBox) -> None:
        self._boxes.discard(box)
        self._turns.release()

    def _find_way(self) -> Making:
        """The best way in which a real box runs a real program."""
        image = next(iter(self._images.values()))
        refusals = []
        for way in WAYS:
            if way.staged or os.geteuid() != 0:  # from root it must be staged: a box's user can't reach root's files
                making = Making(self._bwrap, way, self._folder.path, None, self._nursery)
                end = try_out(Parts(image, PROBE_LIMITS, making, warm=False), PROBE)
                if end.get("exit_code") == 0:
                    return making
                refusals.append(end["detail"] or f"the test program ended with {end}")
        raise NoSandbox(machine.advice(refusals))

    def _find_groups(self) -> tuple[Groups | None, str]:
        """Control groups, if one of them really ends a program that takes too much; else why there are none."""
        try:
            groups = Groups()
        except NoGroups as error:
            return None, str(error)
        try:
            making = replace(self._making, groups=groups)
            end = try_out(Parts(next(iter(self._images.values())), GREEDY_LIMITS, making, warm=False), GREEDY)
        except OSError as error:
            end = {"detail": str(error)}
        if end.get("cause") == Kind.out_of_memory:
            return groups, ""
        groups.close()
        return None, f"a control group did not keep its limit: {end['detail'] or end}"


def _build_images(pythons: tuple[Python, ...], folder: Path, tracer: Path, *, pure: bool) -> dict[str, Image]:
    """The image of every interpreter, by executable; all built at the same time."""
    builders = {}
    for python in pythons:
        place = folder / python.id
        place.mkdir()
        builders[python.executable] = subprocess.Popen(
            [python.executable, "-I", "-S", HERE / "image.py", place, tracer, HERE / "init.py", *["pure"] * pure],
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
