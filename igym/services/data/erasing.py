"""One person erased or made anonymous, on the data volume and in Redis. Twice is as once."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from igym.archive import erasing, parquet
from igym.archive.erasing import How, Person
from igym.domain.deeds import Did
from igym.domain.participant import Phase
from igym.errors import Conflict, IgymError, NotFound
from igym.services import auditing
from igym.services.connect import Deployment, now_ms
from igym.services.data import archiving, erasures
from igym.services.sessions import identity
from igym.store import errands, forgetting, games, sessions

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Erased:
    """What was done, in a version of an experiment or in all of them."""

    what: How
    sessions: int = 0
    rows: int = 0  # taken out or changed
    keys: int = 0  # in Redis, likewise
    log_rewritten: bool = False  # Redis's append-only file has nothing of it any more


def erase(
    deployment: Deployment,
    experiment: str,
    id: str,
    how: How = "erase",
    by: str = auditing.LOCAL,
    ids: Iterable[str] = (),
) -> Erased:
    """Erase or anonymise whoever `id` stands for: a participant, session or recruiter's id.

    Whatever waits in Redis is written first. Nobody known by the id: nothing is done.

    Args:
        ids: what they may be known as (`identity.known_as`), where this process cannot find out.

    Raises:
        Conflict: they are taking part now. Nothing was changed.
        OSError: a file could not be written; calling it again goes on.
    """
    with archiving.alone(deployment):
        while archiving.archive_experiment(deployment, experiment):
            pass
        ids = list(ids) or identity.known_as(deployment, id)
        found = {
            v: _find(deployment, experiment, v, ids) for v in _versions(deployment, experiment)
        }
        people = {version: person for version, person in found.items() if person}
        for person in people.values():
            _refuse_if_here(deployment, experiment, person)
        rows, names = 0, dict[str, str]()
        for person in people.values():
            names |= {k: v for k, v in erasing.aliases(person, how).items() if k not in names}
        keys = forgetting.sweep(deployment.redis, experiment, names) if names else 0
        for version, person in people.items():
            root = parquet.folder(deployment.data, experiment, version)
            with parquet.locked(root):
                changed = erasing.change(deployment.data, experiment, version, person, names, how)
                erasing.note(root, how, changed, now_ms())
            rows += changed
        count = len(set().union(*(person.sessions for person in people.values())))
        rewritten = bool(names) and forgetting.rewrite_log(deployment.redis)
    if people:  # and nobody reads in the log who it was
        did = Did.ERASED if how == "erase" else Did.ANONYMISED
        after = {"sessions": count, "rows": rows, "keys": keys}
        auditing.note(deployment, by, did, experiment=experiment, after=after)
    return Erased(how, count, rows, keys, rewritten)


def perform(deployment: Deployment) -> None:
    """Erase everybody who was asked for on the dashboard (`erasures.order`)."""
    for one in errands.going(deployment.redis, "erase"):
        if one.state != "waiting":
            continue
        ids, how = one.about["ids"], one.about["how"]
        # Before Redis writes its file anew, so that the id is not in that.
        due_ms = now_ms() + erasures.LONGEST_S * 1000
        begun = replace(one, about={"how": how}, state="doing", tries=1, due_ms=due_ms)
        errands.put(deployment.redis, begun)
        try:
            done = erase(deployment, one.experiment, ids[0], how, one.asked_by, ids)
        except IgymError as refused:
            erasures.end(deployment, begun, text=refused.message, hint=refused.hint)
        except OSError as error:
            _log.exception("an erasure stopped")
            text = f"A file on the data volume could not be written: {error.strerror}."
            hint = "Ask for it again once that is mended."
            erasures.end(deployment, begun, text=text, hint=hint)
        else:
            erasures.end(deployment, begun, said=asdict(done))


def show(
    deployment: Deployment, experiment: str, id: str, by: str = auditing.LOCAL
) -> list[dict[str, Any]]:
    """All rows about whoever `id` stands for, by version. What waits in Redis is written first.

    Raises:
        NotFound: nobody is known by it.
    """
    with archiving.alone(deployment):
        while archiving.archive_experiment(deployment, experiment):
            pass
    ids = identity.known_as(deployment, id)
    made = []
    for version in _versions(deployment, experiment):
        if person := _find(deployment, experiment, version, ids):
            made.append(erasing.everything(deployment.data, experiment, version, person))
    if not made:
        raise NotFound(
            f"Nobody in {experiment} is known as {id!r}.",
            hint="Name a participant, a session or a recruiter's id.",
        )
    auditing.note(deployment, by, Did.GAVE_OUT, experiment=experiment)
    return made


def _versions(deployment: Deployment, experiment: str) -> list[str]:
    files = (deployment.data / experiment).glob("*/manifest.json")
    found = sorted(path.parent.name for path in files)
    if not found:
        raise NotFound(f"There are no data of an experiment {experiment!r}.")
    return found


def _find(deployment: Deployment, experiment: str, version: str, ids: Iterable[str]) -> Person:
    for id in ids:
        if person := erasing.find(deployment.data, experiment, version, id):
            return person
    return Person()


def _refuse_if_here(deployment: Deployment, experiment: str, person: Person) -> None:
    """Raises `Conflict` while one of their sessions or games goes on."""
    for id in person.sessions:
        try:
            session = sessions.read(deployment.redis, experiment, id)
        except NotFound:
            continue
        if session.phase is not Phase.ENDED:
            raise Conflict(
                f"They are taking part now: their session is in scene {session.scene}.",
                moved=(id,),
                hint="Wait until it has ended, or remove them from the study first.",
            )
    for game in person.seats:
        try:
            going = games.read(deployment.redis, experiment, game).phase != "over"
        except NotFound:
            continue
        if going:
            raise Conflict(
                f"Game {game}, in which they were, goes on with others.",
                moved=(game,),
                hint="Wait until it is over.",
            )
