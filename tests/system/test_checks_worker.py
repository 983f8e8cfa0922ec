"""The checks worker as the director starts it: it comes, answers, reports, and goes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rq import Callback, Queue
from rq.serializers import JSONSerializer
from rq.webhook import Webhook

from igym.cli.nginx import free_port
from igym.services.connect import Deployment
from igym.services.functions import asking
from igym.services.functions.asking import Answer
from igym.services.packages import publishing
from igym.settings import Settings
from igym.store import jobs, keys, questions, records
from igym.store.packages import Plans
from tests.services import choosy
from tests.system.server import eventually, plain_env

pytestmark = [pytest.mark.stack, pytest.mark.slow]


class Asked:
    """A deployment with one package and a checks worker."""

    def __init__(self, redis, url: str, home: Path) -> None:
        settings = Settings(data_dir=home / "data", redis_url=url)
        self.deployment = Deployment(settings, redis, Plans(redis), "s" * 40)
        plan = publishing.publish(self.deployment, choosy.write(home / "choosy"))
        self.package = plan.package
        self._env = plain_env(IGYM_DATA_DIR=str(settings.data_dir), IGYM_REDIS_URL=url)
        self.worker = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "workers", "checks"], env=self._env)

    def ask(self, do: str, limit_s: float = 2.0) -> str:
        facts = [choosy.facts(do)]
        return asking.ask(self.deployment, "choosy", self.package, "screen", facts, limit_s)

    def answer(self, question: str, within_s: float = 30) -> Answer:
        return eventually(
            lambda: asking.answer(self.deployment, "choosy", question),
            within_s=within_s,
            what="an answer",
        )


@pytest.fixture
def asked(redis, redis_url, tmp_path) -> Iterator[Asked]:
    made = Asked(redis, redis_url, tmp_path)
    yield made
    made.worker.terminate()
    assert made.worker.wait(15) == 0


def test_questions_are_answered_and_failures_are_told_to_the_researcher_only(asked, redis):
    assert asked.answer(asked.ask("say")) == Answer("Only on Sundays.")
    hung, fine = asked.ask("hang", 1.0), asked.ask("pass")
    assert asked.answer(fine) == Answer(True)
    assert asked.answer(hung).error == "took longer than 1 s"
    for _ in range(3):
        assert asked.answer(asked.ask("raise")).error == "RuntimeError: no idea"
    told = records.problems(redis)
    assert sorted(t["message"] for t in told) == [  # three of the same are one
        "The function for screen: RuntimeError: no idea",
        "The function for screen: took longer than 1 s",
    ]
    assert "in check" in next(t["trace"] for t in told if "no idea" in t["message"])
    rows = [row for _, row in records.waiting(redis, "choosy", "1", 100)[1]]
    assert [row["kind"] for row in rows if "kind" in row] == ["function_failed"] * 2


@pytest.mark.parametrize("role", ["checks", "games"])
def test_nothing_else_than_what_is_on_the_list_is_run(redis, redis_url, tmp_path, role):
    # Given jobs that would each leave a folder behind, and then one that is meant
    witness = tmp_path / "witness"
    mine = {"checks": jobs.CHECKS, "games": jobs.GAMES}[role]
    meant = {"checks": ("answer", ["x", "q", "p", "screen", "[]", 1.0]), "games": ("play", [])}[
        role
    ]
    queue = Queue(mine, connection=redis, serializer=JSONSerializer)
    pickled = Queue(mine, connection=redis)
    folder = (str(witness),)
    own = f"workers.{role}.{meant[0]}"
    queue.enqueue_call("os.mkdir", args=folder)
    pickled.enqueue_call("os.mkdir", args=folder)
    pickled.enqueue_call(Makes(witness))
    queue.enqueue_call(own, args=meant[1], on_success=Callback("os.mkdir"))
    queue.enqueue_call(own, args=meant[1], on_failure=Callback("tests.system.witness.leave"))
    queue.enqueue_call(own, args=[*folder, 1, {}])
    queue.enqueue_call(own, args=meant[1], kwargs={"more": str(witness)})
    queue.enqueue_call(f"workers.{role}.open_redis", args=["unix:///gone"])
    sent = len(queue)
    url = f"http://127.0.0.1:{free_port()}/"
    queue.enqueue_call(own, args=meant[1], webhooks=[Webhook(url, "finished")])

    # When a worker comes to them
    env = plain_env(IGYM_DATA_DIR=str(tmp_path / "data"), IGYM_REDIS_URL=redis_url)
    with (tmp_path / "log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "workers", role], env=env, stdout=log, stderr=log
        )
    try:
        eventually(lambda: len(queue) == 0, within_s=60, what="an empty queue")
        refused = lambda: (tmp_path / "log").read_text().count("refused the job")  # noqa: E731
        eventually(lambda: refused() == sent + 1, within_s=20, what="refusals that are logged")
        eventually(lambda: not redis.keys("rq:job:*"), within_s=20, what="all of them forgotten")
        alive = worker.poll() is None
    finally:
        worker.terminate()
        worker.wait(15)

    # Then it has run none of them, kept none of them, and is still there
    assert alive
    assert not witness.exists()


class Makes:
    """A function that pickle brings along."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)

    def __call__(self) -> None:
        """Never."""

    def __reduce__(self) -> object:
        return os.mkdir, (self._folder,)


def test_a_worker_that_was_killed_leaves_its_questions_to_their_time(asked, redis, monkeypatch):
    assert asked.answer(asked.ask("pass")) == Answer(True)
    lost = asked.ask("hang", 60.0)
    eventually(lambda: not asking.waits(asked.deployment), what="taking the question")
    asked.worker.kill()
    asked.worker.wait()
    later = asked.ask("pass")
    asked.worker = asked.start()
    assert asked.answer(later) == Answer(True)
    assert asking.answer(asked.deployment, "choosy", lost) is None
    monkeypatch.setattr(asking, "now_ms", lambda: 1e14)
    assert asking.answer(asked.deployment, "choosy", lost).error


def test_an_answer_is_kept_for_a_while_and_no_longer(redis):
    questions.answer(redis, "choosy", "1-a", json.dumps({"value": 1}))
    assert 0 < redis.ttl(keys.answer("choosy", "1-a")) <= keys.answer.ttl_s
