"""Who may do what over the API. Knows neither tokens' secrets nor Redis."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: In a token's `experiments`: all of them, those to come included.
ANY = "*"


class Role(StrEnum):
    """What a token is for."""

    RESEARCHER = "researcher"  # submit, see and export their own experiments
    ADMIN = "admin"  # everything, for every experiment


class Right(StrEnum):
    """Something that may be done."""

    SUBMIT = "submit"
    SEE = "see"
    EXPORT = "export"
    RELEASE = "release"  # activate and retire versions, open and close recruitment
    TOKENS = "tokens"  # make, list and revoke other people's tokens


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.RESEARCHER: frozenset({Right.SUBMIT, Right.SEE, Right.EXPORT}),
    Role.ADMIN: frozenset(Right),
}


@dataclass(frozen=True, slots=True)
class Access:
    """What one token opens."""

    id: str
    name: str  # whose it is, for people who read the list
    role: Role
    experiments: tuple[str, ...]
    trusted: bool  # a researcher who may release their own experiments
    made_ms: float
    expires_ms: float

    def has(self, right: Right) -> bool:
        """Whether it has that right for any experiment at all."""
        return right in RIGHTS[self.role] or (self.trusted and right is Right.RELEASE)

    def reaches(self, experiment: str) -> bool:
        """Whether that experiment is one of its own."""
        return self.role is Role.ADMIN or ANY in self.experiments or experiment in self.experiments

    def may(self, right: Right, experiment: str) -> bool:
        """Whether it opens that for that experiment."""
        return self.has(right) and self.reaches(experiment)
