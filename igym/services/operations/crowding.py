"""A rehearsal on the running deployment: simulated participants go through one of its versions.

Asked for in a web worker, looked after by the director, held by the checks worker. The crowd is
a process of its own (`igym.bots.crowd`) that plays as people do, over HTTP and sockets, and knows
no secret. What it does is of the mode "rehearsal", apart from everybody else's data.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from dataclasses import replace
from typing import Any

from igym.domain.access import Access
from igym.domain.deeds import Did
from igym.domain.package import Standing, Version
from igym.errors import BadMessage, Conflict, Unavailable
from igym.services import auditing
from igym.services.connect import Deployment, now_ms
from igym.services.functions import apart
from igym.settings import Settings
from igym.store import RedisError, errands, jobs, processes
from igym.store.errands import Errand

_log = logging.getLogger(__name__)

#: Of one rehearsal: people, and seconds that each scene's games may last. They share the server
#: with whoever takes part; larger ones are for `igym rehearse` on another machine.
MOST_PEOPLE, MOST_SECONDS = 50, 120

#: The longest that one may take, and the longest that one may wait for a worker.
LONGEST_S = 900.0

#: It is said so often how far one is; of one that is silent for so long, the worker has died.
TOLD_EVERY_S, SILENT_S = 1.0, 30.0

#: The crowd. It says so much as a line whenever one of them is through, and at last its summary.
CROWD = (sys.executable, "-m", "igym.bots.crowd")

#: How long a web worker may take to say that it is there.
ANSWER_S = 5.0

#: That line (`igym.bots.crowd.ENDED`).
ENDED = "one of them is through"

#: The longest error that is kept.
MOST_TEXT = 500


def id_of(package: str) -> str:
    """The errand of a version's last rehearsal."""
    return f"rehearsal-{package[:16]}"


def order(
    deployment: Deployment, version: Version, by: Access, participants: int, seconds: int
) -> Errand:
    """Ask for a rehearsal of `version`. The one before it is forgotten.

    Raises:
        BadMessage: too many people or seconds, or none.
        Conflict: it has not passed its check, or a rehearsal is going on.
        Unavailable: there is nobody to hold it, or to run its games.
    """
    if not 1 <= participants <= MOST_PEOPLE or not 1 <= seconds <= MOST_SECONDS:
        raise BadMessage(
            f"A rehearsal here has 1 to {MOST_PEOPLE} participants and 1 to {MOST_SECONDS} s of "
            "each game.",
            hint="For more: igym rehearse, from another machine.",
        )
    if version.standing in (Standing.STORED, Standing.REFUSED):
        raise Conflict("This version has not passed its check.", hint="Read its report.")
    if going := errands.going(deployment.redis, "rehearse"):
        named = f"{going[0].experiment} {going[0].about.get('version', '')}"
        raise Conflict(
            f"{named} is being rehearsed.", hint="One at a time: wait until that is over."
        )
    roles = {one.role for one in processes.known(deployment.redis)}
    if "director" not in roles:
        raise Unavailable("No director is alive, who would begin it.", hint="igym doctor")
    if "games" not in roles:
        raise Unavailable("No game worker is alive: nobody could play.", hint="igym doctor")
    about = {
        "package": version.package, "version": version.version,
        "participants": participants, "seconds": seconds,
    }  # fmt: skip
    made = Errand(
        "rehearse", version.experiment, id_of(version.package), auditing.name(by), now_ms(), about
    )
    errands.put(deployment.redis, made)
    auditing.note(
        deployment, by, Did.REHEARSED, experiment=version.experiment, what=version.version,
        after={"participants": participants, "seconds": seconds},
    )  # fmt: skip
    return made


def look(deployment: Deployment) -> None:
    """Ask the checks worker about every rehearsal whose turn it is. Run by one director."""
    for one in errands.going(deployment.redis, "rehearse"):
        if now_ms() < one.due_ms:
            continue
        if one.due_ms:
            lost = "The rehearsal was begun and never came to an end."
            errands.put(deployment.redis, replace(one, state="failed", text=lost))
            continue
        errands.put(deployment.redis, replace(one, due_ms=now_ms() + LONGEST_S * 1000))
        jobs.rehearse(deployment.redis, one.experiment, one.id)


def hold(deployment: Deployment, experiment: str, id: str) -> None:
    """Hold a rehearsal that was asked for. Safe to run twice: the second finds it begun."""
    (errand,) = errands.several(deployment.redis, experiment, [id])
    if errand is None or errand.state != "waiting":
        return
    errand = replace(errand, state="doing", tries=errand.tries + 1)
    base = inside(deployment.settings)
    if why := _unreachable(base):
        text = f"The web workers cannot be reached at {base}: {why}."
        hint = "Set inside_url to the address at which the director's machine reaches them."
        ended = replace(errand, state="failed", text=text, hint=hint)
    else:
        with _Told(deployment, errand) as told:
            ended = _held(errand, base, told)
    errands.put(deployment.redis, ended)
    _log.info("the rehearsal of %s %s", experiment, ended.state)


class _Told:
    """How far a rehearsal is, said again and again: a worker that died with one says no more."""

    def __init__(self, deployment: Deployment, errand: Errand) -> None:
        self._redis = deployment.redis
        self._errand = errand
        self._over = threading.Event()
        self._teller = threading.Thread(target=self._tell, name="told", daemon=True)
        self.share = 0.0

    def __enter__(self) -> _Told:
        self._say()
        self._teller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._teller.join()  # what it came to is the last that is said

    def _say(self) -> None:
        due_ms = now_ms() + SILENT_S * 1000
        errands.put(self._redis, replace(self._errand, share=self.share, due_ms=due_ms))

    def _tell(self) -> None:
        while not self._over.wait(TOLD_EVERY_S):
            with contextlib.suppress(RedisError):  # the next time will do
                self._say()


def inside(settings: Settings) -> str:
    """Where our own processes reach the web workers."""
    anywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
    host = anywhere.get(settings.host, settings.host)
    return settings.inside_url.rstrip("/") or f"http://{host}:{settings.port}"


def _unreachable(base: str) -> str:
    """Why nobody answers there; "" = somebody does."""
    try:
        with urllib.request.urlopen(f"{base}/healthz", timeout=ANSWER_S):
            return ""
    except urllib.error.HTTPError as error:
        return f"it answers {error.code}"
    except urllib.error.URLError as error:
        return str(error.reason)
    except (OSError, ValueError) as error:
        return str(error)


def _held(errand: Errand, base: str, told: _Told) -> Errand:
    about, began_ms = errand.about, now_ms()
    people = int(about["participants"])
    link = f"{base}/e/{errand.experiment}?mode=rehearsal&package={about['package']}"
    process = subprocess.Popen(
        [*CROWD, link, "--participants", str(people), "--seconds", str(about["seconds"])],
        stdout=subprocess.PIPE, text=True, env=apart.environment(), preexec_fn=_behind_games,
    )  # fmt: skip
    assert process.stdout is not None
    killer = threading.Timer(LONGEST_S, process.kill)
    killer.daemon = True
    killer.start()
    last, through = "", 0
    try:
        with process.stdout as lines:
            for line in lines:
                last = line
                if line.strip() == ENDED:
                    through += 1
                    told.share = through / people
        process.wait()
    finally:
        killer.cancel()
    try:
        said = judged(json.loads(last)) | {"took_s": round((now_ms() - began_ms) / 1000, 1)}
    except (ValueError, KeyError, TypeError):
        text = f"The simulated participants ended with {process.returncode}."
        return replace(errand, state="failed", text=text, hint="The log of the director says why.")
    return replace(errand, state="done", share=1.0, said=said)


#: Of what a crowd tells, what is kept.
_KEPT = (
    "participants", "seconds", "games", "finished", "stuck", "left", "outcomes", "fps_delivered",
    "fps_worst", "fps_nominal", "frame_age_ms", "action_to_frame_ms", "frames", "frames_dropped",
    "reconnects", "states_without_screen",
)  # fmt: skip


def judged(told: dict[str, Any]) -> dict[str, Any]:
    """A crowd's summary as it is kept, and whether all went well: `fine`."""
    said = {name: told[name] for name in _KEPT}
    broken = said["outcomes"].get("technical_problem", 0) + said["states_without_screen"]
    fine = said["finished"] == said["participants"] and not broken
    return said | {"errors": [one[:MOST_TEXT] for one in told["errors"]], "fine": fine}


def _behind_games() -> None:
    apart.with_parent()
    os.nice(10)
