"""Load and authorise: what a reader may not see is not there (404)."""

from datetime import date
from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404

from microenterprises.models import Microenterprise
from people.models import Role, User
from settlement.models import Outcome, PayLine, SettlementRun, ShareLine, in_outcome


def run_or_404(user: User, day: date) -> SettlementRun:
    """The run of a business date."""
    return get_object_or_404(
        SettlementRun.objects.visible_to(user).select_related("started_by", "approved_by"), business_date=day
    )


def course_or_404(user: User, day: date, *, nights: int) -> list[SettlementRun]:
    """The run of a business date and the ones before it, newest first, at most so many nights; one statement."""
    runs = SettlementRun.objects.visible_to(user).select_related("started_by", "approved_by")
    found = list(runs.filter(business_date__lte=day).order_by("-business_date")[:nights])
    if not found or found[0].business_date != day:
        raise Http404
    return found


def outcome_or_404(user: User, public_id: UUID) -> Outcome:
    """How one date of one ME ended."""
    outcomes = Outcome.objects.visible_to(user)
    return get_object_or_404(
        outcomes.select_related("microenterprise", "share_terms", "repairs", "repaired_by"), pk=public_id
    )


def line_or_404(user: User, public_id: UUID) -> ShareLine | PayLine:
    """One line of a statement: a share or a month's pay."""
    shares = ShareLine.objects.visible_to(user).select_related(
        "person", "outcome__microenterprise", "outcome__share_terms", "outcome__repairs", "membership"
    )
    share: ShareLine | None = shares.filter(in_outcome(public_id)).first()
    if share is not None:
        return share
    pays = PayLine.objects.visible_to(user).select_related("person", "microenterprise", "membership")
    pay: PayLine = get_object_or_404(pays, pk=public_id)
    return pay


def reader_or_404(user: User, person_id: UUID | None) -> User:
    """Whose statement is read: one's own, or anybody's for finance and the auditor."""
    if person_id is None or person_id == user.pk:
        if user.is_vendor:
            raise Http404
        return user
    if not user.has_role(Role.FINANCE, Role.AUDITOR):
        raise Http404
    return get_object_or_404(User, pk=person_id)


def firm_or_404(user: User, public_id: UUID) -> Microenterprise:
    """An ME whose settlement the reader may see: all for finance, steward and auditor; a leader their own."""
    firm = get_object_or_404(Microenterprise.objects.visible_to(user), pk=public_id)
    seen = user.has_role(Role.FINANCE, Role.AUDITOR, Role.STEWARD)
    if not seen and not Outcome.objects.visible_to(user).filter(microenterprise=firm).exists():
        raise Http404
    return firm
