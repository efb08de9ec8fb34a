"""Folded timelines are kept, within a bound."""

from __future__ import annotations

import json

import httpx
import pytest

from app.core.errors import NotYet
from app.web import timelines
from app.web.site import Site
from app.web.timelines import Timelines

from .conftest import GOLDEN, Clock, Recorder
from .test_api import submitted


async def test_timelines_are_folded_once_while_they_fit(
    client: httpx.AsyncClient, site: Site, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    for _ in range(3):
        await submitted(client)
        lease = await recorder.record()
        runs.append(await site.store.run(lease.run.id))
    folds = []

    def counted(*arguments: object) -> bytes:
        folds.append(None)
        return fold(*arguments)

    fold = timelines._folded
    counted.__name__ = fold.__name__
    monkeypatch.setattr(timelines, "_folded", counted)

    size = len(await Timelines(site.store, 1 << 20).json(runs[0]))
    kept = Timelines(site.store, 2 * size)
    for wanted, folded in [(0, 2), (0, 2), (1, 3), (0, 3), (2, 4), (0, 4), (1, 5)]:
        assert "lanes" in json.loads(await kept.json(runs[wanted]))
        assert len(folds) == folded

    nothing_kept = Timelines(site.store, 0)
    await nothing_kept.json(runs[0])
    await nothing_kept.json(runs[0])
    assert len(folds) == 7


async def test_findings_of_a_run_that_is_on_are_looked_for_once_a_second(
    client: httpx.AsyncClient, site: Site, recorder: Recorder, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await submitted(client)
    lease = await recorder.begin()
    looked = Timelines(site.store, 1 << 20, clock)
    run = await site.store.run(lease.run.id)
    assert json.loads(await looked.findings(run)) == {"findings": [], "known_ns": 0, "over": False}

    await site.store.append(lease, 1, GOLDEN.read_bytes(), 11)
    assert json.loads(await looked.findings(run))["known_ns"] == 0
    clock.now += timelines.LIVE_S
    assert json.loads(await looked.findings(run))["known_ns"] > 0

    monkeypatch.setattr(timelines, "LIVE_BYTES", 100)
    clock.now += timelines.LIVE_S
    with pytest.raises(NotYet):
        await looked.findings(run)
    await recorder.finish(lease)
    found = json.loads(await looked.findings(await site.store.run(lease.run.id)))
    assert found["over"]
    whole = json.loads(await looked.json(await site.store.run(lease.run.id)))
    assert found["findings"] == whole["findings"]


def test_a_long_list_is_encoded_as_a_short_one_is() -> None:
    for length in (0, 1, timelines.SLICE, timelines.SLICE + 1, 3 * timelines.SLICE):
        value = [{"lane": number, "name": "я"} for number in range(length)]
        assert json.loads(timelines._encoded(value)) == json.loads(timelines._encoded(iter(value))) == value
