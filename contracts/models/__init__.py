"""The tables of the contracting process, a file per noun."""

from contracts.models.awards import Award
from contracts.models.bids import Bid, SealedEvent, SealedTerms
from contracts.models.contracts import Contract, ContractVersion, Milestone, Rating, Signature
from contracts.models.keys import WrappedKey
from contracts.models.projects import Panelist, Project, ReferenceTender

__all__ = [
    "Award",
    "Bid",
    "Contract",
    "ContractVersion",
    "Milestone",
    "Panelist",
    "Project",
    "Rating",
    "ReferenceTender",
    "SealedEvent",
    "SealedTerms",
    "Signature",
    "WrappedKey",
]
