"""Signing in and out of the admin pages."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask_login import current_user, logout_user
from werkzeug.wrappers import Response

from igym.errors import BadToken, TooMuch
from igym.services import accounts
from igym.services.connect import Deployment
from igym.web.admin.hashing import matches
from igym.web.admin.visitor import admit, check_form, home, visitor


def _browser() -> str:
    """What to tell visits apart by, as in "Firefox on Linux"; the whole string is not kept."""
    agent = request.user_agent.string
    names = ("Edg", "Firefox", "Chrome", "Safari", "curl")
    systems = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux")
    name = next((one for one in names if one in agent), "A browser")
    system = next((one for one in systems if one in agent), "")
    told = {"Edg": "Edge", "Mac OS X": "macOS"}
    return f"{told.get(name, name)} on {told.get(system, system)}" if system else name


def add(admin: Blueprint, deployment: Deployment) -> None:
    """Add the routes to `admin`."""

    @admin.get("/admin/enter")
    def enter() -> Response:
        """Open a link: sign in, and leave the key behind."""
        try:
            secret = accounts.enter(deployment, request.args.get("key", ""), _browser())
        except BadToken:
            if current_user.is_authenticated:  # the same link once more, in the same browser
                return redirect(url_for("admin.overview"), 303)
            raise
        admit(secret)
        return redirect(url_for("admin.overview"), 303)

    @admin.get("/admin/sign-in")
    def sign_in() -> Response | str:
        """The form."""
        if current_user.is_authenticated:
            return redirect(home(request.args.get("next")), 303)
        return render_template("admin/signin.html")

    @admin.post("/admin/sign-in")
    def signed() -> Response | tuple[str, int, dict[str, str]]:
        """The form, filled in."""
        check_form(deployment)
        name = request.form.get("name", "")
        try:
            secret = accounts.sign_in(
                deployment, name, request.form.get("password", ""), request.remote_addr or "",
                _browser(), matches,
            )  # fmt: skip
        except (BadToken, TooMuch) as refused:
            page = render_template("admin/signin.html", problem=refused, name=name)
            wait = {"Retry-After": str(refused.wait_s)} if isinstance(refused, TooMuch) else {}
            return page, refused.status, wait
        admit(secret)
        return redirect(home(request.args.get("next")), 303)

    @admin.post("/admin/leave")
    def leave() -> Response:
        """Sign out of this browser."""
        if current_user.is_authenticated:
            check_form(deployment)
            accounts.sign_out(deployment, visitor().visit)
            logout_user()
        session.clear()
        return redirect(url_for("admin.sign_in"), 303)
