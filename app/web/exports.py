"""A run's trace in the formats of other tools."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from app.core.run import State
from app.settings import VERSION
from app.web.api import UNCHANGED, RunId, known, revalidated
from app.web.compression import encodings_of
from app.web.problems import documented
from app.web.security import same_origin
from app.web.site import TheSite

PART = 4096
"""Bytes that are unpacked at a time; at most a thousand times as many come out."""

SCHEMA = {
    "type": "object",
    "required": ["traceEvents"],
    "properties": {"traceEvents": {"type": "array", "items": {"type": "object", "required": ["ph", "pid", "name"]}}},
}

router = APIRouter(dependencies=[Depends(same_origin)])


@router.get(
    "/api/runs/{run_id}/export/chrome.json",
    tags=["traces"],
    summary="A run's timeline for Perfetto",
    response_class=Response,
    responses={200: {"content": {"application/json": {"schema": SCHEMA}}}, **documented(404, 409, 410), **UNCHANGED},
)
async def chrome(run_id: RunId, request: Request, site: TheSite) -> Response:
    """The timeline as Chrome trace events: open it at ui.perfetto.dev, with vizviewer or in any tool that reads these.

    409 while the run is queued or running. A lost run shows what was recorded.
    """
    run = await site.store.run(run_id)
    headers = revalidated(f"x{run.epoch}.{VERSION}") | {"Vary": "Accept-Encoding"}
    if run.state in (State.finished, State.lost) and known(request, headers):
        return Response(status_code=304, headers=headers)
    body = await site.timelines.chrome(run)
    headers["Content-Disposition"] = f'attachment; filename="interleave-{run.id}.json"'
    if "gzip" in encodings_of(request.headers.get("accept-encoding", "")):
        return Response(body, headers=headers | {"Content-Encoding": "gzip"}, media_type="application/json")
    return StreamingResponse(_unpacked(body), headers=headers, media_type="application/json")


def _unpacked(body: bytes) -> Iterator[bytes]:
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    for at in range(0, len(body), PART):
        yield stream.decompress(body[at : at + PART])
