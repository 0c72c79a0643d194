"""What the first page shows of one thing: something to do, something in motion, something to look at, a notice."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that waits for the reader, with its one action."""

    title: str
    detail: str
    url: str
    action: str
    deadline: datetime | None
    icon: str
    tone: str = "accent"


@dataclass(frozen=True, slots=True)
class Moving:
    """One thing in motion: what it is, how it stands, when something happens next."""

    title: str
    detail: str
    url: str
    at: datetime | None
    icon: str


@dataclass(frozen=True, slots=True)
class Look:
    """One thing worth a look, with the reason it is shown."""

    title: str
    detail: str
    reason: str
    url: str
    deadline: datetime | None
    icon: str


@dataclass(frozen=True, slots=True)
class Told:
    """A notice."""

    key: str
    sentence: str
    url: str
    at: datetime | None
    unread: bool
