"""Where cores are short, a frame on its way goes before the next game's tick.

Linux weighs sessions before processes, where it is built to: elsewhere a session has no number.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SESSION = Path("/proc/self/autogroup")

TAKES = f"""
import os, sys, threading
from igym.services import precedence
precedence.take(sys.argv[1])
for thread in threading.enumerate():
    if thread.name == "precedence":
        thread.join()
try:
    session = open("{SESSION}").read().split()[-1]
except FileNotFoundError:
    session = "none"
print(os.nice(0), session)
"""


def started(role: str, *before: str, own_session: bool = True) -> subprocess.Popen[str]:
    command = [*before, sys.executable, "-c", TAKES, role]
    return subprocess.Popen(
        command, start_new_session=own_session, stdout=subprocess.PIPE, text=True
    )


def places(process: subprocess.Popen[str]) -> tuple[int, int | None]:
    """How far the process stands back, and its session."""
    nice, session = process.communicate(timeout=60)[0].split()
    return int(nice), None if session == "none" else int(session)


@pytest.mark.parametrize("role", ["games", "inference", "director"])
def test_whoever_computes_stands_back_with_its_session(role: str) -> None:
    back = min(19, os.nice(0) + 10)
    assert places(started(role)) in ((back, back), (back, None))


def test_a_web_worker_stands_back_for_nobody() -> None:
    assert places(started("web")) in ((os.nice(0), 0), (os.nice(0), None))


def test_a_worker_started_by_hand_leaves_the_terminals_session_alone() -> None:
    ours = int(SESSION.read_text().split()[-1]) if SESSION.exists() else None
    assert places(started("games", own_session=False))[1] == ours


def test_many_who_are_not_root_all_get_their_turn() -> None:
    """Without the capability the kernel lets them say it ten times a second, all together."""
    drop = ["setpriv", "--bounding-set=-sys_admin"] if os.geteuid() == 0 else []
    back = min(19, os.nice(0) + 10)
    for process in [started("games", *drop) for _ in range(4)]:
        assert places(process) in ((back, back), (back, None))
