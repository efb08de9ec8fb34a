"""Promises about the tree itself that no type checker or linter makes."""

import ast
import json
import re
import sys
import tomllib
from pathlib import Path

import pytest

from app.settings import VERSION
from app.web.stream import DAMAGED, DELETED, TRY_AGAIN, UNKNOWN
from tests.hostile.mutants import MUTANTS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("lock", [*sorted(ROOT.glob("*.lock")), ROOT / "package-lock.json"], ids=lambda path: path.name)
def test_a_lock_file_names_no_host(lock: Path) -> None:
    assert not re.search(r"https?://|--(extra-)?index-url", lock.read_text("utf-8"))


@pytest.mark.parametrize("lock", sorted(ROOT.glob("*.lock")), ids=lambda path: path.name)
def test_every_locked_package_has_one_version_and_a_hash(lock: Path) -> None:
    pins = lock.read_text("utf-8").replace("\\\n", " ").splitlines()
    names = [pin.partition("==")[0] for pin in pins]
    assert len(names) == len(set(names))
    assert all("==" in pin and "--hash=sha256:" in pin for pin in pins)


def test_the_tests_run_with_the_packages_the_server_runs_with() -> None:
    server, tests = (
        set(re.findall(r"^\S+==\S+", (ROOT / name).read_text("utf-8"), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert server <= tests


def test_every_node_package_has_a_checksum() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    assert [path for path, package in packages.items() if path and "integrity" not in package] == []


@pytest.mark.parametrize("path", sorted((ROOT / "app/tracer").rglob("*.py")), ids=lambda path: path.stem)
def test_the_tracer_needs_the_standard_library_and_itself_only(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names} | {
        node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level
    }
    strangers = {name for name in imported if name.split(".")[0] not in sys.stdlib_module_names}
    assert {name for name in strangers if not name.startswith("app.tracer")} == set()


def test_the_container_profile_allows_a_sandbox_and_refuses_what_reaches_the_kernels_insides() -> None:
    profile = json.loads((ROOT / "docs/container/seccomp.json").read_text("utf-8"))
    allowed = {name for rule in profile["syscalls"] if "args" not in rule for name in rule["names"]}
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    assert {"unshare", "mount", "umount2", "pivot_root", "clone"} <= allowed
    assert not allowed & {"bpf", "init_module", "io_uring_setup", "kexec_load", "keyctl", "ptrace", "socket"}


def test_the_page_on_the_sandbox_has_every_attack_and_every_mutant() -> None:
    page = (ROOT / "docs/sandbox.md").read_text("utf-8")
    names = {path.stem for path in (ROOT / "tests/hostile/attacks").glob("*.py")}
    assert {name for name in names if f"| {name} |" not in page} == set()
    assert {mutant.without for mutant in MUTANTS if f"| {mutant.without} |" not in page} == set()


def test_the_page_on_the_interface_has_every_frame_and_close_of_a_stream() -> None:
    page = (ROOT / "docs/api.md").read_text("utf-8")
    frames = set(re.findall(r'"type": "(\w+)"', (ROOT / "app/web/stream.py").read_text("utf-8")))
    assert len(frames) > 4
    assert {name for name in frames if f"| `{name}` |" not in page} == set()
    assert {code for code in (UNKNOWN, DELETED, DAMAGED, TRY_AGAIN) if str(code) not in page} == set()


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    package = json.loads((ROOT / "package.json").read_text("utf-8"))
    assert {project["version"], package["version"]} == {VERSION}


def test_the_machines_clock_which_may_be_set_is_asked_only_for_what_people_read() -> None:
    asking = set()
    for path in (ROOT / "app").rglob("*.py"):
        if path.parent.name != "examples":
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Attribute) and ast.unparse(node) in {
                    *("time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.strftime"),
                    *("datetime.now", "datetime.utcnow", "datetime.today", "time.CLOCK_REALTIME"),
                }:
                    asking.add(path.relative_to(ROOT / "app").as_posix())
    assert asking == {"main.py", "web/api.py"}
