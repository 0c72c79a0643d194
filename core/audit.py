"""The audit trail: who did what to what, when. Written in the transaction of the deed itself.

The table has no foreign keys, so that a trail outlives what it speaks of, and is append-only by trigger. Committed
records are chained by their hashes (`link`, every few seconds by the clock); `head` names the last link, and a file
that names it proves later that nothing before it was changed (`check_audit`). Nothing sealed may be written here before
it is opened: see `contracts.sealing`, which keeps its own events until then.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple, Protocol

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery, TextField
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from core.clock import market_now
from core.models import AuditLink, AuditRecord, AuditWaiting


class Actor(Protocol):
    """Whoever can be named in the trail; people.User is one."""

    pk: Any

    def get_full_name(self) -> str: ...


CLOCK = "the market's clock"
LINKS_AT_ONCE: Final = 50_000


class Head(NamedTuple):
    """The last link of the chain: the record it holds, and the hash over everything up to it."""

    record_id: int
    hash: str

    def __str__(self) -> str:
        return f"{self.record_id}:{self.hash}"


class Break(NamedTuple):
    """Where the chain breaks: the record, and what is wrong with it, as a sentence."""

    record_id: int | None
    sentence: str


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


def link() -> int:
    """Chain every committed record that waits and return how many. Does nothing while somebody else is linking."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT core_link_audit()")
        linked: int = cursor.fetchone()[0]
    return linked


def head() -> Head:
    """The last link of the chain, after linking what waits. Call it outside a transaction: linkers wait for nobody."""
    link()
    return last()


def last() -> Head:
    """The last link of the chain as it stands."""
    found = AuditLink.objects.order_by("-position").values_list("record_id", "hash").first()
    return Head(*found) if found else Head(0, "")


def chained(records: QuerySet[AuditRecord]) -> QuerySet[AuditRecord]:
    """Records with their links: `place` in the chain, its `hash`, and the hash of the content as it `was` linked and as
    it is `now`. All but the last are None while a record waits for its link. Costs no statement of its own.
    """
    links = AuditLink.objects.filter(record_id=OuterRef("pk"))
    return records.annotate(
        place=Subquery(links.values("position")),
        hash=Subquery(links.values("hash")),
        was=Subquery(links.values("content_hash")),
        now=RawSQL("core_audit_content(core_auditrecord)", [], output_field=TextField()),
    )


# --- Proving the chain ------------------------------------------------------------------------------------------------


def length() -> int:
    """How many links the chain has."""
    last: int | None = AuditLink.objects.order_by("-position").values_list("position", flat=True).first()
    return last or 0


def slices() -> Iterator[tuple[int, int]]:
    """The positions of the chain in ranges, both included, to be proved one after another."""
    last = length()
    for first in range(1, last + 1, LINKS_AT_ONCE):
        yield first, min(first + LINKS_AT_ONCE - 1, last)


def first_break(first: int, last: int) -> Break | None:
    """The first link of a range of positions that does not hold what it held, or None. One pass, in the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT l.record_id, l.position,
                   CASE WHEN l.position <> coalesce(l.place_before, 0) + 1 THEN 'gap'
                        WHEN r.id IS NULL THEN 'gone'
                        WHEN l.content_hash <> core_audit_content(r) THEN 'changed'
                        ELSE 'chain' END
              FROM (SELECT c.*, lag(c.position) OVER w AS place_before, lag(c.hash) OVER w AS hash_before
                      FROM core_auditlink c WHERE c.position BETWEEN %(first)s - 1 AND %(last)s
                    WINDOW w AS (ORDER BY c.position)) l
              LEFT JOIN core_auditrecord r ON r.id = l.record_id
             WHERE l.position >= %(first)s
               AND (l.position <> coalesce(l.place_before, 0) + 1 OR r.id IS NULL
                    OR l.content_hash <> core_audit_content(r) OR l.previous_hash <> coalesce(l.hash_before, '')
                    OR l.hash <> core_audit_hash(l.previous_hash, l.content_hash))
             ORDER BY l.position LIMIT 1
            """,
            {"first": first, "last": last},
        )
        found = cursor.fetchone()
    if found is None:
        return None
    record_id, position, what = found
    return Break(record_id, _what_broke(what) % {"record": record_id, "position": position})


def _what_broke(what: str) -> str:
    return {
        "gap": _("The links before record %(record)s, at position %(position)s, are missing."),
        "gone": _("Record %(record)s, at position %(position)s, is gone."),
        "changed": _("Record %(record)s, at position %(position)s, was changed after it was written."),
        "chain": _("The link of record %(record)s, at position %(position)s, does not follow the one before it."),
    }[what]


def unlinked() -> Break | None:
    """The first record that is neither in the chain nor waiting for it: somebody took it out."""
    waiting = AuditWaiting.objects.values("record_id")
    loose = AuditRecord.objects.exclude(pk__in=waiting).extra(
        where=["NOT EXISTS (SELECT FROM core_auditlink c WHERE c.record_id = core_auditrecord.id)"]
    )
    found: int | None = loose.order_by("pk").values_list("pk", flat=True).first()
    return Break(found, _("Record %(record)s is in no link of the chain.") % {"record": found}) if found else None


def missing_head(told: str) -> Break | None:
    """Whether a head that a file names (its hash, or `record:hash`) is still in the chain; None when it is."""
    digest = told.rpartition(":")[2]
    if AuditLink.objects.filter(hash=digest).exists():
        return None
    sentence = _("No link has the hash %(hash)s: the trail is not the one this head was taken from.")
    return Break(None, sentence % {"hash": digest})
