"""One person, and a callback that never comes back once they have moved."""

from igym import Callback, Experiment, Human, consent, ending, play

from .field import KEYS, Field


class Hangs(Callback):
    """Waits for what never happens."""

    def on_game_tick_end(self, at):
        while at.env.x["a"] > 0.26:
            pass


experiment = Experiment(
    consent("welcome", "pages/welcome.md"),
    play(
        "alone",
        lambda: Field(agents=("a",)),
        seats={"a": Human},
        keys=KEYS,
        fps=30,
        max_steps=3_000,
        countdown="50 ms",
        callbacks=[Hangs],
    ),
    ending("thanks", "pages/thanks.md", codes={"complete": "DONE", "technical_problem": "TECH"}),
)
