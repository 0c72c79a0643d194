"""The verbs of finding work: watch a project, keep a filter.

They are one's own business, and what somebody watches or keeps hints what they will bid on. So they leave no record in
the audit trail, which steward and auditor read before the bids are opened (docs/adr/0034).
"""

from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from contracts import searching
from contracts.models import Project, SavedFilter, Watch
from contracts.permissions import finding as permissions
from contracts.permissions.standing import standing_of
from core.clock import business_date, market_now
from core.errors import Conflict, Invalid
from microenterprises.models import Microenterprise
from people.models import User

MOST_FILTERS = 50


@transaction.atomic
def watch(*, project: Project, by: User) -> None:
    """Hear from now on what happens to a project. Watching twice changes nothing. Raises Denied, InvalidTransition."""
    now = market_now()
    # No lock: bids wait for that one, and whether a project ends at this very instant decides nothing here.
    project = Project.objects.get(pk=project.pk)
    permissions.check_watch(project, by, now)
    Watch.objects.bulk_create([Watch(person=by, project=project, since=now)], ignore_conflicts=True)


@transaction.atomic
def unwatch(*, project: Project, by: User) -> None:
    """Hear nothing more of a project. Ending what is not there changes nothing. Raises Denied."""
    permissions.check_keep(by)
    Watch.objects.filter(person=by, project=project).delete()


@transaction.atomic
def save_filter(
    *, name: str, query: QueryDict, by: User, shared_with: Microenterprise | None = None, alerts: bool = False
) -> SavedFilter:
    """Keep a view of the project list under a name. Raises Invalid (`field` says what), Denied, Conflict."""
    now = market_now()
    permissions.check_keep(by)
    User.objects.select_for_update(no_key=True).only("pk").get(pk=by.pk)
    if SavedFilter.objects.filter(person=by).count() >= MOST_FILTERS:
        raise Conflict(
            _("You keep %(count)s filters already. Delete one that you no longer use.") % {"count": MOST_FILTERS}
        )
    saved = SavedFilter(person=by, query=searching.canonical(query), created_at=now)
    return _written(saved, name, shared_with, alerts, by)


@transaction.atomic
def change_filter(
    *, saved: SavedFilter, name: str, shared_with: Microenterprise | None, alerts: bool, by: User
) -> SavedFilter:
    """Rename, share or hide a filter of one's own, and switch its alerts. Raises Denied, Invalid."""
    saved = SavedFilter.objects.select_for_update(of=("self",)).select_related("person").get(pk=saved.pk)
    permissions.check_own_filter(saved, by)
    return _written(saved, name, shared_with, alerts, by)


@transaction.atomic
def delete_filter(*, saved: SavedFilter, by: User) -> None:
    """Forget a filter of one's own; its link opens for nobody any more. Raises Denied."""
    permissions.check_own_filter(saved, by)
    SavedFilter.objects.filter(pk=saved.pk).delete()


def _written(saved: SavedFilter, name: str, shared_with: Microenterprise | None, alerts: bool, by: User) -> SavedFilter:
    now = market_now()
    if shared_with is None or shared_with.pk != saved.shared_with_id:
        permissions.check_share(shared_with, standing_of(by, business_date(now)))
    saved.name = " ".join(name.split())
    if not saved.name or len(saved.name) > 80:
        raise Invalid(_("Give the filter a name of at most 80 signs."), field="name")
    if alerts:
        searching.check_alerts(saved.query)
    saved.shared_with = shared_with
    saved.alerts_since = (saved.alerts_since or now) if alerts else None
    try:
        with transaction.atomic():
            saved.save()
    except IntegrityError as refused:
        if "one_filter_per_person_and_name" in str(refused):
            raise Invalid(_("You have a filter of this name already. Choose another name."), field="name") from None
        raise
    return saved
