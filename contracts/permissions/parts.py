"""Who is not free to judge a choice: who is tied to somebody that bid, and who has had a part in it (rule 6).

Choosing, agreeing, ruling and cancelling ask here, so that one tie counts the same everywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import DateField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery, Value
from django.utils.translation import gettext as _

from contracts.models import Award, Bid, Objection, Panelist, Project
from core.errors import Denied
from microenterprises.models import Membership, Microenterprise
from microenterprises.queries.firms import parameter_now
from people.models import Role, User

# ------------------------------------------------------------------ ties


@dataclass(frozen=True, slots=True)
class Ties:
    """What ties somebody to those who bid on a project, a sentence each; empty where nothing does.

    now: a place in a bidding ME, also one that begins later, or a conflict of interest on the panel.
    lately: such a place that ended within the dated number of days that counts for judges too.
    """

    now: str = ""
    lately: str = ""

    def __bool__(self) -> bool:
        return bool(self.now or self.lately)


def ties_of(project: Project, person: User, on: date) -> Ties:
    """What ties a person to the opened bids of a project on a business date. Two statements."""
    if Panelist.objects.filter(project=project, person=person, status=Panelist.Status.CONFLICTED).exists():
        return Ties(now=_("You have a conflict of interest with a bidder here."))
    rows = list(_at_bidders(project, on).filter(person=person).select_related("microenterprise"))
    lasting = next((row for row in rows if row.ended_on is None or row.ended_on > on), None)
    if lasting is not None and lasting.started_on <= on:
        return Ties(now=_("You are a member of %(me)s, which bids here.") % {"me": lasting.microenterprise.name})
    if lasting is not None:
        return Ties(now=_("You are about to join %(me)s, which bids here.") % {"me": lasting.microenterprise.name})
    if rows:
        words = {"me": rows[0].microenterprise.name}
        return Ties(lately=_("You were a member of %(me)s, which bids here, not long ago.") % words)
    return Ties()


def check_untied(project: Project, person: User, on: date, mend: str, *, lately: bool = True) -> None:
    """Raise Denied, with the tie and how to mend it, for who is tied to a bidder. lately: also by what ended lately."""
    ties = ties_of(project, person, on)
    tie = ties.now or (ties.lately if lately else "")
    if tie:
        raise Denied(f"{tie} {mend}")


def tied_people(project: Project, on: date) -> QuerySet[Any, Any]:
    """The ids of everybody whom `ties_of` finds tied through a place in a bidding ME, as a subquery."""
    return _at_bidders(project, on).values("person")


def places_that_tie(on: date) -> QuerySet[Membership]:
    """Places in MEs that last, are to begin, or ended within the dated number of days, the newest first."""
    since = ExpressionWrapper(
        Value(on, output_field=DateField()) - parameter_now("conflict_lookback_days"), output_field=DateField()
    )
    return Membership.objects.filter(Q(ended_on=None) | Q(ended_on__gt=since)).order_by("-started_on", "pk")


def _at_bidders(project: Project, on: date) -> QuerySet[Membership]:
    """Who is dissolved cannot win any more, so it ties nobody."""
    bidders = Bid.objects.opened().filter(project=project).values("microenterprise")
    living = Microenterprise.objects.living().filter(pk__in=bidders)
    return places_that_tie(on).filter(microenterprise__in=living.values("pk"))


# ------------------------------------------------------------------ parts


def decided(project: Any, person: Any) -> QuerySet[Award]:
    """The awards of a project that somebody made, agreed with, refused or took back. Who ended one by ruling on an
    objection judged it and decided nothing. project, person: a row, its id, or how the outer query names it."""
    ruled = Objection.objects.filter(award=OuterRef("pk"), ruled_by=OuterRef("ended_by"))
    ended = Q(ended_by=person) & ~Exists(ruled)
    return Award.objects.filter(Q(awarded_by=person) | Q(agreed_by=person) | ended, project=project)


def stewards(project: Project, on: date) -> Mapping[UUID, str]:
    """Every steward with the sentence that says why they rule on no objection here; empty for who may. One statement.

    A part is an award that they decided, a place on the panel, accepting the work, or a place at the buyer or a bidder,
    now, later or not long ago.
    """
    me = OuterRef("pk")
    places = places_that_tie(on).filter(person=me)
    bidding = _at_bidders(project, on).filter(person=me)
    rows = (
        User.objects.filter(roles__contains=[Role.STEWARD], is_active=True)
        .exclude(roles__contains=[Role.AUDITOR])
        .annotate(
            decided=Exists(decided(project, me)),
            judges=Exists(Panelist.objects.filter(project=project, person=me)),
            buys=Exists(places.filter(microenterprise=project.buyer_id)),
            bids=Subquery(bidding.values("microenterprise__name")[:1]),
        )
    )
    return {
        row.pk: _part(project, row.pk, decided=row.decided, judges=row.judges, buys=row.buys, bids=row.bids)
        for row in rows
    }


def _part(project: Project, person: UUID, *, decided: bool, judges: bool, buys: bool, bids: str | None) -> str:
    if decided:
        return _("You have had a part in choosing here.")
    if person == project.acceptor_id:
        return _("You accept the work of this project.")
    if judges:
        return _("You are on the panel of this project.")
    if buys:
        return _("You are a member of the buyer, or were not long ago.")
    if bids is not None:
        return _("You are a member of %(me)s, which bids here, or were not long ago.") % {"me": bids}
    return ""
