"""Acting on people, games and recruitment, and what became of it, for the admin's client."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from flask import Blueprint, Response, request
from flask_login import login_required

from igym.domain.access import Right
from igym.services.connect import Deployment
from igym.services.operations import commanding
from igym.store import packages
from igym.store.post import Outbox
from igym.web.admin.visitor import check_form, needs, visitor
from igym.web.api import answered, command
from igym.wire import api

#: Commands that the page lists, of all experiments together.
MOST = 60


def add(admin: Blueprint, deployment: Deployment, outbox: Outbox | None) -> None:
    """Add the routes to `admin`. Without an `outbox`, one is made when it is first needed."""
    out: Callable[[], Outbox] = cache(lambda: outbox or Outbox(deployment.redis))

    @admin.post("/admin/commands/<experiment>.json")
    @login_required
    def give(experiment: str) -> Response:
        """Do it, or have it done; the answer says how far it is."""
        check_form(deployment)
        wanted = api.parse(api.NewCommand, request.get_data(cache=False))
        made = commanding.give(deployment, out(), visitor().access, experiment, wanted)
        return answered(api.Commands([command(one) for one in made]), 202)

    @admin.get("/admin/commands.json")
    @login_required
    @needs(Right.CONTROL)
    def recent() -> Response:
        """The latest commands in what this visitor looks after."""
        access = visitor().access
        mine = [n for n in packages.known(deployment.redis) if access.may(Right.CONTROL, n)]
        found = [one for name in mine for one in commanding.recent(deployment, name, MOST)]
        latest = sorted(found, key=lambda one: -one.made_ms)[:MOST]
        return answered(api.Commands([command(one) for one in latest]), 200)
