"""Who connects while Redis is away is told that it passes, and nobody's log fills with traces."""

from __future__ import annotations

import logging
from dataclasses import replace
from types import SimpleNamespace

import pytest
import socketio
from redis import Redis
from socketio.exceptions import ConnectionRefusedError as Refusal

from igym import settings, wire
from igym.domain import secret
from igym.services.connect import connect
from igym.services.sessions import tokens
from igym.web.outlet import Outlet
from igym.web.sockets import Sockets


def test_who_connects_while_redis_is_away_is_told_to_try_again(redis_url, tmp_path, caplog):
    env = {"REDIS_URL": redis_url, "IGYM_SECRET_KEY": secret.made()}
    deployment = connect(settings.load(env, tmp_path))
    token = tokens.issue(deployment, "counters", "0123456789abcdef")
    away = Redis(unix_socket_path=str(tmp_path / "nobody.sock"))
    deployment = replace(deployment, redis=away)
    outlet = Outlet("web-1", SimpleNamespace(put=lambda *_: None), lambda link: None)
    sockets = Sockets(deployment, socketio.Server(async_mode="threading"), outlet)

    with caplog.at_level(logging.WARNING), pytest.raises(Refusal) as refused:
        sockets._connect("sid", {}, {"token": token, "wire": wire.VERSION})

    assert refused.value.error_args["data"]["code"] == "unavailable"
    (line,) = [line for line in caplog.records if line.name == "igym.web.sockets"]
    assert line.levelname == "WARNING" and line.exc_info is None
