"""Two people who practise once, play twice, and are asked after each round; with callbacks."""

from igym import Callback, Experiment, Human, bonus, consent, ending, play, survey

from .field import KEYS, Field


class Diary(Callback):
    """Records what a test looks for."""

    def on_episode_start(self, at):
        at.record("begins", at.episode)

    def on_waitroom_join(self, at):
        at.record("waits", at.scene)

    def on_finished(self, at):
        at.record("ended", at.outcome)


def pays(record):
    """By rounds that count."""
    return sum(not played.result.practice for played in record.episodes)


experiment = Experiment(
    consent("welcome", "pages/welcome.md"),
    play(
        "together",
        Field,
        seats={"a": Human, "b": Human},
        keys=KEYS,
        labels={"a": "Red", "b": "Blue"},
        fps=30,
        practice=1,
        episodes=2,
        max_steps=20,
        countdown="50 ms",
        pause="50 ms",
        between=survey("feeling", "pages/after.json"),
        between_limit="2 min",
    ),
    ending("thanks", "pages/thanks.md", codes={"complete": "DONE"}),
    callbacks=[Diary],
    bonus=bonus(pays, cap=5),
)
