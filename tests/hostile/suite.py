"""Run the attacks in one tier, many at a time, and look at what they left behind on the host.

An attack is a program under attacks/. Its first comment lines say what must hold; then come, each with a default:

    # outcome: completed                    the outcomes that are right
    # outcome TIER: timed_out               … where a tier does not hold it: what remains possible there
    # says: held                            what its output or the reason of its end must contain
    # limits: wall_ns=2_000_000_000 …       limits of its own
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path

from app.core.event import unpack_all
from app.core.fold import fold
from app.core.run import Limits, Program, Python, Run
from app.recorder import Recorder
from app.sandbox import Box, Guarantee, Sandbox
from app.sandbox.bubblewrap import Bubblewrap
from app.sandbox.gvisor import Gvisor
from app.store import Submission
from app.store.memory import MemoryStore

ATTACKS = Path(__file__).parent / "attacks"
BOXES = 6
USUAL = Limits(wall_ns=60_000_000_000, cpu_ns=30_000_000_000, log_bytes=4 << 20, file_bytes=4 << 20)
"""Ample time: a busy machine is no failure. What is to end at a limit has a short one of its own."""
LATE = 10
"""How many times its wall limit a run may take from its program's start until its tree is gone, and 5 s more."""
AFTERWARDS = ("clean", "host")
"""What is asked when all have run: whether the next program and the host notice."""
PR_SET_CHILD_SUBREAPER = 36
CLEAN = """
import os
assert sorted(os.listdir(".")) == ["main.py"], os.listdir(".")
assert not os.listdir("/tmp") and not os.listdir("/dev/shm")
assert {name for name in os.listdir("/proc") if name.isdigit()} <= {"1", "2"}
print("held")
"""


@dataclass(frozen=True, slots=True)
class Warmed:
    """A sandbox that warms every box before it gives it away."""

    behind: Sandbox

    @property
    def name(self) -> str:
        return self.behind.name

    def guarantees(self) -> tuple[Guarantee, ...]:
        return self.behind.guarantees()

    async def prepare(self, python: Python, limits: Limits, *, warm: bool = True) -> Box:
        return await self.behind.prepare(python, limits, warm=True)

    async def close(self) -> None:
        await self.behind.close()


class NoTier(Exception):
    """This machine has no such tier."""


@dataclass(frozen=True, slots=True)
class Attack:
    """A program and what must come of it."""

    name: str
    promise: str
    outcomes: frozenset[str]
    says: str
    limits: Limits
    source: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it: everything that is wrong, in words; nothing if it held."""

    name: str
    promise: str
    outcome: str
    seconds: float
    wrong: list[str] = field(default_factory=list)


def attacks(tier: str) -> list[Attack]:
    """All of them, by name, with what must come of them in this tier."""
    return [_read(path, tier) for path in sorted(ATTACKS.glob("*.py"))]


def _read(path: Path, tier: str) -> Attack:
    source = path.read_text("utf-8")
    head = [
        line.removeprefix("#").strip() for line in takewhile(lambda line: line.startswith("#"), source.splitlines())
    ]
    told = dict(line.split(":", 1) for line in head if re.match(r"(outcome( \w+)?|says|limits):", line))
    promise = " ".join(line for line in head if line.split(":")[0] not in told)
    outcomes = frozenset(told.get(f"outcome {tier}", told.get("outcome", "completed")).replace(",", " ").split())
    limits = {name: int(value) for name, value in (pair.split("=") for pair in told.get("limits", "").split())}
    says = told.get("says", "held" if outcomes == {"completed"} else "").strip()
    return Attack(path.stem, promise, outcomes, says, replace(USUAL, **limits), source)


@dataclass(frozen=True, slots=True)
class Canaries:
    """What the host has and no program may see or change."""

    file: Path
    process: subprocess.Popen[bytes]
    listeners: tuple[socket.socket, ...]
    words: dict[str, str]

    def harmed(self) -> list[str]:
        """What has been done to them."""
        found = []
        if self.file.read_text() != "canary" or sorted(self.file.parent.iterdir()) != [self.file]:
            found.append("the host's file was changed")
        if self.process.poll() is not None:
            found.append("the host's process was ended")
        for listener in self.listeners:
            try:
                listener.accept()[0].close()
            except BlockingIOError:
                continue
            found.append(f"somebody called the host at {listener.getsockname()!r}")
        return found


@contextmanager
def canaries(folder: Path) -> Iterator[Canaries]:
    """Put them out."""
    place = folder / "canary"
    place.mkdir()
    file = place / "file"
    file.write_text("canary")
    place.chmod(0o777)
    file.chmod(0o666)
    name = f"canary-{secrets.token_hex(8)}"
    by_port, by_name = socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)
    by_name.bind(f"\0{name}")
    by_name.listen()
    environment = {"CANARY_SECRET": name}
    with (
        by_port,
        by_name,
        subprocess.Popen(["sleep", "3600"], env=environment | {"PATH": os.environ["PATH"]}) as process,
    ):
        os.environ |= environment
        for listener in (by_port, by_name):
            listener.setblocking(False)
        words = {
            "CANARY_FILE": str(file),
            "CANARY_PID": str(process.pid),
            "CANARY_PORT": str(by_port.getsockname()[1]),
            "CANARY_SOCKET": name,
        }
        try:
            yield Canaries(file, process, (by_port, by_name), words)
        finally:
            process.kill()


@dataclass(frozen=True, slots=True)
class Held:
    """What this process, which stands for the server, has in hand."""

    descriptors: int
    children: int
    resident: int

    @classmethod
    def now(cls) -> Held:
        """Orphans of any depth count as children: they come to this process."""
        status = Path("/proc/self/status").read_text()
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        resident = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) << 10
        return cls(len(list(Path("/proc/self/fd").iterdir())), len(children), resident)


def run(chosen: list[Attack], tier: str, python: Python, folder: Path, *, warm: bool) -> list[Result]:
    """Run these attacks in a tier and then a clean program; the last result is what the host says of all of it."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with canaries(folder) as put_out:
        return asyncio.run(_run(chosen, tier, python, folder, put_out, warm=warm))


async def _run(
    chosen: list[Attack], tier: str, python: Python, folder: Path, put_out: Canaries, *, warm: bool
) -> list[Result]:
    store = MemoryStore()
    behind: Bubblewrap | Gvisor
    if tier == "gvisor":
        if shutil.which("runsc") is None:
            raise NoTier("gVisor's runsc is not installed")
        behind = Gvisor([python], folder / "boxes", boxes=BOXES)
    else:
        behind = Bubblewrap([python], folder / "boxes", boxes=BOXES, grouped=tier == "grouped")
    if tier == "grouped" and not behind.groups:
        await behind.close()
        raise NoTier("this machine lends no control groups")
    sandbox: Sandbox = Warmed(behind) if warm else behind
    clean = Attack(
        "clean", "The next run finds nothing of those before it.", frozenset({"completed"}), "held", USUAL, CLEAN
    )
    try:
        async with asyncio.TaskGroup() as group:
            recording = group.create_task(Recorder(store, sandbox, boxes=BOXES).run_forever())
            first = await _one(store, clean, python, tier, put_out)
            before, began = Held.now(), time.monotonic()
            results = await asyncio.gather(*(_one(store, attack, python, tier, put_out) for attack in chosen))
            last = await _one(store, clean, python, tier, put_out)
            after, took = Held.now(), time.monotonic() - began
            recording.cancel()
    finally:
        await sandbox.close()
    wrong = [f"before: {text}" for text in first.wrong] + last.wrong + put_out.harmed()
    if after.children > before.children:
        wrong.append(f"{after.children - before.children} processes or zombies were left")
    if after.descriptors > before.descriptors:
        wrong.append(f"{after.descriptors - before.descriptors} descriptors were left")
    if after.resident > before.resident + (256 << 20):
        wrong.append(f"the server grew by {after.resident - before.resident >> 20} MiB")
    if left := list((folder / "boxes").iterdir()):
        wrong.append(f"{len(left)} folders were left")
    promise = "The host's files, processes and sockets are untouched, and the server holds what it held before."
    return [*results, last, Result("host", promise, "untouched", took, wrong)]


async def _one(store: MemoryStore, attack: Attack, python: Python, tier: str, put_out: Canaries) -> Result:
    source = attack.source
    for word, value in put_out.words.items():
        source = re.sub(rf"\b{word}\b|(?<=0){word}\b", lambda _, value=value: value, source)
    run_id = secrets.token_hex(6)
    submission = Submission(Program(source), python, attack.limits, tier, owner="")
    await store.submit(submission, run_id, "", "2000-01-01T00:00:00Z")
    run = await store.run(run_id)
    while run.outcome is None:
        await asyncio.sleep(0.05)
        run = await store.run(run_id)
    return await judge(store, attack, run)


async def judge(store: MemoryStore, attack: Attack, run: Run) -> Result:
    """Compare what was promised with what is stored."""
    assert run.outcome is not None
    assert run.wall_ns is not None
    trace = await store.chunks(run.id, limit_bytes=1 << 30)
    timeline = await asyncio.to_thread(fold, [chunk for _, data in trace for chunk in unpack_all(data)], run.wall_ns)
    printed = "".join(text for _, _, _, text, _ in timeline.output)
    outcome = run.outcome.kind.value
    wrong = []
    if outcome not in attack.outcomes:
        wrong.append(f"{outcome}: {run.outcome.detail or run.outcome.exit_code} {printed[-600:]}")
    elif attack.says not in printed + run.outcome.detail:
        wrong.append(f"did not say {attack.says!r} but {run.outcome.detail} {printed[-600:]!r}")
    if run.wall_ns > attack.limits.wall_ns * LATE + 5_000_000_000:
        wrong.append(f"took {run.wall_ns / 1e9:.1f} s")
    return Result(attack.name, attack.promise, outcome, run.wall_ns / 1e9, wrong)
