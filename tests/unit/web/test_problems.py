"""Every error is answered from one table, and says nothing that is not meant for strangers."""

from __future__ import annotations

from http import HTTPStatus

import httpx
import pytest

from app.core import errors
from app.core.errors import BadInput, Busy, DamagedTrace, InterleaveError
from app.web.problems import SORTS, problem_of, response_of
from app.web.site import Site


def tree(root: type[InterleaveError]) -> list[type[InterleaveError]]:
    return [root, *(below for child in root.__subclasses__() for below in tree(child))]


def test_the_table_has_every_error_of_the_tree() -> None:
    assert set(SORTS) == {error for error in tree(InterleaveError) if error.__module__ == errors.__name__}


def test_every_sort_of_problem_has_a_name_and_a_status_of_an_error() -> None:
    for sort in SORTS.values():
        assert sort.name.replace("-", "").isalpha()
        assert HTTPStatus(sort.status) >= HTTPStatus.BAD_REQUEST
        assert sort.ours == (sort.status == 500)


def test_a_field_that_is_wrong_is_named() -> None:
    problem = problem_of(BadInput("there is no Python 2.7 here", "python"))
    assert (problem.status, problem.type) == (422, "urn:problem-type:interleave:bad-input")
    assert [(one.field, one.message) for one in problem.errors] == [("python", "there is no Python 2.7 here")]


def test_busy_says_when_to_come_back() -> None:
    answer = response_of(Busy("too many", retry_after=7))
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "7"


@pytest.mark.parametrize("error", [DamagedTrace("/secret/path"), ZeroDivisionError("/secret/path")])
def test_what_is_ours_is_not_told(error: Exception) -> None:
    problem = problem_of(error)
    assert problem.status == 500
    assert "secret" not in problem.model_dump_json()


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/api/nowhere", 404, "Not Found"),
        ("PUT", "/api/runs", 405, "Method Not Allowed"),
        ("GET", "/api/runs/unknown", 404, "There is no such run"),
        ("GET", "/api/runs/unknown/chunks?after=-1", 422, "The request is not right"),
        ("GET", "/api/examples/unknown", 404, "Not Found"),
    ],
)
async def test_errors_of_the_framework_are_problems_too(
    client: httpx.AsyncClient, method: str, path: str, status: int, title: str
) -> None:
    answer = await client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == title
    assert answer.json()["status"] == status
    assert set(answer.json()) == {"type", "title", "status", "detail", "errors"}


async def test_whoever_went_there_with_a_browser_gets_a_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/r/unknown", headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "There is no such run" in answer.text


async def test_an_unexpected_error_is_a_problem_without_its_traceback(
    client: httpx.AsyncClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(site.store, "queue", fail)
    answer = await client.get("/healthz")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "secret" not in answer.text
