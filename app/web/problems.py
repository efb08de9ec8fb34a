"""The one table from exception to problem (RFC 9457), and to a page for whoever asks for HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException

from app.core.errors import (
    BadInput,
    BadRecord,
    Busy,
    DamagedTrace,
    DeletedRun,
    Fenced,
    Forbidden,
    InterleaveError,
    NoSandbox,
    NotYet,
    TooLarge,
    Unavailable,
    UnknownRun,
)
from app.web.security import secure
from app.web.site import site_of

MEDIA_TYPE = "application/problem+json"
UNAVAILABLE_S = 5


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of problem: the end of its `type`, its status, its title; `ours` when its message is not for strangers."""

    name: str
    status: int
    title: str
    ours: bool = False


SORTS: Mapping[type[InterleaveError], Sort] = {
    InterleaveError: Sort("internal", 500, "Something went wrong on our side", ours=True),
    BadInput: Sort("bad-input", 422, "The request is not right"),
    TooLarge: Sort("too-large", 413, "The program is too large"),
    BadRecord: Sort("bad-record", 500, "A stored trace can't be read", ours=True),
    UnknownRun: Sort("unknown-run", 404, "There is no such run"),
    DeletedRun: Sort("deleted-run", 410, "This run was deleted"),
    NotYet: Sort("not-yet", 409, "The run has not ended"),
    Forbidden: Sort("forbidden", 403, "This is not allowed"),
    Busy: Sort("busy", 429, "Too many requests"),
    Fenced: Sort("fenced", 500, "Something went wrong on our side", ours=True),
    DamagedTrace: Sort("damaged-trace", 500, "A stored trace can't be read", ours=True),
    NoSandbox: Sort("no-sandbox", 503, "Programs can't be run here"),
    Unavailable: Sort("unavailable", 503, "Nothing can be stored at the moment"),
}


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str = Field(description="The field's name; a dot goes into a field; empty for the whole body.")
    message: str


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "urn:problem-type:interleave:bad-input",
                "title": "The request is not right",
                "status": 422,
                "detail": "python: there is no Python 2.7 here",
                "errors": [{"field": "python", "message": "there is no Python 2.7 here"}],
            }
        }
    )

    type: str = Field(description="What sort of problem it is; about:blank when the status says it all.")
    title: str = Field(description="The sort of problem, for people.")
    status: int
    detail: str = Field(description="What went wrong this time.")
    errors: list[FieldError] = Field(description="What is wrong with which field; empty when no field is to blame.")


def problem_of(error: Exception) -> Problem:
    """What may be said about any exception; of one that is not in the table only that it happened."""
    match error:
        case RequestValidationError() | ValidationError():
            return _invalid(error.errors())
        case HTTPException():
            title = HTTPStatus(error.status_code).phrase
            return Problem(
                type="about:blank", title=title, status=error.status_code, detail=error.detail or title, errors=[]
            )
        case InterleaveError():
            sort = SORTS[type(error)]
        case _:
            sort = SORTS[InterleaveError]
    detail = "It was written down; trying again may help." if sort.ours else str(error)
    errors = []
    if isinstance(error, BadInput) and error.field and not sort.ours:
        errors = [FieldError(field=error.field, message=detail)]
        detail = f"{error.field}: {detail}"
    kind = f"urn:problem-type:interleave:{sort.name}"
    return Problem(type=kind, title=sort.title, status=sort.status, detail=detail, errors=errors)


def _invalid(found: Any) -> Problem:
    """The problem for what pydantic found; its places begin with "body", "query" or "path" when FastAPI asked."""
    errors = []
    for one in found:
        place = [str(part) for part in one["loc"]]
        if place and place[0] in ("body", "query", "path", "header"):
            place = place[1:]
        errors.append(FieldError(field=".".join(place), message=one["msg"]))
    sort = SORTS[BadInput]
    return Problem(
        type=f"urn:problem-type:interleave:{sort.name}",
        title=sort.title,
        status=sort.status,
        detail="; ".join(f"{one.field}: {one.message}" if one.field else one.message for one in errors),
        errors=errors,
    )


def response_of(error: Exception) -> JSONResponse:
    """The problem+json that answers this exception."""
    problem = problem_of(error)
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if isinstance(error, Busy):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(UNAVAILABLE_S)
    return JSONResponse(problem.model_dump(), problem.status, headers, MEDIA_TYPE)


async def _answer(connection: Request | WebSocket, error: Exception) -> Response | None:
    if isinstance(error, (Busy, NoSandbox, TooLarge, Unavailable)):
        site_of(connection).metrics.refused.labels(SORTS[type(error)].name).inc()
    if isinstance(connection, WebSocket):
        await connection.send_denial_response(response_of(error))
        return None
    answer: Response = response_of(error)
    if wants_page(connection):
        problem = problem_of(error)
        body = site_of(connection).renderer.error(connection, problem.status, problem.title, problem.detail)
        headers = {name: value for name, value in answer.headers.items() if name in ("allow", "retry-after")}
        answer = Response(body, answer.status_code, headers, "text/html")
    if answer.status_code >= 500:
        # The framework answers unexpected errors outside of every middleware.
        secure(answer.headers, connection.scope)
    return answer


def wants_page(request: Request) -> bool:
    """Whether an error is better told as a page: somebody went there with a browser, and not to the interface."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")


def install(app: FastAPI) -> None:
    """Let every exception be answered from the table."""
    for kind in (InterleaveError, RequestValidationError, ValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _answer)  # type: ignore[arg-type]


_CONTENT = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
ANY = {"description": "Any other error", "content": _CONTENT}
"""OpenAPI's description of the errors that any operation may answer with."""


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's `responses` for these errors of an operation."""
    titles: dict[int, str] = {}
    for sort in SORTS.values():
        if not sort.ours:
            titles.setdefault(sort.status, sort.title)
    return {str(status): {"description": titles[status], "content": _CONTENT} for status in statuses}
