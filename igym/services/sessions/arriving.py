"""Somebody opens a link: make them a session, or find the one they have."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from igym import __version__
from igym.domain import endings, flow, waves
from igym.domain.outcome import Outcome
from igym.domain.participant import Phase
from igym.domain.plan import Plan
from igym.errors import BadMessage, IgymError, NotFound, NotOpen, TookPart
from igym.services.connect import Deployment, now_ms
from igym.services.packages import releasing
from igym.services.sessions import advancing, assigning, identity, jumping, tokens
from igym.services.sessions.identity import Link
from igym.store import counts, quotas, sessions
from igym.store.packages import Opening
from igym.store.records import Row
from igym.store.sessions import Session

#: Modes in which a wave is open at any time: for whoever looks at their own study.
TRIED = ("preview", "rehearsal")


def join(
    deployment: Deployment,
    experiment: str,
    query: Mapping[str, object],
    token: str | None,
    *,
    fresh: bool = False,
    elsewhere: Mapping[str, str] | None = None,
) -> tuple[str, str]:
    """Make a session for whoever opened the link, or find theirs.

    The same person has one session for each experiment, mode and wave: by the recruiter's id in
    the link, or else by token. `fresh` asks for a new person, for people who try a study with
    themselves.

    Args:
        elsewhere: experiment -> the token this browser holds for it.

    Returns:
        (token, session id).

    Raises:
        NotFound: no such experiment.
        BadMessage: the link's ids, mode or wave are malformed.
        NotOpen: the study or the wave is not open to newcomers, or not to this person yet.
        TookPart: they have taken part in what excludes them.
    """
    redis, at_ms = deployment.redis, now_ms()
    opening, plan = releasing.offered(deployment, experiment, query)
    link = identity.read(query, plan.waves)
    wave = link.wave.name if link.wave else ""
    mine = None if fresh or link.person else _holder(deployment, experiment, token)
    if mine and (mine.mode, mine.wave) == (link.mode, wave) and _goes_on(plan, mine, at_ms):
        return tokens.issue(deployment, experiment, mine.id), mine.id
    if link.person:
        participant = identity.participant(deployment, link.person)
    else:
        participant = mine.participant if mine else secrets.token_hex(8)
    recruit = sessions.recruit_field(link.mode, participant, wave)
    if not link.person and (fresh or link.mode == "rehearsal"):
        recruit = ""  # nobody who will come back without their token
    known = sessions.of_recruit(redis, experiment, recruit) if recruit else ""
    earlier = _read(deployment, experiment, known)
    if earlier and _goes_on(plan, earlier, at_ms):
        return tokens.issue(deployment, experiment, earlier.id), earlier.id

    _check_open(opening, link)
    _check(deployment, plan, link, participant, elsewhere or {}, at_ms)
    wish = jumping.wish(deployment, plan, link.mode, query)
    screened = plan.entry is not None and not wish.scene
    last = flow.last(plan)
    session = Session(
        id=secrets.token_hex(8),
        experiment=experiment,
        package=plan.package,
        release=plan.version,
        participant=participant,
        mode=link.mode,
        wave=wave,
        version=1,
        phase=Phase.SCREENING if screened else Phase.READING,
        scene=plan.scenes[0].name,
        visit=-1 if screened else 0,  # being screened is no visit
        entered_ms=at_ms,
        started_ms=at_ms,
        max_s=_max_s(query) if link.mode == "rehearsal" else 0,
        query=_kept(query) if plan.entry and plan.entry.check else {},
        given=endings.kept(query, last.end.redirects.values()) if last.end else {},
        cells=dict(wish.cells),
    )
    # Where somebody else was quicker, it is the session that they made.
    room = _room(deployment, plan, opening, link)
    made = _create(deployment, plan, session, recruit, link.ids, known, room)
    jumping.jump(deployment, plan, made, wish)
    return tokens.issue(deployment, experiment, made), made


def _holder(deployment: Deployment, experiment: str, token: str | None) -> Session | None:
    """The session that `token` opens; None where it is as good as none."""
    try:
        at, session_id = tokens.identify(deployment, token)
    except IgymError:
        return None
    return _read(deployment, experiment, session_id) if at == experiment else None


def _read(deployment: Deployment, experiment: str, session_id: str) -> Session | None:
    try:
        return sessions.read(deployment.redis, experiment, session_id) if session_id else None
    except NotFound:
        return None  # it has run out although it is remembered: they begin anew


def _goes_on(plan: Plan, session: Session, at_ms: float) -> bool:
    """Whether the link leads to the session they have, rather than to a new one.

    Who is in the middle, or reads their last page, is never sent away by a newer version.

    Raises:
        TookPart: they began an earlier version, and may not begin another.
    """
    recently = at_ms - session.entered_ms < plan.absent_s * 1000
    if session.release == plan.version or plan.repeat == "resume":
        return True
    if session.phase is not Phase.ENDED or recently:
        return True
    if plan.repeat == "refuse":
        raise TookPart(
            "You have already taken part in an earlier version of this study.",
            hint="Thank you. You cannot take part in it again.",
        )
    return False


def _check_open(opening: Opening, link: Link) -> None:
    """Whether anybody new is let in. Raises `NotOpen`."""
    if not opening.active:
        raise NotOpen("This study is over.", hint="Thank you for your interest.")
    if opening.closed_ms and link.mode not in TRIED:
        raise NotOpen(
            "This study takes nobody new at the moment.",
            hint="Please try again later, or ask whoever sent you the link.",
        )


def _check(
    deployment: Deployment,
    plan: Plan,
    link: Link,
    participant: str,
    elsewhere: Mapping[str, str],
    at_ms: float,
) -> None:
    """Whether a newcomer may begin. Raises `NotOpen` or `TookPart`."""
    redis = deployment.redis
    if link.wave and link.mode not in TRIED:
        waves.check_open(link.wave, at_ms)
        after = link.wave.after
        done = after and sessions.wave_outcome(
            redis, plan.experiment, link.mode, participant, after
        )
        if after and done != Outcome.COMPLETE:
            raise NotOpen(
                "An earlier part of this study comes before this one.",
                hint="Please complete that first, then open this link again.",
            )
    for other in plan.exclude_if_took:
        here = _holder(deployment, other, elsewhere.get(other))
        if sessions.took_part(redis, other, link.mode, participant) or (
            here is not None and here.mode == link.mode
        ):
            raise TookPart(
                "You have taken part in a study that goes before this one.",
                hint="Thank you. You cannot take part in this one as well.",
            )


def _room(deployment: Deployment, plan: Plan, opening: Opening, link: Link) -> int:
    """How many sessions of this version there may be under the study's cap; -1 = any number.

    Other versions get nobody new, so what is taken there only goes down.
    """
    if not opening.cap or link.mode != "live":
        return -1
    elsewhere = counts.of_each(deployment.redis, plan.experiment, link.mode)
    elsewhere.pop(plan.version, None)
    return max(0, opening.cap - sum(counts.taken(one) for one in elsewhere.values()))


def _create(
    deployment: Deployment,
    plan: Plan,
    session: Session,
    recruit: str,
    ids: Mapping[str, str],
    replaces: str,
    room: int,
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
        rows = [*_rows(session, ids), *assigning.named(plan, session)]
        return sessions.create(
            redis, session, recruit, rows,
            takes=takes, look_ms=look_ms, replaces=replaces, room=room,
        )  # fmt: skip
    except quotas.Full:
        last = flow.last(plan)
        assert last.end is not None
        ended = session.changed(
            phase=Phase.ENDED,
            visit=0,
            scene=last.name,
            outcome=plan.full,
            code=last.end.code(plan.full, session.wave),
        )
        return sessions.create(redis, ended, recruit, _rows(ended, ids), replaces=replaces)


def _rows(session: Session, ids: Mapping[str, str]) -> list[Row]:
    """What is recorded of somebody who has just come."""
    at_ms = session.started_ms
    about = {
        "session_id": session.id,
        "day_ms": at_ms,
        "participant_id": session.participant,
        "mode": session.mode,
        "wave": session.wave or None,
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
