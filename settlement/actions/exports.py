"""The verbs of files made in the background: ask for one, begin it, say how it ended, download it, let it expire.

The file itself is written by `settlement.exports.making`; here is only what the database knows of it. Every verb may be
repeated, and one that comes from a worker that was overtaken does nothing.
"""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from core import audit, parameters
from core.clock import market_now
from core.errors import Denied, InvalidTransition
from people import notices
from people.models import User
from settlement.lifecycle import EXPORT
from settlement.models import Export
from settlement.permissions import check_download

OPEN = (Export.Status.QUEUED, Export.Status.RUNNING)
MOST_OPEN = 5
"""How many files of one person may wait at the same time."""


@transaction.atomic
def ask(*, kind: str, form: str, asked: dict[str, str], by: User) -> Export:
    """Queue a file. The filters were read and permitted before (`catalogue.read`); the worker asks again.

    Raises Denied when too many of the person's files wait already.
    """
    User.objects.select_for_update().get(pk=by.pk)
    waiting = Export.objects.filter(asked_by=by, status__in=OPEN)
    same = waiting.filter(kind=kind, form=form, asked=asked).first()
    if same is not None:
        return same
    if waiting.count() >= MOST_OPEN:
        raise Denied(_("Several of your files are still being made. Wait for one of them, then ask again."))
    export = Export.objects.create(asked_by=by, asked_at=market_now(), kind=kind, form=form, asked=asked)
    _record(export, "settlement.export_asked", by, filters=asked)
    # robust: without a broker the clock's next round makes it.
    transaction.on_commit(partial(_queue, str(export.pk)), robust=True)
    return export


@transaction.atomic
def begin(*, export_id: UUID | str) -> Export | None:
    """Take a file up, for the first time or after a worker was killed; None when there is nothing left to do."""
    export = Export.objects.select_for_update().filter(pk=export_id).first()
    if export is None or not export.is_open:
        return None
    EXPORT.move(export, "begin", attempt=export.attempt + 1, started_at=market_now(), rows_done=0, rows_total=0)
    return export


@transaction.atomic
def finish(*, export: Export, **made: Any) -> bool:
    """The file lies where it belongs. made: name, stored_as, size, sha256, rows_done, audit_head,
    with_pay.

    False when another worker has taken the file up since: then this one's file counts for nothing.
    """
    current = _mine(export)
    if current is None:
        return False
    now = market_now()
    keeps = timedelta(days=parameters.value("export_days"))
    made["rows_total"] = made["rows_done"]  # the total was what it would be at most
    EXPORT.move(current, "finish", **made, made_at=now, expires_at=now + keeps)
    _record(current, "settlement.export_made", None, name=current.name, sha256=current.sha256, size=current.size)
    name = current.name
    notices.tell(
        [current.asked_by], lambda: _("Your file %(name)s is ready.") % {"name": name}, link=reverse("export_list")
    )
    return True


@transaction.atomic
def fail(*, export: Export, sentence: str) -> bool:
    """The file cannot be made; the sentence says why. False when another worker has taken it up since."""
    current = _mine(export)
    if current is None:
        return False
    EXPORT.move(current, "fail", failure=sentence)
    _record(current, "settlement.export_failed", None, failure=sentence)
    notices.tell([current.asked_by], lambda: _("A file you asked for could not be made."), link=reverse("export_list"))
    return True


@transaction.atomic
def download(*, export: Export, by: User) -> Export:
    """Write down that a file leaves the house. Raises Denied for anybody but who asked, and for them once they may no
    longer see what it holds; InvalidTransition later on."""
    current = Export.objects.select_for_update().get(pk=export.pk)
    if current.status != Export.Status.READY:
        raise InvalidTransition(
            _("This file is not there. It is still being made, or it was deleted; ask for it again.")
        )
    check_download(by, current)
    _record(current, "settlement.export_downloaded", by, name=current.name, sha256=current.sha256)
    return current


@transaction.atomic
def expire_due() -> list[Export]:
    """Every file whose days are over; the caller deletes them after the commit."""
    due = Export.objects.select_for_update(skip_locked=True).filter(
        status=Export.Status.READY, expires_at__lte=market_now()
    )
    expired = list(due)
    for export in expired:
        EXPORT.move(export, "expire")
    return expired


def _mine(export: Export) -> Export | None:
    """The row as it stands, if the attempt that asks is still the last one."""
    rows = Export.objects.select_for_update(of=("self",)).select_related("asked_by")
    current: Export | None = rows.filter(pk=export.pk, status=Export.Status.RUNNING, attempt=export.attempt).first()
    return current


def _record(export: Export, deed: str, by: User | None, **facts: Any) -> None:
    audit.record(by=by, deed=deed, subject=f"export:{export.pk}", about=str(export), form=export.form, **facts)


def _queue(export_id: str) -> None:
    from settlement.tasks import make_export

    make_export.delay(export_id)
