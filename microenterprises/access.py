"""Load and authorise: what is missing and what somebody may not see are the same 404."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404

from core.clock import MarketNow
from microenterprises.models import (
    Ballot,
    Idea,
    Invitation,
    Membership,
    Microenterprise,
    MoneyRecord,
    Platform,
    Pledge,
    Seat,
    ShareTerms,
)
from microenterprises.queries.firms import goals_of, parameter_now
from microenterprises.queries.ideas import filled_seats, pledged_minor, promised_minor
from people.models import User


def microenterprise_or_404(user: User, pk: UUID) -> Any:
    """An ME with its platform, its goals (`.own_goals`), the market's instant (`.now`), the first month of the fiscal
    year (`.year_starts_in`) and how many people a team needs to bid (`.fewest_people`), in one statement.
    """
    rows = Microenterprise.objects.visible_to(user).select_related("platform")
    return get_object_or_404(
        rows.annotate(
            now=MarketNow(),
            own_goals=goals_of("microenterprise"),
            year_starts_in=parameter_now("fiscal_year_first_month"),
            fewest_people=parameter_now("team_fewest_people"),
        ),
        pk=pk,
    )


def idea_or_404(user: User, pk: UUID) -> Any:
    """An idea with its people and figures (`.now`, `.own_goals`, `.pledged`, `.promised`, `.seats_filled`,
    `.seats_needed`), in one statement.
    """
    rows = Idea.objects.visible_to(user).select_related("owner", "platform", "microenterprise")
    return get_object_or_404(
        rows.annotate(
            now=MarketNow(),
            own_goals=goals_of("idea"),
            pledged=pledged_minor(),
            promised=promised_minor(),
            seats_filled=filled_seats(),
            seats_needed=parameter_now("launch_filled_seats"),
        ),
        pk=pk,
    )


def seat_or_404(user: User, pk: UUID) -> Seat:
    """A seat with the idea or ME that offers it."""
    return get_object_or_404(Seat.objects.visible_to(user).select_related("idea__owner", "microenterprise"), pk=pk)


def pledge_or_404(user: User, pk: UUID) -> Pledge:
    """A pledge to an idea the reader sees."""
    rows = Pledge.objects.filter(idea__in=Idea.objects.visible_to(user)).select_related("idea", "person")
    return get_object_or_404(rows, pk=pk)


def membership_or_404(user: User, firm_id: UUID, pk: UUID) -> Membership:
    """A membership of an ME the reader sees."""
    rows = Membership.objects.filter(microenterprise__in=Microenterprise.objects.visible_to(user))
    return get_object_or_404(rows.select_related("microenterprise", "person"), pk=pk, microenterprise=firm_id)


def ballot_or_404(user: User, firm_id: UUID, pk: UUID) -> Ballot:
    """The ballot of a version of share terms."""
    terms = ShareTerms.objects.visible_to(user).filter(microenterprise=firm_id)
    return get_object_or_404(Ballot.objects.filter(share_terms__in=terms).select_related("share_terms"), pk=pk)


def money_record_or_404(user: User, firm_id: UUID, pk: UUID) -> MoneyRecord:
    """A record of outside money of an ME the reader sees; whoever may not read its books is told so by a check."""
    rows = MoneyRecord.objects.filter(microenterprise__in=Microenterprise.objects.visible_to(user))
    return get_object_or_404(rows.select_related("microenterprise"), pk=pk, microenterprise=firm_id)


def invitation_or_404(user: User, pk: UUID) -> Invitation:
    """An invitation or request the reader has a part in."""
    rows = Invitation.objects.visible_to(user).select_related("seat__idea__owner", "seat__microenterprise", "person")
    return get_object_or_404(rows, pk=pk)


def platform_or_404(user: User, pk: UUID) -> Platform:
    """A platform; outside vendors see none."""
    if user.is_vendor:
        raise Http404
    return get_object_or_404(Platform.objects.select_related("entity"), pk=pk)
