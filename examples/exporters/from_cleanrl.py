"""A model saved by CleanRL as an ONNX file that igym runs.

    python from_cleanrl.py ppo.py runs/…/ppo.cleanrl_model CartPole-v1 policies/cleanrl.onnx

`ppo.py` is the training script, from which its `Agent` (ppo, ppo_continuous_action) or `QNetwork`
(dqn) is taken. It prints the line for experiment.py. Scripts whose network needs wrappers around
the environment (Atari) or has memory: use from_pytorch.py with their `Agent`.

Tried with torch 2.13.0 on Python 3.11 and classes written like CleanRL's `Agent` of ppo.py and
ppo_continuous_action.py and `QNetwork` of dqn.py; not tried with CleanRL's own installation.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path

import gymnasium
import torch
from from_pytorch import export


def network(script: str, checkpoint: str, env_id: str) -> tuple[torch.nn.Module, tuple[int, ...]]:
    """The part of the network that decides, with its weights, and an observation's shape."""
    spec = importlib.util.spec_from_file_location("training", script)
    training = importlib.util.module_from_spec(spec)
    sys.modules["training"] = training  # its dataclasses look there
    sys.path.insert(0, str(Path(script).parent))
    spec.loader.exec_module(training)
    envs = gymnasium.vector.SyncVectorEnv([lambda: gymnasium.make(env_id)])
    made = (training.Agent if hasattr(training, "Agent") else training.QNetwork)(envs)
    made.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True))
    shape = envs.single_observation_space.shape
    envs.close()
    for part in ("actor_mean", "actor"):
        if hasattr(made, part):
            return getattr(made, part), shape
    return made, shape


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("script", help="the training script")
    parser.add_argument("checkpoint", help="the .cleanrl_model it wrote")
    parser.add_argument("env", help="id of the environment, for the shapes")
    parser.add_argument("file", help="where the .onnx goes")
    said = parser.parse_args()
    module, shape = network(said.script, said.checkpoint, said.env)
    export(module, shape, said.file)
    continuous = isinstance(gymnasium.make(said.env).action_space, gymnasium.spaces.Box)
    more = ', choose="mean"' if continuous else ""
    sys.stdout.write(f'Onnx("{said.file}"{more})\n')


if __name__ == "__main__":
    main()
