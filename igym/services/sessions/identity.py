"""Who opened a link: the recruiter's ids in it, the person they name, mode and wave."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from igym.domain.waves import Wave
from igym.errors import BadMessage
from igym.services.connect import Deployment

#: Query parameters by which recruiters name a person: the first that is there counts.
PERSON = ("PROLIFIC_PID", "workerId", "id")

#: All that are kept, in a table of their own; the others describe the visit.
RECRUITER = (*PERSON, "STUDY_ID", "SESSION_ID", "assignmentId", "hitId")

MODES = ("live", "pilot", "preview", "rehearsal")

#: What MTurk says instead of an assignment to somebody who only looks at the task.
MTURK_PREVIEW = "ASSIGNMENT_ID_NOT_AVAILABLE"

_ID = re.compile(r"[A-Za-z0-9_.:@+&=,%#~ -]{1,128}")


@dataclass(frozen=True)
class Link:
    """What a link says."""

    ids: Mapping[str, str]  # of the recruiter
    mode: str
    wave: Wave | None  # None = the study has no waves

    @property
    def person(self) -> tuple[str, str] | None:
        """Name and value of the id that says who it is; None = it does not say."""
        return next(((name, self.ids[name]) for name in PERSON if name in self.ids), None)


def recruiter_ids(query: Mapping[str, object]) -> dict[str, str]:
    """The recruiter's ids in a link's query.

    Raises:
        BadMessage: one of them has characters no recruiter uses, or is too long; or this is
            MTurk's preview of the task.
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
    if found.get("assignmentId") == MTURK_PREVIEW:
        raise BadMessage("This is a preview of the task.", hint="Accept it to take part.")
    return found


def read(query: Mapping[str, object], waves: Sequence[Wave]) -> Link:
    """A link's query, checked. Without ?wave= it is the first wave's.

    Raises:
        BadMessage: ids, mode or wave are malformed, or there is no such mode or wave.
    """
    mode = query.get("mode") or "live"
    if mode not in MODES:
        raise BadMessage(
            "This link asks for a mode that does not exist.", hint=f"Use one of {', '.join(MODES)}."
        )
    asked = query.get("wave") or (waves[0].name if waves else "")
    wave = next((wave for wave in waves if wave.name == asked), None)
    if wave is None and asked != "":
        raise BadMessage(
            "Your link names a part of this study that does not exist.",
            hint="Open the link you were given once more, or ask who gave it to you.",
        )
    return Link(recruiter_ids(query), str(mode), wave)


def known_as(deployment: Deployment, id: str) -> list[str]:
    """`id`, and the participants it would be if it were a recruiter's: the vault may be empty."""
    return [id, *(participant(deployment, (name, id)) for name in PERSON)]


def participant(deployment: Deployment, person: tuple[str, str]) -> str:
    """The participant that a recruiter's id stands for: the same in every experiment of this
    deployment, and nobody can tell the id from it."""
    return hashlib.blake2b(
        "=".join(person).encode(), key=deployment.pepper, digest_size=8
    ).hexdigest()
