"""Two people and a published game of turns; a click is a move."""

from pettingzoo.classic import tictactoe_v3

from igym import Experiment, Human, Pointer, consent, ending, play
from igym.draw import circle, line, rect

GRID = [
    line(f"{way}{n}", [(n / 3, 0), (n / 3, 1)] if way == "v" else [(0, n / 3), (1, n / 3)],
         stroke="#5a6a74")
    for way in "vh"
    for n in (1, 2)
]  # fmt: skip


def cell(x, y, down):
    return 3 * min(2, int(x * 3)) + min(2, int(y * 3))


def mark(n, who):
    x, y = (n // 3 + 0.5) / 3, (n % 3 + 0.5) / 3
    if who == 1:
        return circle(str(n), x, y, 0.1, stroke="#e8b04b", line=0.02)
    return rect(str(n), x - 0.09, y - 0.09, 0.18, 0.18, fill="#4bb0e8")


def picture(env):
    squares = env.unwrapped.board.squares
    return GRID + [mark(n, who) for n, who in enumerate(squares) if who]


experiment = Experiment(
    consent("welcome", "pages/welcome.md"),
    play(
        "board",
        tictactoe_v3.env,
        seats={"player_1": Human, "player_2": Human},
        pointer=Pointer(cell),
        press="once",
        idle=None,
        draw=picture,
        help="Click a free cell when it is your turn.",
        aspect=1,
        fps=20,
        max_steps=2_000,
        countdown="50 ms",
    ),
    ending("thanks", "pages/thanks.md", codes={"complete": "DONE"}),
)
