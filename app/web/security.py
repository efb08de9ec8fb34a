"""What every answer says to the browser, who may change anything, and how often."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import secrets
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import Busy, Forbidden

POLICY = (
    "default-src 'none'; "
    "script-src 'self'; "
    "worker-src 'self'; "
    "style-src 'self' 'nonce-{nonce}'; "
    "connect-src 'self'; "
    "img-src 'self' data:; "
    "font-src 'self'; "
    "base-uri 'none'; "
    "form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
UNLISTED = ("/r/", "/api/runs/")
MAX_CLIENTS = 10_000


def secure(headers: MutableHeaders, scope: Scope) -> None:
    """Add the security headers of the answer to this request."""
    headers["Content-Security-Policy"] = POLICY.format(nonce=nonce_of(scope))
    for name, value in HEADERS.items():
        headers[name] = value
    if scope["path"].startswith(UNLISTED):
        headers["X-Robots-Tag"] = "noindex"


def nonce_of(scope: Scope) -> str:
    """This answer's nonce for styles."""
    nonce: str = scope.setdefault("state", {}).setdefault("nonce", secrets.token_urlsafe(16))
    return nonce


class SecurityHeaders:
    """ASGI middleware that puts the security headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                secure(MutableHeaders(scope=message), scope)
            await send(message)

        await self._app(scope, receive, send_secured if scope["type"] == "http" else send)


def same_origin(connection: HTTPConnection) -> None:
    """Raise Forbidden if a page of another site asks for a change or a stream; without Origin it is no page."""
    changes = connection.scope["type"] == "websocket" or connection.scope["method"] not in ("GET", "HEAD", "OPTIONS")
    origin = connection.headers.get("origin")
    if changes and origin is not None and urlsplit(origin).netloc != connection.headers.get("host"):
        raise Forbidden("the request comes from a page of another site")


class Clients:
    """Who asks: an opaque key for a network address, different after every start."""

    def __init__(self) -> None:
        self._salt = secrets.token_bytes(16)

    def key(self, connection: HTTPConnection) -> str:
        """The same for one client; all addresses of an IPv6 network of 64 bits are one."""
        host = connection.client.host if connection.client else ""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            network = host
        else:
            network = str(ipaddress.ip_network((address, 64 if address.version == 6 else 32), strict=False))
        return hashlib.blake2b(network.encode(), key=self._salt, digest_size=16).hexdigest()


class Quota:
    """A bucket of `runs` tokens a client, filled up again within `seconds`; of the clients seen last."""

    def __init__(self, runs: int, seconds: float, clock: Callable[[], float]) -> None:
        self._runs = runs
        self._rate = runs / seconds
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> None:
        """Take one token, or raise Busy with the time until there is one."""
        now = self._clock()
        tokens, since = self._buckets.pop(client, (float(self._runs), now))
        tokens = min(self._runs, tokens + (now - since) * self._rate)
        allowed = tokens >= 1
        self._buckets[client] = (tokens - allowed, now)
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        if not allowed:
            raise Busy("you started too many programs; wait a little", math.ceil((1 - tokens) / self._rate))


class Viewers:
    """The streams that are open now: at most `most`, and `most_per_client` of one client."""

    def __init__(self, most: int, most_per_client: int) -> None:
        self._most = most
        self._most_per_client = most_per_client
        self._open = 0
        self._clients: Counter[str] = Counter()

    @contextmanager
    def one(self, client: str) -> Iterator[None]:
        """One more stream, until the block is left. Raises Busy."""
        if self._open >= self._most:
            raise Busy("too many are watching", retry_after=5)
        if self._clients[client] >= self._most_per_client:
            raise Busy("you are watching in too many places", retry_after=5)
        self._open += 1
        self._clients[client] += 1
        try:
            yield
        finally:
            self._open -= 1
            self._clients[client] -= 1
            if not self._clients[client]:
                del self._clients[client]
