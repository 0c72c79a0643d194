"""The tables of the contracting process, a file per noun."""

from contracts.models.amendments import ProjectVersion
from contracts.models.awards import Award, Objection, PriceQuestion
from contracts.models.bids import Bid, SealedEvent, SealedTerms
from contracts.models.contracts import Contract, ContractVersion, Milestone, Rating, Signature
from contracts.models.finding import Alert, Matched, SavedFilter, Watch
from contracts.models.integrity import FlagNote, FlagSearch, RedFlag
from contracts.models.keys import WrappedKey
from contracts.models.lots import LotSet
from contracts.models.panel import (
    Confirmation,
    Consensus,
    ConsensusLine,
    Criterion,
    Declaration,
    Panelist,
    ReplacementRequest,
    Score,
    SealedScores,
)
from contracts.models.projects import InvitedFirm, Project, ReferenceTender
from contracts.models.promises import MarketPromise
from contracts.models.questions import Question
from contracts.models.releases import FeedEpoch, Release
from contracts.models.vendors import FurtherColleague, InvitedVendor, Vendor, VendorInvitation, VendorSeat

__all__ = [
    "Alert",
    "Award",
    "Bid",
    "Confirmation",
    "Consensus",
    "ConsensusLine",
    "Contract",
    "ContractVersion",
    "Criterion",
    "Declaration",
    "FeedEpoch",
    "FlagNote",
    "FlagSearch",
    "FurtherColleague",
    "InvitedFirm",
    "InvitedVendor",
    "LotSet",
    "MarketPromise",
    "Matched",
    "Milestone",
    "Objection",
    "Panelist",
    "PriceQuestion",
    "Project",
    "ProjectVersion",
    "Question",
    "Rating",
    "RedFlag",
    "ReferenceTender",
    "Release",
    "ReplacementRequest",
    "SavedFilter",
    "Score",
    "SealedEvent",
    "SealedScores",
    "SealedTerms",
    "Signature",
    "Vendor",
    "VendorInvitation",
    "VendorSeat",
    "Watch",
    "WrappedKey",
]
