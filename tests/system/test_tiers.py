"""Each tier does its work as the Redis user it has, and is refused nothing on the way."""

from __future__ import annotations

import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest

from igym import settings
from igym.archive.audit import audit
from igym.cli.nginx import free_port
from igym.domain import secret
from igym.domain.access import ANY, Access, Role
from igym.services.connect import connect
from igym.services.data import erasures, filming
from igym.services.functions import asking
from igym.services.games import listing
from igym.services.operations import crowding
from igym.services.packages import publishing
from igym.store import Redis, errands, packages
from igym.store.acl import Tier
from igym.store.errands import Errand
from tests.services import choosy
from tests.store.test_acl import Guarded
from tests.system.conftest import two
from tests.system.server import IGYM, body, eventually, package, plain_env

pytestmark = [pytest.mark.stack, pytest.mark.slow]


class Study:
    """A deployment whose every process has a user of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.redis = Guarded()
        self.redis.start()
        self._key = secret.made()
        self._started: list[subprocess.Popen[bytes]] = []
        self._log = (home / "log").open("wb")
        self.deployment = connect(settings.load(self.env(Tier.OPERATOR), home))
        self.pair = publishing.publish(self.deployment, package(home, "pair")).package
        self.choosy = publishing.publish(self.deployment, choosy.write(home / "choosy")).package
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.start(Tier.WEB, "web")
        self.start(Tier.GAME, "worker", "games")
        self.start(Tier.INFERENCE, "worker", "inference")
        self.start(Tier.DIRECTOR, "director")

        def serves() -> bool:
            with suppress(OSError):
                return bool(body(f"{self.url}/readyz"))
            return False

        eventually(serves, within_s=60, what="a web worker")

    def env(self, tier: Tier) -> dict[str, str]:
        return {
            "REDIS_URL": self.redis.url_of(tier),
            "IGYM_CHECKS_REDIS_URL": self.redis.url_of(Tier.CHECKS),
            "IGYM_DATA_DIR": str(self.home / "data"),
            "IGYM_SECRET_KEY": self._key,
        }

    def start(self, tier: Tier, *words: str) -> None:
        env = plain_env(**self.env(tier), IGYM_PORT=str(getattr(self, "port", 0)))
        self._started.append(
            subprocess.Popen(
                [*IGYM, *words], env=env, cwd=self.home, stdin=subprocess.DEVNULL,
                stdout=self._log, stderr=self._log,
            )
        )  # fmt: skip

    def came(self, errand: Errand) -> Errand:
        """What came of it."""

        def ended() -> Errand | None:
            found = errands.read(self.deployment.redis, errand.experiment, errand.id)
            return None if found.open else found

        found = eventually(ended, within_s=120, what=errand.kind)
        assert found.state == "done", found
        return found

    def denied(self) -> set[tuple[str, str]]:
        """(user, what it was refused) since the server began."""
        log = Redis(unix_socket_path=str(self.redis.socket), username="test", password="")
        return {(one["username"], one["object"]) for one in log.acl_log(128)}

    def stop(self) -> None:
        for process in reversed(self._started):
            process.send_signal(signal.SIGTERM)
        for process in self._started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._log.close()
        self.redis.remove()


@pytest.fixture
def study() -> Iterator[Study]:
    with tempfile.TemporaryDirectory(prefix="igym-", ignore_cleanup_errors=True) as home:
        made = Study(Path(home))
        try:
            yield made
        except BaseException:
            print((Path(home) / "log").read_text(errors="replace")[-8000:])
            raise
        finally:
            made.stop()


BOSS = Access("boss", "boss", Role.ADMIN, (ANY,), True, 0.0, float("inf"))


def test_a_study_runs_to_its_data_with_a_redis_user_for_each_tier(study):
    # People are matched, play, and end; an author's function is asked; others rehearse
    ann, bob = two(study)
    version = packages.find(study.deployment.redis, study.pair)
    rehearsal = crowding.order(study.deployment, version, BOSS, participants=2, seconds=1)
    with ann, bob:
        question = asking.ask(
            study.deployment, "choosy", study.choosy, "screen", [choosy.facts("say")], 5.0
        )
        ann.wait_frames(30)
        ann.press(" ")
        for one in (ann, bob):
            one.wait("state", lambda s: s["scene"] == "after", within_s=20)
        answer = eventually(
            lambda: asking.answer(study.deployment, "choosy", question), within_s=60, what="it"
        )
    assert answer.value == "Only on Sundays."

    def archived() -> bool:
        found = audit(study.home / "data" / "pair" / "1")
        return bool(found.games)

    eventually(archived, within_s=60, what="the data of the game")
    # An admin sees the episode again: asked for by a web worker, made by a checks worker
    web = connect(settings.load(study.env(Tier.WEB), study.home))
    over = listing.finished(web, ["pair"], lambda name: True)
    (episode,) = (one["episode"] for one in over if one["mode"] == "live")
    ticks = study.home / "data" / "pair" / "1" / "ticks" / f"{episode}.parquet"
    eventually(ticks.is_file, within_s=60, what="the ticks of the game")
    place = filming.find(web, BOSS, episode)
    filming.order(web, BOSS, place)

    def filmed() -> bool:
        now = filming.state(web, place)
        assert now["state"] in ("waiting", "ready"), now
        return bool(now["state"] == "ready")

    eventually(filmed, within_s=120, what="a film")
    # The rehearsal has gone well, and one who took part in it is erased
    assert study.came(rehearsal).said["fine"]
    sessions = study.home / "data" / "pair" / "1" / "sessions"

    def rehearsed() -> list[str]:
        rows = pd.read_parquet(sessions, columns=["session_id", "mode", "ended_ms"])
        return list(rows.session_id[(rows["mode"] == "rehearsal") & rows.ended_ms.notna()])

    who = eventually(rehearsed, within_s=60, what="the data of the rehearsal")[0]
    erased = study.came(erasures.order(study.deployment, "pair", who, "erase", BOSS))
    assert (erased.said["sessions"], erased.said["log_rewritten"]) == (1, True)
    assert who not in rehearsed()
    # But for one question that the director's note answers, nobody was refused anything
    assert study.denied() - {("web", "config|get")} == set()
