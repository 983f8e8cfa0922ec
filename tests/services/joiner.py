"""A process in which people click their links: each line read is a JSON list of them, and each
line written their sessions. `python joiner.py REDIS_URL EXPERIMENT`.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from igym.services.connect import Deployment
from igym.services.sessions import arriving
from igym.settings import Settings
from igym.store.client import open_redis
from igym.store.packages import Plans


def main(url: str, experiment: str) -> None:
    redis = open_redis(url)
    settings = Settings(data_dir=Path("/nowhere"))
    deployment = Deployment(settings, redis, Plans(redis), "a secret of thirty-two characters")

    def join(person: str) -> str:
        return arriving.join(deployment, experiment, {"PROLIFIC_PID": person}, None)[1]

    with ThreadPoolExecutor(16) as clicks:
        for line in sys.stdin:
            print(json.dumps(list(clicks.map(join, json.loads(line)))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
