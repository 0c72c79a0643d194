"""Three workers that are wrong in ways that tests without kills do not see. Put into a forked worker, never elsewhere.

Each settles a night rightly as long as nobody disturbs it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any
from uuid import uuid4

from django.db import connection, transaction

from ledger import writer
from ledger.models import Entry
from ledger.writer import Draft
from settlement import ordinary
from settlement.actions import nights
from settlement.models import RunShard, SettlementRun


def done_before_posting() -> None:
    """Marks its shard done in a transaction of its own, then posts: what a kill in between leaves is never settled."""

    def settle_next_shard(run: SettlementRun, _errors_of: defaultdict[int, list[Exception]]) -> bool:
        with transaction.atomic():
            waiting = RunShard.objects.filter(run=run, is_done=False)
            shard = waiting.select_for_update(skip_locked=True).order_by("number").first()
            if shard is None:
                return False
            RunShard.objects.filter(pk=shard.pk).update(is_done=True, done_at=run.started_at)
        with transaction.atomic():
            nights._settle_shard(run, shard, is_last_try=False)
        return True

    _put(nights, "_settle_next_shard", settle_next_shard)


def random_keys() -> None:
    """Commits its entries at once, because a repeat would find them by their keys; but the keys hold a random part."""
    post = writer.post

    def post_at_once(drafts: Sequence[Draft], **rest: Any) -> list[Entry]:
        entries = post([replace(draft, reference=f"{draft.reference}:{uuid4().hex}") for draft in drafts], **rest)
        _commit()
        return entries

    _put(writer, "post", post_at_once)
    _put(ordinary, "settle", lambda _day, microenterprises, **_by: list(microenterprises))  # the one by one way


def half_a_shard() -> None:
    """Commits in the middle of its shard, which also lets go of the claim: a repeat meets its own first half."""
    settle_shard = nights._settle_shard

    def one_after_the_other(run: SettlementRun, shard: RunShard, *, is_last_try: bool) -> None:
        everybody = list(zip(shard.microenterprises, shard.moved_minor, shard.reshared_minor, strict=True))
        for firm, moved, reshared in everybody:
            shard.microenterprises, shard.moved_minor, shard.reshared_minor = [firm], [moved], [reshared]
            settle_shard(run, shard, is_last_try=is_last_try)
            if firm != everybody[-1][0]:
                RunShard.objects.filter(pk=shard.pk).update(is_done=False, done_at=None)
                _commit()

    _put(nights, "_settle_shard", one_after_the_other)


def _put(room: ModuleType, name: str, wrong: Any) -> None:
    setattr(room, name, wrong)


def _commit() -> None:
    """Behind Django's back: the transaction that holds the claim ends here."""
    connection.connection.commit()


VARIANTS = {"done before posting": done_before_posting, "random keys": random_keys, "half a shard": half_a_shard}
