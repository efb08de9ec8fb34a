"""What OpenAPI says is what the server does, whatever it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from app.web.application import application
from tests.conftest import Server, start_server
from tests.contract.serving import SHORT, ended, submit, until

DESCRIBED: dict[str, Any] = application(nullcontext).openapi()  # type: ignore[arg-type]
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
schema = schemathesis.openapi.from_dict(DESCRIBED)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A server, and a run that has ended there."""
    server = start_server(
        tmp_path_factory.mktemp("host"), ACCELERATOR="false", QUEUE_PER_CLIENT="100", LIMITS__WALL_NS="1000000000"
    )
    run = submit(server, SHORT)
    until(server, run, ended)
    yield server, run
    server.stop()


@pytest.mark.parametrize("known", [False, True], ids=["any run", "a run"])
@schema.parametrize()
@settings(max_examples=15, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_described(case: schemathesis.Case, known: bool, host: tuple[Server, str]) -> None:
    server, run = host
    if known and "run_id" in case.path_parameters:
        case.path_parameters["run_id"] = run
    response = case.call(base_url=server.url)
    declared = set(DESCRIBED["paths"][case.operation.path][case.operation.method.lower()]["responses"]) - {"default"}
    if response.status_code != 405:  # of a method that no operation has
        assert str(response.status_code) in declared, response.text
    case.validate_response(response, checks=CHECKS)
