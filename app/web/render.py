"""HTML from templates: escaped, in the reader's language, with the page's data as JSON for its script."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request

from app.examples import LANGUAGES
from app.settings import ROOT
from app.web.security import nonce_of
from app.web.texts import Texts, language_of

BUILD = ROOT / "static" / "build"
TEMPLATES = ROOT / "templates"


class Assets:
    """Names of built scripts, styles and icons: from the plain name to the one that carries a hash of the content."""

    def __init__(self, build: Path = BUILD) -> None:
        manifest = build / "manifest.json"
        self._names: Mapping[str, str] = json.loads(manifest.read_text("utf-8")) if manifest.exists() else {}
        self.built = bool(self._names)

    def url(self, name: str) -> str:
        """The address of an asset; where nothing was built it leads nowhere."""
        return f"/static/build/{self._names.get(name, name)}"

    def parts(self, name: str) -> list[str]:
        """The addresses of what a script imports at once."""
        stem, _, kind = name.partition(".")
        return [self.url(part) for part in self._names if re.fullmatch(rf"{stem}\.\d+\.{kind}", part)]

    def icon(self, name: str) -> Markup:
        """An icon as inline SVG; the text beside it says what it means."""
        return Markup('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>').format(
            self.url("icons.svg"), name
        )


class Renderer:
    """Renders templates; one Jinja2 environment a language. With `open_box` every page warns that nothing keeps in."""

    def __init__(self, assets: Assets, *, open_box: bool = False) -> None:
        self._open_box = open_box
        self.texts = {language: Texts(language) for language in LANGUAGES}
        self._environments = {language: self._environment(assets, language) for language in LANGUAGES}

    def _environment(self, assets: Assets, language: str) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        translations = self.texts[language].gettext
        environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
        environment.globals |= {
            "asset": assets.url,
            "parts": assets.parts,
            "icon": assets.icon,
            "language": language,
            "languages": LANGUAGES,
            "open_box": self._open_box,
        }
        return environment

    def page(self, request: Request, template: str, **values: object) -> str:
        """A template, filled in. It sees also `language`, `nonce`, `path`, `asset`, `parts` and `icon`."""
        environment = self._environments[language_of(request)]
        return environment.get_template(template).render(nonce=nonce_of(request.scope), path=request.url.path, **values)

    def error(self, request: Request, status: int, title: str, detail: str) -> str:
        """The page that tells of an error; title and detail are in English, translated where the catalogue can."""
        gettext = self.texts[language_of(request)].gettext.gettext
        return self.page(request, "error.html", status=status, title=gettext(title), detail=gettext(detail))
