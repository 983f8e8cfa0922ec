"""Bonuses worked out once more, from what was recorded then, by the same or a mended function.

A function that failed gave everybody the default. The records it was given are in the data, so what
it should have said can be had without asking anybody to take part again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from igym.archive import parquet
from igym.domain import bonus
from igym.domain.deeds import Did
from igym.errors import NotFound
from igym.services import auditing
from igym.services.connect import Deployment, now_ms
from igym.services.data import archiving
from igym.services.functions.asking import LONGEST_S
from igym.services.functions.calling import Callees, CallFailed
from igym.services.packages import depending
from igym.services.packages.packing import fingerprint
from igym.store.records import Row, event_row


@dataclass(frozen=True)
class Repaid:
    """One bonus, before and after. `error`: why it stays as it was, "" where the function said."""

    session: str
    was: float
    now: float
    currency: str
    error: str = ""


def recompute(
    deployment: Deployment,
    experiment: str,
    version: str,
    *,
    using: Path | None = None,
    dry_run: bool = False,
    by: str = auditing.LOCAL,
) -> list[Repaid]:
    """Ask the function about every bonus of that version again, and write what has changed.

    Where the function fails again, or there is no record, the amount stays. The cap is the one that
    was promised then. Each change is a row of `events` and all of them a line of the audit log.

    Args:
        using: a package's folder whose function is asked; else each session's own package.
        dry_run: change nothing, only say what would change.

    Raises:
        NotFound: there are no data of that version.
        OSError: a file could not be written; calling it again goes on.
    """
    root = parquet.folder(deployment.data, experiment, version)
    if not root.is_dir():
        raise NotFound(f"There are no data of {experiment} {version} in {deployment.data}.")
    callees = Callees()
    try:
        with archiving.alone(deployment):
            while archiving.archive_experiment(deployment, experiment):
                pass
            found = list(_asked(deployment, callees, root, using))
            changed = [(row, one) for row, one in found if one.now != one.was or _mends(row, one)]
            if changed and not dry_run:
                with parquet.locked(root):
                    parquet.merge(root, [r for row, one in changed for r in _rows(row, one)])
    finally:
        callees.close()
    if changed and not dry_run:
        before = {"bonuses": len(found), "total": round(sum(one.was for _, one in found), 2)}
        after = {"changed": len(changed), "total": round(sum(one.now for _, one in found), 2)}
        what = f"version {version}"
        did = Did.BONUSES_RECOMPUTED
        auditing.note(
            deployment, by, did, experiment=experiment, what=what, before=before, after=after
        )
    return [one for _, one in found]


def _mends(row: dict[str, Any], one: Repaid) -> bool:
    """Whether the function now says what was only a default before."""
    return bool(row["error"]) and not one.error


def _asked(
    deployment: Deployment, callees: Callees, root: Path, using: Path | None
) -> Iterator[tuple[dict[str, Any], Repaid]]:
    sessions = {row["session_id"]: row for row in parquet.rows(root, "sessions")}
    own = None if using is None else (using.resolve(), fingerprint(using.resolve()), None)
    for row in parquet.rows(root, "bonuses"):
        session, was = row["session_id"], row["amount"]
        amount, error, answer = None, "", None
        try:
            if not row["inputs"]:
                raise CallFailed("what it was to be worked out from was not recorded")
            record = json.loads(row["inputs"])
            where = own or _stored(deployment, sessions[session]["package"])
            folder, package, libraries = where
            answer = callees.call(folder, package, "bonus", [record], LONGEST_S, libraries)
            amount = bonus.capped(answer, row["cap"])
            if amount is None:
                error = f"it answered {json.dumps(answer)[:80]}, which is no amount"
        except CallFailed as failed:
            error = failed.message
        one = Repaid(session, was, was if amount is None else amount, row["currency"], error)
        # Rows of a session are filed under the day on which it began.
        yield {**row, "said": answer, "day_ms": sessions[session]["started_ms"]}, one


def _stored(deployment: Deployment, package: str) -> tuple[Path, str, Path | None]:
    root = deployment.package_root(package).resolve()
    return root, package, depending.libraries(deployment.data, package)


def _rows(row: dict[str, Any], one: Repaid) -> list[Row]:
    at_ms = now_ms()
    said = {"was": one.was, "now": one.now, "before": row["answer"], "error": row["error"]}
    _, event = event_row(at_ms, "bonus_recomputed", session=one.session, detail=json.dumps(said))
    mended = {
        **{k: v for k, v in row.items() if k != "said"},
        "amount": one.now,
        "answer": json.dumps(row["said"]),
        "error": "",
        "paid_ms": at_ms,
    }
    return [
        ("bonuses", mended),
        ("events", {**event, "event_id": f"bonus-{one.session}-{at_ms:.0f}"}),
    ]
