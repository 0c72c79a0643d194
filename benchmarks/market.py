"""A market of 100,000 projects and a million opened bids: its pages against F, and the opening of one with many bids.

The rows are written by SQL beside the seeded company, as they stand when bids have been opened; the guards of the
database see them like any others. What was sealed is not written for them: a million sealed bids are 18 GB, and no page
reads what is sealed once it is open. The project that is opened here has real sealed bids, made by the real sealer.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import connection, transaction

from benchmarks import pages
from contracts import sealing
from contracts.actions import openings
from contracts.actions import projects as actions
from contracts.filters import ORDERS
from contracts.models import Bid, Project
from core import past
from core.clock import market_now, move_forward
from core.paging import cursor_after
from microenterprises.models import Membership, Microenterprise
from people.models import User

READER: Final = "amara@haier.example"
FAR: Final = 2_000
"""The page far down the list."""
PAGE_SIZE: Final = 20

_PROJECTS: Final = """
INSERT INTO contracts_project
      (id, buyer_id, title, need, success_measure, currency, ceiling_minor, book, status, opens_at, deadline,
       deadline_zone, method, price_weight_bp, pass_mark, draw_seed, draw_commitment, acceptor_id, created_at,
       created_by_id, published_at, published_by_id, opened_at, ended_at, ended_reason)
SELECT gen_random_uuid(), f.id,
       (%(things)s::text[])[1 + n %% 12] || ' ' || (%(places)s::text[])[1 + n / 12 %% 9] || ' ' || n,
       'What customers need, in a few words.', 'Complaints fall from 3 %% to 1 %%.', f.currency,
       (50000 + n %% 700000) * 100, 'real', CASE WHEN n %% 50 = 0 THEN 'published' ELSE 'unsuccessful' END,
       t.ends - interval '14 days', t.ends, 'Asia/Shanghai', 'lowest_price', 10000, 0, md5(n::text), md5(n::text),
       m.person_id, t.ends - interval '20 days', m.person_id, t.ends - interval '15 days', m.person_id,
       CASE WHEN n %% 50 = 0 THEN NULL ELSE t.ends END, CASE WHEN n %% 50 = 0 THEN NULL ELSE t.ends END,
       CASE WHEN n %% 50 = 0 THEN '' ELSE 'The need has gone.' END
  FROM generate_series(1, %(count)s) AS n
  JOIN (SELECT id, currency, row_number() OVER (ORDER BY id) - 1 AS place
          FROM microenterprises_microenterprise WHERE status = 'active') f ON f.place = n %% %(firms)s
 CROSS JOIN LATERAL (SELECT person_id FROM microenterprises_membership
                      WHERE microenterprise_id = f.id AND ended_on IS NULL ORDER BY number LIMIT 1) m
 CROSS JOIN LATERAL (SELECT market_now() + CASE WHEN n %% 50 = 0 THEN interval '1 hour' * (1 + n %% 600)
                                                ELSE interval '-1 hour' * (n %% 17000) END AS ends) t
"""
_BIDS: Final = """
INSERT INTO contracts_bid
      (id, project_id, bidder_token, status, revision, submitted_at, receipt, opened_at, microenterprise_id, author_id,
       bidder_name, price_minor, price_opened_at, days, plan, quality_reason, outcome_reason, external_id)
SELECT gen_random_uuid(), p.id, md5(p.id::text || n), 'valid', 1, p.deadline - interval '1 hour' * n, md5(n::text),
       p.opened_at, f.id, p.created_by_id, '', p.ceiling_minor * (60 + 3 * n) / 100, p.opened_at, 10 + n,
       'The plan in a sentence.', '', 'The need has gone.', ''
  FROM (SELECT *, row_number() OVER (ORDER BY id) AS place FROM contracts_project
         WHERE status = 'unsuccessful' AND need = 'What customers need, in a few words.') p
 CROSS JOIN generate_series(1, %(each)s) AS n
  JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place
          FROM microenterprises_microenterprise WHERE status = 'active') f ON f.place = (p.place * 7 + n) %% %(firms)s
"""
THINGS: Final = [
    "Cold boxes", "Repair of presses", "Payroll for", "A course on welding", "Sensors", "Packaging", "Translation",
    "Night transport", "Design of handles", "Recycling of foam", "A test bench", "智能冰箱",
]  # fmt: skip
PLACES: Final = ["Qingdao", "Hefei", "Wuhan", "Foshan", "Dalian", "Hangzhou", "Chongqing", "Guiyang", "Tianjin"]


@dataclass(frozen=True)
class Opening:
    """The opening of one project: how many bids, and seconds from the deadline's lock to the commit."""

    bids: int
    seconds: float


def _published() -> Project:
    """Lin's ME posts a need; Noor accepts."""
    lin, noor = (User.objects.get(email=f"{name}@haier.example") for name in ("lin", "noor"))
    buyer = Membership.objects.get(person=lin, is_lead=True, ended_on=None).microenterprise
    draft = actions.ProjectDraft(
        title="Boxes for everybody",
        need="Boxes that keep four degrees.",
        success_measure="Spoiled deliveries fall from 3 % to 1 %.",
        ceiling_minor=100_000_00,
        deadline=market_now() + timedelta(days=2),
        deadline_zone="Asia/Shanghai",
        acceptor=noor,
    )
    return actions.publish(project=actions.create_draft(buyer=buyer, draft=draft, by=lin), by=lin)


def _sealed_bids(project: Project, count: int) -> int:
    """Sealed bids of as many MEs that may bid, or of all there are; how many."""
    leads = Membership.objects.filter(
        is_lead=True, ended_on=None, microenterprise__status="active", microenterprise__currency=project.currency
    ).exclude(microenterprise=project.buyer_id)
    now, found = market_now(), list(leads.order_by("number")[:count])
    for place, lead in enumerate(found):
        terms = sealing.new_terms(
            microenterprise=lead.microenterprise_id,
            author=lead.person_id,
            price_minor=50_000_00 + 10_00 * (place * 7919 % count),
            days=30,
            plan="Gel packs, tested twice.",
        )
        token = sealing.bidder_token(project.pk, lead.microenterprise_id)
        bid = Bid(project=project, bidder_token=token, submitted_at=now, receipt=terms.receipt())
        bid.save(force_insert=True)
        sealing.seal_terms(bid, terms, project.revision)
    return len(found)


def enlarge(projects: int, bids_each: int) -> tuple[int, int]:
    """Write that many projects, and so many opened bids for each that has ended; how many there are of both now."""
    firms = Microenterprise.objects.active().count()
    with past.at(market_now()), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_PROJECTS, {"count": projects, "firms": firms, "things": THINGS, "places": PLACES})
        cursor.execute(_BIDS, {"each": bids_each, "firms": firms})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE contracts_project")
        cursor.execute("VACUUM ANALYZE contracts_bid")
    return Project.objects.count(), Bid.objects.count()


def measure(requests: int) -> list[pages.Measured]:
    """The pages of the market against F: the list near and far, filtered, searched; a project; the board."""
    reader = User.objects.get(email=READER)
    opened = Project.objects.filter(status=Project.Status.UNSUCCESSFUL, need__startswith="What customers need").first()
    assert opened is not None
    paths = {
        "project list": "/projects/",
        f"project list, page {FAR:,}": f"/projects/?order=deadline&cursor={_cursor_far(reader)}",
        "project list, open ones only": "/projects/?phase=open",
        "search, two words": "/projects/?q=cold+boxes",
        "search, a word of Chinese": "/projects/?q=%E6%99%BA%E8%83%BD%E5%86%B0%E7%AE%B1",
        "project with its bids": f"/projects/{opened.pk}/",
        "the board": "/insights/",
        "bids of my ME": "/bids/",
    }
    return pages.compare({"a frame without a page": pages.frame(reader)} | pages.of_user(reader, paths), requests)


def _cursor_far(reader: User) -> str:
    """The cursor of page 2,000, or of the middle of a smaller market, as the list itself would give it."""
    order = ORDERS["deadline"]
    rows = Project.objects.visible_to(reader).order_by(*order)
    return cursor_after(rows[min(FAR * PAGE_SIZE, rows.count() // 2)], order)


def open_many(count: int) -> Opening:
    """Publish a project by the real action, seal that many bids of other MEs on it, let its deadline pass, open it."""
    project = _published()
    with transaction.atomic():
        made = _sealed_bids(project, count)
    move_forward(max(project.deadline - market_now(), timedelta(0)) + timedelta(seconds=1))
    start = time.perf_counter()
    openings.open_bids(project=project)
    return Opening(made, time.perf_counter() - start)
