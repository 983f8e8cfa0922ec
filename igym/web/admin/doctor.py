"""What the deployment stands on, as an admin sees it: `igym doctor` as far as it is about here."""

from __future__ import annotations

import threading
import time
from collections import Counter

from flask import Blueprint, render_template
from flask_login import login_required

from igym import __version__
from igym.domain.access import Right
from igym.domain.finding import Finding
from igym.services.connect import Deployment
from igym.services.operations import diagnosing
from igym.store.client import open_redis
from igym.web.admin.visitor import needs

#: Looking writes a file and asks Redis a dozen times: not oftener than this.
FRESH_S = 5.0


class Looked:
    """The last look of this process."""

    def __init__(self, deployment: Deployment) -> None:
        self._settings = deployment.settings
        self._redis = open_redis(deployment.settings.redis_url, answer_s=2.0)
        self._lock = threading.Lock()
        self._found: list[Finding] = []
        self._at_s = -FRESH_S

    def findings(self) -> list[Finding]:
        """What was found, a moment ago at most."""
        with self._lock:
            if time.monotonic() - self._at_s >= FRESH_S:
                self._found = diagnosing.diagnose(self._settings, self._redis)
                self._at_s = time.monotonic()
            return self._found


def add(admin: Blueprint, deployment: Deployment) -> None:
    """Add the page."""
    looked = Looked(deployment)

    @admin.get("/admin/doctor")
    @login_required
    @needs(Right.ACCOUNTS)
    def doctor() -> str:
        """Every finding, the bad ones first."""
        found = looked.findings()
        order = ("fail", "warn", "skipped", "ok")
        return render_template(
            "admin/doctor.html",
            findings=sorted(found, key=lambda one: order.index(one.verdict)),
            count=Counter(one.verdict for one in found),
            version=__version__,
        )
