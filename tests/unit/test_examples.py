"""The lessons are read strictly, and the programs are what learners may copy."""

import ast
import re
from importlib import resources

import pytest

from app.examples import LANGUAGES, SECTIONS, Example, arrange, load, parse

ARTICLE = ["article-threading", "article-pool", "article-asyncio"]
REQUIRED = {
    *ARTICLE,
    "async-generator",
    "async-iterator",
    "blocking-call-in-coroutine",
    "cmp-io-four-ways",
    "condition",
    "coroutine-function",
    "coroutine-object",
    "cpu-bound",
    "deadlock",
    "event",
    "event-loop",
    "future",
    "gil-switching",
    "io-bound",
    "lock",
    "pool-map",
    "process-basics",
    "process-queue",
    "process-vs-thread-memory",
    "semaphore",
    "sync-in-executor",
    "task",
    "thread-basics",
    "thread-join",
    "to-thread",
    "wait-for-timeout",
}
EXAMPLES = load()
every_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.slug)

LESSON = """\
# /// example
# order = 10
# section = "threading"
# title.en = "A lock"
# title.ru = "Замок"
# teaches.en = "One at a time."
# teaches.ru = "По одному."
# try.en = "Remove it."
# try.ru = "Уберите его."
#
# [expect]
# processes = 1
# threads = 2
# tasks = 0
# lanes = ["MainThread", "worker"]
# output = "pattern"
# lines = ['\\d+ s', "done"]
# outcome = "completed"
# waits = [["worker", "lock"]]
# ///
"""
PROGRAM = 'print("hello")\n'


def test_a_file_is_a_lesson_and_the_program_below_it() -> None:
    example = parse("two_locks.py", f"{LESSON}\n{PROGRAM}")

    assert (example.slug, example.section, example.order) == ("two-locks", "threading", 10)
    assert example.title == {"en": "A lock", "ru": "Замок"}
    assert example.teaches["en"] == "One at a time."
    assert example.try_["ru"] == "Уберите его."
    assert (example.expect.processes, example.expect.threads, example.expect.tasks) == (1, 2, 0)
    assert example.expect.lanes == ("MainThread", "worker")
    assert (example.expect.output, example.expect.lines) == ("pattern", (r"\d+ s", "done"))
    assert example.expect.outcome == "completed"
    assert example.expect.waits == (("worker", "lock"),)
    assert example.source == PROGRAM


def test_a_text_may_be_broken_over_comment_lines() -> None:
    broken = LESSON.replace('"One at a time."', '"""One \\\n#   at a time."""')
    assert parse("a.py", broken + PROGRAM).teaches["en"] == "One at a time."


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("# /// example", "# example", "expected a first line '# /// example'"),
        ("# ///\n", "", "expected a first line '# /// example'"),
        ("# order = 10", "order = 10", "expected a first line '# /// example'"),
        ("order = 10", "order = ten", "Invalid value"),
        ("# order = 10\n", "", "order: missing"),
        ("order = 10", "order = true", "order: expected a whole number, got True"),
        ("threads = 2", "threads = -2", "threads: expected a whole number, got -2"),
        ('"threading"', '"threads"', "section: expected one of article, "),
        ('# title.ru = "Замок"\n', "", "title: expected the languages en, ru; got en"),
        ('"Замок"', '""', "title.ru: expected one line of text"),
        ('"Замок"', '"За\\nмок"', "title.ru: expected one line of text"),
        ("# order", '# level = "easy"\n# order', "unknown: level"),
        ("# tasks = 0", "# tasks = 0\n# seconds = 3", "unknown: seconds"),
        ('["MainThread", "worker"]', '"worker"', "lanes: expected a list"),
        ('["MainThread", "worker"]', "[1]", "lanes: expected one line of text, got 1"),
        ("\\d+ s", "(", "lines: '(' is no regular expression"),
        ('"pattern"', '"sorted"', "output: expected one of ordered, multiset, pattern"),
        ('"completed"', '"finished"', "outcome: expected one of completed, timed_out"),
        ('["worker", "lock"]', '["worker", "door"]', "waits: expected [lane, kind of resource]"),
        ('["worker", "lock"]', '"lock"', "waits: expected [lane, kind of resource]"),
    ],
)
def test_a_wrong_lesson_is_refused_by_file_and_key(old: str, new: str, complaint: str) -> None:
    assert old in LESSON
    with pytest.raises(ValueError, match=re.escape("two_locks.py: ") + ".*" + re.escape(complaint)):
        parse("two_locks.py", LESSON.replace(old, new, 1) + PROGRAM)


def test_a_lesson_without_a_program_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a\.py: expected a program"):
        parse("a.py", LESSON)


@pytest.mark.parametrize("name", ["Lock.py", "two-locks.py", "_lock.py", "lock.txt", "../lock.py"])
def test_a_name_that_makes_no_slug_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="expected a name like"):
        parse(name, LESSON + PROGRAM)


def test_examples_come_by_section_and_order() -> None:
    late = parse("late.py", LESSON.replace("order = 10", "order = 20") + PROGRAM)
    early = parse("early.py", LESSON + PROGRAM)
    first = parse("first.py", LESSON.replace('"threading"', '"article"') + PROGRAM)
    assert arrange([late, early, first]) == (first, early, late)


def test_two_examples_in_one_place_are_refused() -> None:
    one, other = (parse(name, LESSON + PROGRAM) for name in ("one.py", "other.py"))
    with pytest.raises(ValueError, match="one and other: both have order 10 in section 'threading'"):
        arrange([other, one])


def test_the_required_examples_are_there_and_the_article_comes_first() -> None:
    slugs = [example.slug for example in EXAMPLES]
    assert set(slugs) >= REQUIRED
    assert slugs[:3] == ARTICLE


def test_every_section_has_a_title_in_every_language_and_an_example() -> None:
    assert all(set(titles) == set(LANGUAGES) for titles in SECTIONS.values())
    assert {example.section for example in EXAMPLES} == set(SECTIONS)


@every_example
def test_russian_texts_are_russian_and_english_ones_are_not(example: Example) -> None:
    for texts in (example.title, example.teaches, example.try_):
        assert not re.search("[а-яё]", texts["en"].lower())
        assert texts["en"] != texts["ru"]
    assert re.search("[а-яё]", example.teaches["ru"] + example.try_["ru"])


@every_example
def test_a_program_compiles_without_a_warning_and_stands_on_the_standard_library(example: Example) -> None:
    compile(example.source, example.slug, "exec")
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(example.source))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= {
        "asyncio", "concurrent", "contextlib", "inspect", "itertools", "math", "multiprocessing", "os", "socket", "sys",
        "threading", "time", "types",
    }  # fmt: skip


@every_example
def test_a_program_is_short_and_nothing_of_the_lesson_is_left_in_it(example: Example) -> None:
    lines = example.source.splitlines()
    assert len(lines) < (30 if example.section == "article" else 40)
    assert all(len(line) <= 79 and line == line.rstrip() for line in lines)
    assert lines[0]
    assert lines[-1]
    assert example.source.endswith("\n")
    assert "///" not in example.source


@every_example
def test_a_program_is_its_file_without_the_first_comment_block(example: Example) -> None:
    file = resources.files("app.examples") / f"{example.slug.replace('-', '_')}.py"
    text = file.read_text("utf-8")
    assert text.endswith(f"# ///\n\n{example.source}")
    assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(example.source))


@every_example
def test_what_a_run_shows_agrees_with_itself(example: Example) -> None:
    expect = example.expect
    assert expect.processes >= 1
    assert "MainThread" in expect.lanes
    assert len(expect.lanes) <= 1 + expect.threads + expect.tasks
    assert expect.lines
