"""Reads for finding work: what somebody watches, the filters they keep or were shown, who may bid on a new project.

What is watched and kept is read for its own person only.
"""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from contracts.models import InvitedFirm, Panelist, Project, SavedFilter, Watch
from contracts.permissions.standing import Standing
from core.prepared import Bound
from microenterprises.models import Membership, Microenterprise
from people.models import User


def watched(projects: QuerySet[Project], user: User) -> QuerySet[Project]:
    """Those of the projects that somebody watches."""
    return projects.filter(pk__in=Watch.objects.filter(person=user).values("project"))


def watches(user: User | Bound, project: str = "pk") -> Exists:
    """Whether the reader watches the outer project, inside its own statement."""
    return Exists(Watch.objects.filter(person=user, project=OuterRef(project)))


def saved_filters(who: Standing) -> QuerySet[SavedFilter]:
    """One's own filters, and those that colleagues share with one's MEs."""
    mine = [firm.pk for firm in (*who.firms, *who.teams)]
    rows = SavedFilter.objects.visible_to(who.user).filter(Q(person=who.user) | Q(shared_with__in=mine))
    return rows.select_related("person", "shared_with")


def leaders_who_may_bid(project: Project, on: date) -> Iterator[UUID]:
    """Who may bid on a project for an ME or a team they lead, by the rules of `permissions.bids`. One statement.

    A team that still has too few people is told too: it has until the deadline to find them.
    """
    places = Membership.objects.active(on)
    buyers = places.filter(microenterprise=project.buyer_id)
    judges = (
        Q(person__in=Panelist.objects.filter(project=project).values("person"))
        | Q(person__in=buyers.filter(is_lead=True).values("person"))
        | Q(person__in=[pk for pk in (project.acceptor_id, project.published_by_id) if pk is not None])
    )
    found = (
        places.filter(
            is_lead=True,
            microenterprise__status__in=_bidding(project),
            microenterprise__currency=project.currency,
        )
        .exclude(microenterprise__in=places.filter(judges).values("microenterprise"))
        .exclude(person__in=buyers.values("person"))
    )
    if project.admission == Project.Admission.INVITED:
        found = found.filter(microenterprise__in=InvitedFirm.objects.filter(project=project).values("microenterprise"))
    yield from found.values_list("person", flat=True).distinct()


def _bidding(project: Project) -> list[str]:
    """The states of an ME in which it may bid on a project."""
    states = Microenterprise.Status
    return [states.ACTIVE, states.INCUBATING] if project.teams_may_bid else [states.ACTIVE]
