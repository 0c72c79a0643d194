"""Reader of OCDS 1.1.5 release packages with the bids extension: text in, plain values or problems out.

Source of the format: the Open Contracting Data Standard's release schema 1.1.5 merged with the bids extension 1.1.5,
shipped in `contracts/schemas/` so that nothing is fetched. Beyond the schema it asks for the fields the market needs
and proves what validators do not: that references lead somewhere, that ids are used once, that amounts are exact in
the minor units of their currency and that instants name their offset.

No Django and no database here: whether a process is already in the market, or its deadline still lies ahead, is asked
by `import_tenders`.
"""

from contracts.ocds.reader import read
from contracts.ocds.values import (
    Award,
    Bid,
    BidStatus,
    Contract,
    Instant,
    Money,
    Organisation,
    Outcome,
    Package,
    Problem,
    Release,
)

__all__ = [
    "Award",
    "Bid",
    "BidStatus",
    "Contract",
    "Instant",
    "Money",
    "Organisation",
    "Outcome",
    "Package",
    "Problem",
    "Release",
    "read",
]
