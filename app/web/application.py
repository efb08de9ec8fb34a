"""The ASGI application: routes, errors, headers, compression and static files around a site that opens as it starts."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.settings import VERSION
from app.web import api, exports, pages, problems, stream
from app.web.compression import Compression, encodings_of
from app.web.render import BUILD
from app.web.schemas import Lint, Submit
from app.web.security import SecurityHeaders
from app.web.site import Site

FOREVER = "public, max-age=31536000, immutable"


class Static(StaticFiles):
    """What was built: every name carries a hash of its content, so that it never changes."""

    async def check_config(self) -> None:
        """Where nothing was built, nothing is found."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, where it can be as it was compressed when it was built."""
        packed = f"{path}.br"
        small = "br" in encodings_of(Headers(scope=scope).get("accept-encoding", "")) and self.lookup_path(packed)[1]
        response = await super().get_response(packed if small else path, scope)
        response.headers["Cache-Control"] = FOREVER
        response.headers["Vary"] = "Accept-Encoding"
        if small:
            response.headers["Content-Encoding"] = "br"
        return response


def application(open_site: Callable[[], AbstractAsyncContextManager[Site]]) -> FastAPI:
    """The application; its site is opened when it starts and closed when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
        async with open_site() as site:
            app.state.site = site
            yield

    app = FastAPI(
        title="Interleave",
        version=VERSION,
        summary="Runs Python programs in a sandbox and records how their threads, processes and tasks interleave.",
        description="Times are in ns since a run's start unless the name says otherwise. Errors are problem+json. "
        "A run is watched over a WebSocket at /api/runs/{run_id}/stream, which docs/api.md describes.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    problems.install(app)
    app.include_router(api.router)
    app.include_router(exports.router)
    app.include_router(stream.router)
    app.include_router(pages.router)
    app.mount("/static/build", Static(directory=BUILD, check_dir=False), "static")
    app.add_middleware(Compression)
    app.add_middleware(SecurityHeaders)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI description; every operation may answer with a Problem."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title, version=app.version, summary=app.summary, description=app.description, routes=app.routes
        )
        schemas = found["components"]["schemas"]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        for model in (problems.FieldError, problems.Problem, Submit, Lint):
            schemas[model.__name__] = model.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas[model.__name__].pop("$defs", None)
        for operations in found["paths"].values():
            for operation in operations.values():
                if "HTTPValidationError" in str(operation["responses"].get("422")):
                    operation["responses"] |= problems.documented(422)
                operation["responses"]["default"] = problems.ANY
        app.openapi_schema = found
    return app.openapi_schema
