"""Process 1 of a box: waits for the one program, starts it as process 2, reaps everything, reports how it ended.

    init.py CONTROL STATUS STDOUT STDERR cold|warm HOME PYTHON RESOURCE=LIMIT …

The first four are inherited descriptors. Over CONTROL comes a byte, when this process is where its limits are, and then
up to the end the program's source; before may come question marks, which STATUS answers with what the clock says.
STATUS gets `ready`, then `exit N` or `signal N` when the program's root process has ended, then `cpu NS` of the whole
tree once every process of it is gone, without what it used before there was a program. A warm box's root process is
started at once, and stops itself when it has imported what programs import (app/tracer/warm.py). Runs on the box's own
interpreter, so that a wait status need not be squeezed into an exit code on its way out. The program can neither read
nor write what belongs to this process, and this one sees nothing but its box; where there are no walls it is not
process 1, and ends whom it knows.
"""

# ruff: noqa: PTH120, PTH123 - importing pathlib would cost every box its time
from __future__ import annotations

import _ctypes  # ctypes itself, and signal, would cost every box 5 ms
import _signal as signal  # type: ignore[import-not-found]
import os
import resource
import select
import sys
import time

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER = 1, 4, 24, 36
LAST_CAPABILITY = 40
WALLED = os.getpid() == 1
USER = 1000


def main(descriptors: list[int], home: str, python: str, limits: list[str], *, warm: bool) -> None:
    """Live the life of one box."""
    if 0 in descriptors:  # out of the way of the program's own, which take their places
        descriptors = [os.dup(descriptor) for descriptor in descriptors]
    control, status, stdout, stderr = descriptors
    if WALLED:
        # The program has the same user: without this it could write to our memory, and over our pipes how it ended.
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    else:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
        # What Python changed at start; an init's default for every signal from within is to ignore it.
        signal.signal(number, signal.SIG_DFL)
    while (byte := os.read(control, 1)) == b"?":
        os.write(status, b"%d\n" % time.monotonic_ns())
    if not byte:
        raise SystemExit("the supervisor went away")
    root = used = 0
    if warm:
        root = start(status, stdout, stderr, home, python, limits)
        if not os.WIFSTOPPED(os.waitpid(root, os.WUNTRACED)[1]):
            raise SystemExit("the interpreter did not become ready for a program")
        used = time.clock_gettime_ns(~root << 3 | 2)  # what clock_getcpuclockid gives
    os.write(status, b"ready\n")
    if warm:
        await_program(control, root)
    with open(control, "rb") as pipe:
        source = pipe.read()
    with open(f"{home}/main.py", "wb") as file:
        file.write(source)
    if warm:
        os.kill(root, signal.SIGCONT)
    else:
        root = start(status, stdout, stderr, home, python, limits)
    os.close(stdout)
    os.close(stderr)
    while True:
        child, ending = os.wait()
        if child == root:
            break
    code = os.waitstatus_to_exitcode(ending)
    os.write(status, b"exit %d\n" % code if code >= 0 else b"signal %d\n" % -code)
    end_all()
    tree = resource.getrusage(resource.RUSAGE_CHILDREN)
    os.write(status, b"cpu %d\n" % max(0, (tree.ru_utime + tree.ru_stime) * 1e9 - used))


def await_program(control: int, root: int) -> None:
    """Return when a program comes, and notice when the process that waits for it dies; gVisor has no way to."""
    try:
        died = os.pidfd_open(root)
    except OSError:
        return
    if died in select.select([control, died], (), ())[0]:
        raise SystemExit("the interpreter ended before its program came")
    os.close(died)


def end_all() -> None:
    """Kill and reap whoever is left; without walls, who has come to this process as an orphan, again and again."""
    try:
        while True:
            if WALLED:
                os.kill(-1, signal.SIGKILL)  # all that this process can see, which is its box
            else:
                with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as children:
                    for pid in children.read().split():
                        os.kill(int(pid), signal.SIGKILL)
            os.wait()
    except (ProcessLookupError, ChildProcessError):
        pass  # nobody is left


def prctl(*arguments: int) -> None:
    """prctl(2)."""
    ourselves = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]
    _ctypes.call_function(_ctypes.dlsym(ourselves, "prctl"), arguments)


def start(status: int, stdout: int, stderr: int, home: str, python: str, limits: list[str]) -> int:
    """Fork the program's root process; its pid."""
    root = os.fork()
    if root:
        return root
    try:
        if not WALLED:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.setsid()
        if os.getuid() == 0 and WALLED:  # gVisor's own root
            for capability in range(LAST_CAPABILITY + 1):
                prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
            os.setgroups([])
            os.setresgid(USER, USER, USER)
            os.setresuid(USER, USER, USER)
            os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.chdir(home)
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        for limit in limits:
            name, _, value = limit.partition("=")
            resource.setrlimit(getattr(resource, name), (int(value), int(value)))
        environment = {
            "PATH": os.path.dirname(python),
            "HOME": home,
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        os.execve(python, ["python", "main.py"], environment)  # noqa: S606 — no shell is the point
    finally:
        os.write(status, b"failed\n")
        os._exit(127)


if __name__ == "__main__":
    numbers, (mode, home, python), limits = sys.argv[1:5], sys.argv[5:8], sys.argv[8:]
    main([int(number) for number in numbers], home, python, limits, warm=mode == "warm")
