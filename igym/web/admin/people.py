"""One's own account, and for admins everybody's."""

from __future__ import annotations

from typing import TypedDict

from flask import Blueprint, redirect, render_template, request, url_for
from flask_login import login_required
from werkzeug.wrappers import Response

from igym.domain.access import Right, Role
from igym.errors import BadMessage, BadToken, IgymError
from igym.services import accounts
from igym.services.connect import Deployment
from igym.store import accounts as store
from igym.store import packages
from igym.web.admin.hashing import digest, matches
from igym.web.admin.visitor import admit, check_form, needs, visitor


def _role() -> Role:
    said = request.form.get("role", "")
    if said not in set(Role):
        raise BadMessage("Choose a role.")
    return Role(said)


class _Reach(TypedDict):
    """What a form says that somebody is to look after."""

    experiments: tuple[str, ...]
    trusted: bool


def _reach() -> _Reach:
    named = tuple(request.form.get("experiments", "").replace(",", " ").split())
    return {"experiments": named, "trusted": "trusted" in request.form}


def add(admin: Blueprint, deployment: Deployment) -> None:
    """Add the routes to `admin`."""

    def own_page(problem: IgymError | None = None, done: str = "") -> str:
        me = visitor()
        return render_template(
            "admin/account.html", me=me, problem=problem, done=done,
            visits=accounts.visits(deployment, me.visit.account),
            operator=me.visit.account == accounts.OPERATOR,
        )  # fmt: skip

    @admin.get("/admin/account")
    @login_required
    def account() -> str:
        """Your password, and where you are signed in."""
        return own_page()

    @admin.post("/admin/account/password")
    @login_required
    def own_password() -> Response | tuple[str, int]:
        """Another password: the visits end, and this one begins anew."""
        check_form(deployment)
        me = visitor()
        try:
            secret = accounts.own_password(
                deployment, me.visit.account, request.form.get("old", ""),
                request.form.get("new", ""), request.remote_addr or "", me.visit.browser,
                by=me.access, matches=matches, digest=digest,
            )  # fmt: skip
        except BadToken:
            wrong = BadMessage("That is not your password so far.")
            return own_page(wrong), wrong.status
        except IgymError as refused:
            return own_page(refused), refused.status
        admit(secret)
        return redirect(url_for("admin.account", done="password"), 303)

    @admin.post("/admin/account/visits/<id>/end")
    @login_required
    def end_visit(id: str) -> Response:
        """Sign out somewhere else."""
        check_form(deployment)
        accounts.revoke(deployment, visitor().visit.account, id)
        return redirect(url_for("admin.account"), 303)

    def everybody(problem: IgymError | None = None) -> str:
        known = [
            (one, store.visits(deployment.redis, one.name)) for one in accounts.listed(deployment)
        ]
        return render_template(
            "admin/accounts.html", known=known, problem=problem, roles=list(Role),
            experiments=sorted(packages.active(deployment.redis)), said=request.form,
        )  # fmt: skip

    @admin.get("/admin/accounts")
    @login_required
    @needs(Right.ACCOUNTS)
    def people() -> str:
        """Who may sign in."""
        return everybody()

    @admin.post("/admin/accounts")
    @login_required
    @needs(Right.ACCOUNTS)
    def new_account() -> Response | tuple[str, int]:
        """Let somebody sign in."""
        check_form(deployment)
        said, reach = request.form, _reach()
        try:
            accounts.create(
                deployment,
                said.get("name", ""),
                said.get("password", ""),
                _role(),
                by=visitor().access,
                digest=digest,
                **reach,
            )
        except IgymError as refused:
            return everybody(refused), refused.status
        return redirect(url_for("admin.people"), 303)

    @admin.post("/admin/accounts/<name>/<what>")
    @login_required
    @needs(Right.ACCOUNTS)
    def change_account(name: str, what: str) -> Response | tuple[str, int]:
        """Another role, out everywhere, or gone."""
        check_form(deployment)
        try:
            if what == "role":
                accounts.change(deployment, name, _role(), by=visitor().access, **_reach())
            elif what == "sign-out":
                accounts.sign_out_everywhere(deployment, name, by=visitor().access)
            elif what == "remove":
                accounts.remove(deployment, name, by=visitor().access)
            else:
                raise BadMessage("There is nothing of that name to do.")
        except IgymError as refused:
            return everybody(refused), refused.status
        return redirect(url_for("admin.people"), 303)
