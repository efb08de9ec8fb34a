"""Programs run by real interpreters under the tracer, and what the trace says of them."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import textwrap
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest

import app.sandbox
from app.core.event import Chunk, Events
from app.core.fold import fold
from app.core.log import Numbering, Records, check, join
from app.core.timeline import LANE_KINDS, MARKS, RESOURCES, STATES, Lane, Link, Timeline, process_of
from app.flight import FlightLog
from app.sandbox.box import prepare_log
from app.sandbox.pythons import find_pythons
from app.tracer import wire

TRACER = Path(wire.__file__).parent
ACCELERATOR = Path(app.sandbox.__file__).with_name("accelerator.py")
HEADER = struct.Struct(wire.PACKET_HEADER)
PATIENCE_S = 60
NEVER = 1 << 63

MEETING = """
import time


def blocked(*threads):
    for thread in threads:
        before = None
        while True:
            # Blocked is who sleeps, and does not wake up for the GIL now and then while we leave it alone.
            with open(f"/proc/{thread.native_id}/status") as file:
                status = dict(line.split(":", 1) for line in file)
            now = status["State"].split()[0], status["voluntary_ctxt_switches"]
            if now[0] == "S" and now == before:
                break
            before = now
            time.sleep(0.02)
"""
"""A module for programs: `blocked(*threads)` comes back when each of these threads waits for something."""


@dataclass(frozen=True)
class Packet:
    """What one write sent; lane 0 and no header when it came from outside the tracer's streams."""

    lane: int
    t: int
    text: str


@dataclass(frozen=True)
class Wait:
    """A stay in `waiting`: on what, on which line."""

    kind: str
    name: str
    line: int


class Seen:
    """A traced program's run: its trace, what it printed and how it ended."""

    def __init__(self, log: Path, size: int, exit_code: int, packets: dict[int, list[Packet]]) -> None:
        self.exit_code = exit_code
        self.packets = packets
        with log.open("rb") as file:
            flight = FlightLog(file.fileno(), size)
            records = join([found for found, _ in flight.look(0, final=True)])
            self.open_cells = flight.open_cells(final=True)
            self.lost = flight.lost()
        self.records, self.rejected = check(records, NEVER)
        self.numbering = Numbering(int(records.raw["t"].min()) if len(records) else 0)
        self.events: Events = self.numbering.events(_sorted(self.records))

    @cached_property
    def timeline(self) -> Timeline:
        events = self.events
        end = float(max(events.t.max(), events.end[events.kind == wire.STEP].max(initial=0))) if len(events) else 0.0
        return fold([Chunk(1, end, 0, events)], end)

    @property
    def stdout(self) -> str:
        return "".join(packet.text for packet in self.packets[1])

    @property
    def stderr(self) -> str:
        return "".join(packet.text for packet in self.packets[2])

    def lanes(self, kind: str) -> list[Lane]:
        return [lane for lane in self.timeline.lanes.values() if LANE_KINDS[lane.kind] == kind]

    def name(self, lane: int) -> str:
        """A lane's name; that of a thread or task of a child process has the process's before it."""
        found = self.timeline.lanes[lane]
        process = process_of(self.timeline, found)
        return found.name if process is found or process.id == 1 else f"{process.name}/{found.name}"

    def lane(self, name: str, kind: str = "") -> Lane:
        """The only lane of this name."""
        lanes = self.timeline.lanes.values()
        [found] = [lane for lane in lanes if self.name(lane.id) == name and kind in {"", LANE_KINDS[lane.kind]}]
        return found

    def states(self, name: str) -> list[str]:
        return [STATES[span.state] for span in self.lane(name).spans]

    def waits(self, name: str) -> list[Wait]:
        """What the lane of this name waited on, in order."""
        return [
            Wait(RESOURCES[resource.kind], resource.name, self.timeline.places.get(span.place, (0,))[0])
            for span in self.lane(name).spans
            if span.state == wire.WAITING
            for resource in [self.timeline.resources[span.on]]
        ]

    def holds(self, resource: str) -> list[str]:
        """Who held the resource of this name, in order."""
        numbers = {item.id for item in self.timeline.resources.values() if item.name == resource}
        return [self.name(hold.lane) for hold in self.timeline.holds if hold.resource in numbers]

    def levels(self, resource: str) -> list[int]:
        numbers = {item.id for item in self.timeline.resources.values() if item.name == resource}
        return [int(value) for number, _, value in self.timeline.levels if number in numbers]

    def links(self, kind: str) -> list[tuple[str, str]]:
        """Arrows of this kind: from which lane to which."""
        found: list[Link] = [link for link in self.timeline.links if link.kind == kind]
        return [(self.name(link.from_lane), self.name(link.to_lane)) for link in found]

    def marks(self, name: str) -> list[tuple[str, str, int]]:
        """What was noted on the lane of this name: kind, text, line."""
        lane = self.lane(name).id
        return [
            (MARKS[kind], text, self.timeline.places.get(where, (0,))[0])
            for owner, _, kind, text, where in self.timeline.marks
            if owner == lane
        ]

    def printed_by(self, name: str) -> str:
        """What the lane of this name printed on stdout."""
        lane = self.lane(name).id
        return "".join(packet.text for packet in self.packets[1] if self.numbering.lanes.get(packet.lane) == lane)


def _sorted(records: Records) -> Records:
    return records.take(np.lexsort((records.at, records.written())))


def _packets(descriptor: int, into: list[Packet]) -> None:
    while data := os.read(descriptor, wire.PACKET):
        if data.startswith(wire.PACKET_MAGIC):
            _, lane, t, size = HEADER.unpack_from(data)
            text = data[HEADER.size :]
            assert len(text) == size
            into.append(Packet(lane, t, text.decode()))
        else:
            into.append(Packet(0, 0, data.decode("utf-8", "replace")))
    os.close(descriptor)


class Tracer:
    """An interpreter with the tracer in its site-packages, accelerated or not, and the log that its programs write."""

    def __init__(self, interpreter: Path, home: Path, writer: str) -> None:
        subprocess.run([interpreter, "-m", "venv", "--without-pip", home], check=True, timeout=PATIENCE_S)
        self.python = home / "bin" / "python"
        [site] = home.glob("lib/python*/site-packages")
        self.package = site / "interleave_tracer"
        shutil.copytree(TRACER, self.package, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
        self.writer = writer
        if writer == "c":
            build = [self.python, "-I", "-S", ACCELERATOR, self.package]
            complaint = subprocess.run(build, capture_output=True, text=True, timeout=PATIENCE_S, check=False).stderr
            if complaint.startswith("no "):
                pytest.skip(f"{interpreter} runs the tracer in pure Python: {complaint}")
            assert complaint == ""
        subprocess.run([self.python, "-m", "compileall", "-q", self.package], check=True, timeout=PATIENCE_S)
        (site / "interleave.pth").write_text("import interleave_tracer.start\n")
        (site / "meeting.py").write_text(MEETING)
        version = subprocess.run(
            [self.python, "-c", "import sys; print(*sys.version_info[:3])"], check=True, capture_output=True, text=True
        )
        self.version = tuple(map(int, version.stdout.split()))
        self.log = home / "log"

    def run(
        self,
        source: str,
        *options: str,
        args: tuple[str, ...] = (),
        log_bytes: int = 8 << 20,
        traced: bool = True,
        stdin: str = "",
        env: dict[str, str] | None = None,
    ) -> Seen:
        """Run a program to its end; `traced=False`: with the tracer there but no log, as outside a box."""
        self.log.unlink(missing_ok=True)
        with self.log.open("wb") as file:
            prepare_log(file.fileno(), log_bytes)
        (self.package / "log_path").write_text(str(self.log if traced else self.log.with_name("nowhere")))
        program = self.log.with_name("program.py")
        program.write_text(textwrap.dedent(source))
        pipes = [os.pipe2(os.O_DIRECT | os.O_CLOEXEC) for _ in range(2)]
        packets: dict[int, list[Packet]] = {1: [], 2: []}
        process = subprocess.Popen(
            [self.python, *options, program, *args],
            stdin=subprocess.PIPE,
            stdout=pipes[0][1],
            stderr=pipes[1][1],
            env=(os.environ if env is None else env),
            cwd=program.parent,
        )
        readers = [
            threading.Thread(target=_packets, args=(pipe[0], packets[stream])) for stream, pipe in enumerate(pipes, 1)
        ]
        for reader, pipe in zip(readers, pipes, strict=True):
            os.close(pipe[1])
            reader.start()
        assert process.stdin is not None
        with process.stdin as pipe:
            pipe.write(stdin.encode())
        try:
            exit_code = process.wait(PATIENCE_S)
        finally:
            process.kill()
            process.wait()
            for reader in readers:
                reader.join(PATIENCE_S)
        return Seen(self.log, log_bytes, exit_code, packets)


Run = Callable[..., Seen]


PYTHONS = find_pythons()
TRACERS = {
    f"{python.version}{'t' * python.free_threaded}-{writer}": (python, writer)
    for python in PYTHONS
    for writer in ("c", "python")
}


@pytest.fixture(scope="session", params=TRACERS.values(), ids=TRACERS)
def tracer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tracer:
    python, writer = request.param
    return Tracer(Path(python.executable), tmp_path_factory.mktemp("traced") / "venv", writer)


@pytest.fixture
def run(tracer: Tracer) -> Run:
    return tracer.run


@pytest.fixture(scope="session")
def certificate(tracer: Tracer) -> Path:
    """The folder of cert.pem and key.pem: the one in which programs run."""
    folder = tracer.log.parent
    command = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 9 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*command.split(), *names], cwd=folder, check=True, capture_output=True)
    return folder
