"""What the first page reads: everything that waits for one person, from every room, in one statement.

Each branch is a small indexed query of a room's own tables in one shape (`Line`), cut to a few rows; their union is one
statement, so the page costs the same for somebody with one task and with fifty. `haier_market.statement` sends it,
sentences are made in `haier_market.cards`. Nothing sealed is read here: own bids come from `contracts.queries.bids`,
which knows the rule.
"""

from haier_market.attention.branches import branches
from haier_market.attention.lines import Line

__all__ = ["Line", "branches"]
