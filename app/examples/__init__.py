"""The examples: ordinary programs, one file each, that carry their own lessons.

An example's file begins with a comment block of TOML, which this module reads and strips; what is left is the program
that is shown and run. Adding an example is adding one file: nothing lists them, and nothing ever imports them.

    # /// example
    # order = 10                place in the section
    # section = "threading"     a key of SECTIONS
    # title.en = "Lock"         title, teaches and try have a text in each of LANGUAGES
    # [expect]                  what every run of the program shows, see Expect
    # ///
"""

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import resources

LANGUAGES = ("en", "ru")

SECTIONS: Mapping[str, Mapping[str, str]] = {
    "article": {"en": "Programs of the article", "ru": "Программы из статьи"},
    "definitions": {"en": "Definitions", "ru": "Определения"},
    "threading": {"en": "Threads", "ru": "Потоки"},
    "multiprocessing": {"en": "Processes", "ru": "Процессы"},
    "asyncio": {"en": "Coroutines and tasks", "ru": "Корутины и задачи"},
    "comparisons": {"en": "Comparisons", "ru": "Сравнения"},
    "hazards": {"en": "Hazards", "ru": "Опасности"},
}

OUTPUTS = ("ordered", "multiset", "pattern")
OUTCOMES = ("completed", "timed_out")
RESOURCES = frozenset({
    "lock", "rlock", "condition", "semaphore", "event", "barrier", "queue", "pipe",
    "join", "future", "task", "sleep", "io", "process", "executor",
})  # fmt: skip

_BLOCK = re.compile(r"# /// example\n(?P<lesson>(?:#(?: .*)?\n)*?)# ///\n+")


@dataclass(frozen=True, slots=True)
class Expect:
    """What every run of an example shows, whatever the machine's load and the version of Python.

    `processes` counts process lanes, the root's too; `threads` the program's own threads besides every process's
    MainThread; `tasks` its asyncio tasks, the main one too. Internal lanes count nowhere. `lanes` names some thread and
    task lanes that are always there. `lines` is standard output: in this order ("ordered"), in any ("multiset"), or
    in this order with each line a regular expression to match in full ("pattern"). `waits` holds pairs of a lane's
    name (a shell pattern, as in fnmatch) and a kind of resource: at least one lane so named waits on such a resource.
    """

    processes: int
    threads: int
    tasks: int
    lanes: tuple[str, ...]
    output: str
    lines: tuple[str, ...]
    outcome: str
    waits: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A program and its lesson. `title`, `teaches` and `try_` map a language to one line of text."""

    slug: str
    order: int
    section: str
    title: Mapping[str, str]
    teaches: Mapping[str, str]
    try_: Mapping[str, str]
    expect: Expect
    source: str


def load() -> tuple[Example, ...]:
    """All examples, by section and order. Raises ValueError, naming the file, if one is not well formed."""
    files = (file for file in resources.files(__name__).iterdir() if file.name.endswith(".py"))
    examples = [parse(file.name, file.read_text("utf-8")) for file in files if file.name != "__init__.py"]
    return arrange(examples)


def arrange(examples: Collection[Example]) -> tuple[Example, ...]:
    """The examples by section and order. Raises ValueError if two claim one place."""
    sections = list(SECTIONS)
    places: dict[tuple[int, int], Example] = {}
    for example in examples:
        other = places.setdefault((sections.index(example.section), example.order), example)
        if other is not example:
            both = " and ".join(sorted([example.slug, other.slug]))
            raise ValueError(f"{both}: both have order {example.order} in section {example.section!r}")
    return tuple(places[place] for place in sorted(places))


def parse(file: str, text: str) -> Example:
    """The example in `text`; `file` is the file's name, from which the slug is made. Raises ValueError."""
    try:
        return _parse(file, text)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error


def _parse(file: str, text: str) -> Example:
    stem = re.fullmatch(r"([a-z0-9]+(?:_[a-z0-9]+)*)\.py", file)
    if stem is None:
        raise ValueError("expected a name like some_words.py")
    block = _BLOCK.match(text)
    if block is None:
        raise ValueError("expected a first line '# /// example', TOML in comments, then '# ///'")
    source = text[block.end() :]
    if not source.strip():
        raise ValueError("expected a program after the lesson")
    toml = re.sub(r"^# ?", "", block["lesson"], flags=re.MULTILINE)
    lesson = _Table(tomllib.loads(toml))
    expect = _Table(lesson.table("expect"))
    example = Example(
        slug=stem[1].replace("_", "-"),
        order=lesson.count("order"),
        section=lesson.choice("section", SECTIONS),
        title=lesson.texts("title"),
        teaches=lesson.texts("teaches"),
        try_=lesson.texts("try"),
        expect=Expect(
            processes=expect.count("processes"),
            threads=expect.count("threads"),
            tasks=expect.count("tasks"),
            lanes=expect.strings("lanes"),
            output=expect.choice("output", OUTPUTS),
            lines=expect.strings("lines"),
            outcome=expect.choice("outcome", OUTCOMES),
            waits=expect.waits("waits"),
        ),
        source=source,
    )
    lesson.end()
    expect.end()
    if example.expect.output == "pattern":
        for line in example.expect.lines:
            _check_pattern(line)
    return example


def _check_pattern(line: str) -> None:
    try:
        re.compile(line)
    except re.error as error:
        raise ValueError(f"lines: {line!r} is no regular expression: {error}") from error


class _Table:
    """Takes values out of a TOML table, each once and of the type asked for; raises ValueError with the key's name."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = dict(values)

    def _take(self, key: str) -> object:
        if key not in self._values:
            raise ValueError(f"{key}: missing")
        return self._values.pop(key)

    def end(self) -> None:
        if self._values:
            raise ValueError(f"unknown: {', '.join(sorted(self._values))}")

    def count(self, key: str) -> int:
        value = self._take(key)
        if type(value) is not int or value < 0:
            raise ValueError(f"{key}: expected a whole number, got {value!r}")
        return value

    def choice(self, key: str, allowed: Collection[str]) -> str:
        value = self._take(key)
        if not isinstance(value, str) or value not in allowed:
            raise ValueError(f"{key}: expected one of {', '.join(allowed)}; got {value!r}")
        return value

    def table(self, key: str) -> Mapping[str, object]:
        value = self._take(key)
        if not isinstance(value, dict):
            raise ValueError(f"{key}: expected a table, got {value!r}")
        return value

    def texts(self, key: str) -> Mapping[str, str]:
        texts = self.table(key)
        if set(texts) != set(LANGUAGES):
            raise ValueError(f"{key}: expected the languages {', '.join(LANGUAGES)}; got {', '.join(texts) or 'none'}")
        return {language: _line(f"{key}.{language}", texts[language]) for language in LANGUAGES}

    def strings(self, key: str) -> tuple[str, ...]:
        value = self._take(key)
        if not isinstance(value, list):
            raise ValueError(f"{key}: expected a list, got {value!r}")
        return tuple(_line(key, item) for item in value)

    def waits(self, key: str) -> tuple[tuple[str, str], ...]:
        value = self._take(key)
        if not isinstance(value, list):
            raise ValueError(f"{key}: expected a list, got {value!r}")
        return tuple(_wait(key, item) for item in value)


def _line(key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip() or "\n" in value:
        raise ValueError(f"{key}: expected one line of text, got {value!r}")
    return value


def _wait(key: str, value: object) -> tuple[str, str]:
    match value:
        case [str(lane), str(kind)] if kind in RESOURCES:
            return lane, kind
    raise ValueError(f"{key}: expected [lane, kind of resource], got {value!r}")
