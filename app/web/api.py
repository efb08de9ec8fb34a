"""The JSON interface, /api and the endpoints for machines. Every error is in web/problems.py."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Header, HTTPException, Path, Query, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from app.core.errors import BadInput, Busy, DeletedRun, Forbidden, NotYet, TooLarge, UnknownRun
from app.core.run import ID_ALPHABET, ID_LENGTH, MAX_SOURCE, Kind, Outcome, Program, Run, State
from app.examples import SECTIONS, Example
from app.settings import VERSION
from app.store import Submission, place
from app.web.events import MEDIA_TYPE as JSON_LINES
from app.web.events import lines
from app.web.problems import documented
from app.web.schemas import (
    ExampleOut,
    ExampleWithSource,
    FindingsOut,
    Health,
    Lint,
    Messages,
    PythonOut,
    QueueOut,
    RunOut,
    SandboxOut,
    Submit,
    Submitted,
    TimelineOut,
)
from app.web.security import same_origin
from app.web.site import Site, TheSite
from app.web.texts import language_of

MAX_BODY = 6 * MAX_SOURCE + 1024
"""JSON may write one byte of a program as six: \\u0000."""
CHUNKS = "application/vnd.interleave.chunks"
UNCHANGED: dict[int | str, dict[str, Any]] = {"304": {"description": "It is what If-None-Match names"}}

router = APIRouter(dependencies=[Depends(same_origin)])
RunId = Annotated[str, Path(description="A run's id.", examples=["7h2k9qzxw3mn"])]
After = Annotated[int, Query(ge=0, description="The last chunk that is known already.")]
M = TypeVar("M", bound=BaseModel)


def _body(model: type[M]) -> Callable[[Request], Awaitable[M]]:
    """A dependency that reads a JSON body of this model and stops reading when it is too long."""

    async def read(request: Request) -> M:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY:
                raise TooLarge(f"the request is longer than {MAX_BODY} bytes", "source")
        return model.model_validate_json(bytes(body))

    return read


def _takes(model: type[BaseModel]) -> dict[str, Any]:
    """OpenAPI's description of a body that `_body` reads."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _answers(media_type: str, example: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's description of a successful answer that is not JSON."""
    schema = {"type": "string", "format": "binary"}
    return {200: {"content": {media_type: {"schema": schema, "example": example}}}}


def _program(source: str) -> Program:
    """The program of this source. Raises TooLarge."""
    size = len(source.encode())
    if size > MAX_SOURCE:
        raise TooLarge(f"the program has {size} bytes; {MAX_SOURCE} are allowed", "source")
    return Program(source)


def timestamp(moment: datetime) -> str:
    """A moment in UTC as RFC 3339."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def hashed(token: str) -> str:
    """A delete token as it is stored."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


@router.post(
    "/api/runs",
    status_code=201,
    tags=["runs"],
    summary="Run a program",
    responses=documented(403, 413, 422, 429, 503),
    openapi_extra=_takes(Submit),
)
async def submit(
    request: Request, response: Response, site: TheSite, wanted: Annotated[Submit, Depends(_body(Submit))]
) -> Submitted:
    """Queue a program. That it may fail, hang or be hostile is no error: see the run's `outcome`."""
    runner = site.running()
    python = site.python(wanted.python)
    program = _program(wanted.source)
    if wanted.example is not None and site.example(wanted.example) is None:
        raise BadInput("there is no such example", "example")
    if wanted.parent is not None:
        await _existing_parent(site, wanted.parent)
    owner = site.clients.key(request)
    run_id = "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))
    token = secrets.token_urlsafe(24)
    submission = Submission(program, python, site.settings.limits, runner.backend, owner, wanted.example, wanted.parent)
    async with site.admission:
        await _admit(site, owner)
        run = await site.store.submit(submission, run_id, hashed(token), timestamp(datetime.now(UTC)))
    response.headers["Location"] = f"/api/runs/{run.id}"
    return Submitted(id=run.id, url=f"/r/{run.id}", state=run.state, delete_token=token)


async def _existing_parent(site: Site, run_id: str) -> None:
    try:
        await site.store.run(run_id)
    except (UnknownRun, DeletedRun) as error:
        raise BadInput("there is no such run", "parent") from error


async def _admit(site: Site, owner: str) -> None:
    """Raise Busy if this client, or everybody, has too much waiting, or if the client's quota is used up."""
    site.room()
    queue = await site.store.queue()
    if sum(map(len, queue.values())) >= site.settings.queue:
        raise Busy("too many programs are waiting", retry_after=5)
    if len(queue.get(owner, ())) >= site.settings.queue_per_client:
        raise Busy("too many of your programs are waiting", retry_after=2)
    site.quota.take(owner)


@router.get("/api/runs/{run_id}", tags=["runs"], summary="A run as it stands", responses=documented(404, 410))
async def run(run_id: RunId, site: TheSite) -> RunOut:
    """State, outcome, interpreter, limits, what was used and what was dropped."""
    found = await site.store.run(run_id)
    waiting = found.state is State.queued
    return RunOut.of(found, place(await site.store.queue(), run_id) if waiting else None)


@router.get(
    "/api/runs/{run_id}/source",
    tags=["runs"],
    summary="A run's program",
    response_class=PlainTextResponse,
    responses=documented(404, 410),
)
async def source(run_id: RunId, site: TheSite) -> PlainTextResponse:
    """The program's text."""
    program = await site.store.source(run_id)
    return PlainTextResponse(program.source, headers={"Cache-Control": "no-cache"})


@router.get(
    "/api/runs/{run_id}/timeline",
    tags=["traces"],
    summary="A run's timeline",
    response_model=TimelineOut,
    responses=documented(404, 409, 410) | UNCHANGED,
)
async def timeline(run_id: RunId, request: Request, site: TheSite) -> Response:
    """The folded trace: lanes, spans, resources, holds, jobs, levels, links, marks, output and findings.

    409 while the run is queued or running. A lost run shows what was recorded.
    """
    found = await site.store.run(run_id)
    headers = revalidated(f"t{found.epoch}.{VERSION}")
    if found.state in (State.finished, State.lost) and known(request, headers):
        return Response(status_code=304, headers=headers)
    rest = await site.timelines.json(found)
    body = b'{"run":' + RunOut.of(found).model_dump_json().encode() + b"," + rest.removeprefix(b"{")
    return Response(body, headers=headers, media_type="application/json")


@router.get(
    "/api/runs/{run_id}/findings",
    tags=["traces"],
    summary="What was noticed in a run",
    response_model=FindingsOut,
    responses=documented(404, 409, 410) | UNCHANGED,
)
async def found(run_id: RunId, request: Request, site: TheSite) -> Response:
    """Deadlocks, blocked event loops and the rest, as docs/tracing.md explains them; while a run is on, those so far.

    409 when a run that is on has too long a trace: ask again when it has ended.
    """
    shown = await site.store.run(run_id)
    ended = shown.state in (State.finished, State.lost)
    headers = revalidated(f"n{shown.epoch}.{VERSION}") if ended else {"Cache-Control": "no-store"}
    if ended and known(request, headers):
        return Response(status_code=304, headers=headers)
    return Response(await site.timelines.findings(shown), headers=headers, media_type="application/json")


@router.get(
    "/api/runs/{run_id}/events",
    tags=["traces"],
    summary="A run's events",
    response_class=StreamingResponse,
    responses={**_answers(JSON_LINES, '{"kind":"state","t":1200,"lane":2,"flags":2}'), **documented(404, 410)},
)
async def events(run_id: RunId, site: TheSite) -> StreamingResponse:
    """The stored events, one JSON object a line, as docs/trace-format.md explains them; zeros are left out."""
    await site.store.run(run_id)
    pages = await _begun(_pages(site, run_id, 0))
    headers = {"Cache-Control": "no-cache"}
    return StreamingResponse(lines(pages), headers=headers, media_type=JSON_LINES)


@router.get(
    "/api/runs/{run_id}/chunks",
    tags=["traces"],
    summary="A run's chunks",
    response_class=StreamingResponse,
    responses={**_answers(CHUNKS, "ILV1…"), **documented(404, 410), **UNCHANGED},
)
async def chunks(run_id: RunId, request: Request, site: TheSite, after: After = 0) -> Response:
    """The chunks that are stored after this one, concatenated as they are; nothing past the end."""
    found = await site.store.run(run_id)
    headers = revalidated(f"c{found.epoch}.{after}.{await site.store.last(run_id)}")
    if known(request, headers):
        return Response(status_code=304, headers=headers)
    pages = await _begun(_pages(site, run_id, after))
    return StreamingResponse(pages, headers=headers, media_type=CHUNKS)


async def _pages(site: Site, run_id: str, after: int) -> AsyncGenerator[bytes, None]:
    """The stored chunks after this one, many at a time."""
    last = await site.store.last(run_id)
    while after < last and (page := await site.store.chunks(run_id, after)):
        after = page[-1][0]
        yield b"".join(chunk for _, chunk in page)


async def _begun(pages: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The same pages, once the first is there: what can't be read is an error, not an answer that breaks off."""
    first = await anext(pages, b"")

    async def whole() -> AsyncGenerator[bytes, None]:
        yield first
        async for page in pages:
            yield page

    return whole()


def revalidated(version: str) -> dict[str, str]:
    """Headers of an answer that a client may keep, if it asks each time whether this is still its version."""
    # Weak, because the transport may compress it in more than one way.
    return {"ETag": f'W/"{version}"', "Cache-Control": "no-cache"}


def known(request: Request, headers: dict[str, str]) -> bool:
    """Whether the client has this version already."""
    versions = request.headers.get("if-none-match", "")
    return headers["ETag"] in (tag.strip() for tag in versions.split(","))


@router.post(
    "/api/runs/{run_id}/stop",
    status_code=202,
    tags=["runs"],
    summary="Stop a run",
    responses=documented(403, 404, 410),
)
async def stop(run_id: RunId, site: TheSite) -> RunOut:
    """End the run with the outcome `stopped`; a run that has ended stays as it is."""
    await _stop(site, run_id)
    return RunOut.of(await site.store.run(run_id))


async def _stop(site: Site, run_id: str) -> None:
    if isinstance(site.runner, str):
        await site.store.discard(run_id, Outcome(Kind.stopped))
    else:
        await site.runner.recorder.stop(run_id)


@router.post("/api/runs/{run_id}/share", tags=["runs"], summary="Keep a run", responses=documented(403, 404, 410))
async def share(run_id: RunId, site: TheSite) -> RunOut:
    """Keep the run, whatever its age: its link was given to somebody. Where room is short it goes last."""
    return RunOut.of(await site.store.share(run_id))


@router.delete(
    "/api/runs/{run_id}", status_code=204, tags=["runs"], summary="Delete a run", responses=documented(403, 404, 410)
)
async def delete(
    run_id: RunId,
    site: TheSite,
    authorization: Annotated[str, Header(description="Bearer and the delete token.", examples=["Bearer S3cr3t"])] = "",
) -> Response:
    """Delete the run, its program and its trace; a run that is on is stopped first. From then on it is 410."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        await site.store.run(run_id)
        raise Forbidden("deleting a run takes the token that came with it: Authorization: Bearer TOKEN")
    try:
        await site.store.delete(run_id, hashed(token.strip()))
    except NotYet:
        await _stop(site, run_id)
        await _ended(site, run_id)
        await site.store.delete(run_id, hashed(token.strip()))
    return Response(status_code=204)


async def _ended(site: Site, run_id: str) -> Run:
    """The run, once it has ended."""
    async with site.store.listen(run_id) as bell:
        while (found := await site.store.run(run_id)).state not in (State.finished, State.lost):
            await bell.wait()
        return found


@router.post(
    "/api/lint",
    tags=["programs"],
    summary="Read a program without running it",
    responses=documented(403, 413, 422, 429),
    openapi_extra=_takes(Lint),
)
async def lint(site: TheSite, wanted: Annotated[Lint, Depends(_body(Lint))]) -> Messages:
    """What ruff and the compiler say, with lines and columns from 1, columns in code points."""
    return Messages(messages=await site.linter.messages(_program(wanted.source).source))


@router.get("/api/examples", tags=["programs"], summary="All examples")
async def examples(request: Request, response: Response, site: TheSite) -> list[ExampleOut]:
    """The examples by section, in the language of ?lang= or Accept-Language, without their programs."""
    response.headers["Vary"] = "Accept-Language, Cookie"
    return [ExampleOut(**example_texts(example, language_of(request))) for example in site.examples]


@router.get(
    "/api/examples/{slug}",
    tags=["programs"],
    summary="One example",
    responses={"404": documented(404)["404"] | {"description": "There is no such example"}},
)
async def example(slug: str, request: Request, response: Response, site: TheSite) -> ExampleWithSource:
    """One example with its program."""
    response.headers["Vary"] = "Accept-Language, Cookie"
    found = site.example(slug)
    if found is None:
        raise HTTPException(404, "there is no such example")
    return ExampleWithSource(**example_texts(found, language_of(request)), source=found.source)


def example_texts(example: Example, language: str) -> dict[str, str]:
    """What is told of an example in a language."""
    return {
        "slug": example.slug,
        "title": example.title[language],
        "section": example.section,
        "section_title": SECTIONS[example.section][language],
        "teaches": example.teaches[language],
        "try": example.try_[language],
    }


@router.get("/readyz", tags=["server"], summary="May it be sent requests?", responses=documented(503))
async def readiness(site: TheSite) -> Health:
    """As /healthz; also 503 while a run would not be taken because the store's disk is full or can't be read."""
    site.room()
    return await health(site)


@router.get("/healthz", tags=["server"], summary="Is it alive, and can it run programs?", responses=documented(503))
async def health(site: TheSite) -> Health:
    """What keeps programs in, the interpreters and the queue; 503 with the reason if programs can't be run."""
    queued = sum(map(len, (await site.store.queue()).values()))
    runner = site.running()
    return Health(
        status="ok",
        version=VERSION,
        sandbox=SandboxOut(backend=runner.backend, guarantees=list(runner.guarantees)),
        pythons=[PythonOut.of(python) for python in site.pythons],
        limits=site.settings.limits,
        queue=QueueOut(length=queued, limit=site.settings.queue),
    )


@router.get("/metrics", tags=["server"], summary="Numbers for Prometheus", response_class=PlainTextResponse)
async def metrics(site: TheSite) -> Response:
    """Runs by outcome, the queue, latencies, boxes, viewers, what was refused and what was dropped."""
    queued = sum(map(len, (await site.store.queue()).values()))
    return Response(site.metrics.text(queued, site.free_bytes()), media_type=CONTENT_TYPE_LATEST)
