"""The load of a deployment is for whoever may look; round trips are of their own experiments."""

from __future__ import annotations

from igym.domain.access import Role
from igym.store import felt, keys, processes
from tests.web.test_admin import (  # noqa: F401 - fixtures
    account,
    deployment,
    expire_all,
    signs_in,
    slime,
    the_app,
)


def test_each_sees_the_load_and_the_round_trips_of_their_own(deployment, redis, slime):  # noqa: F811
    redis.hset(keys.experiments(), "other", 1)
    felt.write(redis, slime, {"a": (15, "")})
    felt.write(redis, "other", {"b": (15, ""), "c": (5_000, "")})
    about = {"role": "web", "node": "n", "pid": "1", "binding": "", "state": "ready", "holds": "1"}
    processes.say(redis, "web-1", about)
    expire_all(redis)
    account(deployment, "ann")
    account(deployment, "vic", Role.VIEWER, (slime,))
    app = the_app(deployment)
    assert app.test_client().get("/admin/load.json").status_code == 401
    for name, people in (("ann", 3), ("vic", 1)):
        there = app.test_client()
        signs_in(there, name)
        said = there.get("/admin/load.json").json
        assert sum(said["rtt"]["counts"]) == people
        assert [one["name"] for one in said["processes"]] == ["web-1"]
        assert {one["severity"] for one in said["alarms"]} >= {"critical"}, "there is no director"
        assert said["redis"]["up"] and said["redis"]["memory"] > 0
