"""What the system call filter decides: its BPF program, run by an interpreter of our own, for both architectures."""

from __future__ import annotations

import errno
import json
import operator
import struct
import sys

import pyseccomp
import pytest

from app.core.errors import NoSandbox
from app.sandbox import seccomp
from tests.conftest import ROOT

X86_64, AARCH64 = pyseccomp.Arch.X86_64, pyseccomp.Arch.AARCH64
ALLOWED, KILLED = "allowed", "killed"
JUMPS = {0x15: operator.eq, 0x25: operator.gt, 0x35: operator.ge, 0x45: operator.and_}
PROGRAMS = {arch: seccomp.program(name) for arch, name in ((X86_64, "X86_64"), (AARCH64, "AARCH64"))}


def decide(arch: int, call: str | int, *arguments: int, told: int | None = None) -> int | str:
    """An errno, or what happens instead; `told`: the architecture that the kernel sees."""
    number = call if isinstance(call, int) else pyseccomp.resolve_syscall(arch, call)
    assert number >= 0, f"{call} is no call of this architecture"
    words = [argument & (1 << 64) - 1 for argument in (*arguments, *[0] * (6 - len(arguments)))]
    data = struct.pack("<iIQ6Q", number, told or arch, 0, *words)
    code = list(struct.iter_unpack("<HBBI", PROGRAMS[arch]))
    at = accumulator = 0
    while True:
        kind, yes, no, value = code[at]
        at += 1
        if kind == 0x20:
            accumulator = struct.unpack_from("<I", data, value)[0]
        elif kind == 0x54:
            accumulator &= value
        elif kind == 0x05:
            at += value
        elif kind in JUMPS:
            at += yes if JUMPS[kind](accumulator, value) else no
        elif kind == 0x06:
            break
        else:
            raise AssertionError(hex(kind))
    if value == pyseccomp.ALLOW:
        return ALLOWED
    return KILLED if value == pyseccomp.KILL_PROCESS else value & 0xFFFF


@pytest.mark.parametrize("arch", [X86_64, AARCH64])
@pytest.mark.parametrize(
    ("call", "arguments", "decision"),
    [
        ("read", (), ALLOWED),
        ("clone", (0x3D0F00,), ALLOWED),  # a thread
        ("clone", (0x1200011,), ALLOWED),  # a fork
        ("clone", (0x10000000,), errno.EPERM),
        ("clone", (0x3D0F00 | 0x40000000,), errno.EPERM),
        ("clone3", (), errno.ENOSYS),
        ("unshare", (0x10000000,), errno.EPERM),
        ("setns", (), errno.EPERM),
        ("ptrace", (), errno.EPERM),
        ("process_vm_readv", (), errno.EPERM),
        ("mount", (), errno.EPERM),
        ("bpf", (), errno.EPERM),
        ("perf_event_open", (), errno.EPERM),
        ("userfaultfd", (), errno.EPERM),
        ("keyctl", (), errno.EPERM),
        ("io_uring_setup", (), errno.ENOSYS),
        ("memfd_create", (), errno.ENOSYS),
        ("shmget", (), errno.ENOSYS),
        ("vmsplice", (), errno.ENOSYS),
        ("setxattr", (), errno.EOPNOTSUPP),
        ("socket", (1, 1 | 0x80800, 0), ALLOWED),
        ("socket", (2, 1, 6), ALLOWED),
        ("socket", (10, 2, 0), ALLOWED),
        ("socket", (16, 3 | 0x80000, 0), ALLOWED),
        ("socket", (16, 3, 12), errno.ENOSYS),  # netfilter
        ("socket", (2, 3, 1), errno.EPERM),
        ("socket", (2, 1, 132), errno.ENOSYS),  # SCTP
        ("socket", (17, 3, 0), errno.EAFNOSUPPORT),
        ("socket", (40, 1, 0), errno.EAFNOSUPPORT),
        ("socket", (38, 5, 0), errno.EAFNOSUPPORT),
        ("socket", (99, 1, 0), errno.ENOSYS),
        ("socketpair", (1, 1, 0), ALLOWED),
        ("socketpair", (2, 1, 0), errno.ENOSYS),
        ("setsockopt", (3, 1, 2), ALLOWED),
        ("setsockopt", (3, 6, 1), ALLOWED),
        ("setsockopt", (3, 41, 26), ALLOWED),
        ("setsockopt", (3, 1, 7), errno.EPERM),
        ("setsockopt", (3, 1, 8), errno.EPERM),
        ("setsockopt", (3, 1, 33), errno.EPERM),
        ("setsockopt", (3, 1 << 32 | 1, 7), errno.EPERM),  # the kernel looks at the lower half alone
        ("setsockopt", (3, 1, 1 << 32 | 7), errno.EPERM),
        ("setsockopt", (3, 1, 26), errno.ENOSYS),  # SO_ATTACH_FILTER
        ("setsockopt", (3, 0, 64), errno.ENOSYS),  # netfilter's tables
        ("ioctl", (0, 0x5413), ALLOWED),
        ("ioctl", (0, 0x5412), errno.ENOSYS),  # TIOCSTI
        ("prctl", (15,), ALLOWED),
        ("prlimit64", (0, 7), ALLOWED),
        ("prlimit64", (1, 7), errno.ENOSYS),
        ("prctl", (22, 2), errno.ENOSYS),  # PR_SET_SECCOMP
        ("mknodat", (-100, 0, 0o010644), ALLOWED),
        ("mknodat", (-100, 0, 0o020644), errno.ENOSYS),
        ("mknodat", (-100, 0, 0o060644), errno.ENOSYS),
        ("personality", (0xFFFFFFFF,), ALLOWED),
        ("personality", (0x0040000,), errno.ENOSYS),
        (1000, (), errno.ENOSYS),
    ],
)
def test_what_it_decides(arch: int, call: str | int, arguments: tuple[int, ...], decision: int | str) -> None:
    assert decide(arch, call, *arguments) == decision


@pytest.mark.parametrize("arch", [X86_64, AARCH64])
def test_calls_of_another_architecture_end_the_process(arch: int) -> None:
    assert decide(arch, 0, told=pyseccomp.Arch.X86) == KILLED
    assert decide(arch, 0, told=AARCH64 if arch == X86_64 else X86_64) == KILLED


def test_the_narrow_numbers_of_x86_64_end_the_process() -> None:
    assert decide(X86_64, 0x40000000) == KILLED


def test_no_two_rules_fit_the_same_call() -> None:
    rules = [(name, matches) for _, name, matches in seccomp.rules()]
    unconditional = [name for name, matches in rules if not matches]
    assert len(set(unconditional)) == len(unconditional)
    assert not {name for name, matches in rules if matches} & set(unconditional)
    assert len(set(rules)) == len(rules)


def test_the_container_leaves_a_box_what_its_own_filter_allows() -> None:
    profile = json.loads((ROOT / "docs/container/seccomp.json").read_text("utf-8"))
    outside = {name for rule in profile["syscalls"] for name in rule["names"]}
    assert {name for refusal, name, _ in seccomp.rules() if not refusal} <= outside


def test_without_libseccomp_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    with pytest.raises(NoSandbox, match="libseccomp is missing"):
        seccomp.program()
