"""An admin sees what has to be mended before participants do, and nobody else sees the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from igym import settings
from igym.domain.access import Role
from igym.services.connect import connect
from igym.store.client import open_redis
from tests.web.test_admin import account, enter, signs_in, the_app


@pytest.fixture
def deployment(own_server, tmp_path: Path):
    return connect(settings.load({"REDIS_URL": own_server.url}, tmp_path))


def test_what_has_to_be_mended_comes_first_and_says_how(deployment):
    open_redis(deployment.settings.redis_url).config_set("maxmemory-policy", "allkeys-lru")
    browser = the_app(deployment).test_client()
    enter(browser, deployment)

    page = browser.get("/admin/doctor").text

    assert "Set maxmemory-policy noeviction." in page
    assert page.index('data-verdict="fail"') < page.index('data-verdict="ok"')
    assert "None is ready. Nobody can play." in page


def test_who_is_no_admin_does_not_see_it(deployment):
    account(deployment, "eve", Role.RESEARCHER, ("*",))
    browser = the_app(deployment).test_client()
    assert browser.get("/admin/doctor").status_code == 302
    signs_in(browser, "eve")

    assert browser.get("/admin/doctor").status_code == 403
    assert "Health" not in browser.get("/admin").text
