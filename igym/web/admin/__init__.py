"""The admin pages: sign in, watch, and look after accounts.

What changes while one looks is drawn by a client (client/src/admin) that asks for news; forms are
pages of the server (templates/admin). Both have the same bar and the same styles.
"""

from __future__ import annotations

import re
from functools import cache

from flask import (
    Blueprint,
    Flask,
    Response,
    jsonify,
    make_response,
    render_template,
    request,
    url_for,
)
from flask_login import current_user, login_required

from igym import __version__
from igym.domain.access import Access, Right
from igym.errors import IgymError, Unavailable
from igym.services import accounts
from igym.services.connect import Deployment
from igym.services.games.listing import PARTS, SLOW_BELOW, Live
from igym.services.sessions.roster import Rosters
from igym.services.watching import Watch
from igym.store import RedisError
from igym.store.post import Outbox
from igym.web.admin import (
    commands,
    data,
    doctor,
    games,
    load,
    lobbies,
    logs,
    packages,
    participants,
    people,
    problems,
    signin,
    visitor,
)
from igym.web.pages import filled

#: Problems that the overview names; their own page has all.
LATEST = 3


@cache
def _styles() -> list[str]:
    """Addresses of the client's style sheets, whose names have a hash in them; the server's own
    pages use them too."""
    return re.findall(r'href="(/static/assets/[^"]+\.css)"', filled({}, "admin"))


def _pages(access: Access) -> list[dict[str, str]]:
    """What there is to go to."""
    found = [
        ("overview", "Overview"),
        ("participants", "Participants"),
        ("lobbies", "Lobbies"),
        ("games", "Games"),
        ("problems", "Problems"),
        ("packages", "Packages"),
        ("data", "Data"),
    ]
    if access.has(Right.ANSWERS):
        found.append(("logs", "Logs"))
    if access.has(Right.ACCOUNTS):
        found += [("doctor", "Health"), ("people", "Accounts")]
    found.append(("account", "You"))
    return [{"href": url_for(f"admin.{name}"), "label": label} for name, label in found]


def _told(error: IgymError) -> tuple[Response, int]:
    """`error` as data to the script, as a page to a person."""
    if request.path.endswith(".json"):
        return jsonify(code=error.code, text=error.message, hint=error.hint), error.status
    page = render_template("admin/refused.html", problem=error)
    return make_response(page), error.status


def register(app: Flask, deployment: Deployment, outbox: Outbox | None = None) -> None:
    """Add the admin pages and their sign-in to `app`. Commands leave by `outbox`."""
    admin = Blueprint("admin", "igym.web")
    live = Live(deployment)
    watch = Watch(deployment, live)
    public_url = deployment.settings.public_url.rstrip("/")
    visitor.prepare(app, deployment)
    signin.add(admin, deployment)
    people.add(admin, deployment)
    doctor.add(admin, deployment)
    commands.add(admin, deployment, outbox)
    participants.add(admin, deployment, Rosters(deployment))
    lobbies.add(admin, deployment)
    games.add(admin, deployment, live)
    problems.add(admin, watch)
    logs.add(admin, deployment)
    packages.add(admin, deployment)
    data.add(admin, deployment)
    load.add(admin, deployment)

    @login_required
    def client(**_: str) -> Response:
        """The client, which shows the page of this address and asks for news each second."""
        access = visitor.visitor().access
        config = {
            "seen": _seen(),
            "version": __version__,
            "pages": _pages(access),
            "leave": url_for("admin.leave"),
            "form_token": visitor.form_token(deployment),
            "rights": sorted(right for right in Right if access.has(right)),
            "alone": access.has(Right.ACCOUNTS) and not accounts.any_there(deployment),
        }
        return Response(filled(config, "admin"), mimetype="text/html")

    admin.add_url_rule("/admin", "overview", client)
    clients = ("participants", "lobbies", "games", "problems", "logs", "packages", "data")
    for name in clients:
        admin.add_url_rule(f"/admin/{name}", name, client)
    admin.add_url_rule("/admin/games/<experiment>/<game>", "live_game", client)
    admin.add_url_rule("/admin/episodes/<episode>", "episode", client)

    @admin.get("/admin/overview.json")
    @login_required
    def news() -> Response:
        """The same as data."""
        return jsonify(_seen())

    def _seen() -> dict[str, object]:
        """What this visitor may see of it: of their own experiments."""
        seen, access = watch.overview(), visitor.visitor().access
        mine = {
            name: [one for one in seen[name] if access.reaches(one["experiment"])]
            for name in ("lobbies", "problems")
        }
        games = [one for name, one in seen["games"].items() if access.reaches(name)]
        parts = [one["parts"] for one in games] or [[0] * (len(PARTS) + 1)]
        figures = {
            "total": sum(one["count"] for one in games),
            "bounds": PARTS,
            "slow_below": SLOW_BELOW,
            "counts": [sum(step) for step in zip(*parts, strict=True)],
        }
        shown = [one for one in seen["experiments"] if access.reaches(one["id"])]
        base = public_url or request.host_url.rstrip("/")
        problems = {"total": len(mine["problems"]), "latest": mine["problems"][:LATEST]}
        own = {"games": figures, "problems": problems, "experiments": shown, "base": base}
        return {**seen, **mine, **own}

    @admin.context_processor
    def looks() -> dict[str, object]:
        signed_in = current_user if current_user.is_authenticated else None
        return {
            "styles": _styles(),
            "version": __version__,
            "me": signed_in,
            "pages": _pages(signed_in.access) if signed_in is not None else [],
            "form_token": lambda: visitor.form_token(deployment),
            "moment": visitor.moment,
        }

    @admin.errorhandler(IgymError)
    def refused(error: IgymError) -> tuple[Response, int]:
        return _told(error)

    @admin.errorhandler(RedisError)
    def no_redis(error: RedisError) -> tuple[Response, int]:
        return _told(Unavailable("Redis does not answer.", hint="It is tried again by itself."))

    @admin.after_request
    def keep_to_yourself(response: Response) -> Response:
        response.headers["Referrer-Policy"] = "no-referrer"  # an address here may hold a key
        response.headers["Cache-Control"] = "no-store"
        return response

    app.register_blueprint(admin)
