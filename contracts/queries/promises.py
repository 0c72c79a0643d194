"""What MEs promised and kept, read from their ended contracts; and the mean of the market, kept day by day.

A milestone counts once its date has come or it was decided: what was cancelled before its date was due is nobody's
broken promise. It was kept as far as it was accepted, if it was delivered by its date in the company's zone.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from uuid import UUID

from django.db import connection

from contracts.models.promises import MarketPromise
from contracts.promises import Promise, Score, score
from core import parameters
from core.clock import business_date, company_zone

MILLION = 1_000_000

_KEPT = """
    SELECT sum(m.amount_minor) AS committed,
           coalesce(sum(m.accepted_minor) FILTER (
               WHERE m.status IN ('accepted', 'part_accepted')
                 AND (m.submitted_at AT TIME ZONE %(zone)s)::date <= m.due_on), 0) AS delivered
      FROM contracts_milestone m
     WHERE m.contract_id = c.id
       AND (m.status <> 'cancelled' OR m.due_on < (c.ended_at AT TIME ZONE %(zone)s)::date)
"""


def kept_by(firm_ids: Iterable[UUID], *, most: int, before: datetime | None = None) -> dict[UUID, list[Promise]]:
    """The last ended contracts of each ME as supplier in which a promise fell due, newest first, at most `most` each;
    only those that ended before an instant where one is given. One statement."""
    found: dict[UUID, list[Promise]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT f.id, p.id, p.title, (p.ended_at AT TIME ZONE %(zone)s)::date,
                   p.committed::bigint, p.delivered::bigint
              FROM unnest(%(firms)s::uuid[]) AS f (id)
             CROSS JOIN LATERAL (
                   SELECT c.id, c.title, c.ended_at, k.committed, k.delivered
                     FROM contracts_contract c CROSS JOIN LATERAL ({_KEPT}) k
                    WHERE c.supplier_id = f.id AND c.status IN ('completed', 'terminated') AND c.book = 'real'
                      AND (%(before)s::timestamptz IS NULL OR c.ended_at < %(before)s) AND k.committed > 0
                    ORDER BY c.ended_at DESC, c.id LIMIT %(most)s) p
             ORDER BY f.id, p.ended_at DESC, p.id
            """,  # noqa: S608 (a constant of this file)
            {"firms": [str(firm) for firm in firm_ids], "most": most, "zone": str(company_zone()), "before": before},
        )
        for firm, contract, title, ended_on, committed, delivered in cursor:
            found.setdefault(firm, []).append(Promise(contract, title, ended_on, committed, delivered))
    return found


Scored = dict[UUID, tuple[Score, list[Promise]]]


def scores(firm_ids: Sequence[UUID], day: date) -> Scored:
    """The promise-kept score of each ME on a day, with the contracts it comes from. Three statements."""
    return _scores(firm_ids, day, before=None)


def scores_at(firm_ids: Sequence[UUID], instant: datetime) -> Scored:
    """The score of each ME as of a past instant: the same whoever asks, and whenever. Five statements at most.

    What ended at the instant or later does not count; the mean of its day is made of days before it, so it is worked
    out here should the clock not have done it yet.
    """
    day = business_date(instant)
    work_out_market(day)
    return _scores(firm_ids, day, before=instant)


def _scores(firm_ids: Sequence[UUID], day: date, *, before: datetime | None) -> Scored:
    dated = parameters.values("promise_contracts", "promise_prior_contracts", on=day)
    kept, market = kept_by(firm_ids, most=dated["promise_contracts"], before=before), market_mean(day)
    prior = dated["promise_prior_contracts"]
    return {firm: (score(kept.get(firm, []), market=market, prior=prior), kept.get(firm, [])) for firm in firm_ids}


def market_mean(day: date) -> Fraction:
    """The mean of the market as it was last worked out up to a day; all of it while nothing is known."""
    known = MarketPromise.objects.filter(day__lte=day).order_by("-day").first()
    return Fraction(known.mean_ppm, MILLION) if known is not None and known.contracts else Fraction(1)


def work_out_market(day: date) -> MarketPromise:
    """Work out the mean of a day over the contracts that ended in the year before it, once."""
    known = MarketPromise.objects.filter(day=day).first()
    if known is not None:
        return known
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT count(*), coalesce(floor(avg(k.delivered::numeric / k.committed) * {MILLION}), 0)::int
              FROM contracts_contract c CROSS JOIN LATERAL ({_KEPT}) k
             WHERE c.status IN ('completed', 'terminated') AND c.book = 'real' AND k.committed > 0
               AND c.supplier_id IS NOT NULL
               AND c.ended_at >= %(since)s::timestamp AT TIME ZONE %(zone)s
               AND c.ended_at < %(day)s::timestamp AT TIME ZONE %(zone)s
            """,  # noqa: S608 (constants of this file)
            {"since": day - timedelta(days=365), "day": day, "zone": str(company_zone())},
        )
        contracts, mean_ppm = cursor.fetchone()
    made, _is_new = MarketPromise.objects.get_or_create(
        day=day, defaults={"contracts": contracts, "mean_ppm": mean_ppm}
    )
    return made
