"""What every process of a deployment does before its own work: settings, log, Redis.

Knows no role. A process started by a supervisor leaves when the supervisor is gone.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from igym import __version__, faults, log, settings
from igym.errors import IgymError
from igym.services.connect import Deployment, connect, process_name
from igym.services.leaving import Member
from igym.services.operations import keeping, metering
from igym.store.client import open_redis


@dataclass(frozen=True)
class Told:
    """What the command line said."""

    name: str  # of this process; unique in the deployment
    progress: Path | None  # where a game worker shows that its loop turns
    shared: bool  # the port is shared with siblings
    once: bool  # do what there is to do and end
    binding: str  # of a game worker: run only such games (`igym.domain.bound`); "" = shared ones
    member: Member  # for a role that can be drained


def main(role: str, argv: Sequence[str], work: Callable[[Deployment, Told], None]) -> int:
    """Connect and do `work` until it returns. Returns the exit code."""
    parser = argparse.ArgumentParser(prog=f"igym {role}")
    parser.add_argument("--name", default=process_name(role))
    parser.add_argument("--progress", type=Path)
    parser.add_argument("--shared", action="store_true", help="share the port with siblings")
    parser.add_argument("--once", action="store_true", help="do what there is to do and end")
    parser.add_argument("--binding", default="", help="run only games of that package")
    parser.add_argument("--parent", type=int, default=0, help="leave when this process is gone")
    said = parser.parse_args(argv)
    try:
        config = settings.load()
        log.set_up(config, role, said.name)
        faults.tell(config.sentry_dsn, role, __version__)
        if said.parent:
            threading.Thread(target=_leave_with, args=(said.parent,), daemon=True).start()
        deployment = connect(config)
        # A Redis that hangs must not make its figures late beyond their life.
        redis = open_redis(config.redis_url, answer_s=2.0)
        metering.report(redis, deployment.meter, said.name, role)
        keeping.keep(redis, role, said.name)
        member = Member(deployment, said.name, role, said.binding)
        told = Told(said.name, said.progress, said.shared, said.once, said.binding, member)
        work(deployment, told)
    except IgymError as error:
        sys.stderr.write(f"igym {role}: {error}\n")
        return 1
    return 0


def _leave_with(parent: int) -> None:
    """No orphans: where the kernel does not tell us that the supervisor died, look."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)
