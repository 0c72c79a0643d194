"""Objections to a standing award: a losing bidder raises one, the steward rules, and until then nothing is signed."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from contracts.actions import awards
from contracts.actions.evaluation import given, locked_award, opened
from contracts.actions.projects import leaders, link, record
from contracts.models import Award, Objection, Project, Vendor
from contracts.models.vendors import Bidder
from contracts.permissions import awards as permissions
from contracts.permissions.parts import stewards
from contracts.permissions.standing import standing_of
from core.clock import business_date
from core.errors import Conflict
from people.models import Role, User
from people.notices import tell


@transaction.atomic
def object_to(*, award: Award, reason: str, by: User) -> Objection:
    """Object to a standing award for an ME or a vendor that bid and was not chosen. While it is open nothing is signed.

    Raises Denied (not the leader of a losing bidder), InvalidTransition (not standing), TooLate, Invalid, Conflict.
    """
    project, award, now = locked_award(award)
    raised_for = [row.bidder.pk for row in award.objections.select_related("microenterprise", "vendor") if row.bidder]
    who = standing_of(by, business_date(now))
    bidder = permissions.check_object(award, opened(project), who, now, objected=raised_for)
    reason = given(reason, _("Say what is wrong with this award; the steward and every bidder read it."))
    try:
        with transaction.atomic():
            raised = Objection.objects.create(
                award=award,
                microenterprise=None if isinstance(bidder, Vendor) else bidder,
                vendor=bidder if isinstance(bidder, Vendor) else None,
                reason=reason,
                raised_at=now,
                raised_by=by,
            )
    except IntegrityError as refused:
        raise Conflict(_("%(me)s has objected to this award already.") % {"me": bidder.name}) from refused
    record(project, "objection_raised", by=by, **_facts(raised), reason=reason)
    _tell_raised(project, bidder, now)
    return raised


def _tell_raised(project: Project, bidder: Bidder, now: datetime) -> None:
    """The buyer and the stewards learn of it; HR too, when none of these may rule."""
    words = {"me": bidder.name, "title": project.title}
    known = stewards(project, business_date(now))
    tell(
        [*leaders([project.buyer], now), *User.objects.filter(pk__in=known)],
        lambda: _("%(me)s objects to the award of “%(title)s”.") % words,
        link=link(project),
    )
    if "" not in known.values():
        tell(
            list(User.objects.filter(roles__contains=[Role.HR], is_active=True)),
            lambda: _("No steward may rule on the objection to the award of “%(title)s”. Name another one.") % words,
            link=link(project),
        )


@transaction.atomic
def rule(*, objection: Objection, upheld: bool, reason: str, by: User) -> Objection:
    """The steward rules: upheld cancels the award and the buyer chooses again; dismissed lets it go its way.

    Raises Denied (not a steward, or one with a part in it), InvalidTransition (ruled already), Invalid.
    """
    project, award, now = locked_award(objection.award)
    objection = Objection.objects.select_for_update().get(pk=objection.pk)
    today = business_date(now)
    permissions.check_rule(objection, standing_of(by, today), stewards(project, today))
    objection.ruling_reason = given(reason, _("Say why; every bidder reads it."))
    objection.ruling = Objection.Ruling.UPHELD if upheld else Objection.Ruling.DISMISSED
    objection.ruled_at, objection.ruled_by = now, by
    objection.save(update_fields=["ruling", "ruling_reason", "ruled_at", "ruled_by"])
    record(
        project, "objection_ruled", by=by, **_facts(objection),
        ruling=objection.ruling, reason=objection.ruling_reason,
    )  # fmt: skip
    _tell_ruling(project, objection, now)
    if upheld and award.status == Award.Status.STANDING:
        awards.cancel(project, award, "award_cancelled", reason=objection.ruling_reason, by=by, now=now)
    elif not upheld:
        awards.take_effect_if_due(project, award, now)
    return objection


def _facts(objection: Objection) -> dict[str, str]:
    """Who objects, as the trail keeps it."""
    kind = "vendor" if objection.vendor_id is not None else "microenterprise"
    return {kind: str(objection.vendor_id or objection.microenterprise_id)}


def _tell_ruling(project: Project, objection: Objection, now: datetime) -> None:
    words = {"me": objection.bidder_label, "title": project.title, "reason": objection.ruling_reason}

    def say() -> str:
        if objection.ruling == Objection.Ruling.UPHELD:
            return _("The objection of %(me)s to the award of “%(title)s” is upheld: %(reason)s") % words
        return _("The objection of %(me)s to the award of “%(title)s” is dismissed: %(reason)s") % words

    tell(leaders([project.buyer, objection.bidder], now), say, link=link(project))
