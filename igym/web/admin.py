"""The operator's page: sign in by link, then watch. Changes nothing in the deployment.

A signed link is the only way in: there is no password, hence no default one. The dashboard
proper (users, roles, controls) comes later and takes the place of `overview`.
"""

from __future__ import annotations

import json
import time
from datetime import timedelta
from importlib.resources import files

from flask import (
    Blueprint,
    Flask,
    Response,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import LoginManager, UserMixin, login_required, login_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from igym import __version__
from igym.errors import BadToken, IgymError, Unavailable
from igym.services.connect import Deployment
from igym.services.sessions import tokens
from igym.services.watching import Watch
from igym.store import RedisError

#: As long as a link is good for.
STAY_S = 12 * 3600


class Operator(UserMixin):
    """Whoever opened an admin link."""

    def __init__(self, name: str) -> None:
        self.id = name


def _font() -> str:
    """The participant client's font, whose file name has a hash in it; "" where it is not built."""
    assets = files("igym.web") / "static" / "assets"
    if not assets.is_dir():
        return ""
    return next((f.name for f in assets.iterdir() if f.name.endswith(".woff2")), "")


def _told(error: IgymError) -> tuple[Response, int]:
    """`error` as data to the script, as a page to a person."""
    if request.path.endswith(".json"):
        return jsonify(code=error.code, text=error.message, hint=error.hint), error.status
    page = render_template("admin/signin.html", problem=error if error.message else None)
    return make_response(page), error.status


def register(app: Flask, deployment: Deployment) -> None:
    """Add the admin pages and their sign-in to `app`."""
    admin = Blueprint(
        "admin", __name__, static_folder="admin_static", static_url_path="/admin/static"
    )
    watch = Watch(deployment)
    public_url = deployment.settings.public_url.rstrip("/")
    app.config.update(
        SESSION_COOKIE_NAME="igym_admin",
        SESSION_COOKIE_PATH="/admin",  # participants' pages and sockets never see it
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=public_url.startswith("https:"),
        SESSION_REFRESH_EACH_REQUEST=False,  # 12 h from signing in, not from the last look
        PERMANENT_SESSION_LIFETIME=timedelta(seconds=STAY_S),
    )
    manager = LoginManager(app)

    @manager.user_loader
    def load(name: str) -> Operator | None:
        """The operator of a session that has not run out, whatever its cookie says."""
        until_s = session.get("until_s", 0)
        alive = isinstance(until_s, int | float) and time.time() < until_s
        return Operator(name) if alive else None

    @manager.unauthorized_handler
    def nobody() -> tuple[Response, int]:
        return _told(BadToken(""))

    @admin.get("/admin/enter")
    def enter() -> AnyResponse:
        """Open a link: sign in, and leave the key behind."""
        name = tokens.identify_admin(deployment, request.args.get("key"))
        session.clear()
        session.permanent = True
        session["until_s"] = time.time() + STAY_S
        login_user(Operator(name))
        return redirect(url_for("admin.overview"), 303)

    @admin.get("/admin")
    @login_required
    def overview() -> str:
        """The page. Its script shows what is in it, then asks for news each second."""
        return render_template(
            "admin/overview.html",
            first=json.dumps(_seen()).replace("<", "\\u003c"),
            version=__version__,
        )

    @admin.get("/admin/overview.json")
    @login_required
    def news() -> Response:
        """The same as data."""
        return jsonify(_seen())

    @admin.post("/admin/leave")
    def leave() -> AnyResponse:
        """Sign out of this browser."""
        logout_user()
        session.clear()
        return redirect(url_for("admin.overview"), 303)

    def _seen() -> dict[str, object]:
        return {**watch.overview(), "base": public_url or request.host_url.rstrip("/")}

    @admin.context_processor
    def looks() -> dict[str, str]:
        return {"font": _font()}

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
