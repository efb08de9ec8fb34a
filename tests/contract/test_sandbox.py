"""What every sandbox keeps, with real boxes: what a program can't do, what it still can, and how its box ends."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyseccomp
import pytest

from app.core.errors import NoSandbox
from app.core.run import End, Kind, Limits, Program
from app.sandbox import Sandbox, bubblewrap
from app.sandbox.bubblewrap import Bubblewrap
from app.sandbox.groups import Groups, NoGroups
from app.sandbox.gvisor import Gvisor
from app.sandbox.none import Nothing
from app.sandbox.pythons import find_pythons
from app.tracer import wire
from tests.conftest import PATIENCE_S, ROOT
from tests.contract.serving import below
from tests.hostile.suite import PR_SET_CHILD_SUBREAPER, Warmed

PYTHON = find_pythons()[-1]
AMPLE = Limits(wall_ns=60_000_000_000, cpu_ns=60_000_000_000, log_bytes=4 << 20, file_bytes=4 << 20)
NOBODY = 65534
TO_PROCESS_1 = """
import contextlib, os
with contextlib.suppress(PermissionError):
    os.kill(1, 9)
os._exit(7)
"""
DEAF = """
import signal, time
for number in range(1, 32):
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_IGN)
time.sleep(60)
"""


@dataclass(frozen=True)
class Ran:
    """A program's whole output, packet by packet, and its box's end."""

    stdout: list[bytes]
    stderr: list[bytes]
    end: End

    def said(self) -> str:
        """What it printed, without the headers of the tracer's packets."""
        return "".join(text(packet) for packet in self.stdout)

    def complained(self) -> str:
        return "".join(text(packet) for packet in self.stderr)


def text(packet: bytes) -> str:
    headed = packet.startswith(wire.PACKET_MAGIC)
    return (packet[20:] if headed else packet).decode()


Run = Callable[..., "asyncio.Future[Ran]"]


@pytest.fixture(
    scope="module",
    params=[
        "grouped",
        "unprivileged",
        "grouped, warm",
        "unprivileged, warm",
        "none",
        "none, warm",
        "gvisor",
        "gvisor, warm",
    ],
)
async def sandbox(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    tier, _, warm = request.param.partition(", ")
    made: Bubblewrap | Nothing | Gvisor
    if tier == "gvisor":
        if shutil.which("runsc") is None:
            pytest.skip("gVisor's runsc is not installed")
        made = Gvisor([PYTHON], folder / "boxes", boxes=2)
    elif tier == "none":
        made = Nothing([PYTHON], folder / "boxes", boxes=2)
    else:
        made = Bubblewrap([PYTHON], folder / "boxes", boxes=2, grouped=tier == "grouped")
    if tier == "grouped" and not made.groups:
        await made.close()
        pytest.skip("this machine lends no control groups")
    yield Warmed(made) if warm else made
    await made.close()
    assert list((folder / "boxes").iterdir()) == []


@pytest.fixture
def adopted() -> Iterator[Callable[[], set[int]]]:
    """Tells this process's children; meanwhile orphans come to it, as to a server that is process 1 of a container."""
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    yield lambda: set(map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()))
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def needs(sandbox: Sandbox, promise: str) -> None:
    """Skip what this sandbox does not promise: a program would really do it, here."""
    told = next(one for one in sandbox.guarantees() if one.name == promise)
    if sandbox.name != "bubblewrap" and not told.holds:
        pytest.skip(f"{promise}: {told.how}")


async def run(sandbox: Sandbox, source: str, limits: Limits = AMPLE) -> Ran:
    """Run a program to its end."""
    box = await sandbox.prepare(PYTHON, limits)
    packets: dict[int, list[bytes]] = {box.stdout: [], box.stderr: []}
    loop = asyncio.get_running_loop()

    def read(descriptor: int) -> None:
        with contextlib.suppress(BlockingIOError):
            while packet := os.read(descriptor, wire.PACKET):
                packets[descriptor].append(packet)
            loop.remove_reader(descriptor)

    try:
        for descriptor in packets:
            loop.add_reader(descriptor, read, descriptor)
        before = time.monotonic_ns()
        zero = await box.run(Program(textwrap.dedent(source)))
        assert before <= zero <= time.monotonic_ns()
        end = await box.wait()
        for descriptor in packets:
            read(descriptor)
            loop.remove_reader(descriptor)
        return Ran(packets[box.stdout], packets[box.stderr], end)
    finally:
        await box.close()


async def test_a_program_is_alone(sandbox: Sandbox) -> None:
    needs(sandbox, "isolation")
    ran = await run(
        sandbox,
        """
        import json, os, socket, sys
        def attempt(deed):
            try:
                return deed() or "done"
            except OSError as error:
                return type(error).__name__
        print(json.dumps({
            "argv": sys.argv, "path": sys.path[0], "cwd": os.getcwd(), "file": __file__,
            "root": sorted(os.listdir("/")), "home": os.listdir("/home"), "etc": sorted(os.listdir("/etc")),
            "shadow": attempt(lambda: open("/etc/shadow").read()), "root home": attempt(lambda: os.listdir("/root")),
            "environment": sorted(os.environ), "uid": os.getuid(), "pids": [p for p in os.listdir("/proc") if p.isdigit()],
            "descriptors": sorted(os.listdir("/proc/self/fd"))[:3],
            "interfaces": [name for _, name in socket.if_nameindex()],
            "outside": attempt(lambda: socket.create_connection(("192.0.2.1", 80), timeout=5)),
            "stdlib": attempt(lambda: open(os.__file__, "a")), "proc": attempt(lambda: open("/proc/sys/kernel/hostname", "w")),
            "oom": attempt(lambda: open("/proc/self/oom_score_adj", "w").write("0")),
            "etc write": attempt(lambda: open("/etc/new", "w")), "packages": [p for p in sys.path if "site-packages" in p][:1],
            "input": attempt(lambda: sys.stdin.read()), "shell": os.path.exists("/bin/sh"),
        }))
        """,
    )
    assert ran.complained() == ""
    seen = json.loads(ran.said())
    assert (seen["argv"], seen["path"], seen["cwd"]) == (["main.py"], "/home/sandbox", "/home/sandbox")
    assert seen["file"] == "/home/sandbox/main.py"
    theirs = sandbox.name == "gvisor"  # what is its own kernel's, not this machine's
    own = {"sys"} if theirs else set()
    assert set(seen["root"]) <= {"dev", "etc", "home", "lib", "lib64", "proc", "run", "tmp", "usr"} | own
    assert seen["home"] == ["sandbox"]
    assert seen["etc"] == ["group", "hosts", "nsswitch.conf", "passwd"]
    assert seen["shadow"] == seen["root home"] == "FileNotFoundError"
    assert set(seen["environment"]) <= {"PATH", "HOME", "LANG", "PYTHONDONTWRITEBYTECODE", "PWD", "LC_CTYPE"}
    assert seen["uid"] == 1000
    assert set(seen["pids"]) == {"1", "2"}
    assert seen["interfaces"] == ["lo"]
    assert seen["outside"] not in {"done", "TimeoutError"}
    assert {seen["stdlib"], seen["proc"], seen["etc write"]} <= {"OSError", "PermissionError"}
    assert theirs or seen["oom"] in {"OSError", "PermissionError"}
    assert seen["input"] == "done"
    assert seen["shell"] is False
    assert ran.end.exit_code == 0


async def test_it_is_nobody_on_the_host(sandbox: Sandbox) -> None:
    needs(sandbox, "not root")
    box = await sandbox.prepare(PYTHON, AMPLE)
    await box.run(Program("import time\nprint('there')\ntime.sleep(60)\n"))
    await readable(box.stdout)
    owners = [owner(pid) for pid in boxed() | named("runsc")]
    await box.close()
    assert owners
    assert 0 not in owners


def owner(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


async def readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(descriptor, lambda: ready.done() or ready.set_result(None))
    await ready
    loop.remove_reader(descriptor)


async def test_one_write_is_one_packet(sandbox: Sandbox) -> None:
    ran = await run(sandbox, "import os\nfor word in (b'one', b'two', b'three'):\n    os.write(1, word)\n")
    assert ran.stdout == [b"one", b"two", b"three"]


@pytest.mark.parametrize(
    ("source", "exit_code", "number"),
    [
        ("pass", 0, None),
        ("raise SystemExit(3)", 3, None),
        ("raise SystemExit(139)", 139, None),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", None, signal.SIGSEGV),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", None, signal.SIGTERM),
        ("import os; os._exit(7)", 7, None),
    ],
)
async def test_exit_codes_and_signals_are_told_apart(
    source: str, exit_code: int | None, number: int | None, sandbox: Sandbox
) -> None:
    end = (await run(sandbox, source)).end
    assert (end.exit_code, end.signal, end.cause) == (exit_code, number, None)


async def test_process_1_does_not_hear_it(sandbox: Sandbox) -> None:
    needs(sandbox, "isolation")
    assert (await run(sandbox, TO_PROCESS_1)).end.exit_code == 7


@pytest.mark.parametrize(
    ("source", "limits", "kind", "detail"),
    [
        ("import time; time.sleep(60)", {"wall_ns": 500_000_000}, Kind.timed_out, "time limit of 0.5 s reached"),
        ("while True: pass", {"cpu_ns": 500_000_000}, Kind.timed_out, "CPU time limit of 0.5 s reached"),
        (
            "import os\nfor _ in range(3): os.fork()\nwhile True: pass",
            {"cpu_ns": 1_000_000_000},
            Kind.timed_out,
            "CPU time limit of 1 s reached",
        ),
        (
            "kept = []\nwhile True: kept.append(bytearray(b'x') * (1 << 20))",
            {"memory_bytes": 64 << 20},
            Kind.out_of_memory,
            "memory limit of 64 MiB reached",
        ),
        (
            DEAF,
            {"wall_ns": 500_000_000},
            Kind.timed_out,
            "time limit of 0.5 s reached",
        ),
    ],
)
async def test_limits_end_the_tree(
    source: str, limits: dict[str, int], kind: Kind, detail: str, sandbox: Sandbox
) -> None:
    end = (await run(sandbox, source, Limits(**{"wall_ns": 60_000_000_000, "cpu_ns": 60_000_000_000, **limits}))).end
    assert (end.cause, end.detail) == (kind, detail)
    assert end.wall_ns > 0


@pytest.mark.parametrize(
    ("promise", "source", "error"),
    [
        (
            "processes and threads",
            "import os\nfor _ in range(1000):\n    if not os.fork(): os.read(os.pipe()[0], 1)",
            "BlockingIOError",
        ),
        ("", "import os\nkept = [open('/dev/null') for _ in range(1000)]", "OSError: [Errno 24]"),
        ("", "open('big', 'wb').write(bytes(64 << 20))", "OSError: [Errno 27]"),
        (
            "temporary files",
            "for n in range(99): open(f'/tmp/{n}', 'wb').write(bytes(1 << 20))",
            "OSError: [Errno 28]",
        ),
        (
            "temporary files",
            "for n in range(99): open(f'/dev/shm/{n}', 'wb').write(bytes(1 << 20))",
            "OSError: [Errno 28]",
        ),
    ],
)
async def test_limits_that_the_program_meets(promise: str, source: str, error: str, sandbox: Sandbox) -> None:
    if promise:
        needs(sandbox, promise)
    ran = await run(sandbox, source, Limits(wall_ns=60_000_000_000, cpu_ns=60_000_000_000, file_bytes=4 << 20))
    assert error in ran.complained()
    assert ran.end.exit_code == 1


async def test_what_the_root_process_leaves_behind_ends_with_it(sandbox: Sandbox) -> None:
    ran = await run(
        sandbox,
        """
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for _ in range(5):
            if not os.fork():
                os.setsid()
                time.sleep(600)
        """,
    )
    assert ran.end.exit_code == 0
    assert not boxed()


def boxed(root: int | None = None) -> set[int]:
    """Processes below this one (by default the test's own, without what servers keep warm) that run a program of a box."""
    parents, found, servers = {}, set(), set()
    own = root or os.getpid()
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit():
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                command = (entry / "cmdline").read_bytes()
                if command == b"python\0main.py\0":
                    found.add(int(entry.name))
                if b"\0app\0serve\0" in command:
                    servers.add(int(entry.name))
    above = {pid: ancestors(pid, parents) for pid in found}
    return {pid for pid in found if own in above[pid] and not above[pid] & (servers - {own})}


def named(word: str) -> set[int]:
    """Processes below this one that run this program."""
    return {pid for pid, words in below(os.getpid()) if words and word in words[0]}


def ancestors(pid: int, parents: dict[int, int]) -> set[int]:
    """All of them that are known."""
    found = set()
    while pid := parents.get(pid, 0):
        found.add(pid)
    return found


async def test_a_box_can_be_killed_and_closed_at_any_time(sandbox: Sandbox) -> None:
    box = await sandbox.prepare(PYTHON, AMPLE)
    await box.close()
    await box.close()
    box = await sandbox.prepare(PYTHON, AMPLE)
    await box.run(Program("while True: pass"))
    box.kill(Kind.stopped, "enough")
    box.kill(Kind.timed_out, "too late")
    end = await box.wait()
    assert (end.cause, end.detail) == (Kind.stopped, "enough")
    box.kill(Kind.stopped)
    await box.close()


async def test_the_log_is_there_and_can_not_grow(sandbox: Sandbox) -> None:
    needs(sandbox, "files")
    box = await sandbox.prepare(PYTHON, AMPLE)
    assert os.pread(box.log, 24, 0) == wire.header(AMPLE.log_bytes)[:24]
    await box.run(
        Program(
            "import os\nlog = os.open('/run/interleave/log', os.O_RDWR)\n"
            "try: os.ftruncate(log, 1 << 40)\nexcept OSError as error: print(error.errno)\n"
            "try: os.chmod('/run/interleave/log', 0o777)\nexcept OSError as error: print(error.errno)\n"
        )
    )
    assert (await box.wait()).cause is None
    assert os.fstat(box.log).st_size == AMPLE.log_bytes
    assert box.log_bytes == AMPLE.log_bytes
    await box.close()


@pytest.mark.parametrize(
    "source",
    [
        """
        import multiprocessing, multiprocessing.shared_memory
        def work(queue, lock, name):
            with lock:
                memory = multiprocessing.shared_memory.SharedMemory(name)
                memory.buf[0] = 7
                memory.close()
            queue.put("ok")
        if __name__ == "__main__":
            memory = multiprocessing.shared_memory.SharedMemory(create=True, size=16)
            for method in ("fork", "spawn", "forkserver"):
                context = multiprocessing.get_context(method)
                queue, lock = context.Queue(), context.Lock()
                process = context.Process(target=work, args=(queue, lock, memory.name))
                process.start()
                assert queue.get() == "ok"
                process.join()
                assert process.exitcode == 0
            assert memory.buf[0] == 7
            memory.close()
            memory.unlink()
            with multiprocessing.Manager() as manager:
                assert manager.dict(a=1)["a"] == 1
            with multiprocessing.Pool(2) as pool:
                assert pool.map(abs, [-1, -2]) == [1, 2]
        """,
        """
        import asyncio, tempfile, os
        async def echo(reader, writer):
            writer.write(await reader.readline())
            writer.close()
        async def main():
            path = os.path.join(tempfile.mkdtemp(), "socket")
            tcp = await asyncio.start_server(echo, "127.0.0.1", 0)
            for server, connect in (
                (tcp, lambda: asyncio.open_connection(*tcp.sockets[0].getsockname())),
                (await asyncio.start_unix_server(echo, path), lambda: asyncio.open_unix_connection(path)),
            ):
                async with server:
                    reader, writer = await connect()
                    writer.write(b"hello\\n")
                    assert await reader.readline() == b"hello\\n"
                    writer.close()
            import ssl
            ssl.create_default_context()
        asyncio.run(main())
        """,
        """
        import signal, subprocess, sys, tempfile, threading
        assert subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True, text=True).stdout == "1\\n"
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"x")
        rung = threading.Event()
        signal.signal(signal.SIGALRM, lambda *_: rung.set())
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        while not rung.wait(0.01):
            pass
        gate = threading.Barrier(101)
        threads = [threading.Thread(target=gate.wait) for _ in range(100)]
        for thread in threads: thread.start()
        gate.wait()
        for thread in threads: thread.join()
        """,
    ],
)
async def test_what_must_go_on_working(source: str, sandbox: Sandbox) -> None:
    ran = await run(sandbox, source)
    assert (ran.complained(), ran.end.exit_code) == ("", 0)


SERVER = """
import asyncio, sys
from pathlib import Path
from app.core.run import Limits, Program
from app.sandbox.bubblewrap import Bubblewrap
from app.sandbox.pythons import find_pythons

async def main():
    python = find_pythons()[-1]
    sandbox = Bubblewrap([python], Path(sys.argv[1]))
    box = await sandbox.prepare(python, Limits())
    await box.run(Program("import os, time\\nos.fork()\\nprint('there', flush=True)\\ntime.sleep(600)\\n"))
    await asyncio.sleep(0.5)
    print("running", *(sandbox.groups.tops if sandbox.groups else ()), flush=True)
    await box.wait()

asyncio.run(main())
"""


def test_nothing_outlives_a_server_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SERVER, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        running, *groups = server.stdout.readline().split()
        assert running == "running"
        running_there = boxed(server.pid)
        assert len(running_there) == 2
        server.kill()
    gone = wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in running_there))
    assert gone
    asyncio.run(Bubblewrap([PYTHON], tmp_path).close())
    assert [path for path in groups if Path(path).exists()] == []
    assert list(tmp_path.iterdir()) == []


def wait_until(true: Callable[[], bool]) -> bool:
    """Look until it is so, or patience ends."""
    end = time.monotonic() + PATIENCE_S
    while not (found := true()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach: pytest's own are closed again whenever another pytest starts."""
    with tempfile.TemporaryDirectory(prefix="interleave-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_a_box_that_does_not_become_ready_leaves_nobody_behind(
    tmp_path: Path, adopted: Callable[[], set[int]]
) -> None:
    made = Bubblewrap([PYTHON], tmp_path)
    before = adopted()
    with pytest.raises(NoSandbox):
        await made.prepare(PYTHON, replace(AMPLE, open_files=4), warm=True)
    assert adopted() == before
    await made.close()


async def test_control_groups_are_asked_for_before_there_are_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of version 2 a group that hands out controllers may hold no process, and only the server itself moves away."""
    before = {pid for pid, _ in below(os.getpid())}
    more = set()

    def asked() -> Groups:
        more.update({pid for pid, _ in below(os.getpid())} - before)
        raise NoGroups("not today")

    monkeypatch.setattr(bubblewrap, "Groups", asked)
    made = Bubblewrap([PYTHON], tmp_path)
    await made.close()
    assert more == set()
    assert any("not today" in promise.how for promise in made.guarantees())


def test_it_works_as_an_ordinary_user(open_folder: Path) -> None:
    interpreter = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    if (
        interpreter is None
        or subprocess.run(
            [interpreter, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], check=False
        ).returncode
    ):
        pytest.skip("no interpreter here that an ordinary user can read")
    # The server's own code, where that user can read it.
    shared = open_folder / "shared"
    shutil.copytree(ROOT / "app", shared / "app", ignore=shutil.ignore_patterns("__pycache__", "examples"))
    shutil.copy(pyseccomp.__file__, shared)
    own = open_folder / "own"
    own.mkdir()
    os.chown(own, NOBODY, NOBODY)
    source = """
import asyncio, os, sys
from pathlib import Path
from app.core.run import Limits, Program, Python
from app.sandbox.bubblewrap import Bubblewrap

async def main():
    python = Python("system", "3", False, sys.argv[1])
    sandbox = Bubblewrap([python], Path(sys.argv[2]))
    box = await sandbox.prepare(python, Limits())
    await box.run(Program("import os, threading\\nassert os.getuid() == 1000\\nthreading.Thread(target=print).start()\\n"))
    print(os.geteuid(), await box.wait())
    await box.close()
    await sandbox.close()

asyncio.run(main())
"""
    ran = subprocess.run(
        [interpreter, "-c", source, interpreter, own],
        cwd=shared,
        env={"PATH": os.environ["PATH"]},
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(f"{NOBODY} End(")
    assert "exit_code=0" in ran.stdout
