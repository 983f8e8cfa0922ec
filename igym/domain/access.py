"""Who may do what, with an API token or signed in. Knows neither secrets nor Redis."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: In `experiments`: all of them, those to come included.
ANY = "*"


class Role(StrEnum):
    """What a person, or a token of theirs, is there for."""

    VIEWER = "viewer"  # look on: no answers, no names, no control
    RESEARCHER = "researcher"  # submit, run and export their own experiments
    ADMIN = "admin"  # everything, for every experiment


class Right(StrEnum):
    """Something that may be done."""

    SUBMIT = "submit"
    SEE = "see"  # that there are participants and games, what state they are in, live pictures
    ANSWERS = "answers"  # what participants said, and what their browsers logged
    CONTROL = "control"  # act on participants and games
    EXPORT = "export"
    ERASE = "erase"  # take one person out of the data, for good
    RELEASE = "release"  # activate and retire versions, open and close recruitment
    TOKENS = "tokens"  # make, list and revoke other people's tokens
    ACCOUNTS = "accounts"  # the same for who may sign in, and who is
    AUDIT = "audit"  # read who did what


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.SEE}),
    Role.RESEARCHER: frozenset(
        {Right.SUBMIT, Right.SEE, Right.ANSWERS, Right.CONTROL, Right.EXPORT}
    ),
    Role.ADMIN: frozenset(Right),
}


#: What a researcher may do who is trusted, with their own experiments.
_TRUSTED = frozenset({Right.RELEASE, Right.ERASE})


@dataclass(frozen=True, slots=True)
class Access:
    """What one token opens, or one person who is signed in."""

    id: str
    name: str  # whose it is, for people who read the list
    role: Role
    experiments: tuple[str, ...]
    trusted: bool  # a researcher who may release, and erase from, their own experiments
    made_ms: float
    expires_ms: float

    def has(self, right: Right) -> bool:
        """Whether it has that right for any experiment at all."""
        if right in _TRUSTED and self.trusted and self.role is Role.RESEARCHER:
            return True
        return right in RIGHTS[self.role]

    def reaches(self, experiment: str) -> bool:
        """Whether that experiment is one of its own."""
        return self.role is Role.ADMIN or ANY in self.experiments or experiment in self.experiments

    def may(self, right: Right, experiment: str) -> bool:
        """Whether it opens that for that experiment."""
        return self.has(right) and self.reaches(experiment)
