"""Looking on over a real socket: the same bytes as people get, and not a word the other way."""

from __future__ import annotations

from typing import Any

import pytest

from igym import settings
from igym.domain.access import Role
from igym.services import accounts
from igym.services.connect import Deployment, connect
from igym.services.games import spectating
from igym.store import games
from igym.wire import VERSION
from tests.system.client import BASE, TICK, Client, Turned
from tests.system.server import Server, eventually

pytestmark = pytest.mark.stack

WORDS = "correct horse battery staple"


def connected(server: Server) -> Deployment:
    env = {"REDIS_URL": f"unix://{server.data}/redis/redis.sock"}
    return connect(settings.load(env, server.data))


def permitted(server: Server, name: str, experiment: str, game: str) -> str:
    """A permit for a new viewer of that name."""
    deployment = connected(server)
    accounts.create(deployment, name, WORDS, Role.VIEWER, (experiment,))
    found = accounts.signed_in(deployment, accounts.sign_in(deployment, name, WORDS, "127.0.0.1"))
    assert found is not None
    permit: str = spectating.admit(deployment, *found, experiment, game)["permit"]
    return permit


def looks_on(server: Server, permit: str, seat: str = "", receive_bytes: int = 0) -> Client:
    auth = {"watch": permit, "wire": VERSION, "seat": seat}
    return Client(server.url, None, auth=auth, receive_bytes=receive_bytes)


def test_a_watcher_sees_each_frame_people_see_changes_nothing_and_goes_when_put_out(stack, couple):
    game = couple[0].game["game"]
    permit = permitted(stack, "wanda", "pair", game)
    players = games.links(stack.redis, "pair", game)

    with pytest.raises(Turned):
        looks_on(stack, permit[:-2] + "xx")
    with looks_on(stack, permit, couple[1].game["seat"]) as watcher:
        # Whoever is behind for a moment, on a busy machine, has a keyframe for a change
        def both() -> list[tuple[list[Any], list[Any]]]:
            theirs = {f[TICK]: f for f in couple[1].all("frame") if f[BASE] >= 0}
            changes = [f for f in watcher.all("frame") if f[BASE] >= 0 and f[TICK] in theirs]
            return [(f, theirs[f[TICK]]) for f in changes]

        eventually(lambda: len(both()) > 10, what="frames")
        assert all(mine == theirs for mine, theirs in both())
        assert watcher.all("frame")[0][BASE] == -1
        assert watcher.all("episode")[-1]["stage"] == "playing"

        # Then what it says is refused, and who plays is who played
        assert watcher.ask("withdraw", {"keep": False})["code"] == "not_yours"
        assert watcher.ask("ready", {"game": game, "width_px": 9, "height_px": 9})["code"]
        assert games.links(stack.redis, "pair", game) == players
        assert all(one.all("episode")[-1]["stage"] == "playing" for one in couple)

        # And once the account may see something else only, it is over
        accounts.change(connected(stack), "wanda", Role.VIEWER, ("other",))
        watcher.wait_closed()
        with pytest.raises(Turned):
            looks_on(stack, permit)
