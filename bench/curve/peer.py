"""The peer's server: Multi-User Gymnasium, server-authoritative, with the same twelve objects.

Run by the Python of an environment of its own, in a folder for what it writes:
`python peer.py PORT FOLDER-OF-MOVERS`. It is set up as its documentation says and otherwise as it
comes. Its text above the picture carries the time, so that the age of a frame can be told.
"""

import sys
import time
import uuid

sys.path.insert(0, sys.argv[2])

from movers import AGENTS, MOVES, Movers
from mug.configurations.configuration_constants import PolicyTypes
from mug.configurations.experiment_config import ExperimentConfig
from mug.rendering import Surface
from mug.scenes import gym_scene, stager, static_scene
from mug.server import app

FPS = 30
COLOURS = ["#2b68b0", "#d9533b", *["#5bb0bf"] * 10]


class Shown(Movers):
    """The environment with its picture, drawn by the peer's own means."""

    def __init__(self, render_mode: str = "mug") -> None:
        super().__init__()
        self.surface = Surface(600, 400)

    def render(self):
        """What changed since the last picture."""
        for n, (x, y) in enumerate(self.places):
            self.surface.circle(
                x=x * 600, y=y * 400, radius=12, color=COLOURS[n], id=f"o{n}", persistent=True
            )
        return self.surface.commit().to_dict()

    def close(self) -> None:
        """Nothing to close."""


def main() -> None:
    """Serve."""
    start = static_scene.StartScene().scene(scene_id="start", experiment_config={})
    start.display(scene_header="Movers", scene_body="Move with the arrow keys.")
    game = (
        gym_scene.GymScene()
        .scene(scene_id="together", experiment_config={})
        .environment(env_creator=Shown, env_config={})
        .rendering(fps=FPS, hud_text_fn=lambda game: str(time.time() * 1000))
        .policies(policy_mapping=dict.fromkeys(AGENTS, PolicyTypes.Human))
        .gameplay(
            action_mapping={
                key: n
                for n, key in enumerate(
                    ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"), start=min(MOVES) + 1
                )
            },
            num_episodes=1,
            max_steps=1_000_000,
            default_action=0,
        )
        .content(scene_header="Movers", scene_body="", in_game_scene_body="")
        .waitroom(timeout=600_000)
        .multiplayer(mode="server_authoritative")
    )
    end = static_scene.EndScene().scene(scene_id="end", experiment_config={})
    scenes = stager.Stager(scenes=[start, game, end])
    config = ExperimentConfig().experiment(
        experiment_id=f"movers-{uuid.uuid4().hex[:6]}", stager=scenes, save_experiment_data=False
    )
    config.hosting(host="127.0.0.1", port=int(sys.argv[1]))
    app.run(config)


if __name__ == "__main__":
    main()
