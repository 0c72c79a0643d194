"""Changing a published project before its deadline: a new version of its words, for everybody at the same moment.

Rule 7 for projects: what bidders rely on changes in the open. Bids made for the words before wait to be confirmed or
revised (`actions.bids`); whether there are any is neither read nor told here, so a change takes the same steps and
leaves the same rows with bids and without (rule 2).
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts import letters, sealing, versions
from contracts.actions import alerts, holds, vendor_mails
from contracts.actions.projects import (
    ProjectDraft,
    check_criteria,
    check_draft,
    leaders,
    link,
    locked,
    locked_with_lots,
    record,
)
from contracts.models import Alert, Project, ProjectVersion
from contracts.permissions import projects as permissions
from contracts.permissions.standing import standing_of
from contracts.ranking import needs_quality
from contracts.versions import ProjectChanged, Words, words_of
from core import parameters
from core.clock import business_date, market_now
from core.errors import Invalid
from core.words.instants import exact
from microenterprises.models import Microenterprise
from people.models import User
from people.notices import tell

LONGEST_REASON = 2_000


@transaction.atomic
def amend(*, project: Project, words: Words, reason: str, by: User, seen: int | None = None) -> ProjectVersion:
    """Give a published project other words until its deadline; the hold follows the ceiling. Returns the new version.

    seen: the version the words were written over; None: whichever holds now. reason: everybody reads it. A deadline
    only moves later, and after a change bidders have at least `shortest_minutes_after_a_change`; the deadline of a lot
    is that of its set, so the lots that still run move with it, each to a new version with the same reason.
    Raises Denied, InvalidTransition, TooLate, ProjectChanged (meanwhile), Invalid (`field`), InsufficientFunds.
    """
    others = [lot for lot in locked_with_lots(project.lot_set_id) if lot.pk != project.pk]
    project = locked(project)
    now = market_now()
    permissions.check_amend(project, standing_of(by, business_date(now)), now)
    if seen is not None and seen != project.revision:
        raise ProjectChanged(
            _("The project changed after you opened this page. Read what changed, then change it again.")
        )
    reason = _given(reason)
    before = words_of(project)
    after = _tidy(project, words)
    if after == before:
        raise Invalid(_("Nothing is different from what the project says now. Change something first."))
    _check(project, before, after, now)
    version = _amend(project, before, after, reason, by, now)
    told = _tell_named(project, now, {by.pk})
    _tell_followers(project, told)
    if (after.deadline, after.deadline_zone) != (before.deadline, before.deadline_zone):
        for lot in others:
            if lot.status == Project.Status.PUBLISHED:
                moved = replace(words_of(lot), deadline=after.deadline, deadline_zone=after.deadline_zone)
                _amend(lot, words_of(lot), moved, reason, by, now)
                told = _tell_named(lot, now, told)
                _tell_followers(lot, told)
    return version


def _amend(project: Project, before: Words, after: Words, reason: str, by: User, now: datetime) -> ProjectVersion:
    """The next version of a locked project, its hold and its line in the trail."""
    version = _write(project, before, after, reason, by, now)
    holds.adjust(project, more_minor=(after.ceiling_minor or 0) - (before.ceiling_minor or 0), by=by)
    record(
        project,
        "amended",
        by=by,
        version=version.number,
        reason=reason,
        changed=[name for name, old in before.as_json().items() if after.as_json()[name] != old],
        ceiling_minor=after.ceiling_minor,
        deadline=after.deadline.isoformat(),
    )
    return version


def _given(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise Invalid(_("Say why the project changes; everybody reads it."), field="reason")
    if len(reason) > LONGEST_REASON:
        raise Invalid(
            _("The reason is longer than %(most)s signs. Shorten it.") % {"most": LONGEST_REASON}, field="reason"
        )
    return reason


def _tidy(project: Project, words: Words) -> Words:
    """The words as they would be stored, to be compared with those that are."""
    utc = replace(words, deadline=words.deadline.astimezone(UTC))
    copy = Project(currency=project.currency)
    versions.write(copy, utc)
    return words_of(copy)


# ------------------------------------------------------------------ what may become of it


def _check(project: Project, before: Words, after: Words, now: datetime) -> None:
    check_draft(_draft(project, after))
    for field, value, sentence in (
        ("need", after.need, _("Say what is needed.")),
        ("success_measure", after.success_measure, _("Say what success means.")),
        ("ceiling", after.ceiling_minor, _("Every project shows its ceiling.")),
    ):
        if not value:
            raise Invalid(sentence, field=field)
    _check_deadline(before, after, now)
    copy = Project(currency=project.currency, method=project.method, two_envelopes=project.two_envelopes)
    versions.write(copy, after)
    if needs_quality(copy) != needs_quality(project):
        raise Invalid(
            _("Whether quality counts was settled at publication, with the criteria and the panel that judges it."),
            field="pass_mark",
        )
    panel = [row.person for row in project.panel.select_related("person")]
    check_criteria(copy, panel)


def _draft(project: Project, words: Words) -> ProjectDraft:
    return ProjectDraft(
        title=words.title,
        need=words.need,
        success_measure=words.success_measure,
        ceiling_minor=words.ceiling_minor,
        deadline=words.deadline,
        deadline_zone=words.deadline_zone,
        opens_at=project.opens_at,
        method=project.method,
        price_weight_bp=words.price_weight_bp,
        pass_mark=words.pass_mark,
        milestones=words.milestones,
    )


def _check_deadline(before: Words, after: Words, now: datetime) -> None:
    """Later or as it was, and far enough from now for everybody to read the change and decide again."""
    if after.deadline < before.deadline:
        raise Invalid(
            _("The deadline is %(deadline)s and only moves later: bidders plan with it.")
            % {"deadline": exact(before.deadline)},
            field="deadline",
        )
    least = parameters.value("shortest_minutes_after_a_change", on=business_date(now))
    earliest = now + timedelta(minutes=least)
    if after.deadline >= earliest:
        return
    # To the next full minute, which is what the form can say.
    earliest = earliest.replace(second=0, microsecond=0) + timedelta(minutes=1)
    time = ngettext("%(count)s minute", "%(count)s minutes", least) % {"count": least}
    raise Invalid(
        _(
            "After a change everybody needs at least %(time)s to decide again, so the deadline moves with it: "
            "set it to %(earliest)s or later."
        )
        % {"time": time, "earliest": exact(earliest)},
        field="deadline",
    )


# ------------------------------------------------------------------ the new version


def _write(project: Project, before: Words, after: Words, reason: str, by: User, now: datetime) -> ProjectVersion:
    """Keep the version and let the project's row say it. The first change keeps what was published as version 1."""
    if project.revision == 1 and project.published_at is not None and project.published_by is not None:
        ProjectVersion.objects.create(
            project=project,
            number=1,
            words=before.as_json(),
            made_at=project.published_at,
            made_by=project.published_by,
        )
    version = ProjectVersion.objects.create(
        project=project,
        number=project.revision + 1,
        words=after.as_json(),
        reason=reason,
        made_at=now,
        made_by=by,
    )
    project.revision = version.number
    project.save(update_fields=[*versions.write(project, after), "revision"])
    return version


def _tell_named(project: Project, now: datetime, besides: set[UUID]) -> set[UUID]:
    """Who is named in the project is told, once for all lots; whom not to tell again."""
    named: list[User | None] = [row.person for row in project.panel.select_related("person")]
    invited = Microenterprise.objects.filter(pk__in=project.invited.values("microenterprise"))
    named += [project.acceptor, *leaders(invited, now), *vendor_mails.people_invited(project)]
    new = [person for person in named if person is not None and person.pk not in besides]
    tell(new, partial(_changed, project.title), link=_page(project))
    return besides | {person.pk for person in new}


def _tell_followers(project: Project, besides: set[UUID]) -> None:
    """Who watches the project is told; bidders by one sealed letter, sent whether or not there are any."""
    news = alerts.News(
        project.pk, partial(_changed, project.title), occasion=str(project.revision), link=_page(project)
    )
    alerts.tell_watchers(Alert.Kind.CHANGED, [news], besides=besides)
    sealed = sealing.seal_letter(project.pk, {"kind": letters.CHANGED, "version": str(project.revision)})
    transaction.on_commit(partial(letters.send_off, str(project.pk), sealed))


def _page(project: Project) -> str:
    return f"{link(project)}#changes"


def _changed(title: str) -> str:
    return _("“%(title)s” was changed. Read what is different.") % {"title": title}
