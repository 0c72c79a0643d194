"""Telling people what happens to what they look for: set by set, so that 80,000 watchers cost what one costs.

Each telling leaves a row per person, project, kind and occasion (`Alert`); what is told again finds the row and is
dropped, so every function here may run late or twice. An alert is a sentence with a link: nothing of bids is read here,
and nothing is told that the project's page does not say to every colleague.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from contracts import searching
from contracts.lifecycle import Phase
from contracts.models import Alert, Matched, Project
from contracts.queries import finding as queries
from contracts.queries.projects import in_phase
from core import parameters
from core.clock import business_date, market_now
from people.notices import Announcement, announce

MATCHED_WITHIN: Final = timedelta(days=7)
"""A project published longer ago is no news, however late the scheduler is. A choice of the alert, not a rule."""

_TELL_WATCHERS: Final = """
    INSERT INTO contracts_alert (person_id, project_id, kind, occasion, told_at)
    SELECT w.person_id, w.project_id, %(kind)s, n.occasion, %(now)s
      FROM unnest(%(projects)s::uuid[], %(occasions)s::text[]) AS n (project_id, occasion)
      JOIN contracts_watch w ON w.project_id = n.project_id
     WHERE w.person_id <> ALL (%(besides)s::uuid[])
       AND NOT EXISTS (
            SELECT FROM contracts_alert a
             WHERE (a.project_id, a.kind, a.occasion, a.person_id) = (w.project_id, %(kind)s, n.occasion, w.person_id))
        ON CONFLICT DO NOTHING
 RETURNING person_id, project_id, occasion
"""
"""Who was told already is left out first; the conflict is for two who tell at the same instant."""
_TELL_SEARCHERS: Final = """
    INSERT INTO contracts_alert (person_id, project_id, kind, occasion, told_at)
    SELECT DISTINCT f.person_id, p.id, %(kind)s, '', %(now)s
      FROM unnest(%(queries)s::text[], %(projects)s::uuid[]) AS m (query, project_id)
      JOIN contracts_project p ON p.id = m.project_id
      JOIN contracts_savedfilter f ON f.query = m.query AND f.alerts_since <= p.published_at
     WHERE f.person_id IS DISTINCT FROM p.published_by_id
       AND (NOT m.query = ANY (%(bidding)s::text[]) OR (f.person_id, p.id) IN (
            SELECT * FROM unnest(%(bidders)s::uuid[], %(open)s::uuid[])))
        ON CONFLICT DO NOTHING
 RETURNING person_id, project_id, occasion
"""

_FORGET: Final = """
    DELETE FROM contracts_alert
     WHERE id IN (
            SELECT a.id FROM contracts_alert a JOIN contracts_project p ON p.id = a.project_id
             WHERE a.told_at < %(before)s AND p.deadline <= %(now)s
             LIMIT %(most)s)
"""
AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class News:
    """What is told about one project. say: the sentence, called once in each language; occasion: see `Alert`."""

    project_id: UUID
    say: Callable[[], str]
    occasion: str = ""
    link: str = ""


def tell_watchers(kind: str, news: Sequence[News], *, besides: Collection[UUID] = ()) -> int:
    """Tell everybody who watches these projects, but not the people `besides`, and nobody the same twice.

    Called inside the transaction of the deed. Two statements beside the clock's, whatever the number of watchers;
    returns how many notices that made.
    """
    facts = {
        "projects": [row.project_id for row in news],
        "occasions": [row.occasion for row in news],
        "besides": list(besides),
    }
    return _told(_TELL_WATCHERS, kind, news, facts)


def _told(statement: str, kind: str, news: Sequence[News], facts: dict[str, Any]) -> int:
    """Write the alerts that are not written yet, and their notices."""
    with connection.cursor() as cursor:
        cursor.execute(statement, {"kind": kind, "now": market_now(), **facts})
        fresh = cursor.fetchall()
    places = {(row.project_id, row.occasion): place for place, row in enumerate(news)}
    told = [(person, places[project, occasion]) for person, project, occasion in fresh]
    return announce(told, [Announcement(row.say, row.link or _page(row.project_id)) for row in news])


def _page(project_id: UUID) -> str:
    return f"/projects/{project_id}/"


# ------------------------------------------------------------------ a deadline is near


@transaction.atomic
def tell_of_deadlines() -> int:
    """Tell the watchers of open projects whose deadline is less than `deadline_alert_hours` away.

    A deadline that moved is told again. Returns how many notices that made.
    """
    now = market_now()
    near = timedelta(hours=parameters.value("deadline_alert_hours", on=business_date(now)))
    soon = in_phase(Project.objects.filter(deadline__lte=now + near), Phase.OPEN, now)
    news = [
        News(pk, partial(_closes_soon, title), occasion=deadline.isoformat())
        for pk, title, deadline in soon.order_by("deadline", "pk").values_list("pk", "title", "deadline")
    ]
    return tell_watchers(Alert.Kind.DEADLINE, news) if news else 0


def _closes_soon(title: str) -> str:
    return _("“%(title)s”, which you watch, closes soon.") % {"title": title}


# ------------------------------------------------------------------ new projects fit a saved filter


@transaction.atomic
def tell_of_matches() -> int:
    """Hold projects published lately against the saved filters that want alerts, once each.

    Statements grow with new projects and with different filters among all that are kept, not with the people who keep
    them. Returns how many notices that made.
    """
    now = market_now()
    new = _not_matched_yet(now)
    if not new:
        return 0
    Matched.objects.bulk_create([Matched(project=project, at=now) for project in new], ignore_conflicts=True)
    found = searching.matches(new, now)
    if not found:
        return 0
    bidding = [query for query in {query for query, _project in found} if searching.asks_can_bid(query)]
    may_bid = _who_may_bid([project for project in new if bidding], business_date(now))
    facts = {
        "queries": [query for query, _project in found],
        "projects": [project for _query, project in found],
        "bidding": bidding,
        "bidders": [person for person, _project in may_bid],
        "open": [project for _person, project in may_bid],
    }
    news = [News(project.pk, partial(_fits, project.title)) for project in new]
    return _told(_TELL_SEARCHERS, Alert.Kind.MATCH, news, facts)


def _not_matched_yet(now: datetime) -> list[Project]:
    rows = Project.objects.filter(
        status=Project.Status.PUBLISHED,
        published_at__gt=now - MATCHED_WITHIN,
        deadline__gt=now,
        buyer__isnull=False,
        matched=None,
    )
    return list(rows.order_by("published_at", "pk"))


def _who_may_bid(projects: Iterable[Project], on: Any) -> list[tuple[UUID, UUID]]:
    """Leaders and the projects they may bid on: a statement per new project, whatever the number of leaders."""
    return [(person, project.pk) for project in projects for person in queries.leaders_who_may_bid(project, on)]


def _fits(title: str) -> str:
    return _("“%(title)s” is new and fits a filter you saved.") % {"title": title}


# ------------------------------------------------------------------ what need not be remembered


def forget_old() -> int:
    """Delete the rows of what was told more than `alerts_kept_days` ago about projects whose deadline has passed.

    Those are never told again, so nothing needs them; while a project takes bids they are kept however old. Returns how
    many. A statement for `AT_ONCE` of them, each its own transaction, so that nobody who tells waits. Safe twice.
    """
    now = market_now()
    before = now - timedelta(days=parameters.value("alerts_kept_days", on=business_date(now)))
    found, gone = 0, AT_ONCE
    while gone == AT_ONCE:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_FORGET, {"before": before, "now": now, "most": AT_ONCE})
            gone = cursor.rowcount
        found += gone
    return found
