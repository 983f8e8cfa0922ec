"""Somebody opens a link: make them a session, or find the one they have."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping

from igym import __version__
from igym.domain import flow
from igym.domain.participant import Phase
from igym.domain.plan import Plan
from igym.errors import BadMessage, IgymError
from igym.services import advancing, assigning, tokens
from igym.services.connect import Deployment, now_ms
from igym.store import packages, quotas, sessions
from igym.store.records import Row
from igym.store.sessions import Session

#: Query parameters by which recruiters name a person; the rest describe the visit.
PERSON = ("PROLIFIC_PID", "workerId", "id")
RECRUITER = (*PERSON, "STUDY_ID", "SESSION_ID", "assignmentId", "hitId")
MODES = ("live", "pilot", "preview", "rehearsal")
_ID = re.compile(r"[A-Za-z0-9_.:@+ -]{1,128}")


def recruiter_ids(query: Mapping[str, object]) -> dict[str, str]:
    """The recruiter's ids in a link's query.

    Raises:
        BadMessage: one of them has characters no recruiter uses, or is too long.
    """
    found = {}
    for name in RECRUITER:
        value = query.get(name)
        if value in (None, ""):
            continue
        if not isinstance(value, str) or not _ID.fullmatch(value):
            raise BadMessage(
                f"The {name} in your link looks damaged.",
                hint="Open the link from the recruitment site again.",
            )
        found[name] = value
    return found


def join(
    deployment: Deployment,
    experiment: str,
    query: Mapping[str, object],
    token: str | None,
    *,
    fresh: bool = False,
) -> tuple[str, str]:
    """Make a session for whoever opened the link, or find theirs.

    The same recruiter ids, or the same token, always give the same session; `fresh`
    asks for a new one, for people who try a study with themselves.

    Returns:
        (token, session id).

    Raises:
        NotFound: no such experiment.
        BadMessage: the link's ids or mode are malformed.
    """
    redis = deployment.redis
    package = packages.active_package(redis, experiment)
    ids = recruiter_ids(query)
    mode = str(query.get("mode") or "live")
    if mode not in MODES:
        raise BadMessage(
            "This link asks for a mode that does not exist.", hint=f"Use one of {', '.join(MODES)}."
        )
    person = {name: ids[name] for name in PERSON if name in ids}
    if token and not fresh and not person:
        try:
            at, session_id = tokens.identify(deployment, token)
            if at == experiment:
                sessions.read(redis, experiment, session_id)
                return tokens.issue(deployment, experiment, session_id), session_id
        except IgymError:
            pass  # an old token is as good as none: they get a new session

    plan = deployment.plans.get(experiment, package)
    at_ms = now_ms()
    first = plan.scenes[0]
    session_id = secrets.token_hex(8)
    participant = (
        hashlib.blake2b(
            "\x1f".join(f"{k}={v}" for k, v in sorted(person.items())).encode(),
            key=deployment.secret.encode()[:64],
            digest_size=8,
        ).hexdigest()
        if person
        else secrets.token_hex(8)
    )
    session = Session(
        id=session_id,
        experiment=experiment,
        package=package,
        release=plan.version,
        participant=participant,
        mode=mode,
        version=1,
        phase=Phase.SCREENING if plan.entry else Phase.READING,
        scene=first.name,
        visit=-1 if plan.entry else 0,  # being screened is no visit
        entered_ms=at_ms,
        started_ms=at_ms,
        max_s=_max_s(query) if mode == "rehearsal" else 0,
        query=_kept(query) if plan.entry and plan.entry.check else {},
    )
    recruit = sessions.recruit_field(mode, person)
    made = _create(deployment, plan, session, recruit, ids)
    if made != session_id and not sessions.exists(redis, experiment, made):
        # Their session has run out although the link is remembered: they begin anew.
        sessions.forget(redis, experiment, recruit)
        made = _create(deployment, plan, session, recruit, ids)
    return tokens.issue(deployment, experiment, made), made


def _create(
    deployment: Deployment, plan: Plan, session: Session, recruit: str, ids: Mapping[str, str]
) -> str:
    """Write the session with the places it needs; at the ending, where there is none for it.

    Nobody takes a place before they have been looked at: who is screened first is assigned
    when they are let in (`advancing.enter`).
    """
    redis, mode = deployment.redis, session.mode
    look_ms = session.started_ms + plan.absent_s * 1000
    takes = []
    if session.phase is not Phase.SCREENING:
        takes = assigning.at_scene(plan, session, plan.scenes[0], session.started_ms)
    try:
        if assigning.spent(deployment, plan, mode, plan.treatments):
            raise quotas.Full()
        rows = _rows(session, ids)
        return sessions.create(redis, session, recruit, rows, takes=takes, look_ms=look_ms)
    except quotas.Full:
        last = flow.last(plan)
        assert last.end is not None
        ended = session.changed(
            phase=Phase.ENDED,
            visit=0,
            scene=last.name,
            outcome=plan.full,
            code=last.end.codes.get(plan.full, ""),
        )
        return sessions.create(redis, ended, recruit, _rows(ended, ids))


def _rows(session: Session, ids: Mapping[str, str]) -> list[Row]:
    """What is recorded of somebody who has just come."""
    at_ms = session.started_ms
    about = {
        "session_id": session.id,
        "day_ms": at_ms,
        "participant_id": session.participant,
        "mode": session.mode,
        "package": session.package,
        "igym_version": __version__,
        "started_ms": at_ms,
    }
    if session.phase is Phase.ENDED:
        about |= {"ended_ms": at_ms, "outcome": session.outcome, "code": session.code}
    visits = []
    if session.phase is not Phase.SCREENING:  # which is no visit to a scene
        visits.append(
            advancing.visit_row(session.id, 0, at_ms, scene=session.scene, entered_ms=at_ms)
        )
    return [
        ("participants", {"participant_id": session.participant, "day_ms": 0}),
        ("sessions", about),
        *visits,
        *(
            (
                "recruiter_ids",
                {"session_id": session.id, "name": name, "value": value, "day_ms": at_ms},
            )
            for name, value in ids.items()
        ),
    ]


def _kept(query: Mapping[str, object]) -> dict[str, str]:
    """A link's query as an author's function may see it, bounded."""
    short = {k[:40]: v[:200] for k, v in list(query.items())[:30] if isinstance(v, str)}
    return {k: v for k, v in short.items() if k}


def _max_s(query: Mapping[str, object]) -> float:
    """The `max_seconds` of a rehearsal's link; 0 = none. Raises `BadMessage`."""
    try:
        found = float(str(query.get("max_seconds") or 0))
    except ValueError:
        found = -1
    if not 0 <= found <= 86_400:
        raise BadMessage("max_seconds must be a number of seconds.")
    return found
