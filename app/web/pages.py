"""The pages. Opening one never runs anything."""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from app.core.run import MAX_SOURCE, Run
from app.examples import LANGUAGES, SECTIONS
from app.web.api import example_texts
from app.web.schemas import PythonOut, RunOut
from app.web.security import nonce_of
from app.web.site import Site, TheSite
from app.web.texts import COOKIE, language_of

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
YEAR_S = 365 * 24 * 3600


@router.get("/")
async def playground(
    request: Request, site: TheSite, example: str | None = None, python: str | None = None, run: str | None = None
) -> HTMLResponse:
    """The playground with an example's program, the first one's by default, or with a run's, to edit and run again."""
    if run is not None:
        found = await site.store.run(run)
        source = (await site.store.source(run)).source
        return _page(request, site, source=source, example=found.example, python=python or found.python.id, parent=run)
    shown = site.example(example) if example is not None else site.examples[0]
    if shown is None:
        raise HTTPException(404, "There is no such example.")
    return _page(request, site, source=shown.source, example=shown.slug, python=python, parent=None)


@router.get("/examples")
async def examples(request: Request, site: TheSite) -> HTMLResponse:
    """The catalogue of examples, a fragment for the page's dialog."""
    language = language_of(request)
    html = site.renderer.page(request, "_examples.html", sections=_catalogue(site, language))
    return HTMLResponse(html, headers={"Cache-Control": "private, no-cache", "Vary": "Accept-Language, Cookie"})


@router.get("/r/{run_id}")
async def recorded(request: Request, run_id: str, site: TheSite) -> HTMLResponse:
    """A run's page: live while it runs, a replay afterwards."""
    run = await site.store.run(run_id)
    source = (await site.store.source(run_id)).source
    return _page(request, site, source=source, example=run.example, python=run.python.id, parent=run_id, run=run)


def _page(
    request: Request,
    site: Site,
    *,
    source: str,
    example: str | None,
    python: str | None,
    parent: str | None,
    run: Run | None = None,
) -> HTMLResponse:
    language = language_of(request)
    runner = site.runner
    shown = site.example(example) if example else None
    data: dict[str, Any] = {
        "language": language,
        "texts": site.renderer.texts[language].script,
        "nonce": nonce_of(request.scope),
        "run": RunOut.of(run).model_dump(mode="json") if run else None,
        "source": source,
        "example": example,
        "parent": parent,
        "python": python if python in {known.id for known in site.pythons} else _default_python(site),
        "pythons": [PythonOut.of(known).model_dump() for known in site.pythons],
        "lesson": example_texts(shown, language) if shown else None,
        "limits": asdict(site.settings.limits),
        "max_source": MAX_SOURCE,
        "sandbox": {"backend": None, "guarantees": [], "reason": runner}
        if isinstance(runner, str)
        else {"backend": runner.backend, "guarantees": [asdict(one) for one in runner.guarantees], "reason": None},
    }
    html = site.renderer.page(request, "playground.html", data=data, run=run)
    headers = {"Cache-Control": "private, no-cache", "Vary": "Accept-Language, Cookie", "Content-Language": language}
    response = HTMLResponse(html, headers=headers)
    if request.query_params.get("lang") in LANGUAGES:
        response.set_cookie(COOKIE, language, max_age=YEAR_S, samesite="lax", httponly=True)
    return response


def _default_python(site: Site) -> str | None:
    return site.default_python.id if site.pythons else None


def _catalogue(site: Site, language: str) -> list[dict[str, Any]]:
    """The examples' texts by section."""
    return [
        {
            "section": section,
            "title": SECTIONS[section][language],
            "examples": [example_texts(example, language) for example in examples],
        }
        for section, examples in groupby(site.examples, key=lambda example: example.section)
    ]
