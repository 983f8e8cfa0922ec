"""Every table of the data: grain, keys, columns, units and what null means.

A row travels as a dict with its primary key, `day_ms` (which says in which file it lives and
never changes for a row) and the columns known so far; later rows of the same key fill in
the rest. Times ending in `_ms` are milliseconds since the Unix epoch on the server's clock.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

_T, _F, _I, _B = pa.string(), pa.float64(), pa.int64(), pa.bool_()


@dataclass(frozen=True)
class Table:
    """One table. `columns` maps a name to (type, meaning and unit, with the meaning of null).

    A private table is in the vault (`igym.archive.vault`) and in no export.
    """

    name: str
    grain: str
    key: tuple[str, ...]
    foreign: dict[str, str]
    columns: dict[str, tuple[pa.DataType, str]]
    private: bool = False

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema, with the meaning of each column as metadata."""
        return pa.schema(
            [
                pa.field(name, kind, metadata={"meaning": meaning})
                for name, (kind, meaning) in self.columns.items()
            ],
            metadata={"grain": self.grain, "key": ",".join(self.key)},
        )


TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "participants",
            "one row per person within this deployment",
            ("participant_id",),
            {},
            {
                "participant_id": (
                    _T,
                    "keyed hash of the recruiter's id, or random without one",
                ),
            },
        ),
        Table(
            "recruiter_ids",
            "one row per id in a session's link; in the vault, not among the other tables",
            ("session_id", "name"),
            {"session_id": "sessions"},
            {
                "session_id": (_T, "whose link it was"),
                "name": (_T, "query parameter, such as PROLIFIC_PID"),
                "value": (_T, "as the recruiter sent it"),
            },
            private=True,
        ),
        Table(
            "sessions",
            "one row per participant's run through this experiment",
            ("session_id",),
            {"participant_id": "participants"},
            {
                "session_id": (_T, "random"),
                "participant_id": (_T, "whose run it is"),
                "mode": (_T, "live, pilot, preview or rehearsal; never changes"),
                "wave": (_T, "which session of a study that people come back for; null = one"),
                "package": (_T, "content hash of the package they began with"),
                "igym_version": (_T, "that served them at arrival"),
                "started_ms": (_F, "arrival"),
                "ended_ms": (_F, "reached the ending; null = never did"),
                "outcome": (_T, "how it ended; null = it did not"),
                "code": (_T, "completion code shown; empty = none for this outcome"),
                "path": (
                    pa.list_(_T),
                    "the scenes in drawn order, those of both ways of a branch included; null = "
                    "nothing is drawn, or they did not come so far",
                ),
                "keep_data": (
                    _B,
                    "whether what was recorded may be used; null = did not withdraw",
                ),
            },
        ),
        Table(
            "screenings",
            "one row per session that was screened at arrival",
            ("session_id",),
            {"session_id": "sessions"},
            {
                "session_id": (_T, ""),
                "judged_ms": (_F, "when the verdict fell"),
                "verdict": (_T, "in or out"),
                "check": (_T, "the first that found something wanting; null = none did"),
                "device": (_T, "desktop, tablet or phone: the smaller of two opinions"),
                "browser": (_T, "as the browser says; empty = it does not know"),
                "agent": (_T, "browser as its user agent says; empty = no browser we know"),
                "width_px": (_I, "of the window, CSS pixels"),
                "height_px": (_I, ""),
                "rtt_ms": (
                    _F,
                    "the larger of the two medians: it counts; null = one lacks",
                ),
                "browser_rtt_ms": (_F, "median of the browser's round trips; null = none"),
                "server_rtt_ms": (_F, "median of the server's pings; null = none came back"),
                "kbps": (_F, "download rate, kilobits a second; null = not measured"),
                "function": (_T, "what the author's function said, as JSON; null = not asked"),
                "error": (_T, "why it said nothing that could be used; null = it did"),
            },
        ),
        Table(
            "bonuses",
            "one row per session whose bonus was worked out",
            ("session_id",),
            {"session_id": "sessions"},
            {
                "session_id": (_T, ""),
                "paid_ms": (_F, "when it was worked out, after the session had ended"),
                "amount": (_F, "to be paid, in whole cents: between 0 and cap"),
                "currency": (_T, "three letters"),
                "answer": (_T, "of the author's function, as JSON; null = it gave none"),
                "cap": (_F, "the most there is"),
                "error": (_T, "why the default is paid; empty = the answer is"),
                "inputs": (_T, "the record the function was given, as JSON"),
            },
        ),
        Table(
            "visits",
            "one row per scene a session entered",
            ("session_id", "visit"),
            {"session_id": "sessions"},
            {
                "session_id": (_T, ""),
                "visit": (_I, "order within the session, from 0"),
                "scene": (_T, "name of the scene"),
                "entered_ms": (_F, ""),
                "left_ms": (_F, "null = still there, or never left"),
                "consent_version": (
                    _T,
                    "of the text they agreed to: the author's name for it, or the beginning of "
                    "its hash; null = no consent was given here",
                ),
                "consent_sha256": (_T, "hash of that text and its button; null as consent_version"),
            },
        ),
        Table(
            "orders",
            "one row per order that was drawn, and per branch that was decided, for a session",
            ("session_id", "name"),
            {"session_id": "sessions"},
            {
                "session_id": (_T, ""),
                "name": (_T, "of the order or branch"),
                "kind": (_T, "shuffle, choose or branch"),
                "balance": (_T, "chance, blocks or latin; null = a branch"),
                "drawn": (pa.list_(_T), "the parts in drawn order; of a branch, then or otherwise"),
                "seed": (_I, "of all orders of this version and mode; null = a branch"),
                "number": (_I, "of the session among those that drew, from 0; null = a branch"),
                "decided_ms": (_F, ""),
            },
        ),
        Table(
            "answers",
            "one row per item answered or shown, in each attempt at a quiz",
            ("session_id", "visit", "item", "episode"),
            {"session_id": "sessions", "session_id,visit": "visits", "game_id": "games"},
            {
                "session_id": (_T, ""),
                "visit": (_I, "the visit in which it was asked"),
                "item": (_T, "name of the question"),
                "scene": (_T, "name of the survey or quiz"),
                "game_id": (_T, "the game between whose episodes it was asked; null = in none"),
                "episode": (_I, "the episode it was asked about, from 0; null as game_id"),
                "value": (_T, "the answer as JSON; null = shown and left unanswered"),
                "answered_ms": (_F, "when the page was sent"),
                "attempt": (_I, "at the quiz, from 1; null = a survey"),
                "correct": (_B, "whether it is right; null = there is no right answer to it"),
                "first_shown_ms": (_F, "first in view, browser clock, epoch; null = not known"),
                "first_change_ms": (_F, "first changed, browser clock; null = never"),
                "last_change_ms": (_F, "last changed, browser clock; null = never"),
            },
        ),
        Table(
            "assignments",
            "one row per place given to a unit, a participant or a group, in a treatment's cell",
            ("unit_id", "treatment"),
            {"session_id": "sessions", "game_id": "games"},
            {
                "unit_id": (_T, "the session or the game that was assigned"),
                "treatment": (_T, "name of the treatment"),
                "per": (_T, "participant or group"),
                "session_id": (_T, "null = a group was assigned"),
                "game_id": (_T, "null = a participant was assigned"),
                "mode": (_T, "places of each mode are counted apart"),
                "scene": (_T, "the scene being entered, or matched for"),
                "cell": (_T, "what was assigned"),
                "cells": (pa.list_(_T), "all cells, in declared order"),
                "wanted": (_I, "valid completions wanted of each cell; 0 = no quota"),
                "over": (_I, "places given out beyond wanted"),
                "seed": (_I, "gives the order in which equally full cells are chosen"),
                "reserved_seen": (pa.list_(_I), "places under way in each of cells just before"),
                "valid_seen": (pa.list_(_I), "completions in each of cells just before"),
                "reserved_ms": (_F, "the place was reserved"),
                "change": (_I, "number of that change among all of this mode, from 1"),
                "valid_ms": (_F, "the last of the unit completed; null = not (yet) valid"),
                "released_ms": (_F, "the place was given back; null = it was not"),
                "settled_change": (_I, "number of that change; null = the place is reserved"),
                "settled_by": (_T, "session whose end settled it; null = the place is reserved"),
                "reason": (_T, "outcome of that session; null = the place is reserved"),
            },
        ),
        Table(
            "tickets",
            "one row per wait in a lobby",
            ("session_id", "visit"),
            {"session_id,visit": "visits", "game_id": "games"},
            {
                "session_id": (_T, ""),
                "visit": (_I, "the visit in which they waited"),
                "scene": (_T, ""),
                "since_ms": (_F, "began to wait"),
                "ended_ms": (_F, "null = still waiting, or never resolved"),
                "end": (
                    _T,
                    "matched, timed_out, absent, full (no place in a treatment), or left on "
                    "their own; null as ended_ms",
                ),
                "game_id": (_T, "the game they were matched into; null = none"),
            },
        ),
        Table(
            "decisions",
            "one row per decision of the matching that put somebody together; also a line of "
            "match_log/<day>.jsonl, from which it can be made again",
            ("decision_id",),
            {},
            {
                "decision_id": (_T, "<ms>-<random>"),
                "decided_ms": (_F, ""),
                "scene": (_T, ""),
                "mode": (_T, "of the sessions"),
                "strategy": (_T, "name of the matching strategy"),
                "rule": (_I, "version of its rule"),
                "parameters": (_T, "of the strategy, as JSON"),
                "size": (_I, "people in a group"),
                "fill_after_s": (_F, "when a policy may sit in; null = it may not"),
                "considered": (_T, "every ticket that was looked at, as JSON"),
                "answer": (_T, "of the author's function, as JSON; null = none"),
                "refused": (_T, "why that answer was not followed; empty = it was"),
                "groups": (_T, "sessions to meet, as JSON lists"),
                "filled": (_T, "sessions to play with a policy in the empty seats, as JSON lists"),
                "seed": (_I, "null = no lots were drawn"),
                "director": (_T, "which process decided"),
                "token": (_I, "its fencing token"),
            },
        ),
        Table(
            "proposals",
            "one row per group that was asked whether everybody is there",
            ("proposal_id",),
            {"decision_id": "decisions"},
            {
                "proposal_id": (_T, "random"),
                "decision_id": (_T, ""),
                "scene": (_T, ""),
                "sessions": (pa.list_(_T), "in the order of the queue"),
                "made_ms": (_F, ""),
                "until_ms": (_F, "when whoever had not answered counted as silent"),
                "ended_ms": (_F, ""),
                "end": (
                    _T,
                    "sealed; silent = somebody did not answer; broken = somebody left; "
                    "full = a treatment had no free place; "
                    "orphaned = its director died",
                ),
            },
        ),
        Table(
            "matches",
            "one row per group that was seated",
            ("game_id",),
            {"game_id": "games", "decision_id": "decisions", "proposal_id": "proposals"},
            {
                "game_id": (_T, "the game it made"),
                "scene": (_T, ""),
                "strategy": (_T, "name of the matching strategy"),
                "sessions": (pa.list_(_T), "who was matched, in order of arrival"),
                "considered": (_I, "tickets the decision looked at"),
                "waited_ms": (pa.list_(_F), "how long each of them had waited"),
                "matched_ms": (_F, ""),
                "decision_id": (_T, "the decision it comes from"),
                "proposal_id": (_T, ""),
                "filled": (_I, "seats of people in which the policy of `fill` sits"),
                "director": (_T, "which process sealed it"),
            },
        ),
        Table(
            "games",
            "one row per group's visit to a game scene",
            ("game_id",),
            {},
            {
                "game_id": (_T, "random"),
                "scene": (_T, ""),
                "mode": (_T, "of its sessions"),
                "package": (_T, "content hash"),
                "seed": (_I, "every other seed of the game derives from it"),
                "fps": (_F, "ticks per second asked for"),
                "created_ms": (_F, "match sealed"),
                "ended_ms": (_F, "null = did not end"),
                "outcome": (
                    _T,
                    "finished, unreached (its `until` was never met), abandoned, failed or lost; "
                    "null = did not end",
                ),
                "generation": (_I, "1 + number of takeovers; null = did not end"),
            },
        ),
        Table(
            "episodes",
            "one row per episode that began",
            ("episode_id",),
            {"game_id": "games"},
            {
                "episode_id": (_T, "<game_id>-<episode>, and .<attempt> where it began anew"),
                "game_id": (_T, ""),
                "episode": (_I, "order within the game, from 0"),
                "attempt": (
                    _I,
                    "0; above: begun anew after its worker was lost, since its environment could "
                    "not be brought back",
                ),
                "practice": (_B, "true = it did not count"),
                "seed": (_I, "given to reset(seed=…)"),
                "cells": (_T, "cell of each treatment the environment was told, as JSON"),
                "started_ms": (_F, "first tick due"),
                "ended_ms": (_F, "null = cut short"),
                "steps": (_I, "ticks; null = cut short, count them in ticks"),
                "terminated": (_B, "the environment ended it; null = cut short"),
                "truncated": (_B, "the environment or max_steps cut it off; null = cut short"),
                "partial": (_B, "true = it was cut short by what happened to the game"),
            },
        ),
        Table(
            "choices",
            "one row per episode and seat whose policy is chosen by the episodes before",
            ("game_id", "episode", "seat"),
            {"game_id": "games", "game_id,seat": "seats"},
            {
                "game_id": (_T, ""),
                "episode": (_I, "the episode it was chosen for, from 0"),
                "seat": (_T, ""),
                "chosen_ms": (_F, ""),
                "rule": (_T, "staircase, chosen_by (a participant) or function"),
                "parameters": (_T, "of a staircase, as JSON; empty = of none"),
                "cells": (pa.list_(_T), "what there was to choose from, in declared order"),
                "cell": (_T, "what was chosen"),
                "results": (_T, "of the episodes before, as JSON: all that the rule was given"),
                "error": (_T, "why the rule was not followed; empty = it was"),
            },
        ),
        Table(
            "seats",
            "one row per seat of a game",
            ("game_id", "seat"),
            {"game_id": "games", "session_id": "sessions"},
            {
                "game_id": (_T, ""),
                "seat": (_T, "agent id in the environment"),
                "seat_index": (_I, "order of the seat in joint actions"),
                "session_id": (_T, "who sat there; null = a policy"),
                "policy": (_T, "which policy sat there; null = a person"),
            },
        ),
        Table(
            "ticks",
            "one row per tick and seat",
            ("episode_id", "tick", "seat"),
            {"episode_id": "episodes", "game_id,seat": "seats"},
            {
                "episode_id": (_T, ""),
                "game_id": (_T, ""),
                "tick": (_I, "steps taken before this one"),
                "seat": (_T, ""),
                "action": (_I, "given to the environment; null = none, or not a whole number"),
                "action_json": (_T, "the same as JSON; null in it = no action"),
                "actor": (
                    _T,
                    "human, bot (a policy), default (nobody decided in time), or rests (not asked: "
                    "another is on turn, or its agent is out)",
                ),
                "reward": (_F, "of this seat, from this step"),
                "terminated": (_B, "the episode ended with this step"),
                "truncated": (_B, "the episode was cut off with this step"),
                "seen_tick": (_I, "frame the person had last painted; null = no person, none yet"),
                "rtt_ms": (_F, "the person's last measured round trip; null = no person, not yet"),
                "late_ms": (_F, "after the tick was due"),
                "wall_ms": (_F, "when the step was taken"),
                "mono_us": (_I, "the worker's monotonic clock, µs, for differences"),
                "practice": (_B, "true = the episode did not count"),
                "generation": (_I, "of the game that wrote it"),
                "digest": (
                    _T,
                    "of what this seat observed after the step, to check a replay by; null = not "
                    "taken at this tick",
                ),
            },
        ),
        Table(
            "observations",
            "one row per seat and moment, after reset and after each step, of scenes that keep "
            "what is seen (`observations=`, `infos=` of play)",
            ("episode_id", "ticks", "seat"),
            {"episode_id": "episodes", "game_id,seat": "seats"},
            {
                "episode_id": (_T, ""),
                "game_id": (_T, ""),
                "ticks": (_I, "steps taken before it; 0 = after reset"),
                "seat": (_T, ""),
                "observation": (_T, "as JSON; null = not kept, or the agent is out"),
                "infos": (_T, "of the environment's info, what the scene names; null = nothing"),
            },
        ),
        Table(
            "inputs",
            "one row per key edge a person made in a game, and per move of a pointer or stick",
            ("episode_id", "seat", "order"),
            {"episode_id": "episodes", "game_id,seat": "seats"},
            {
                "episode_id": (_T, ""),
                "game_id": (_T, ""),
                "seat": (_T, ""),
                "order": (_I, "as recorded within episode and seat, from 0; sort by browser_ms"),
                "key": (_T, "KeyboardEvent.key; or pointer, left stick, right stick"),
                "down": (_B, "true = pressed, false = released; of a move: the pointer is pressed"),
                "x": (_F, "part of the stage from its left, or of a stick's way; null = a key"),
                "y": (_F, "from the top, or of a stick's way downwards; null = a key"),
                "browser_ms": (_F, "event time stamp on the browser's clock, epoch"),
                "received_ms": (_F, "when the web worker had it"),
                "seen_tick": (_I, "frame last painted when it was sent; null = none yet"),
                "tick": (_I, "the first step that could act on it"),
            },
        ),
        Table(
            "messages",
            "one row per line of chat",
            ("game_id", "line"),
            {"game_id": "games", "session_id": "sessions", "game_id,seat": "seats"},
            {
                "game_id": (_T, "in which it was written"),
                "line": (_I, "order within the game, from 1"),
                "session_id": (_T, "who wrote it"),
                "seat": (_T, "where they sat"),
                "text": (_T, "as the others read it"),
                "said_ms": (_F, "when the server had it"),
            },
        ),
        Table(
            "events",
            "one row per noteworthy thing that is not in another table",
            ("event_id",),
            {"session_id": "sessions", "game_id": "games"},
            {
                "event_id": (_T, "position in the stream of records"),
                "at_ms": (_F, "server clock"),
                "kind": (_T, "hidden, visible, blur, focus, error, connected, scene_failed, …"),
                "session_id": (_T, "null = not about a session"),
                "game_id": (_T, "null = not about a game"),
                "detail": (_T, ""),
                "browser_ms": (_F, "browser clock; null = it did not happen in a browser"),
            },
        ),
    )
}
