"""How the server's log is written: for people, or one JSON object a line. Neither ever holds a program or its output.

JSON lines have `time` (RFC 3339), `level`, `logger` and `message`; `run` where they are about one, and `error`, a
traceback, where there was one.
"""

from __future__ import annotations

import json
import logging
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from uvicorn.config import LOGGING_CONFIG


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if run := getattr(record, "run", None):
            line["run"] = run
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configuration(form: str) -> dict[str, Any]:
    """logging's configuration for this form, "text" or "json"."""
    found: dict[str, Any] = deepcopy(LOGGING_CONFIG)
    found["loggers"]["app"] = {"handlers": ["default"], "level": "INFO", "propagate": False}
    if form == "json":
        found["formatters"] = {name: {"()": JsonLines} for name in found["formatters"]}
    return found
