"""`python -m igym.cli.child ROLE`: one process of a deployment, without the terminal's weight.

Roles: web, games, director. Settings come from the environment, as always.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import gevent  # noqa: E402

from igym import log, settings  # noqa: E402
from igym.errors import IgymError  # noqa: E402
from igym.services.connect import connect, process_name  # noqa: E402


def main() -> int:
    """Run the role until it is told to stop. Returns the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=("web", "games", "director"))
    parser.add_argument("--name", default="")
    parser.add_argument("--progress", type=Path)
    parser.add_argument("--shared", action="store_true", help="share the port with siblings")
    parser.add_argument("--parent", type=int, default=0, help="stop when this process is gone")
    said = parser.parse_args()
    try:
        config = settings.load()
        log.setup(config.log_level, as_json=config.log_json, role=said.name or said.role)
        if said.parent:
            gevent.spawn(_leave_with, said.parent)
        deployment = connect(config)
        if said.role == "web":
            from igym.web import serve

            serve.run(deployment, shared=said.shared)
        elif said.role == "games":
            from workers import games

            games.run(deployment, said.name or process_name("games"), said.progress)
        else:
            from workers import director

            director.run(deployment)
    except IgymError as error:
        sys.stderr.write(f"igym {said.role}: {error}\n")
        return 1
    return 0


def _leave_with(parent: int) -> None:
    """No orphans: where the kernel does not tell us that the supervisor died, look."""
    while os.getppid() == parent:
        gevent.sleep(1.0)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
