"""The audit trail of what is seeded: the same deeds, subjects and facts as the actions record, in the order of time.

Rows wait in a temporary table until their time has come, so that a trail of a million deeds is never held in memory and
still enters in order, between the deeds that real actions record on the way.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection

from core.audit import CLOCK
from haier_market.seed.copying import copy_lines, escaped
from people.models import User

SPILL = 50_000


class Trail:
    """Deeds on their way into the audit trail."""

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, str, str, str, str, str, dict[str, Any]]] = []
        with connection.cursor() as cursor:
            cursor.execute(
                """
                CREATE TEMPORARY TABLE seed_trail (
                    place bigserial, at timestamptz, actor_id text, actor_name text, deed text, subject text,
                    about text, facts jsonb
                ) ON COMMIT DROP
                """
            )

    def tell(self, at: datetime, by: User | None, deed: str, subject: str, about: str, **facts: Any) -> None:
        """One deed; the same arguments as `core.audit.record`, and when."""
        name, key = (CLOCK, "") if by is None else (by.name, str(by.pk))
        self._waiting.append((at, key, name, deed, subject, about[:200], facts))
        if len(self._waiting) >= SPILL:
            self._spill()

    def flush(self, before: datetime) -> None:
        """Let everything that happened before an instant enter the audit trail."""
        self._spill()
        with connection.cursor() as cursor:
            cursor.execute(
                """
                WITH due AS (DELETE FROM seed_trail WHERE at < %s RETURNING *)
                INSERT INTO core_auditrecord (at, actor_id, actor_name, deed, subject, about, facts)
                SELECT at, actor_id, actor_name, deed, subject, about, facts FROM due ORDER BY at, place
                """,
                [before],
            )

    def _spill(self) -> None:
        if self._waiting:
            copy_lines("seed_trail (at, actor_id, actor_name, deed, subject, about, facts)", self._lines())
            self._waiting.clear()

    def _lines(self) -> Iterator[str]:
        for at, actor, name, deed, subject, about, facts in self._waiting:
            told = escaped(json.dumps(facts, ensure_ascii=False))
            yield f"{at.isoformat()}\t{actor}\t{escaped(name)}\t{deed}\t{subject}\t{escaped(about)}\t{told}\n"
