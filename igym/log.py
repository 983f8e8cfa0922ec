"""What a process says about itself while it runs: one line an event, for people or for machines.

Standard library only. Lines go to standard error, and to a file where one is named; several
processes may share it. Say what an event was about with `extra`, or once for all that follows on
this thread or greenlet with `about`:

    log.info("player left", extra={"session": session.id, "game": game.id})

Values that look like tokens, secrets or passwords are masked before a line is written.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import re
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from igym.settings import Settings

#: What a line may say it is about, besides its text. In the order in which they are shown.
SUBJECTS = (
    "request", "experiment", "participant", "session", "game", "episode", "scene", "tick", "seat",
)  # fmt: skip

#: What is said of every line of this thread or greenlet.
_about: ContextVar[Mapping[str, Any]] = ContextVar("about", default=MappingProxyType({}))

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
    file: Path | None = None,
    file_mb: float = 50,
    files: int = 5,
) -> None:
    """Send everything this process logs to `stream`, replacing what was set up before.

    Args:
        level: least severe level of igym's own loggers; libraries speak from "warning" up.
        as_json: one JSON object a line instead of text.
        role: what kind of process this is ("web", "games", "director").
        name: which one of them ("web-1"); `role` unless given.
        stream: standard error unless given.
        file: also there, always as JSON; made new at `file_mb`, `files` of them are kept.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    form = Json if as_json else Line
    handler.setFormatter(form(role, name or role))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    if file is not None:
        shared = SharedFile(file, int(file_mb * 1e6), files)
        shared.setFormatter(Json(role, name or role))
        root.addHandler(shared)
    root.setLevel(max(logging.WARNING, _number(level)))
    for ours in ("igym", "workers"):
        logging.getLogger(ours).setLevel(_number(level))


def set_up(settings: Settings, role: str, name: str = "") -> None:
    """`setup` as the settings say. "auto" means JSON in containers, where nobody reads along."""
    contained = any(map(os.path.exists, ("/.dockerenv", "/run/.containerenv")))
    contained = contained or "KUBERNETES_SERVICE_HOST" in os.environ
    form = "json" if settings.log_json else settings.log_format
    setup(
        settings.log_level,
        as_json=form == "json" or (form == "auto" and contained),
        role=role,
        name=name,
        file=Path(settings.log_file) if settings.log_file else None,
        file_mb=settings.log_file_mb,
        files=settings.log_files,
    )


def about(**subjects: Any) -> None:
    """Say of every further line of this thread or greenlet what it is about; "" = no more."""
    _about.set({**_about.get(), **subjects})


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
        about = "".join(f" {k}={_one_line(str(v))}" for k, v in subjects(record).items())
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
            **{k: v if isinstance(v, int) else masked(str(v)) for k, v in subjects(record).items()},
        }
        if trace := _trace(self, record):
            said["trace"] = masked(trace)
        return json.dumps(said, ensure_ascii=False)


class SharedFile(logging.Handler):
    """A file that several processes write to, made new when it has its size.

    Each line is one write to the end, which the kernel does not mix with another's. Who finds the
    file full takes a lock, looks again, and moves it to `<name>.1`, that to `<name>.2`, and so on;
    the others notice by its inode. A disk that is full costs lines, and nobody a game.
    """

    def __init__(self, path: Path, most_bytes: int, files: int) -> None:
        super().__init__()
        self._path, self._most, self._files = path, most_bytes, files
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = self._open()

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        with suppress(OSError):
            try:
                if os.stat(self._path).st_ino != os.fstat(self._handle).st_ino:
                    self._reopen()
            except FileNotFoundError:
                self._reopen()
            if os.fstat(self._handle).st_size >= self._most:
                self._rotate()
            os.write(self._handle, (self.format(record) + "\n").encode(errors="replace"))

    def close(self) -> None:
        """No more lines."""
        with suppress(OSError):
            os.close(self._handle)
        super().close()

    def _reopen(self) -> None:
        os.close(self._handle)
        self._handle = self._open()

    def _rotate(self) -> None:
        lock = os.open(f"{self._path}.lock", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Else somebody was faster, and nobody has begun the new one.
            if os.path.exists(self._path) and os.stat(self._path).st_size >= self._most:
                names = [str(self._path), *(f"{self._path}.{n}" for n in range(1, self._files))]
                for newer, older in reversed(list(pairwise(names))):
                    with suppress(FileNotFoundError):
                        os.replace(newer, older)
                if self._files == 1:
                    os.truncate(self._path, 0)
        finally:
            os.close(lock)
        self._reopen()


def subjects(record: logging.LogRecord) -> dict[str, Any]:
    """What a line is about, by its name in `SUBJECTS`."""
    said = {**_about.get(), **record.__dict__}
    return {k: v for k in SUBJECTS if (v := said.get(k)) not in (None, "")}


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return formatter.formatException(record.exc_info) if record.exc_info else ""


def _one_line(text: str) -> str:
    """A name from a browser must not be able to write a second log line."""
    return _CONTROL.sub("", text.replace("\r", "").replace("\n", "\\n"))


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]
