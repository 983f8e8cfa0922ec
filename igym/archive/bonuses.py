"""Bonuses as a recruiter takes them: one line per participant, with the recruiter's own id."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from igym.archive import parquet, vault

#: Query parameters by which recruiters name people; the first that a session has counts.
NAMES = ("PROLIFIC_PID", "workerId", "id")


@dataclass
class Payout:
    """Who gets how much."""

    amounts: dict[str, Decimal] = field(default_factory=dict)  # recruiter's id -> amount
    currencies: set[str] = field(default_factory=set)
    unnamed: list[str] = field(default_factory=list)  # sessions with a bonus and no id

    def csv(self) -> str:
        """`id,amount` lines without a heading, as Prolific's bulk bonus payment takes them."""
        return "".join(f"{id},{amount:.2f}\n" for id, amount in sorted(self.amounts.items()))

    @property
    def total(self) -> Decimal:
        """Of all of them."""
        return sum(self.amounts.values(), Decimal(0))


def payout(data: Path, experiment: str, version: str, mode: str = "live") -> Payout:
    """What is to be paid for the sessions of that mode, in that version's data and vault.

    Somebody with several sessions (waves) gets the sum; nothing is paid as 0.
    """
    root = parquet.folder(data, experiment, version)
    modes = {row["session_id"]: row["mode"] for row in parquet.rows(root, "sessions")}
    ids = vault.recruiter_ids(data, experiment, version)
    made = Payout()
    for row in parquet.rows(root, "bonuses"):
        session = row["session_id"]
        if modes.get(session) != mode or not row["amount"]:
            continue
        said = ids.get(session, {})
        named = next((said[name] for name in NAMES if name in said), "")
        if not named or set(named) & set(',"\r\n'):
            made.unnamed.append(session)
            continue
        amount = Decimal(f"{row['amount']:.2f}")
        made.amounts[named] = made.amounts.get(named, Decimal(0)) + amount
        made.currencies.add(row["currency"])
    return made
