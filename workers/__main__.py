"""`python -m workers games|inference|director|archive|erase|checks`: one worker process."""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import os  # noqa: E402
import sys  # noqa: E402

from igym.services.connect import Deployment  # noqa: E402
from igym.services.process import Told, main  # noqa: E402


def _games(deployment: Deployment, told: Told) -> None:
    from workers import games

    games.run(deployment, told.name, told.member, told.progress, told.binding)


def _director(deployment: Deployment, told: Told) -> None:
    from workers import director

    director.run(deployment, told.name, told.member)


def _archive(deployment: Deployment, told: Told) -> None:
    os.nice(10)  # games come first; before Parquet is loaded, which takes a second
    from workers import archive

    archive.run(deployment, once=told.once)


def _erase(deployment: Deployment, _: Told) -> None:
    os.nice(10)  # likewise
    from workers import erase

    erase.run(deployment)


def _checks(deployment: Deployment, told: Told) -> None:
    from workers import checks

    checks.run(deployment, told.name)


def _inference(deployment: Deployment, told: Told) -> None:
    from workers import inference

    inference.run(deployment, told.name, told.member)


_ROLES = {
    "games": _games,
    "inference": _inference,
    "director": _director,
    "archive": _archive,
    "erase": _erase,
    "checks": _checks,
}

role = sys.argv[1] if len(sys.argv) > 1 else ""
if role not in _ROLES:
    sys.exit(f"usage: python -m workers {{{'|'.join(_ROLES)}}}")
sys.exit(main(role, sys.argv[2:], _ROLES[role]))
