"""Boxes by bubblewrap: namespaces of their own, nothing of the host in them but the interpreter and its libraries.

    server ── nursery ── supervisor (one a box) ── bwrap ── init (process 1, on the box's interpreter) ── the program

`prepare` builds everything up to an init that waits for its program; warm, up to an interpreter that does.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from app.core.errors import NoSandbox
from app.core.run import Kind, Limits, Program, Python
from app.sandbox import Guarantee, machine, seccomp
from app.sandbox.box import SECCOMP, Making, Parts, Way, try_out
from app.sandbox.groups import Groups, NoGroups
from app.sandbox.supervised import TRACER, Supervised, build_images

PROBE = Program("import os\nos._exit(0 if os.listdir('/home') == ['sandbox'] and os.getuid() == 1000 else 1)\n")
PROBE_LIMITS = Limits(log_bytes=1 << 20)
GREEDY = Program("kept = bytearray(64 << 20)\nfor at in range(0, len(kept), 4096): kept[at] = 1\n")
GREEDY_LIMITS = Limits(log_bytes=1 << 20, memory_bytes=16 << 20)
WAYS = (Way(True, True), Way(False, True), Way(True, False), Way(False, False))
"""Best first."""


class Bubblewrap(Supervised):
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
        super().__init__(directory, boxes)
        try:
            (self._folder.path / SECCOMP).write_bytes(seccomp.program())
            self._images = build_images(tuple(pythons), self._folder.path, tracer, pure=pure, walled=True)
            self._making = self._find_way()
            self.groups, self._ungrouped = self._find_groups() if grouped else (None, "control groups are not wanted")
            self._making = replace(self._making, groups=self.groups)
        except BaseException:
            self._remove()
            raise

    def guarantees(self) -> tuple[Guarantee, ...]:
        """See Sandbox."""
        return machine.guarantees(
            staged=self._making.way.staged, disable_userns=self._making.way.disable_userns, ungrouped=self._ungrouped
        )

    def _find_way(self) -> Making:
        """The best way in which a real box runs a real program."""
        image = next(iter(self._images.values()))
        refusals = []
        for way in WAYS:
            if way.staged or os.geteuid() != 0:  # from root it must be staged: a box's user can't reach root's files
                making = Making("bubblewrap", self._bwrap, way, self._folder.path, None, self._nursery)
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
