"""Films of episodes, for the admin page: asked for here, made by a process that runs the package.

An episode is its log, and what it looked like is not stored: a film is made when somebody wants
to see it, by running the log again, and kept for a while (`igym.services.data.reel`). It is a
cache: who takes their data back takes it out of the films too, since a film of other ticks than
those on the volume is not shown, and is made anew or not at all.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from igym.domain.access import Access, Right
from igym.domain.deeds import Did
from igym.errors import NotFound, TooMuch
from igym.services import auditing
from igym.services.connect import Deployment, now_ms
from igym.store import bell, films, jobs, packages, records
from igym.store.films import Film

_log = logging.getLogger(__name__)

#: Films that may wait, over all experiments. One is made at a time.
MOST = 20

#: The longest that making one may take, and when somebody else is asked to.
LONGEST_S, AGAIN_MS, MOST_TRIES = 300.0, 420_000.0, 2

#: What is kept of films together; the one that was looked at longest ago goes first.
KEPT_BYTES, KEPT_S = 1 << 30, 7 * 86_400.0

#: Of one file of a film.
FILE_BYTES = 8 << 20

_EPISODE = re.compile(r"[A-Za-z0-9_-]{1,64}-\d{3,6}(\.\d{1,4})?")
_FILE = re.compile(r"(about\.json|strips|\d{1,2}-\d{1,4})(\.gz)?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an episode is on the data volume."""

    experiment: str
    release: str
    episode: str
    root: Path  # of its version
    film: Path  # the folder where its film is, or would be

    @property
    def ticks(self) -> Path:
        """The file with its ticks, which is what was played."""
        return self.root / "ticks" / f"{self.episode}.parquet"

    def source(self) -> list[int]:
        """What changes when that file does. Raises `OSError`."""
        about = self.ticks.stat()
        return [about.st_mtime_ns, about.st_size]


def find(deployment: Deployment, access: Access, episode: str) -> Place:
    """Where an episode is that `access` may see.

    Raises:
        NotFound: there is none, or it is of an experiment of others.
    """
    if _EPISODE.fullmatch(episode):
        for experiment in packages.known(deployment.redis):
            if access.may(Right.SEE, experiment):
                for place in _places(deployment, experiment, episode):
                    if place.ticks.is_file():
                        return place
    raise NotFound(
        "There is no such episode in the data.",
        hint="One that has just ended is written within some seconds.",
    )


def _places(deployment: Deployment, experiment: str, episode: str) -> Iterator[Place]:
    film = deployment.data / "run" / "films" / experiment / episode
    for release in records.releases(deployment.redis, experiment):
        root = deployment.data / experiment / release
        yield Place(experiment, release, episode, root, film)


def others(place: Place, most: int = 64) -> list[str]:
    """Episodes of the same game that are in the data, this one included, in order."""
    game = place.episode.rsplit("-", 1)[0]
    files = (place.root / "ticks").glob(f"{game}-*.parquet")
    return sorted(path.stem for path in files)[:most]


# --- asking ----------------------------------------------------------------------------------


def order(deployment: Deployment, access: Access, place: Place) -> dict[str, Any]:
    """Have an episode filmed, unless it is or waits already. Returns how it stands, as `state`.

    Raises:
        TooMuch: too many wait.
    """
    auditing.note(deployment, access, Did.REPLAYED, experiment=place.experiment, what=place.episode)
    now = state(deployment, place)
    if now["state"] in ("ready", "waiting"):
        return now
    if len(films.waiting(deployment.redis)) >= MOST:
        raise TooMuch("Other episodes wait to be filmed.", hint="Try again in some minutes.")
    films.put(deployment.redis, Film(place.experiment, place.episode, now_ms()))
    bell.ring(deployment.redis)
    return state(deployment, place)


def state(deployment: Deployment, place: Place) -> dict[str, Any]:
    """How the film of an episode stands: ready, waiting, failed, or none."""
    if about := _about(place):
        return {"state": "ready", "about": about, "others": others(place)}
    try:
        film = films.read(deployment.redis, place.experiment, place.episode)
    except NotFound:
        return {"state": "none"}
    if film.state == "done":  # and was thrown away since
        return {"state": "none"}
    share = 0.0
    with contextlib.suppress(OSError, ValueError):
        share = float((_half(place) / "progress").read_text()[:20])
    ahead = [one for one in films.waiting(deployment.redis) if one.asked_ms < film.asked_ms]
    return {
        "state": film.state, "share": share, "ahead": len(ahead),
        "text": film.text, "hint": film.hint,
    }  # fmt: skip


def _half(place: Place) -> Path:
    return place.film.with_name(f"{place.film.name}.half")


def _about(place: Place) -> dict[str, Any] | None:
    """What the film says of itself; None where there is none of these ticks."""
    try:
        if json.loads((place.film / "source").read_text()) != place.source():
            return None
        with contextlib.suppress(OSError):  # a volume that this process may only read
            os.utime(place.film)  # somebody looks at it
        about: dict[str, Any] = json.loads(content(place, "about.json"))
    except (OSError, ValueError, NotFound):
        return None
    return about


def content(place: Place, name: str) -> bytes:
    """A file of the film. Raises `NotFound`."""
    path = place.film / name
    try:
        if not _FILE.fullmatch(name):
            raise OSError("no such file")
        # The package's code had this folder in its hands: no link of its leads anywhere.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError("no file")
            return file.read(FILE_BYTES)
    except OSError:
        raise NotFound("That part of the film is not there.", hint="Open it anew.") from None


# --- making ----------------------------------------------------------------------------------


def look(deployment: Deployment) -> int:
    """Ask the checks worker about every film whose turn it is. Run by one director."""
    asked = 0
    for one in films.waiting(deployment.redis):
        if now_ms() < one.due_ms:
            continue
        if one.tries >= MOST_TRIES:
            lost = "The film was begun twice and never came to an end."
            films.put(deployment.redis, replace(one, state="failed", text=lost))
            continue
        films.put(deployment.redis, replace(one, due_ms=now_ms() + AGAIN_MS))
        jobs.film(deployment.redis, one.experiment, one.episode)
        asked += 1
    return asked


def make(deployment: Deployment, experiment: str, episode: str) -> None:
    """Film an episode, in a sandbox of its own. Safe to run twice: it is whole or not there."""
    redis = deployment.redis
    try:
        film = films.read(redis, experiment, episode)
    except NotFound:
        return
    if film.state != "waiting" or not _EPISODE.fullmatch(episode):
        return
    film = replace(film, tries=film.tries + 1, due_ms=now_ms() + AGAIN_MS)
    films.put(redis, film)
    places = _places(deployment, experiment, episode)
    place = next((one for one in places if one.ticks.is_file()), None)
    if place is None:
        said = {"error": "The episode is not in the data any more.", "hint": ""}
    else:
        try:
            said = _made(deployment, place)
        except OSError as error:
            said = {"error": "The data volume cannot be written.", "hint": str(error.strerror)}
    if "error" in said:
        _log.warning("film of %s: %s", episode, said["error"])
        films.put(redis, replace(film, state="failed", text=said["error"], hint=said["hint"]))
        return
    films.put(redis, replace(film, state="done"))
    sweep(deployment)


def _made(deployment: Deployment, place: Place) -> dict[str, str]:
    from igym.services.packages import sandbox  # only whoever makes films needs it

    half, source = _half(place), place.source()
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    try:
        bounds = sandbox.Bounds(wall_s=LONGEST_S, cpu_s=int(LONGEST_S), file_bytes=FILE_BYTES)
        child = sandbox.Child("igym.services.data.reel", bounds=bounds)
        went = child.finish(
            data=str(deployment.data.resolve()), root=str(place.root.resolve()),
            episode=place.episode, to=str(half.resolve()),
        )  # fmt: skip
        said = _said(went.out)
        if went.broke or went.code or not said:
            _log.warning("filming %s: %s", place.episode, went.err[-2000:])
            why = {
                "time": f"it took longer than {LONGEST_S:g} s",
                "memory": "it took too much memory", "processes": "it started many processes",
            }.get(went.broke, "its process ended")  # fmt: skip
            return {"error": f"The episode could not be run again: {why}.", "hint": _OFFLINE}
        if "error" in said:
            volume = str(deployment.data.resolve())
            return {k: str(said.get(k, "")).replace(volume, "the data volume")[:2000]
                    for k in ("error", "hint")}  # fmt: skip
        (half / "progress").unlink(missing_ok=True)
        for entry in os.scandir(half):
            if not _FILE.fullmatch(entry.name) or not entry.is_file(follow_symlinks=False):
                return {"error": f"The package wrote {entry.name!r} into its film.", "hint": ""}
        (half / "source").write_text(json.dumps(source))
        shutil.rmtree(place.film, ignore_errors=True)
        os.replace(half, place.film)
        return {}
    finally:
        shutil.rmtree(half, ignore_errors=True)


_OFFLINE = "On a machine of your own: igym replay EPISODE --from EXPORT."


def _said(out: bytes) -> dict[str, Any]:
    """The last line that it printed, where that is an object."""
    lines = out.strip().splitlines()
    with contextlib.suppress(ValueError, IndexError):
        said = json.loads(lines[-1])
        return said if isinstance(said, dict) else {}
    return {}


def sweep(deployment: Deployment) -> int:
    """Throw films away: those of ticks that are no more, old ones, and what is too much."""
    kept: list[tuple[float, int, Path]] = []
    gone = 0
    for folder in (deployment.data / "run" / "films").glob("*/*"):
        with contextlib.suppress(OSError):
            about = folder.stat()
            size = sum(entry.stat(follow_symlinks=False).st_size for entry in os.scandir(folder))
            kept.append((about.st_mtime, size, folder))
    kept.sort(reverse=True)
    left, oldest_s = KEPT_BYTES, now_ms() / 1000 - KEPT_S
    for at_s, size, folder in kept:
        left -= size
        busy = folder.name.endswith(".half") and at_s > now_ms() / 1000 - LONGEST_S
        if busy or (left >= 0 and at_s > oldest_s and _current(deployment, folder)):
            continue
        shutil.rmtree(folder, ignore_errors=True)
        gone += 1
    return gone


def _current(deployment: Deployment, folder: Path) -> bool:
    """Whether a film is of the ticks that are on the volume."""
    try:
        source = json.loads((folder / "source").read_text())
    except (OSError, ValueError):
        return False
    for place in _places(deployment, folder.parent.name, folder.name):
        with contextlib.suppress(OSError):
            return bool(place.source() == source)
    return False
