"""A process that starts looks at its Redis: one that throws things away is no place for a study."""

from __future__ import annotations

import logging

import pytest

from igym import settings
from igym.errors import Unavailable
from igym.services.connect import connect


def test_a_redis_that_evicts_is_refused_in_production_and_told_of_elsewhere(
    own_server, tmp_path, caplog
):
    env = {"REDIS_URL": own_server.url}
    redis = connect(settings.load(env, tmp_path)).redis
    assert caplog.messages == []
    redis.config_set("maxmemory-policy", "allkeys-lru")

    with pytest.raises(Unavailable, match="allkeys-lru") as refused:
        connect(settings.load({**env, "IGYM_ENVIRONMENT": "production"}, tmp_path))
    with caplog.at_level(logging.WARNING):
        connect(settings.load(env, tmp_path))

    assert "noeviction" in refused.value.hint
    assert "allkeys-lru" in caplog.text


def test_a_redis_that_keeps_nothing_is_told_of(own_server, tmp_path, caplog):
    env = {"REDIS_URL": own_server.url, "IGYM_ENVIRONMENT": "production"}
    connect(settings.load(env, tmp_path)).redis.config_set("appendonly", "no")

    connect(settings.load(env, tmp_path))

    assert "append-only" in caplog.text
