"""Our own faults are told to a Sentry, where one is set. Knows no participant and tells of none.

Off unless `sentry_dsn` is set; the library is not even imported then. What is sent is listed
here and nothing else is: the sentence of the log line without what was filled into it, the kind
of error, files, functions and line numbers, igym's version, the process, and which experiment
and scene it was about. No variables, no text of an error (an author's may quote an answer), no
request, no address, no session, no host name.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import Any, cast

from igym.errors import Unavailable

#: Subjects of a log line (`igym.log.SUBJECTS`) that say nothing about a person.
ABOUT = ("experiment", "scene")

#: Frames of a traceback that are sent, the innermost ones.
MOST_FRAMES = 50


class _Teller(logging.Handler):
    """Hands log lines of level error to the library."""

    def __init__(self, tell: Callable[[dict[str, Any]], object]) -> None:
        super().__init__(logging.ERROR)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """Never raises: who reports a fault does not make another."""
        try:
            self._tell(event(record))
        except Exception:  # noqa: BLE001 - as logging's own handlers do
            self.handleError(record)


def event(record: logging.LogRecord) -> dict[str, Any]:
    """What of a log line may be told to somebody else."""
    told: dict[str, Any] = {
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.msg if isinstance(record.msg, str) else type(record.msg).__name__,
        "tags": {key: str(record.__dict__[key]) for key in ABOUT if record.__dict__.get(key)},
    }
    if record.exc_info and record.exc_info[0] is not None:
        kind, _, trace = record.exc_info
        frames = traceback.extract_tb(trace)[-MOST_FRAMES:]
        told["exception"] = {
            "values": [
                {
                    "type": kind.__name__,
                    "module": kind.__module__,
                    "stacktrace": {
                        "frames": [
                            {"filename": _short(f.filename), "function": f.name, "lineno": f.lineno}
                            for f in frames
                        ]
                    },
                }
            ]
        }
    return told


def _short(file: str) -> str:
    """A file without the folders above its package: those may have a person's name in them."""
    for mark in ("/site-packages/", "/packages/", "/igym/", "/workers/"):
        _, found, rest = file.rpartition(mark)
        if found:
            return rest if mark.endswith("packages/") else f"{mark[1:]}{rest}"
    return file.rpartition("/")[2]


def tell(dsn: str, role: str, version: str) -> logging.Handler | None:
    """From now on tell that Sentry of errors. None where `dsn` is empty: nothing is done.

    Raises:
        Unavailable: the library is not there, or the DSN is none.
    """
    if not dsn:
        return None
    try:
        import sentry_sdk
    except ImportError as error:
        raise Unavailable(
            "sentry_dsn is set, and the library for it is not installed.",
            hint="pip install 'igym[sentry]', or unset sentry_dsn.",
        ) from error
    try:
        client = sentry_sdk.Client(
            dsn,
            release=f"igym@{version}",
            server_name=role,
            default_integrations=False,
            auto_enabling_integrations=False,
            send_default_pii=False,
            include_local_variables=False,
            include_source_context=False,
            auto_session_tracking=False,
            send_client_reports=False,
            max_breadcrumbs=0,
        )
    except Exception as error:  # the library has an error of its own for it
        raise Unavailable(
            f"sentry_dsn cannot be used: {type(error).__name__}.",
            hint="Copy it from the settings of the project in Sentry, or unset sentry_dsn.",
        ) from error
    teller = _Teller(lambda said: client.capture_event(cast(Any, said)))
    teller.addFilter(lambda record: not record.name.startswith(("sentry_sdk", "urllib3")))
    logging.getLogger().addHandler(teller)
    return teller
