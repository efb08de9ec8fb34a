"""Take each protection away in turn and see that an attack then gets through.

    python -m tests.hostile.mutants        a table; 1 if a mutant is not noticed

A mutant is a copy of the sources with one change. Where two protections keep the same thing, both are taken away.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECCOMP, WALLS, INIT = "app/sandbox/seccomp.py", "app/sandbox/walls.py", "app/sandbox/init.py"
SUPERVISOR, SUPERVISED = "app/sandbox/supervisor.py", "app/sandbox/supervised.py"
BUNDLE, FAMILY = "app/sandbox/bundle.py", "app/sandbox/family.py"
BOX, GROUPS, TREE, RECORDER = "app/sandbox/box.py", "app/sandbox/groups.py", "app/sandbox/tree.py", "app/recorder.py"


@dataclass(frozen=True, slots=True)
class Mutant:
    """What is taken away, by which replacements in which files, and the attacks that must notice."""

    without: str
    changes: tuple[tuple[str, str, str], ...]
    noticed_by: tuple[str, ...]
    tier: str = "unprivileged"


NAMESPACES = '"--unshare-pid", "--unshare-ipc", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"'
MUTANTS = (
    Mutant("the system call filter", ((WALLS, ', "--seccomp", order["seccomp"]]', "]"),), ("rare_calls",)),
    Mutant(
        "the refusal of memfd", ((SECCOMP, "    access chdir", "    memfd_create access chdir"),), ("memory_in_memfd",)
    ),
    Mutant(
        "the refusal of System V", ((SECCOMP, "    access chdir", "    shmget access chdir"),), ("memory_in_system_v",)
    ),
    Mutant("the refusal of splice", ((SECCOMP, "    access chdir", "    vmsplice access chdir"),), ("memory_spliced",)),
    Mutant("the refusal of setxattr", ((SECCOMP, "errno.EOPNOTSUPP, name", "0, name"),), ("memory_in_names",)),
    Mutant(
        "the refusal of ptrace",
        ((SECCOMP, "ptrace quotactl", "quotactl"), (SECCOMP, "    access chdir", "    ptrace access chdir")),
        ("traced_child",),
    ),
    Mutant(
        "the refusal of process_vm_readv",
        (
            (SECCOMP, "process_vm_readv process", "process"),
            (SECCOMP, "    access chdir", "    process_vm_readv access chdir"),
        ),
        ("memory_of_others",),
    ),
    Mutant(
        "the refusal of others' limits",
        ((SECCOMP, '"prlimit64", ((0, INT, 0),)', '"prlimit64", ()'),),
        ("limits_raised_for_another",),
    ),
    Mutant(
        "the limit to socket buffers",
        ((SECCOMP, 'errno.EPERM, "setsockopt"', '0, "setsockopt"'),),
        ("memory_in_one_socket",),
    ),
    Mutant(
        "the list of socket families", ((SECCOMP, 'errno.EAFNOSUPPORT, "socket"', '0, "socket"'),), ("rare_sockets",)
    ),
    Mutant(
        "the end of other architectures", ((SECCOMP, "seccomp.KILL_PROCESS", "seccomp.ALLOW"),), ("old_architecture",)
    ),
    Mutant(
        "the refusal of nested namespaces, by filter and by bubblewrap",
        (
            (SECCOMP, '"clone", ((0, sum(NAMESPACES), 0),)', '"clone", ()'),
            (SECCOMP, 'yield errno.EPERM, "clone", ((0, flag, flag),)', "pass"),
            (WALLS, '"--disable-userns", "--assert-userns-disabled"', '"--hostname", "sandbox"'),
        ),
        ("namespaces",),
    ),
    Mutant(
        "a network of its own",
        ((WALLS, '"--unshare-all"', NAMESPACES.replace('"--unshare-net", ', "")),),
        ("network", "sockets_of_the_host"),
    ),
    Mutant(
        "the empty environment",
        (
            (WALLS, '"--cap-drop", "ALL", "--clearenv"', '"--cap-drop", "ALL"'),
            (FAMILY, "arguments[0], arguments, {}", "arguments[0], arguments, os.environ"),
            (INIT, "environment = {", "environment = os.environ | {"),
        ),
        ("environment_of_the_host",),
    ),
    Mutant("a /proc that is read-only", ((WALLS, '"--remount-ro", "/proc", ', ""),), ("kernel_through_proc",)),
    Mutant(
        "the few devices",
        (
            (
                WALLS,
                'options += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]',
                'options += ["--dev", "/dev"]',
            ),
        ),
        ("devices",),
    ),
    Mutant(
        "files of the interpreter alone",
        ((WALLS, '*("--ro-bind", *root),', '*("--ro-bind", *root), "--ro-bind", "/etc", "/etc",'),),
        ("files_of_the_host",),
    ),
    Mutant(
        "the size of file systems",
        ((WALLS, 'f"size={size},nr', 'f"size=1g,nr'),),
        ("memory_in_tmp_and_home", "memory_in_dev_shm"),
    ),
    Mutant("the number of files", ((WALLS, "nr_inodes={files},", "nr_inodes=0,"),), ("memory_in_inodes",)),
    Mutant(
        "the limit to processes",
        ((WALLS, "limits['processes'] + 1", "limits['processes'] + 5000"),),
        ("processes_are_counted", "bomb_of_threads"),
    ),
    Mutant(
        "the limit to open files",
        ((WALLS, "f\"RLIMIT_NOFILE={limits['open_files']}\"", '"RLIMIT_NOFILE=6000"'),),
        ("descriptors",),
    ),
    Mutant(
        "the limit to a file",
        (
            (
                WALLS,
                "f\"RLIMIT_FSIZE={min(limits['file_bytes'], limits['log_bytes'])}\"",
                'f"RLIMIT_FSIZE={1 << 30}"',
            ),
        ),
        ("file_too_large",),
    ),
    Mutant(
        "the limit to address space",
        ((WALLS, "limits['memory_bytes'] * ADDRESS_SPACE", "1 << 50"),),
        ("memory_reserved",),
    ),
    Mutant("the refusal of core dumps", ((WALLS, '"RLIMIT_CORE=0"', '"RLIMIT_NICE=0"'),), ("limits_raised",)),
    Mutant(
        "an init that nobody can read",
        ((INIT, "prctl(PR_SET_DUMPABLE, 0", "prctl(PR_SET_DUMPABLE, 1"),),
        ("init_rewritten", "end_forged"),
    ),
    Mutant(
        "the limit to time",
        ((SUPERVISOR, "began - self.zero >= self.limits", "began - self.zero >= 100 * self.limits"),),
        ("sleep",),
    ),
    Mutant(
        "the limit to CPU time",
        (
            (SUPERVISOR, 'elif cpu >= self.limits["cpu_ns"]', "elif cpu < 0"),
            (WALLS, 'f"RLIMIT_CPU=', 'f"RLIMIT_CPU=9'),
        ),
        ("loop",),
    ),
    Mutant(
        "the watch on memory",
        ((TREE, "resident > self.limit and", "resident < 0 and"),),
        ("memory_of_one", "memory_of_the_tree"),
    ),
    Mutant(
        "the group's limit to memory",
        (
            (GROUPS, '(memory_folder / "memory.limit_in_bytes").write_text(str(memory))', "pass"),
            (GROUPS, '_try_to_write(memory_folder / "memory.memsw.limit_in_bytes", memory)', "pass"),
            ("app/sandbox/bubblewrap.py", 'if end.get("cause") == Kind.out_of_memory:', "if end:"),
        ),
        ("memory_shared", "memory_in_many_sockets"),
        "grouped",
    ),
    Mutant(
        "the limit to output",
        ((RECORDER, "self.box.kill(Kind.output_limit", "(lambda *_: None)(Kind.output_limit"),),
        ("flood_of_stdout", "flood_of_stderr"),
    ),
    Mutant(
        "descriptors that are not passed on",
        ((SUPERVISOR, "os.set_inheritable(int(name), False)", "os.set_inheritable(int(name), True)"),),
        ("inherited_descriptors",),
    ),
    Mutant(
        "a user id of its own",
        ((BOX, '"user": user,', '"user": None,'),),
        ("processes_are_counted", "bomb_of_threads", "log_outgrown"),
    ),
    Mutant(
        "no capabilities",
        ((WALLS, '"--cap-drop", "ALL"', '"--cap-add", "ALL"'),),
        ("capabilities",),
    ),
    Mutant(
        "gVisor's network of its own",
        ((BUNDLE, "--network=none", "--network=host"), (BUNDLE, '"network", ', "")),
        ("network", "sockets_of_the_host"),
        "gvisor",
    ),
    Mutant(
        "gVisor's size of file systems",
        (
            (BUNDLE, "f\"size={limits['shm_bytes']}\"", '"size=1g"'),
            (BUNDLE, """"mode=1777", f"size={limits['tmp_bytes']}\"""", '"mode=1777", "size=1g"'),
        ),
        ("memory_in_tmp_and_home", "memory_in_dev_shm"),
        "gvisor",
    ),
    Mutant(
        "the user that init becomes in gVisor",
        ((INIT, "os.getuid() == 0 and WALLED", "False"), (SUPERVISED, " and os.getuid() == 1000", "")),
        ("becoming_root",),
        "gvisor",
    ),
    Mutant(
        "the watch on gVisor's memory",
        ((TREE, "resident > self.limit and", "resident < 0 and"),),
        ("memory_of_one", "memory_of_the_tree"),
        "gvisor",
    ),
    Mutant(
        "a log that belongs to the server",
        ((BOX, "os.fchown(descriptor, 0, user)", "os.fchown(descriptor, user, user)"),),
        ("log_outgrown",),
    ),
)


def main() -> int:
    """Try every mutant; 1 if one is not noticed."""
    print("| without | noticed by |\n|---|---|")
    unnoticed = 0
    for mutant in MUTANTS:
        wrong = try_out(mutant)
        if not wrong:
            print(f"| {mutant.without} | not tried: no tier {mutant.tier} here |", flush=True)
            continue
        noticed = [name for name in mutant.noticed_by if wrong.get(name)]
        unnoticed += not noticed
        print(f"| {mutant.without} | {', '.join(noticed) or '**nobody**'} |", flush=True)
    return int(unnoticed > 0)


def try_out(mutant: Mutant) -> dict[str, list[str]]:
    """Run the attacks in front of a copy of the sources with these changes: what was wrong, by name."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        for part in ("app", "tests/hostile"):
            shutil.copytree(ROOT / part, Path(folder, part), ignore=shutil.ignore_patterns("__pycache__"))
        (Path(folder) / "tests/__init__.py").touch()
        for name, old, new in mutant.changes:
            file = Path(folder, name)
            source = file.read_text("utf-8")
            if source.count(old) != 1:
                raise SystemExit(f"{name} has {old!r} {source.count(old)} times: bring the mutant up to date")
            file.write_text(source.replace(old, new))
        command = [sys.executable, "-m", "tests.hostile", "--json", "--tier", mutant.tier]
        command += [part for name in mutant.noticed_by for part in ("--only", name)]
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if not ran.stdout:
        raise SystemExit(f"without {mutant.without} nothing runs: {ran.stderr}")
    return {result["name"]: result["wrong"] for result in json.loads(ran.stdout).get(mutant.tier, [])}


if __name__ == "__main__":
    sys.exit(main())
