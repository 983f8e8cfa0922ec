"""What participants are told, in the language of their study."""

from __future__ import annotations

from igym import wire
from igym.domain.language import said
from igym.errors import IgymError
from igym.services.connect import Deployment
from igym.store import RedisError, packages


class Speaker:
    """Knows the language of each study; English where that cannot be found out."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._languages: dict[str, str] = {}

    def language(self, experiment: str) -> str:
        """Of the version that is open. Asked once in this process: it also speaks without Redis."""
        known = self._languages.get(experiment)
        if known is None:
            try:
                opening = packages.opening(self._deployment.redis, experiment)
                package = opening.active or opening.latest
                known = self._deployment.plans.get(experiment, package).language
            except (IgymError, RedisError):
                return "en"
            self._languages[experiment] = known
        return known

    def refusal(self, experiment: str, error: IgymError) -> wire.Refused:
        """`error` as a participant of that study reads it."""
        return self.spoken(experiment, wire.Refused(error.code, error.message, error.hint))

    def spoken(self, experiment: str, refused: wire.Refused) -> wire.Refused:
        """`refused` in the language of that study; "" = of none."""
        language = self.language(experiment) if experiment else "en"
        return wire.Refused(
            refused.code, said(language, refused.text), said(language, refused.hint)
        )
