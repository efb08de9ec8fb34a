"""Which system calls a box may make: a list of what is allowed, as the BPF program that bubblewrap loads.

What is not here answers ENOSYS, so that the C library and programs fall back as on an older kernel; what a program can
only mean as an attack, or would misread as a missing feature, answers EPERM. Calls of another architecture end the
process. Arguments that the kernel reads as 32 bits are compared as 32 bits, whatever stands above them.
"""

from __future__ import annotations

import errno
import importlib
import itertools
import os
from collections.abc import Iterator
from typing import Any

from app.core.errors import NoSandbox

FILES = """
    access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
    fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock fstat fstatfs
    fsync ftruncate futimesat getcwd getdents64 getxattr lchown lgetxattr link linkat listxattr llistxattr lseek lstat
    mkdir mkdirat newfstatat open openat openat2 pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read
    readlink readlinkat readv rename renameat renameat2 rmdir sendfile stat statfs statx symlink symlinkat truncate
    umask unlink unlinkat utime utimensat utimes write writev
"""
MEMORY = " brk madvise membarrier mmap mprotect mremap msync munmap "
PROCESSES = """
    arch_prctl execve execveat exit exit_group fork futex futex_waitv get_robust_list getcpu getegid geteuid getgid
    getgroups getpgid getpgrp getpid getppid getpriority getrandom getresgid getresuid getrlimit getrusage getsid gettid
    getuid kill pidfd_open pidfd_send_signal restart_syscall rseq sched_get_priority_max
    sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
    sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield set_robust_list set_tid_address setgid
    setgroups setpgid setpriority setregid setresgid setresuid setreuid setrlimit setsid setuid sysinfo tgkill times
    tkill uname vfork wait4 waitid
"""
SIGNALS = """
    alarm getitimer pause rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
    rt_sigtimedwait rt_tgsigqueueinfo setitimer sigaltstack signalfd signalfd4
"""
TIME = """
    clock_getres clock_gettime clock_nanosleep gettimeofday nanosleep time timerfd_create timerfd_gettime
    timerfd_settime
"""
WAITING = """
    epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 poll ppoll pselect6 select
"""
SOCKETS = """
    accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmsg sendmsg sendto shutdown
"""
FORBIDDEN = """
    acct add_key adjtimex bpf chroot clock_adjtime clock_settime delete_module finit_module fsconfig fsmount fsopen
    fspick init_module ioperm iopl kcmp kexec_file_load kexec_load keyctl mount mount_setattr move_mount
    name_to_handle_at open_by_handle_at open_tree perf_event_open pidfd_getfd pivot_root process_madvise
    process_vm_readv process_vm_writev ptrace quotactl reboot request_key setdomainname sethostname setns settimeofday
    swapoff swapon sync syncfs syslog umount2 unshare userfaultfd vhangup
"""
"""They answer EPERM. Absent on purpose, as memory that nobody's address space shows: memfd_create, shmget, msgget,
mq_open, splice, tee, vmsplice, setxattr; and io_uring, which would do all of it around this list."""

NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET."""
UNIX, INET, INET6, NETLINK = 1, 2, 10, 16
STREAM, DATAGRAM, RAW, PACKETS = 1, 2, 3, 5
TCP, UDP, ROUTE = 6, 17, 0
OPTIONS = {
    1: (2, 5, 6, 9, 10, 13, 15, 16, 20, 21, 29),
    0: (1, 2, 10, 11, 32, 33, 34, 35, 36),
    41: (16, 17, 18, 19, 20, 21, 26, 67),
    6: (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 18, 23, 25),
}
"""By level, as asm-generic/socket.h, linux/in.h, in6.h and tcp.h number them.

SO_: REUSEADDR, DONTROUTE, BROADCAST, KEEPALIVE, OOBINLINE, LINGER, REUSEPORT, PASSCRED, RCVTIMEO, SNDTIMEO, TIMESTAMP.
IP_: TOS, TTL, MTU_DISCOVER, RECVERR, multicast. IPV6_: hops, multicast, V6ONLY, TCLASS. TCP_: NODELAY, MAXSEG, CORK,
KEEPIDLE, KEEPINTVL, KEEPCNT, SYNCNT, LINGER2, DEFER_ACCEPT, QUICKACK, USER_TIMEOUT, FASTOPEN, NOTSENT_LOWAT.
"""
GROWTH = (7, 8, 18, 32, 33)
"""SO_SNDBUF, SO_RCVBUF, SO_RCVLOWAT and how root forces them: no buffer grows past what the kernel gives."""
CONTROLS = (0x5401, 0x540F, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451, 0x5452, 0x8910, 0x8912, 0x8933)
"""ioctl: TCGETS, TIOCGPGRP, TIOCGWINSZ, FIONREAD, FIONBIO, FIO[N]CLEX, FIOASYNC, SIOCGIFNAME, -CONF, -INDEX."""
PROCESS_CONTROLS = (1, 2, 3, 4, 15, 16, 23, 36, 37, 38, 39, 0x53564D41)
"""prctl: PDEATHSIG, DUMPABLE, NAME, CAPBSET_READ, CHILD_SUBREAPER, NO_NEW_PRIVS, SET_VMA."""
FIFO, REGULAR = 0o010000, 0o100000
INT = 0xFFFFFFFF

Match = tuple[int, int, int]
"""An argument's number, a mask, and what it must be under the mask."""
Rule = tuple[int, str, tuple[Match, ...]]
"""An errno (0: allowed), a call and what its arguments must be."""


def program(arch: str = "NATIVE") -> bytes:
    """The filter as BPF, for this machine or by libseccomp's name of another architecture. Raises NoSandbox."""
    try:
        seccomp: Any = importlib.import_module("pyseccomp")
    except (ImportError, RuntimeError, OSError) as error:  # it looks for the library when it is imported
        raise NoSandbox(
            "Programs can't run: libseccomp is missing. Install it, for example with `apt install libseccomp2`. "
            f"({error})"
        ) from error
    attribute = seccomp.Attr
    made = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS))
    made.set_attr(attribute.ACT_BADARCH, seccomp.KILL_PROCESS)
    made.set_attr(attribute.CTL_OPTIMIZE, 2)
    if arch != "NATIVE":
        made.remove_arch(seccomp.Arch.NATIVE)
        made.add_arch(getattr(seccomp.Arch, arch))
    for refusal, name, matches in rules():
        number = seccomp.resolve_syscall(seccomp.Arch.NATIVE, name)
        if number != -1:  # an older libseccomp does not know it: then it stays refused
            arguments = [seccomp.Arg(index, seccomp.MASKED_EQ, mask, value) for index, mask, value in matches]
            made.add_rule(seccomp.ERRNO(refusal) if refusal else seccomp.ALLOW, number, *arguments)
    file = os.memfd_create("seccomp", os.MFD_CLOEXEC)
    with open(file, "w+b") as exported:  # noqa: PTH123 - a descriptor has no path
        made.export_bpf(exported)
        exported.seek(0)
        return exported.read()


def rules() -> Iterator[Rule]:
    """Every rule; no two of them fit the same call."""
    for name in (FILES + MEMORY + PROCESSES + SIGNALS + TIME + WAITING + SOCKETS).split():
        yield 0, name, ()
    for name in FORBIDDEN.split():
        yield errno.EPERM, name, ()
    for name in ("setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr"):
        yield errno.EOPNOTSUPP, name, ()
    yield 0, "clone", ((0, sum(NAMESPACES), 0),)
    for flag in NAMESPACES:
        yield errno.EPERM, "clone", ((0, flag, flag),)
    for kind in (FIFO, REGULAR, 0):
        yield 0, "mknod", ((1, 0o170000, kind),)
        yield 0, "mknodat", ((2, 0o170000, kind),)
    yield 0, "prlimit64", ((0, INT, 0),)  # one's own
    for control in PROCESS_CONTROLS:
        yield 0, "prctl", ((0, INT, control),)
    for control in CONTROLS:
        yield 0, "ioctl", ((1, INT, control),)
    for persona in (0, INT):  # Linux, and the question which one it is
        yield 0, "personality", ((0, INT, persona),)
    yield from _sockets()


def _sockets() -> Iterator[Rule]:
    for kind in (STREAM, DATAGRAM, PACKETS):
        yield 0, "socket", ((0, INT, UNIX), (1, 0xF, kind))
        yield 0, "socketpair", ((0, INT, UNIX), (1, 0xF, kind))
    for family, (kind, protocol) in itertools.product((INET, INET6), ((STREAM, TCP), (DATAGRAM, UDP))):
        yield 0, "socket", ((0, INT, family), (1, 0xF, kind), (2, INT, 0))
        yield 0, "socket", ((0, INT, family), (1, 0xF, kind), (2, INT, protocol))
    for kind in (DATAGRAM, RAW):  # how the C library asks for interfaces
        yield 0, "socket", ((0, INT, NETLINK), (1, 0xF, kind), (2, INT, ROUTE))
    for family in range(46):
        if family not in (UNIX, INET, INET6, NETLINK):
            yield errno.EAFNOSUPPORT, "socket", ((0, INT, family),)
    for family in (INET, INET6):
        yield errno.EPERM, "socket", ((0, INT, family), (1, 0xF, RAW))
    for level, options in OPTIONS.items():
        for option in options:
            yield 0, "setsockopt", ((1, INT, level), (2, INT, option))
    for option in GROWTH:
        yield errno.EPERM, "setsockopt", ((1, INT, 1), (2, INT, option))
