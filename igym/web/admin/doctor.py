"""What the deployment stands on, as an admin sees it: `igym doctor` as far as it is about here."""

from __future__ import annotations

from collections import Counter

from flask import Blueprint, render_template
from flask_login import login_required

from igym import __version__
from igym.domain.access import Right
from igym.services.connect import Deployment
from igym.services.lately import Lately
from igym.services.operations import diagnosing
from igym.store.client import open_redis
from igym.web.admin.visitor import needs

#: Looking writes a file and asks Redis a dozen times: not oftener than this.
FRESH_S = 5.0


def add(admin: Blueprint, deployment: Deployment) -> None:
    """Add the page."""
    settings = deployment.settings
    redis = open_redis(settings.redis_url, answer_s=2.0)
    lately = Lately(lambda: diagnosing.diagnose(settings, redis), FRESH_S)

    @admin.get("/admin/doctor")
    @login_required
    @needs(Right.ACCOUNTS)
    def doctor() -> str:
        """Every finding, the bad ones first."""
        found = lately()
        order = ("fail", "warn", "skipped", "ok")
        return render_template(
            "admin/doctor.html",
            findings=sorted(found, key=lambda one: order.index(one.verdict)),
            count=Counter(one.verdict for one in found),
            version=__version__,
        )
