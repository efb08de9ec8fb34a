"""Jobs of executors and pools: who submitted each, who ran it, how it ended, and whose wait its result ended."""

from __future__ import annotations

from app.core.timeline import ENDINGS, Job

from .conftest import Run, Seen
from .stories import sound


def jobs_of(seen: Seen, executor: str) -> list[Job]:
    """The jobs of the executor of this name, in the order of their submission."""
    numbers = {item.id for item in seen.timeline.resources.values() if item.name == executor}
    found = [job for job in seen.timeline.jobs.values() if job.executor in numbers]
    return sorted(found, key=lambda job: (job.submitted_ns, job.number, job.part))


def told(seen: Seen, job: Job) -> tuple[str, int, str, int, str | None, str]:
    """A job in words: function, its line, who submitted it, on which line, who ran it, how it ended."""
    line, function, _ = seen.timeline.places.get(job.place, (0, "", False))
    where = seen.timeline.places.get(job.where, (0,))[0]
    ran = seen.name(job.lane) if job.lane else None
    return function, line, seen.name(job.submitter), where, ran, ENDINGS[job.ending]


def results(seen: Seen, job: Job) -> list[str]:
    """Whose waits the end of this job ended."""
    links = [link for link in seen.timeline.links if link.kind == "wake" and link.from_lane == job.lane]
    return [seen.name(link.to_lane) for link in links if link.from_ns == job.end_ns]


def consistent(seen: Seen) -> None:
    """What holds for the jobs of every timeline."""
    sound(seen.timeline)
    assert (seen.lost, seen.rejected) == (0, 0)
    backlog = {resource: value for resource, _, value in seen.timeline.levels}
    for job in seen.timeline.jobs.values():
        assert job.submitted_ns >= 0
        assert backlog[job.executor] == 0
        if job.lane:
            assert job.submitted_ns <= job.start_ns <= job.end_ns
            spans = seen.timeline.lanes[job.lane].spans
            assert any(span.start_ns == job.start_ns and span.place == job.place for span in spans)
            assert any(
                link.kind == "item" and (link.from_lane, link.to_lane) == (job.submitter, job.lane)
                for link in seen.timeline.links
                if (link.from_ns, link.to_ns) == (job.submitted_ns, job.start_ns)
            )


def test_the_jobs_of_threads(run: Run) -> None:
    seen = run(
        """
        import threading
        from concurrent.futures import ThreadPoolExecutor
        go, began = threading.Event(), threading.Event()
        def work(n):
            began.set()
            go.wait()
            return n
        def fail():
            raise ValueError("no good")
        with ThreadPoolExecutor(1, "pool") as pool:
            first, second = pool.submit(work, 1), pool.submit(fail)
            late = pool.submit(print, "never")
            began.wait()
            print(late.cancel(), late.cancel())
            go.set()
            print(first.result())
            print(repr(second.exception()))
            print(list(pool.map(abs, [-1, -2])))
        """
    )

    assert seen.stdout == "True True\n1\nValueError('no good')\n[1, 2]\n"
    assert [told(seen, job) for job in jobs_of(seen, "pool")] == [
        ("work", 5, "MainThread", 12, "pool_0", "returned"),
        ("fail", 9, "MainThread", 12, "pool_0", "raised"),
        ("print", 0, "MainThread", 13, None, "cancelled"),
        ("abs", 0, "MainThread", 19, "pool_0", "returned"),
        ("abs", 0, "MainThread", 19, "pool_0", "returned"),
    ]
    assert seen.levels("pool")[:3] == [1, 0, 1]
    consistent(seen)
