"""The audit trail: who did what to what, when. Written in the transaction of the deed itself.

The table has no foreign keys, so that a trail outlives what it speaks of, and is append-only by trigger. Nothing sealed
may be written here before it is opened: see `contracts.sealing`, which keeps its own events until then.
"""

from typing import Any, Protocol

from core.clock import market_now
from core.models import AuditRecord


class Actor(Protocol):
    """Whoever can be named in the trail; people.User is one."""

    pk: Any

    def get_full_name(self) -> str: ...


CLOCK = "the market's clock"


def record(*, by: Actor | None, deed: str, subject: str, about: str, **facts: Any) -> AuditRecord:
    """Add one row.

    by: who did it; None when the market's own clock did. deed: a dotted verb such as `project.published`.
    subject: `kind:id`, for example `project:<uuid>`. about: the thing's title then, for readers.
    facts: what must be known to retell it, JSON values only; money as minor units.
    """
    return AuditRecord.objects.create(
        at=market_now(),
        actor_id="" if by is None else str(by.pk),
        actor_name=CLOCK if by is None else by.get_full_name(),
        deed=deed,
        subject=subject,
        about=about[:200],
        facts=facts,
    )
