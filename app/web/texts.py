"""Texts in the reader's language: gettext catalogues whose msgids are the English texts.

    app/locale/LANGUAGE/LC_MESSAGES/interleave.po

Templates say `_("…")` or `ngettext(…)`, scripts `t("…")`; a script gets the whole catalogue with its page. Placeholders
are `{name}` in scripts and `%(name)s` in templates.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from starlette.requests import HTTPConnection

from app.examples import LANGUAGES
from app.settings import ROOT

LOCALE = ROOT / "app" / "locale"
SOURCE_LANGUAGE = LANGUAGES[0]
COOKIE = "lang"
MAX_HEADER = 200

ScriptTexts = Mapping[str, str | list[str]]


def catalogue(path: Path, language: str) -> Catalog:
    """The catalogue in a .po file."""
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


class Texts:
    """The texts of one language, for gettext and for scripts."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.gettext = gettext.NullTranslations()
        self.script: ScriptTexts = {}
        if language == SOURCE_LANGUAGE:
            return
        found = catalogue(LOCALE / language / "LC_MESSAGES" / "interleave.po", language)
        compiled = BytesIO()
        write_mo(compiled, found)
        compiled.seek(0)
        self.gettext = gettext.GNUTranslations(compiled)
        self.script = {
            message.id if isinstance(message.id, str) else message.id[0]: (
                message.string if isinstance(message.string, str) else list(message.string or ())
            )
            for message in found
            if message.id
        }


def language_of(connection: HTTPConnection) -> str:
    """The language asked for: by ?lang=, else by the cookie of an earlier choice, else by the browser's settings."""
    wished = [
        *(connection.query_params.get("lang", ""), connection.cookies.get(COOKIE, "")),
        *_accepted(connection.headers.get("accept-language", "")),
    ]
    return next((language for language in wished if language in LANGUAGES), SOURCE_LANGUAGE)


def _accepted(header: str) -> list[str]:
    """The primary languages of an Accept-Language header, the most wanted first."""
    weighted = []
    for item in header[:MAX_HEADER].split(","):
        tag, _, weight = item.partition(";q=")
        try:
            weighted.append((float(weight or 1), tag.strip().split("-")[0].lower()))
        except ValueError:
            continue
    weighted.sort(key=lambda pair: -pair[0])
    return [language for weight, language in weighted if weight > 0]
