"""Every text that a reader may see has its translation, and no translation is left over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from app.examples import LANGUAGES
from app.settings import ROOT
from app.web.problems import SORTS
from app.web.texts import LOCALE, SOURCE_LANGUAGE, catalogue

METHODS = [("templates/**.html", "jinja2.ext:babel_extract"), ("static/js/**.js", "javascript")]
KEYWORDS = {"_": None, "t": None, "say": None, "gettext": None, "ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")

Id = str | tuple[str, ...]


def used() -> dict[Id, str]:
    """Every text in templates and scripts, and where it is."""
    found: dict[Id, str] = {}
    for folder in ("templates", "static/js"):
        for file, line, message, _, _ in extract_from_dir(ROOT / folder, _methods(folder), keywords=KEYWORDS):
            found[message] = f"{folder}/{file}:{line}"
    return found | {sort.title: "app/web/problems.py" for sort in SORTS.values()}


def _methods(folder: str) -> list[tuple[str, str]]:
    return [(pattern.removeprefix(f"{folder}/"), method) for pattern, method in METHODS if pattern.startswith(folder)]


def translations(language: str) -> Iterator[tuple[Id, str | tuple[str, ...]]]:
    for message in catalogue(LOCALE / language / "LC_MESSAGES" / "interleave.po", language):
        if message.id:
            assert not message.fuzzy, message.id
            yield message.id, message.string


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != SOURCE_LANGUAGE])
def test_the_catalogue_has_what_is_used_and_no_more(language: str) -> None:
    places, known = used(), dict(translations(language))
    assert {text: where for text, where in places.items() if text not in known} == {}
    assert set(known) - set(places) == set()


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != SOURCE_LANGUAGE])
def test_no_translation_is_empty_or_loses_a_placeholder(language: str) -> None:
    for text, translation in translations(language):
        wanted = set(PLACEHOLDER.findall(text if isinstance(text, str) else text[-1]))
        for form in [translation] if isinstance(translation, str) else translation:
            assert form.strip(), text
            assert set(PLACEHOLDER.findall(form)) == wanted, text


def test_there_is_a_catalogue_for_every_language_but_the_source() -> None:
    assert {path.name for path in Path(LOCALE).iterdir()} == set(LANGUAGES) - {SOURCE_LANGUAGE}
