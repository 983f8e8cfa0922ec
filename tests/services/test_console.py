"""What browsers log is kept for admins: asked for, bounded, scrubbed, and nowhere else."""

from __future__ import annotations

import psutil
import pytest

from igym import Experiment, ending, page, settings, wire
from igym.domain.allowance import Allowance
from igym.domain.browser_logs import kept as kept_levels
from igym.errors import BadPackage
from igym.services.connect import Deployment
from igym.services.sessions.console import Console, Voice, scrubbed
from igym.store import keys, tails
from tests.services.paper import E, Paper, a_plan


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def paper(deployment) -> Paper:
    return Paper(deployment, a_plan())


def console(paper: Paper, clock: Clock | None = None, least: str = "debug") -> Console:
    made = paper.deployment
    told = settings.replace(made.settings, browser_logs=least)
    return Console(Deployment(told, made.redis, made.plans, "", meter=made.meter), clock or Clock())


def said(*texts: str, level: str = "info", dropped: int = 0) -> wire.Logged:
    return wire.Logged([(level, 5.0, text) for text in texts], dropped)


def kept(paper: Paper) -> list[dict[str, str]]:
    return [line for _, line in tails.after(paper.redis, keys.browser_lines(E), "", 10_000)]


def test_a_line_is_kept_with_who_said_it(paper):
    ann = paper.arrive()
    console(paper).hear(E, ann.id, None, said("hello", level="warn"))

    (line,) = kept(paper)
    assert (line["session"], line["participant"]) == (ann.id, ann.participant)
    assert (line["level"], line["text"], line["dropped"]) == ("warn", "hello", "0")
    assert paper.redis.ttl(keys.browser_lines(E)) > 0


def test_the_eleventh_line_in_a_second_is_dropped_and_counted(paper):
    clock = Clock()
    mine, ann = console(paper, clock), paper.arrive()
    voice = mine.hear(E, ann.id, None, said(*map(str, range(11))))
    assert [line["text"] for line in kept(paper)] == [str(n) for n in range(10)]
    clock.now_s += 0.05
    assert mine.hear(E, ann.id, voice, said("too soon")) is voice
    assert len(kept(paper)) == 10

    clock.now_s += 1
    mine.hear(E, ann.id, voice, said("later", dropped=3))

    assert (kept(paper)[-1]["text"], kept(paper)[-1]["dropped"]) == ("later", "5")
    counted = {n: v for n, _, v in paper.deployment.meter.reading("web", 0).values}
    assert counted["igym_browser_lines_dropped_total"] == 2


def test_one_who_shouts_silences_nobody_else_and_all_together_are_bounded(paper, monkeypatch):
    monkeypatch.setattr("igym.services.sessions.console.ALL_AT_ONCE", 15)
    mine, ann, bob = console(paper), paper.arrive(), paper.arrive()
    mine.hear(E, ann.id, None, said(*"abcdefghijklmnop"))
    mine.hear(E, bob.id, None, said(*"abcdefghij"))
    assert [sum(line["session"] == one.id for line in kept(paper)) for one in (ann, bob)] == [10, 5]


@pytest.mark.parametrize(
    ("least", "study", "levels"),
    [
        ("off", "debug", []),
        ("debug", "off", []),
        ("warn", "debug", ["warn", "error"]),
        ("error", "debug", ["error"]),
        ("debug", "warn", ["warn", "error"]),
        ("error", "info", ["error"]),
    ],
)
def test_only_what_the_deployment_and_the_study_allow_is_kept(deployment, least, study, levels):
    paper = Paper(deployment, a_plan(browser_logs=study))
    mine, ann = console(paper, least=least), paper.arrive()
    for level in ("debug", "info", "warn", "error"):
        mine.hear(E, ann.id, None, said("x", level=level))
    assert [line["level"] for line in kept(paper)] == levels


def test_a_level_that_is_not_there_is_refused():
    with pytest.raises(BadPackage, match=r"browser_logs='loud'.*'off', 'error'"):
        Experiment(page("hello", "h.md"), ending("end", "e.md"), browser_logs="loud")


def test_a_thousand_who_log_make_one_key_that_is_capped_and_no_file(paper, monkeypatch):
    monkeypatch.setattr(tails, "MOST_BROWSER", 200)
    clock, process = Clock(), psutil.Process()
    mine = console(paper, clock)
    before, files = set(paper.redis.scan_iter("*")), process.num_fds()
    for n in range(1_000):
        clock.now_s += 1
        mine.hear(E, f"s{n}", Voice(f"p{n}", kept_levels("debug")), said(*"abc"))
    assert process.num_fds() - files < 5, "a connection to Redis or two, and nothing of theirs"
    assert set(paper.redis.scan_iter("*")) - before == {keys.browser_lines(E).encode()}
    assert paper.redis.xlen(keys.browser_lines(E)) < 400  # Redis trims by whole nodes
    assert not list(paper.deployment.data.rglob("*.*"))


TOKEN = "eyJhIjoiYiJ9abcdefgh.aSdFgH.q1w2e3r4t5y6u7i8o9p0-_AB"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"joined with {TOKEN}", "joined with ***"),
        ("at https://lab.example/s?PID=5f&x=1#top later", "at https://lab.example/s?*** later"),
        ("search is ?PROLIFIC_PID=5f1&STUDY_ID=9", "search is ?PROLIFIC_PID=***&STUDY_ID=***"),
        ('{"token": "abcdef"}', '{"token": ***}'),
        ("a\x1b[31mb\u202ec", "a [31mb c"),
        ("at step (https://lab.example/a.js:3:4)", "at step (https://lab.example/a.js:3:4)"),
        ("score 12.50 of module.exports.thing", "score 12.50 of module.exports.thing"),
    ],
)  # fmt: skip
def test_what_could_let_somebody_in_or_give_them_away_is_taken_out(text, left):
    assert scrubbed(text) == left


def test_who_is_erased_is_in_no_line(paper):
    from igym.store import forgetting

    mine, ann, bob = console(paper), paper.arrive(), paper.arrive()
    for one in (ann, bob):
        mine.hear(E, one.id, None, said("hello"))
    tails.warned(paper.redis, [{"line": f'{{"session": "{one.id}"}}'} for one in (ann, bob)])
    forgetting.sweep(paper.redis, E, {ann.id: "x", ann.participant: "y"})
    assert [line["session"] for line in kept(paper)] == [bob.id]
    (line,) = tails.after(paper.redis, keys.server_lines(), "", 10)
    assert bob.id in line[1]["line"]


def test_an_allowance_fills_with_time_and_no_further():
    mine = Allowance(2, 1.0)
    assert [mine.takes(0.0) for _ in range(3)] == [True, True, False]
    assert [mine.takes(at) for at in (0.5, 1.0, 1.5)] == [False, True, False]
    assert [mine.takes(99.0) for _ in range(3)] == [True, True, False]
    assert (mine.told(), mine.told()) == (4, 0)
