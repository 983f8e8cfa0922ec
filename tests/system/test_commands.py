"""An admin's words reach a person on whichever web worker, and come again until they are read."""

from __future__ import annotations

import pytest

from igym import settings
from igym.domain.access import Access, Role
from igym.domain.commands import State, What
from igym.services.connect import connect
from igym.services.operations import commanding
from igym.store import commands as store
from igym.store.post import Outbox
from igym.wire import api
from tests.system.client import Client, join
from tests.system.server import eventually

pytestmark = pytest.mark.stack

ANN = Access("", "ann", Role.ADMIN, (), False, 0, 0)


def test_words_are_kept_for_who_is_away_and_come_until_they_are_put_away(stack):
    env = {"REDIS_URL": f"unix://{stack.data}/redis/redis.sock"}
    deployment = connect(settings.load(env, stack.data))
    token = join(stack.url, "pair")
    with Client(stack.url, token) as one:
        session = one.state["session"]
    text = "<b>Five</b> minutes more.\nThank you."
    asked = api.NewCommand(session * 2, What.MESSAGE, sessions=[session], text=text)

    def stands() -> State:
        return store.read(deployment.redis, "pair", [asked.id])[0].state

    outbox = Outbox(deployment.redis)
    for _ in range(2):  # the admin's browser did not hear the first answer
        commanding.give(deployment, outbox, ANN, "pair", asked)
    assert stands() is State.PENDING
    for _ in range(3):  # whichever web worker it is
        with Client(stack.url, token) as one:
            said = one.wait("announcement", within_s=20)
            assert said == {"id": asked.id, "text": text}
            eventually(lambda: stands() is not State.PENDING, what="that it was sent")
            assert one.ask("seen", {"id": asked.id, "read": False}) is None
    assert stands() is State.ACKNOWLEDGED
    with Client(stack.url, token) as one:
        one.wait("announcement", within_s=20)
        assert one.ask("seen", {"id": asked.id, "read": True}) is None
        assert one.ask("seen", {"id": "another", "read": True}) is None
    assert stands() is State.DONE
    with Client(stack.url, join(stack.url, "pair")) as other, Client(stack.url, token) as one:
        assert other.ask("seen", {"id": asked.id, "read": True})["code"] == "not_yours"
        one.state  # noqa: B018 - the first state has come, and nothing behind it
        assert one.ask("probe", {"sent_ms": 1})
        assert not [heard for heard in one.heard if heard.event == "announcement"]
