"""How the deployment stands, as data for the admin's client."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from flask_login import login_required

from igym.domain.access import Right
from igym.services.connect import Deployment
from igym.services.operations.standing import Standing
from igym.web.admin.visitor import needs, visitor


def add(admin: Blueprint, deployment: Deployment) -> None:
    """Add the route to `admin`."""
    standing = Standing(deployment)

    @admin.get("/admin/load.json")
    @login_required
    @needs(Right.SEE)
    def load() -> Response:
        """Load, room, Redis, disk and alarms; round trips of the visitor's own experiments."""
        seen, access = standing.seen(), visitor().access
        mine = [n for name, n in seen["rtt"]["counts"].items() if access.reaches(name)]
        steps = len(seen["rtt"]["bounds"]) + 1
        counts = [sum(one[at] for one in mine) for at in range(steps)]
        return jsonify({**seen, "rtt": {**seen["rtt"], "counts": counts}})
