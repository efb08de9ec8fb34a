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
from app.core.run import Kind, Program, Python
from app.sandbox import Guarantee, machine, seccomp
from app.sandbox.box import SECCOMP, Way
from app.sandbox.groups import Groups, NoGroups
from app.sandbox.supervised import PROBE_LIMITS, TRACER, Supervised

GREEDY = Program("kept = bytearray(64 << 20)\nfor at in range(0, len(kept), 4096): kept[at] = 1\n")
GREEDY_LIMITS = replace(PROBE_LIMITS, memory_bytes=16 << 20)
WAYS = (Way(True, True), Way(False, True), Way(True, False), Way(False, False))
"""Best first."""


class Bubblewrap(Supervised):
    """The Sandbox by bubblewrap; without `grouped` no control groups are made."""

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
        self._grouped, self._ungrouped = grouped, "" if grouped else "control groups are not wanted"
        super().__init__(pythons, directory, boxes=boxes, tracer=tracer, pure=pure)

    def _builder(self) -> machine.Builder:
        return machine.find_bwrap()

    def _prove(self) -> None:
        (self._folder.path / SECCOMP).write_bytes(seccomp.program())
        if self._grouped:
            try:
                self.groups = Groups()  # while this process has no children yet, which would share its group
            except NoGroups as error:
                self._ungrouped = str(error)
        self._making = replace(self._making, way=self._find_way())
        if self.groups:
            self._ungrouped = self._failure(self.groups)
        if self.groups and self._ungrouped:
            self.groups.close()
            self.groups = None
        self._making = replace(self._making, groups=self.groups)

    def guarantees(self) -> tuple[Guarantee, ...]:
        """See Sandbox."""
        return machine.guarantees(
            staged=self._making.way.staged, disable_userns=self._making.way.disable_userns, ungrouped=self._ungrouped
        )

    def _find_way(self) -> Way:
        """The best way in which a real box runs a real program."""
        refusals = []
        for way in WAYS:
            if way.staged or os.geteuid() != 0:  # from root it must be staged: a box's user can't reach root's files
                end = self._try_out(replace(self._making, way=way))
                if end.get("exit_code") == 0:
                    return way
                refusals.append(end["detail"] or f"the test program ended with {end}")
        raise NoSandbox(machine.advice(refusals))

    def _failure(self, groups: Groups) -> str:
        """Why these are no use; nothing if one of them really ends a program that takes too much."""
        try:
            end = self._try_out(replace(self._making, groups=groups), GREEDY, GREEDY_LIMITS)
        except OSError as error:
            end = {"detail": str(error)}
        if end.get("cause") == Kind.out_of_memory:
            return ""
        return f"a control group did not keep its limit: {end['detail'] or end}"
