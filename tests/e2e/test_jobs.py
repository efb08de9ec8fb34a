"""Jobs on the page: the facts of what a worker runs say whose job it is, and so does the outline."""

from __future__ import annotations

import re

import pytest

from tests.e2e.conftest import Visit

PROGRAM = """
import time
from concurrent.futures import ThreadPoolExecutor

def brew(n):
    time.sleep(0.1)
    return n

with ThreadPoolExecutor(1, thread_name_prefix="cook") as kitchen:
    orders = [kitchen.submit(brew, n) for n in range(3)]
    print(sum(order.result() for order in orders))
"""


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_job_is_told_in_the_facts_and_in_the_outline(visit: Visit, language: str) -> None:
    page = visit(locale=language).open().write(PROGRAM).run()
    assert page.outcome
    told = page.timeline()
    [*_, last] = sorted(told["jobs"], key=lambda job: job["number"])
    page.open(f"/r/{told['run']['id']}#t={last['start_ns'] + 1000}&from=0&to={last['end_ns']}&lane={last['lane']}")
    facts = page.page.locator("#facts")
    facts.locator("dd").first.wait_for()
    said = re.sub(r"\s+", " ", facts.inner_text())

    expected = {
        "en": (
            "job",
            "brew(), job 3 of executor kitchen",
            "submitted by",
            "MainThread",
            "in the queue",
            "ran",
            "result to",
        ),
        "ru": (
            "задание",
            "brew(), задание 3, исполнитель kitchen",
            "поставил",
            "MainThread",
            "в очереди",
            "выполнялось",
        ),
    }[language]
    for words in expected:
        assert words in said, said
    page.outline()
    jobs = page.page.locator("#outline li[data-kind=job]").all_inner_texts()
    assert len(jobs) == 3
    assert all("brew()" in job and "MainThread" in job for job in jobs)
