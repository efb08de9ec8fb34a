"""A run as a WebSocket: text frames say what is going on, binary frames are the stored chunks as they are.

hello   {"run", "epoch", "last"}   first of all
state   {"run"}                    the run's state has changed
queue   {"place"}                  while it is queued: its place, from 1, whenever that has changed
reset   {"run", "epoch"}           the run was begun anew: forget all chunks
resume  {"after"}                  too slow: fetch what comes after this chunk over HTTP; the newest follow here
end     {"run"}                    nothing more will come; then close 1000

Other closes: 4404 no such run, 4410 deleted, 4500 the trace can't be read, 1012 the server ends, 1013 try again later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Query, WebSocket, WebSocketDisconnect

from app.core.errors import DamagedTrace, DeletedRun, Unavailable, UnknownRun
from app.core.run import Run, State
from app.follow import Changed, Chunks, Reset, follow
from app.store import Store, place
from app.web.schemas import RunOut
from app.web.security import same_origin
from app.web.site import TheSite

UNKNOWN, DELETED, DAMAGED, TRY_AGAIN = 4404, 4410, 4500, 1013

logger = logging.getLogger(__name__)

router = APIRouter()


class Socket(Protocol):
    """What a stream is sent to; sending waits while the viewer's buffer is full."""

    async def send_json(self, data: Any) -> None:
        """Send a text frame."""
        ...

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary frame."""
        ...


@router.websocket("/api/runs/{run_id}/stream", dependencies=[Depends(same_origin)])
async def stream(socket: WebSocket, run_id: str, site: TheSite, after: Annotated[int, Query(ge=0)] = 0) -> None:
    """Send the run until it has ended or the viewer leaves; 429 instead of a stream when too many are open."""
    with site.viewers.one(site.clients.key(socket)), site.metrics.viewers.track_inprogress():
        await socket.accept()
        patience_s, resumed = site.settings.viewer_patience_s, site.metrics.resumed.inc
        viewing = asyncio.create_task(
            view(socket, site.store, run_id, after, clock=site.clock, patience_s=patience_s, resumed=resumed)
        )
        leaving = asyncio.create_task(_gone(socket))
        try:
            await asyncio.wait([viewing, leaving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            viewing.cancel()
            await asyncio.wait([viewing, leaving])
    if viewing.cancelled():
        return
    match viewing.exception():
        case None:
            await socket.close()
        case UnknownRun():
            await socket.close(UNKNOWN, "there is no such run")
        case DeletedRun():
            await socket.close(DELETED, "the run was deleted")
        case WebSocketDisconnect():
            return
        case DamagedTrace() as error:
            logger.error("run %s: %s", run_id, error, extra={"run": run_id})
            await socket.close(DAMAGED, "the trace can't be read")
        case Unavailable():
            await socket.close(TRY_AGAIN, "the store can't be used at the moment")
        case error:
            raise error


async def _gone(socket: WebSocket) -> None:
    """Return when the viewer has left; what it says is not listened to."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def view(
    socket: Socket,
    store: Store,
    run_id: str,
    after: int,
    *,
    clock: Callable[[], float],
    patience_s: float,
    resumed: Callable[[], None],
) -> None:
    """Send the run from after this chunk until it has ended.

    Nothing is queued for a viewer: one page of the log at a time is read and sent. Raises UnknownRun and DeletedRun.
    """
    greeted = False
    lagging = True
    while lagging:
        lagging = False
        async with aclosing(follow(store, run_id, after)) as steps:
            async for step in steps:
                match step:
                    case Changed(run) if greeted:
                        await socket.send_json({"type": "state", "run": _json(run)})
                    case Changed(run):
                        last = await store.last(run_id)
                        await socket.send_json({"type": "hello", "run": _json(run), "epoch": run.epoch, "last": last})
                        greeted = True
                        if run.state is State.queued:
                            await _queued(socket, store, run_id)
                    case Reset(run):
                        after = 0
                        await socket.send_json({"type": "reset", "run": _json(run), "epoch": run.epoch})
                    case Chunks(chunks):
                        began = clock()
                        for seq, chunk in chunks:
                            await socket.send_bytes(chunk)
                            after = seq
                        if clock() - began > patience_s and (last := await store.last(run_id)) > after:
                            resumed()
                            await socket.send_json({"type": "resume", "after": after})
                            after = last
                            lagging = True
                            break
    await socket.send_json({"type": "end", "run": _json(await store.run(run_id))})


async def _queued(socket: Socket, store: Store, run_id: str) -> None:
    """Tell the run's place in the queue whenever it has changed, until its turn has come."""
    told = None
    async with store.listen("queue") as bell:
        while now := place(await store.queue(), run_id):
            if now != told:
                told = now
                await socket.send_json({"type": "queue", "place": now})
            await bell.wait()


def _json(run: Run) -> dict[str, Any]:
    return RunOut.of(run).model_dump(mode="json")
