"""The tables of the life of an ME, a file per noun."""

from microenterprises.models.ballots import Ballot, Vote
from microenterprises.models.firms import Goal, Membership, Microenterprise, MoneyRecord, Platform
from microenterprises.models.ideas import Idea, Pledge
from microenterprises.models.seats import Invitation, Seat, Track
from microenterprises.models.terms import ShareTerms

__all__ = [
    "Ballot",
    "Goal",
    "Idea",
    "Invitation",
    "Membership",
    "Microenterprise",
    "MoneyRecord",
    "Platform",
    "Pledge",
    "Seat",
    "ShareTerms",
    "Track",
    "Vote",
]
