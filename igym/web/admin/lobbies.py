"""The waiting rooms and the matcher's decisions, as data for the admin's client."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from flask_login import login_required

from igym.domain.access import Right
from igym.services.connect import Deployment
from igym.services.lobby.showing import Rooms, shown
from igym.web.admin.visitor import visitor


def add(admin: Blueprint, deployment: Deployment) -> None:
    """Add the route to `admin`."""
    rooms = Rooms(deployment)

    @admin.get("/admin/lobbies.json")
    @login_required
    def lobbies_news() -> Response:
        """Who waits, for what, and what was decided: in the visitor's own experiments."""
        seen, access = rooms.seen(), visitor().access
        return jsonify(
            now_ms=seen["now_ms"],
            rooms=[one for one in seen["rooms"] if access.may(Right.SEE, one["experiment"])],
            decisions=[
                shown(one, answers=access.may(Right.ANSWERS, one["experiment"]))
                for one in seen["decisions"]
                if access.may(Right.SEE, one["experiment"])
            ],
        )
