"""The worker's side of a file made in the background: write it, once, whatever happens to the worker.

Whoever makes a file holds a lock of the database session; a killed worker's session ends and with it the lock, so the
clock's next round takes the file up again, from its first row. A file is written under a name of its own attempt and
renamed when it is whole; the row then says which name counts. So there is never a half file and never a second one.
"""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID
from zlib import crc32

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import override

from core.errors import DomainError
from settlement.actions import exports
from settlement.exports import catalogue
from settlement.exports.files import encoded
from settlement.exports.orders import Order
from settlement.models import READS_PAY, Export

ATTEMPTS: Final = 3
"""How often an error that nobody foresaw is tried again; a killed worker is no error."""
KILLED: Final = 100
TOLD_EVERY: Final = 1.0
LOCKS: Final = 20261122
log = logging.getLogger(__name__)


def make_all() -> int:
    """Make every file that waits or was left behind, oldest first; how many were made here."""
    waiting = Export.objects.filter(status__in=(Export.Status.QUEUED, Export.Status.RUNNING))
    return sum(make(export_id) for export_id in list(waiting.order_by("asked_at").values_list("pk", flat=True)))


def make(export_id: UUID | str) -> bool:
    """Make one file, unless another worker is at it. True when it is ready now by this call."""
    with _alone(export_id) as mine:
        export = exports.begin(export_id=export_id) if mine else None
        if export is None:
            return False
        with override(export.asked_by.language or "en"):
            return _make(export)


def tidy() -> None:
    """Delete the files whose days are over, and what killed workers left behind."""
    for export in exports.expire_due():
        (folder() / export.stored_as).unlink(missing_ok=True)
    _sweep()


def folder() -> Path:
    """The private folder of the files."""
    place = Path(settings.EXPORTS_DIR)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    return place


def path_of(export: Export) -> Path:
    """Where a ready file lies."""
    return folder() / export.stored_as


def _make(export: Export) -> bool:
    part = folder() / f"{export.pk}-{export.attempt}.part"
    try:
        made = _write(export, part)
    except (DomainError, Http404) as refusal:
        part.unlink(missing_ok=True)
        sentence = str(refusal) if isinstance(refusal, DomainError) else ""
        exports.fail(export=export, sentence=sentence or _("What the file is about is not there for you any more."))
        return False
    except Exception:
        part.unlink(missing_ok=True)
        if export.attempt < ATTEMPTS:
            raise  # logged by the worker; the clock's next round tries again
        log.exception("export %s could not be made", export.pk)
        exports.fail(export=export, sentence=_("Something went wrong while the file was made. Ask for it again."))
        return False
    whole = folder() / made["stored_as"]
    part.replace(whole)
    if not exports.finish(export=export, **made):
        whole.unlink(missing_ok=True)
        return False
    return True


def _write(export: Export, part: Path) -> dict[str, Any]:
    """Write the file under the name of its attempt and return what the row must say of it."""
    if export.attempt > KILLED:
        raise DomainError(_("The file was begun many times and never finished. Narrow its dates and ask again."))
    recipe = catalogue.recipe_or_404(export.kind)
    asked = catalogue.read(export.kind, export.asked, export.asked_by)
    source = recipe.source(asked)
    digest, size = sha256(), 0
    with closing(_Progress(export, recipe.count(asked, None))) as progress:
        order = Order(export.asked_by, asked, export.form, source, progress.tick)
        with _private(part) as file:
            for chunk in encoded(recipe.chunks(order)):
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
            file.flush()
            os.fsync(file.fileno())
        return {
            "name": recipe.file_name(asked, export.form),
            "stored_as": f"{export.pk}-{export.attempt}.{catalogue.FORMATS[export.form].ending}",
            "size": size,
            "sha256": digest.hexdigest(),
            "rows_done": progress.done,
            "audit_head": str(source.head),
            "with_pay": export.asked_by.has_role(*READS_PAY),
        }


def _private(path: Path) -> BinaryIO:
    """A new file that nobody else may read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


class _Progress:
    """Tells the row how far the file is, on a connection of its own: the other one reads inside one snapshot."""

    def __init__(self, export: Export, total: int) -> None:
        self.done = 0
        self._export = export
        self._told = time.monotonic()
        self._connection = connections.create_connection(DEFAULT_DB_ALIAS)
        self._tell(total)

    def tick(self, rows: int) -> None:
        """So many more rows are written."""
        self.done += rows
        if time.monotonic() - self._told >= TOLD_EVERY:
            self._told = time.monotonic()
            self._tell()

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _tell(self, total: int | None = None) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(
                "UPDATE settlement_export SET rows_done = %s, rows_total = coalesce(%s, rows_total)"
                " WHERE id = %s AND attempt = %s AND status = 'running'",
                [self.done, total, self._export.pk, self._export.attempt],
            )


@contextmanager
def _alone(export_id: UUID | str) -> Iterator[bool]:
    """Hold the export for as long as this session lives; False when somebody else does."""
    key = crc32(UUID(str(export_id)).bytes) - 2**31
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCKS, key])
        mine: bool = cursor.fetchone()[0]
    try:
        yield mine
    finally:
        if mine and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCKS, key])


def _sweep() -> None:
    """Remove files that no row speaks of: the parts of killed workers, and what was overtaken."""
    found = {path: path.name[:36] for path in folder().iterdir() if path.is_file()}
    if not found:
        return
    rows = Export.objects.filter(pk__in={name for name in found.values() if _is_uuid(name)})
    known = {str(pk): (status, stored_as) for pk, status, stored_as in rows.values_list("pk", "status", "stored_as")}
    for path, name in found.items():
        status, stored_as = known.get(name, ("", ""))
        is_open = status in (Export.Status.QUEUED, Export.Status.RUNNING)
        is_the_file = status == Export.Status.READY and path.name == stored_as
        if not is_open and not is_the_file:
            path.unlink(missing_ok=True)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
