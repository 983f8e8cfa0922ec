"""Links as they are used: by recruiters, by scanners that look at them first, and by people."""

from __future__ import annotations

import http.client
from urllib.parse import urlencode

import pytest

from igym.archive import vault
from igym.store import keys
from tests.system.client import Client, fetch, join
from tests.system.server import Server, eventually

pytestmark = pytest.mark.stack

#: Who opens a link before, or instead of, the person it was sent to.
LOOKERS = (
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Twitterbot/1.0",
    "WhatsApp/2.23.20.0",
    "TelegramBot (like TwitterBot)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) SkypeUriPreview Preview/0.5",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/130.0 Safari/537.36",
    "curl/8.5.0",
    "",
)

PLACES = (
    "/",
    "/x/solo",
    "/x/solo?PROLIFIC_PID=scanned&STUDY_ID=s&SESSION_ID=x",
    "/x/solo?id=scanned&mode=pilot&new",
    "/x/solo?wave=one",
    "/api/x/solo/join",
    "/api/x/solo/join?PROLIFIC_PID=scanned",
    "/api/probe?bytes=100",
    "/healthz",
    "/favicon.ico",
    "/robots.txt",
)


def traces(server: Server) -> dict[str, object]:
    """Everything that somebody who takes part leaves behind."""
    redis = server.redis
    stream = keys.records("solo", "1")
    return {
        "sessions": sorted(redis.scan_iter(keys.session("solo", "*"))),
        "recruits": redis.hgetall(keys.recruits("solo")),
        "rows": redis.xinfo_stream(stream)["last-generated-id"] if redis.exists(stream) else 0,
        "places": sorted(redis.scan_iter("igym:{solo}:places:*")),
        "lobbies": redis.smembers(keys.lobbies("solo")),
        "presence": redis.zcard(keys.presence("solo")),
    }


@pytest.mark.parametrize("agent", LOOKERS, ids=lambda agent: agent[:24] or "nobody")
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_whoever_only_looks_at_a_link_uses_nothing_up(stack, agent, method):
    before = traces(stack)
    for place in PLACES:
        line = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=10)
        line.request(method, place, headers={"User-Agent": agent, "Purpose": "prefetch"})
        answer = line.getresponse()
        answer.read()
        assert answer.status < 500, place
        assert "igym_solo" not in str(answer.headers), place
        line.close()
    assert traces(stack) == before


def test_the_recruiters_ids_reach_the_vault_and_no_table_of_the_data(stack):
    prolific = {"PROLIFIC_PID": "5f3c0d", "STUDY_ID": "st-1", "SESSION_ID": "se-1"}
    mturk = {"workerId": "A3", "assignmentId": "3X", "hitId": "H7", "turkSubmitTo": "https://w"}
    own = {"id": "lab-42"}
    wanted: dict[str, dict[str, str]] = {}
    for query in (prolific, mturk, own):
        with Client(stack.url, join(stack.url, "solo", **query)) as client:
            kept = {k: v for k, v in query.items() if k != "turkSubmitTo"}
            wanted[client.state["session"]] = kept

    def exported() -> dict[str, dict[str, str]]:
        tables = stack.tables("solo")
        assert not (tables / "recruiter_ids").exists()
        found = vault.recruiter_ids(tables.parents[1], "solo", tables.name)
        return {session: found[session] for session in wanted if session in found}

    eventually(lambda: exported() == wanted, within_s=60, what="an export of the ids")


@pytest.mark.parametrize("id", ["/..", "../../etc", "a'b", 'a"b', "a;b", "<i>", "a\\b", "a\x00b"])
def test_an_id_with_strange_characters_is_refused_and_leaves_nothing(stack, id):
    before = traces(stack)
    for name in ("PROLIFIC_PID", "workerId", "id", "SESSION_ID"):
        status, said = fetch(f"{stack.url}/api/x/solo/join", {"query": {name: id}})
        assert (status, said["code"]) == (400, "bad_message") and name in said["text"]
    status, page = fetch(f"{stack.url}/x/solo?{urlencode({'PROLIFIC_PID': id})}")
    assert status == 200 and "igym" in page
    assert traces(stack) == before


def test_a_token_of_another_deployment_or_experiment_joins_as_nobody(stack):
    token = join(stack.url, "pair", id="theirs")
    for foreign in (token, token[:-2] + "xx", "x" * 5_000, 7, None, ["a"]):
        status, said = fetch(f"{stack.url}/api/x/solo/join", {"query": {}, "token": foreign})
        assert status == 200
        with Client(stack.url, said["token"]) as client:
            assert client.state["experiment"] == "solo" and client.state["version"] == 1
