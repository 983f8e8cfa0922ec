"""What a process says about itself while it runs: one line an event, for people or for machines.

Standard library only. Lines go to standard error, never to a file; whoever wants a file
redirects. Say what an event was about with `extra`:

    log.info("player left", extra={"session": session.id, "game": game.id})

Values that look like tokens, secrets or passwords are masked before a line is written.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from typing import Any, TextIO

#: What a line may say it is about, besides its text. In the order in which they are shown.
SUBJECTS = ("experiment", "session", "game", "episode", "scene", "tick", "seat")

MASK = "***"

_SECRET = re.compile(
    r"""(?ix)
    ( \b \w* (?:token|secret|passw(?:or)?d|credential|api_?key|secret_key) \w* ["']? \s* [=:] \s* )
    ( "[^"]*" | '[^']*' | [^\s,;&"'}\])]+ )
    """
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}")
_URL_PASSWORD = re.compile(r"(://[^\s:/@]*):[^\s/@]+@")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def setup(
    level: str = "info",
    *,
    as_json: bool = False,
    role: str = "igym",
    name: str = "",
    stream: TextIO | None = None,
) -> None:
    """Send everything this process logs to `stream`, replacing what was set up before.

    Args:
        level: least severe level of igym's own loggers; libraries speak from "warning" up.
        as_json: one JSON object a line instead of text.
        role: what kind of process this is ("web", "games", "director").
        name: which one of them ("web-1"); `role` unless given.
        stream: standard error unless given.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    form = Json if as_json else Line
    handler.setFormatter(form(role, name or role))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, _number(level)))
    for ours in ("igym", "workers"):
        logging.getLogger(ours).setLevel(_number(level))


def masked(text: str) -> str:
    """`text` without the values of anything called a token, secret, password or key."""
    text = _SECRET.sub(rf"\1{MASK}", text)
    text = _BEARER.sub(rf"\1 {MASK}", text)
    return _URL_PASSWORD.sub(rf"\1:{MASK}@", text)


class Line(logging.Formatter):
    """`12:03:04.123 INFO  web-1 igym.web.sockets: player left  session=… game=…`"""

    def __init__(self, role: str, name: str) -> None:
        super().__init__()
        self.name = name

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%H:%M:%S", time.localtime(record.created))
        about = "".join(f" {k}={_one_line(str(v))}" for k, v in _subjects(record).items())
        line = (
            f"{at}.{int(record.msecs):03d} {record.levelname:<7} {self.name} {record.name}: "
            f"{_one_line(record.getMessage())}{' ' if about else ''}{about}"
        )
        trace = _trace(self, record)
        return masked(f"{line}\n{trace}" if trace else line)


class Json(logging.Formatter):
    """One object a line: ts, level, role, name, logger, message, subjects, trace.

    `ts` is in seconds since the Unix epoch. Keys without a value are left out.
    """

    def __init__(self, role: str, name: str) -> None:
        super().__init__()
        self.role = role
        self.name = name

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "ts": round(record.created, 3),
            "level": record.levelname.lower(),
            "role": self.role,
            "name": self.name,
            "logger": record.name,
            "message": masked(record.getMessage()),
            **{
                k: v if isinstance(v, int) else masked(str(v)) for k, v in _subjects(record).items()
            },
        }
        if trace := _trace(self, record):
            said["trace"] = masked(trace)
        return json.dumps(said, ensure_ascii=False)


def _subjects(record: logging.LogRecord) -> dict[str, Any]:
    return {k: v for k in SUBJECTS if (v := record.__dict__.get(k)) not in (None, "")}


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return formatter.formatException(record.exc_info) if record.exc_info else ""


def _one_line(text: str) -> str:
    """A name from a browser must not be able to write a second log line."""
    return _CONTROL.sub("", text.replace("\r", "").replace("\n", "\\n"))


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]
