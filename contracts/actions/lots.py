"""The verbs of lots that concern all of them: draft, edit, publish. What happens to one is a project's own verb.

Lots are locked in the order of their numbers, always, so that two verbs on one set wait for each other and never
for ever. One transaction: all or none.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts import lots as rules
from contracts.actions import projects, vendor_mails
from contracts.actions.projects import ProjectDraft
from contracts.drafts import check_seen
from contracts.lots import LotDraft
from contracts.measures import NO_MEASURE
from contracts.models import LotSet, Project
from contracts.permissions import lots as permissions
from contracts.permissions import projects as project_permissions
from contracts.permissions.standing import standing_of
from core import money
from core.clock import business_date, market_now
from core.errors import Conflict, InsufficientFunds, Invalid
from ledger.accounts import Book, Kind
from ledger.queries import balance
from microenterprises.models import Microenterprise
from people.models import User
from people.notices import tell


def link(lot_set: LotSet) -> str:
    """The page of a set."""
    return f"/projects/sets/{lot_set.pk}/"


# ------------------------------------------------------------------ draft


@transaction.atomic
def create(*, buyer: Microenterprise, shared: ProjectDraft, lots: Sequence[LotDraft], by: User) -> LotSet:
    """Write a need down in lots. shared: what all of them say; its title is that of the whole, its ceiling is not read.

    Raises Denied, Invalid.
    """
    now = market_now()
    who = standing_of(by, business_date(now))
    project_permissions.check_draft(who)
    project_permissions.check_draft_for(buyer, who)
    _check(shared, lots)
    lot_set = LotSet.objects.create(buyer=buyer, title=_title(shared), created_at=now, created_by=by)
    for number, lot in enumerate(lots, start=1):
        projects.create_draft(buyer=buyer, draft=draft_of(shared, lot), by=by, lot=(lot_set, number))
    return lot_set


@transaction.atomic
def edit(
    *, lot_set: LotSet, shared: ProjectDraft, lots: Sequence[LotDraft], removed: Sequence[UUID] = (), by: User
) -> LotSet:
    """Replace what draft lots say: those named change, new ones are added, those in `removed` are deleted.

    Raises Denied, InvalidTransition (they are published), Invalid, Conflict (there are lots the writer did not see).
    """
    lot_set, found = locked_lots(lot_set)
    permissions.check_edit(found, standing_of(by, business_date(market_now())))
    _check(shared, lots)
    kept = {lot.pk: lot for lot in permissions.drafts(found)}
    if {row.lot for row in lots if row.lot is not None} | set(removed) != set(kept):
        raise Conflict(_("The lots changed after you opened this page. Reload it and look again."))
    for pk in removed:
        projects.record(kept[pk], "lot_removed", by=by, lot=kept[pk].lot_number)
        kept.pop(pk).delete()
    taken = {lot.lot_number for lot in found if lot.status != Project.Status.DRAFT}
    free = (number for number in range(1, rules.MOST_LOTS + len(taken) + 1) if number not in taken)
    rows = {row.lot: row for row in lots if row.lot is not None}
    # Numbers only fall for those that stay, so in their order none meets another.
    for lot, number in zip(kept.values(), free, strict=False):
        lot.lot_number = number
        projects.rewrite(lot, draft_of(shared, rows[lot.pk]), by=by)
    for row, number in zip((row for row in lots if row.lot is None), free, strict=False):
        projects.create_draft(buyer=lot_set.buyer, draft=draft_of(shared, row), by=by, lot=(lot_set, number))
    LotSet.objects.filter(pk=lot_set.pk).update(title=_title(shared))
    lot_set.title = _title(shared)
    return lot_set


def draft_of(shared: ProjectDraft, lot: LotDraft) -> ProjectDraft:
    """What a lot says, as the draft of a project. Its own outcome takes the place of the shared one, parts and all."""
    found = replace(shared, title=lot.title, ceiling_minor=lot.ceiling_minor)
    return replace(found, success_measure=lot.outcome, measure=NO_MEASURE) if lot.outcome.strip() else found


def _title(shared: ProjectDraft) -> str:
    return " ".join(shared.title.split())


def _check(shared: ProjectDraft, lots: Sequence[LotDraft]) -> None:
    if not shared.title.strip():
        raise Invalid(_("Give the project a title that says what is needed."), field="title")
    for wrong in rules.problems(lots):
        raise Invalid(wrong.sentence, field="lots")


# ------------------------------------------------------------------ publication


@transaction.atomic
def publish(*, lot_set: LotSet, by: User, seen: str | None = None) -> list[Project]:
    """Publish all draft lots of a set at one instant, or none: every ceiling is held, each lot has a draw of its own.

    Raises as `actions.projects.publish` does; InsufficientFunds when the wallet is short of the sum.
    """
    projects.hold_buyer(lot_set)
    lot_set, found = locked_lots(lot_set)
    now = market_now()
    permissions.check_publish(found, standing_of(by, business_date(now)))
    drafts = permissions.drafts(found)
    check_seen(drafts, seen)
    if len(drafts) < rules.FEWEST_LOTS:
        raise Invalid(_("Only one lot is left. Add another to publish, or post this need without lots."), field="lots")
    _check_wallet(lot_set, drafts)
    named = [projects.put_up(lot, by=by, now=now) for lot in drafts]
    _tell(lot_set, drafts, named[0], by)
    for lot in drafts:
        vendor_mails.tell_invited(lot)  # vendors are invited lot by lot
    return drafts


def _check_wallet(lot_set: LotSet, lots: Sequence[Project]) -> None:
    """Say what is missing of the sum; the books refuse the same lot by lot, in sentences about a part of it."""
    currency, needed = lots[0].currency, rules.total(lots)
    available = balance(lot_set.buyer.entity_id, Kind.WALLET, book=Book(lots[0].book))
    if available < needed:
        raise InsufficientFunds(
            _("The ceilings of the lots sum to %(needed)s and your wallet has %(available)s. Nothing was held.")
            % {"needed": money.write(needed, currency), "available": money.write(available, currency)},
            available_minor=available,
            missing_minor=needed - available,
        )


def _tell(lot_set: LotSet, lots: Sequence[Project], named: projects.Named, by: User) -> None:
    """Once for all lots, whoever has a part in them."""
    words = {"title": lot_set.title, "count": len(lots)}
    page = link(lot_set)
    tell(
        [person for person in named.panel if person != by],
        lambda: (
            ngettext(
                "You are on the panel of “%(title)s”, %(count)s lot, and will judge quality once its bids are open.",
                "You are on the panel of “%(title)s”, %(count)s lots, and will judge quality once their bids are open.",
                len(lots),
            )
            % words
        ),
        link=page,
    )
    tell(
        [lots[0].acceptor],
        lambda: (
            ngettext(
                "You will accept the work of “%(title)s”, %(count)s lot, for your ME.",
                "You will accept the work of “%(title)s”, %(count)s lots, for your ME.",
                len(lots),
            )
            % words
        ),
        link=page,
    )
    tell(
        projects.leaders(named.invited, market_now()),
        lambda: (
            ngettext(
                "Your ME is invited to bid on “%(title)s”, %(count)s lot.",
                "Your ME is invited to bid on “%(title)s”, %(count)s lots.",
                len(lots),
            )
            % words
        ),
        link=page,
    )


# ------------------------------------------------------------------ locks


def locked_lots(lot_set: LotSet) -> tuple[LotSet, list[Project]]:
    """A set and all its lots in order, their rows locked until the transaction ends. Read the clock after this."""
    kept = LotSet.objects.select_for_update(of=("self",), no_key=True).select_related("buyer").get(pk=lot_set.pk)
    return kept, projects.locked_with_lots(kept.pk)
