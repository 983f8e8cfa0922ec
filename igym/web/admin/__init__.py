"""The admin pages: sign in, watch, and look after accounts.

The dashboard proper (controls, replay, packages) comes later and takes the place of `overview`.
"""

from __future__ import annotations

import json
from importlib.resources import files

from flask import Blueprint, Flask, Response, jsonify, make_response, render_template, request
from flask_login import current_user, login_required

from igym import __version__
from igym.domain.access import Access, Right
from igym.errors import IgymError, Unavailable
from igym.services import accounts
from igym.services.connect import Deployment
from igym.services.watching import Watch
from igym.store import RedisError
from igym.web.admin import people, signin, visitor

_FACE = """\
@font-face {
  font-family: 'Figtree Variable';
  font-weight: 300 900;
  font-display: swap;
  src: url('/static/assets/NAME') format('woff2');
}
"""


def _font() -> str:
    """The participant client's font, whose file name has a hash in it; "" where it is not built."""
    assets = files("igym.web") / "static" / "assets"
    if not assets.is_dir():
        return ""
    return next((f.name for f in assets.iterdir() if f.name.endswith(".woff2")), "")


def _pages(access: Access) -> list[tuple[str, str]]:
    """What there is to go to: (endpoint, name)."""
    found = [("admin.overview", "Overview")]
    if access.has(Right.ACCOUNTS):
        found.append(("admin.people", "Accounts"))
    return [*found, ("admin.account", "You")]


def _told(error: IgymError) -> tuple[Response, int]:
    """`error` as data to the script, as a page to a person."""
    if request.path.endswith(".json"):
        return jsonify(code=error.code, text=error.message, hint=error.hint), error.status
    page = render_template("admin/refused.html", problem=error)
    return make_response(page), error.status


def register(app: Flask, deployment: Deployment) -> None:
    """Add the admin pages and their sign-in to `app`."""
    admin = Blueprint(
        "admin", "igym.web", static_folder="admin_static", static_url_path="/admin/static"
    )
    watch = Watch(deployment)
    public_url = deployment.settings.public_url.rstrip("/")
    visitor.prepare(app, deployment)
    signin.add(admin, deployment)
    people.add(admin, deployment)

    @admin.get("/admin")
    @login_required
    def overview() -> str:
        """The page. Its script shows what is in it, then asks for news each second."""
        return render_template(
            "admin/overview.html",
            first=json.dumps(_seen()).replace("<", "\\u003c"),
            version=__version__,
            alone=visitor.visitor().access.has(Right.ACCOUNTS)
            and not accounts.any_there(deployment),
        )

    @admin.get("/admin/overview.json")
    @login_required
    def news() -> Response:
        """The same as data."""
        return jsonify(_seen())

    @admin.get("/admin/font.css")
    def font() -> Response:
        """Where the font is. A file of its own, since the policy allows no style in a page."""
        face = _FACE.replace("NAME", _font())
        return Response(face, mimetype="text/css")

    def _seen() -> dict[str, object]:
        """What this visitor may see of it: of their own experiments."""
        seen, access = watch.overview(), visitor.visitor().access
        mine = {
            name: [one for one in seen[name] if access.reaches(one["experiment"])]
            for name in ("lobbies", "games", "problems")
        }
        shown = [one for one in seen["experiments"] if access.reaches(one["id"])]
        base = public_url or request.host_url.rstrip("/")
        return {**seen, **mine, "experiments": shown, "base": base}

    @admin.context_processor
    def looks() -> dict[str, object]:
        signed_in = current_user if current_user.is_authenticated else None
        return {
            "font": _font(),
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
        if request.endpoint != "admin.static":
            response.headers["Cache-Control"] = "no-store"
        return response

    app.register_blueprint(admin)
