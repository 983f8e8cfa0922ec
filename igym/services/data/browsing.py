"""A look at what was recorded: how much of it there is, and the rows of a table, page by page.

Parquet is heavy, and a web worker has people's frames to send: whoever looks asks a process of
its own, `python -m igym.archive.browse`, which prints one JSON object and ends.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from igym.domain.access import Right
from igym.errors import NotFound, TooMuch, Unavailable
from igym.services.connect import Deployment
from igym.services.functions import apart

#: Tables that may be looked at, and the right that each takes. What people said, wrote and were
#: asked is for fewer than how far they got. Rows of ticks are for analyses, and not for a look.
SHOWN: dict[str, Right] = {
    "participants": Right.SEE,
    "sessions": Right.SEE,
    "visits": Right.SEE,
    "assignments": Right.SEE,
    "orders": Right.SEE,
    "tickets": Right.SEE,
    "matches": Right.SEE,
    "games": Right.SEE,
    "seats": Right.SEE,
    "episodes": Right.SEE,
    "screens": Right.SEE,
    "answers": Right.ANSWERS,
    "screenings": Right.ANSWERS,
    "bonuses": Right.ANSWERS,
    "events": Right.ANSWERS,
    "messages": Right.ANSWERS,
}

#: Rows of a page.
MOST_ROWS = 50

#: How long a look may take.
PATIENCE_S = 20.0

#: Looks at one time in one process, and answers that are kept.
MOST_LOOKS, MOST_KEPT = 2, 64


class Browser:
    """Looks at the data volume for whoever asks, a few at a time."""

    def __init__(self, deployment: Deployment) -> None:
        self._data = deployment.data
        self._room = threading.BoundedSemaphore(MOST_LOOKS)
        self._kept: OrderedDict[tuple[str, ...], dict[str, Any]] = OrderedDict()

    def amounts(self, experiment: str, version: str) -> dict[str, Any]:
        """Rows and bytes of each table of a version; bytes of what else there is.

        Raises:
            TooMuch, Unavailable: others look, or it takes too long.
        """
        try:
            return self._asked("amounts", experiment, version)
        except NotFound:
            return {"tables": {}, "other_bytes": 0}

    def page(self, experiment: str, version: str, table: str, at: int) -> dict[str, Any]:
        """`MOST_ROWS` rows of a table beginning with the row `at`, the newest file first.

        Raises:
            NotFound: nothing was written of it yet.
            TooMuch, Unavailable: others look, or it takes too long.
        """
        return self._asked("page", experiment, version, table, str(at), str(MOST_ROWS))

    def _asked(self, *what: str) -> dict[str, Any]:
        _, experiment, version, *_ = what
        root = self._data / experiment / version
        try:
            told = (root / "manifest.json").stat()
        except OSError:
            raise NotFound(
                f"Nothing of {experiment} {version} was written yet.",
                hint="Tables are a few seconds behind the participants.",
            ) from None
        # Every file that is written is in the manifest: as long as that is the same, all is.
        key = (*what, str(told.st_mtime_ns), str(told.st_size))
        if (kept := self._kept.get(key)) is not None:
            return kept
        if not self._room.acquire(blocking=False):
            raise TooMuch("Others look at the data at this moment.", hint="Again in a moment.")
        try:
            made = _apart(root, *what[:1], *what[3:])
        finally:
            self._room.release()
        self._kept[key] = made
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return made


def _apart(root: Path, *what: str) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "igym.archive.browse", str(root), *what],
            capture_output=True, timeout=PATIENCE_S, env=apart.environment(), check=True,
            preexec_fn=_behind_games,
        )  # fmt: skip
        made: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError) as error:
        raise Unavailable("The data could not be looked at.", hint="Again in a moment.") from error
    return made


def _behind_games() -> None:
    apart.with_parent()
    os.nice(10)
