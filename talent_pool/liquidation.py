"""Who gets what is left when an ME ends, as pure arithmetic in whole minor units. No Django, no tables.

First the stakes come back, in proportion when the wallet is too small; what is over belongs to the owners the terms
name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FULL_BP = 10_000


@dataclass(frozen=True, slots=True)
class Split:
    """What each stake holder gets back, and what each residual owner gets of the rest."""

    stakes: dict[str, int]
    rest: dict[str, int]


def in_proportion(amount: int, weights: Mapping[str, int]) -> dict[str, int]:
    """`amount` in parts by weight that sum to it: floors, then the largest remainders, ties by name."""
    total = sum(weights.values())
    if total <= 0:
        return dict.fromkeys(weights, 0)
    parts = {name: amount * weight // total for name, weight in weights.items()}
    left = amount - sum(parts.values())
    by_remainder: Sequence[str] = sorted(weights, key=lambda name: (-(amount * weights[name] % total), name))
    for name in by_remainder[:left]:
        parts[name] += 1
    return parts


def split(wallet_minor: int, stakes: Mapping[str, int], owners_bp: Mapping[str, int]) -> Split:
    """Divide a wallet. stakes: what each party put in; owners_bp: shares of the rest, summing to 10,000.

    Raises ValueError for a negative wallet or stake.
    """
    if wallet_minor < 0 or any(stake < 0 for stake in stakes.values()):
        raise ValueError("nothing that is owned is negative")
    back = in_proportion(min(wallet_minor, sum(stakes.values())), stakes)
    rest = wallet_minor - sum(back.values())
    return Split(back, in_proportion(rest, owners_bp))
