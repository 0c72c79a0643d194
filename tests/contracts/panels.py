"""Panels of the cast that many tests of it start from: criteria, three who judge, points all in, two envelopes."""

import re
from typing import Any

from django.db import connection

from contracts.actions import bids, panel
from contracts.criteria import CriterionDraft
from contracts.models import Bid, Panelist, Project
from core.models import AuditRecord
from people.models import Notice, User
from tests.cast import Cast
from tests.contracts.market import evaluating, figures_of, give, opened, published

CRITERIA = (
    CriterionDraft("Service", "How a broken box is replaced within a day.", 6_000),
    CriterionDraft("Waste", "What becomes of worn boxes.", 4_000),
)


def three(cast: Cast, **changes: Any) -> dict[str, Any]:
    """Quality counts 40%; Noor, Sol and Hua judge."""
    facts = {"method": "price_quality", "price_weight_bp": 6_000, "panel": [cast.noor, cast.sol, cast.hua]}
    return facts | changes


def told(somebody: User) -> list[str]:
    return list(Notice.objects.filter(person=somebody).order_by("created_at").values_list("sentence", flat=True))


def deeds(project: Project) -> list[str]:
    return list(
        AuditRecord.objects.filter(subject=f"project:{project.pk}").order_by("pk").values_list("deed", flat=True)
    )


def status_of(project: Project, somebody: User) -> str:
    return Panelist.objects.get(project=project, person=somebody).status


def every_cell() -> str:
    """Everything a reader of the database finds in every table, as text; ciphertext and hashes left out, for a number
    may stand in them by chance."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = []
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            found += [f"{table} {row}" for (row,) in cursor.fetchall()]
    return re.sub(r"[0-9a-f]{30,}", "", "\n".join(found))


def with_answers(cast: Cast, **changes: Any) -> tuple[Project, Bid, Bid]:
    """Two criteria that ask; Amara and Teo answer both; the bids are open."""
    project = published(cast, **three(cast, criteria=CRITERIA, **changes))
    first = bids.submit(
        project=project, microenterprise=cast.cold_chain, price_minor=80_000_00, days=20, plan="Gel packs.",
        answers=["A spare box on every van.", "We melt them down."], by=cast.amara,
    )  # fmt: skip
    second = bids.submit(
        project=project, microenterprise=cast.northwind, price_minor=90_000_00, days=20, plan="Dry ice.",
        answers=["Within four hours.", "None: they are leased."], by=cast.teo,
    )  # fmt: skip
    opened(project)
    project.refresh_from_db()
    return project, Bid.objects.get(pk=first.pk), Bid.objects.get(pk=second.pk)


def all_in(cast: Cast, **changes: Any) -> tuple[Project, Bid, Bid]:
    project, first, second = evaluating(cast, **three(cast, **changes))
    for number, somebody in enumerate((cast.noor, cast.sol, cast.hua)):
        give(project, figures_of({first: 4_000 + number, second: 8_000 - number}), somebody)
    return project, first, second


def two_envelopes(cast: Cast, **changes: Any) -> tuple[Project, Bid, Bid]:
    return evaluating(cast, **three(cast, panel=[cast.noor, cast.sol], two_envelopes=True, pass_mark=5_000, **changes))


def vacant(cast: Cast) -> tuple[Project, Bid, Bid]:
    project, first, second = evaluating(cast, **three(cast, panel=[cast.noor, cast.sol]))
    for somebody in (cast.noor, cast.sol):
        panel.declare_conflict(project=project, bid=first, reason="We are related.", by=somebody)
    return project, first, second
