"""The verbs of the panel: declare interests, give points apart, agree on one figure, open the prices, replace.

Rule 6: who judges says first whether they have a conflict of interest, and a conflict, declared or found, takes them
out at once with all they gave. Points are sealed until everybody has given theirs (`contracts.sealing`); the one who
comes last brings them all to light in the same transaction. Only agreed figures become the quality of a bid, and only
then are prices in an envelope of their own opened. All under the project's lock, so that two at once are one after the
other.
"""

from contracts.actions.panel.consensus import confirm, propose
from contracts.actions.panel.interests import declare_conflict, declare_none, find_conflicts, record_conflict
from contracts.actions.panel.prices import open_prices
from contracts.actions.panel.replacement import ask_for_replacement, name_replacement
from contracts.actions.panel.scores import keep_scores, read_own_scores, submit_scores

__all__ = [
    "ask_for_replacement",
    "confirm",
    "declare_conflict",
    "declare_none",
    "find_conflicts",
    "keep_scores",
    "name_replacement",
    "open_prices",
    "propose",
    "read_own_scores",
    "record_conflict",
    "submit_scores",
]
