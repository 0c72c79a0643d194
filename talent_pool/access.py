"""Load and authorise: missing and forbidden are the same 404."""

from uuid import UUID

from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404

from core.clock import business_date
from microenterprises.models import Invitation, Membership, Microenterprise
from people.models import Role, User
from talent_pool.models import PoolEntry
from talent_pool.queries import with_team


def invitation_or_404(user: User, pk: UUID) -> Invitation:
    """An invitation of one's own, or one that one's own idea or ME sent; HR and the auditor see all."""
    rows = Invitation.objects.select_related(
        "person", "invited_by", "seat__microenterprise__platform", "seat__idea__owner", "seat__idea__platform"
    )
    if not user.has_role(Role.HR, Role.AUDITOR):
        led = Membership.objects.active(business_date()).filter(person=user, is_lead=True)
        rows = rows.filter(
            Q(person=user)
            | Q(invited_by=user)
            | Q(seat__idea__owner=user)
            | Q(seat__microenterprise__in=led.values("microenterprise"))
        )
    return get_object_or_404(rows, pk=pk)


def pool_entry_or_404(user: User, pk: UUID) -> PoolEntry:
    """A stay in the pool that the reader may see."""
    rows = PoolEntry.objects.visible_to(user).select_related("person", "left_microenterprise", "landed_in")
    return get_object_or_404(with_team(rows.prefetch_related("person__skills"), business_date()), pk=pk)


def team_or_404(user: User, pk: UUID) -> Microenterprise:
    """A team, or what became of one, that the reader may see."""
    rows = Microenterprise.objects.visible_to(user).select_related("platform")
    return get_object_or_404(rows, pk=pk)


def firm_to_wind_up_or_404(user: User, pk: UUID) -> Microenterprise:
    """An ME the reader may see; who may wind it up is asked by the permission."""
    firm = Microenterprise.objects.visible_to(user).filter(pk=pk).first()
    if firm is None:
        raise Http404
    return firm
