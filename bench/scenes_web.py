"""A web worker as it is, whose scene changes are timed. Knows nothing else of the measurement.

Writes to the file that BENCH_TIMES names, once it is told to leave.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402
import os  # noqa: E402
import runpy  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from igym.web.door import Door  # noqa: E402
from igym.web.sockets import Sockets  # noqa: E402

#: Seconds from the arrival of an answer's packet to the next scene being on its way, and to the
#: acknowledgement that the disk has it.
shown: list[float] = []
kept: list[float] = []

_began_s: dict[int, float] = {}  # by connection: a person sends one answer at a time
_advance, _answer_late = Sockets._advance, Door._answer_late


def advance(self: Sockets, link: Any, said: Any) -> None:
    """As the worker does it."""
    _began_s[link.conn] = link.heard_s
    _advance(self, link, said)
    shown.append(time.monotonic() - _began_s[link.conn])


def answer_late(self: Door, link: Any, asked: int) -> None:
    """As the worker does it."""
    began_s = _began_s.get(link.conn, link.heard_s)
    _answer_late(self, link, asked)
    kept.append(time.monotonic() - began_s)


if __name__ == "__main__":
    Sockets._advance, Door._answer_late = advance, answer_late  # type: ignore[method-assign]
    try:
        runpy.run_module("igym.web", run_name="__main__")
    finally:
        times = {"shown": shown, "kept": kept, "cpu_s": time.process_time()}
        Path(os.environ["BENCH_TIMES"]).write_text(json.dumps(times))
