"""The company's books on the screen: the trial balance on a date, and one account like a bank's statement."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from core.http import Request, unprocessable
from ledger import queries as books
from ledger import reports, trial
from ledger.accounts import Kind
from ledger.queries import Place
from ledger.reports import AccountFacts
from ledger.trial import KindSum, TrialLine
from settlement import access, permissions, queries
from settlement.exports import balances
from settlement.exports.forms import AccountForm, TrialForm
from settlement.exports.names import Names
from settlement.exports.orders import Asked
from settlement.models import READS_PAY
from settlement.views.showing import fragment

SHOWN = 50
_CURSOR = re.compile(r"(\d{4}-\d{2}-\d{2})\.(\d{1,18})\.(\d{1,9})")
_AFTER = re.compile(r"(\d{1,18})\.(\d{1,3})\.(.*)", re.DOTALL)


# --- Trial balance ----------------------------------------------------------------------------------------------------


@require_safe
def trial_balance(request: Request, entity: int | None = None) -> HttpResponse:
    """What stands in the books at the end of a date: by kind of account, or account by account where one chooses."""
    access.books_or_404(request.user)
    name = reports.entity_name(entity) if entity is not None else None
    if entity is not None and name is None:
        raise Http404
    form = TrialForm(request.GET, user=request.user)
    if entity is not None:
        del form.fields["q"]
    del form.fields["entity"]
    context: dict[str, Any] = {"form": form, "entity": entity, "entity_name": name}
    if not form.is_valid():
        return unprocessable(render(request, fragment(request, "settlement/books.html"), context))
    asked = form.cleaned_data
    if entity is not None:
        asked["entity_ids"] = [entity]
    context |= _trial_context(request, asked, form.asked())
    return render(request, fragment(request, "settlement/books.html"), context)


def _trial_context(request: Request, asked: Asked, kept: dict[str, str]) -> dict[str, Any]:
    by_person = request.user.has_role(*READS_PAY)
    by_kind = asked["entity_ids"] is None and asked["kinds"] is None
    shown = _Shown(request.GET.get("after", ""))
    if by_kind and asked["effective"] is None:
        kinds = trial.kind_sums(asked["as_of"], asked["book"], by_person=by_person)
    else:
        kinds = trial.added_up(shown.looking(balances.lines(asked, by_person=by_person)))
    narrow = {"entity": str(asked["entity_ids"][0])} if asked["entity_ids"] and not asked.get("q") else {}
    return {
        "sums": list(_by_currency(kinds, asked)),
        "by_kind": [_kind_row(each, kept) for each in kinds] if by_kind else [],
        "lines": [] if by_kind else _rows(shown.lines, asked, kept),
        "older": "" if by_kind else shown.next,
        "after": request.GET.get("after", ""),
        "as_of": asked["as_of"],
        "export_url": reverse("export_new", args=["trial-balance"], query=kept | narrow),
        "by_person": by_person,
    }


def _by_currency(kinds: list[KindSum], asked: Asked) -> Iterator[dict[str, Any]]:
    for currency, of_currency in groupby(kinds, key=lambda each: each.currency):
        _kinds, _currencies, accounts, debits, credits = zip(*of_currency, strict=True)
        difference = sum(debits) - sum(credits)
        yield {
            "currency": currency,
            "accounts": sum(accounts),
            "debit": sum(debits),
            "credit": sum(credits),
            "difference": difference,
            "sentence": balances.agreement(asked, difference),
        }


def _kind_row(each: KindSum, kept: dict[str, str]) -> dict[str, Any]:
    return each._asdict() | {"url": reverse("books", query=kept | {"kind": each.kind.value})}


class _Shown:
    """The lines of one page, kept while all of them pass by in order."""

    def __init__(self, after: str) -> None:
        found = _AFTER.fullmatch(after)
        self.after = (int(found[1]), int(found[2]), found[3]) if found else (0, 0, "")
        self.lines: list[TrialLine] = []
        self.more = False

    def looking(self, lines: Iterable[TrialLine]) -> Iterator[TrialLine]:
        """The lines as they come."""
        for line in lines:
            if not self.more and _bound(line) > self.after:
                if len(self.lines) == SHOWN:
                    self.more = True
                else:
                    self.lines.append(line)
            yield line

    @property
    def next(self) -> str:
        """What the address of the page behind this one says; empty on the last."""
        return ".".join(str(part) for part in _bound(self.lines[-1])) if self.more else ""


def _bound(line: TrialLine) -> tuple[int, int, str]:
    return line.entity_id, list(Kind).index(line.kind) + 1, line.party


def _rows(lines: list[TrialLine], asked: Asked, kept: dict[str, str]) -> list[dict[str, Any]]:
    """The lines of a page with their names and the address of their account."""
    names = Names()
    names.learn(line.party for line in lines)
    entity_ids, kinds = {line.entity_id for line in lines}, {line.kind for line in lines}
    accounts = reports.accounts(asked["book"], entity_ids=entity_ids, kinds=kinds) if lines else []
    found = {(each.entity_id, each.kind, each.party): each.id for each in accounts}
    day = asked["as_of"]
    span = {"since": day.replace(day=1).isoformat(), "until": day.isoformat()}
    return [
        {
            "line": line,
            "credit_minor": -line.balance_minor,
            "name": names(line.party) or line.party.partition(":")[2],
            "url": reverse("books_account", args=[number], query=span) if number else "",
            "entity_url": reverse("books_of", args=[line.entity_id], query=_of_entity(kept)),
        }
        for line in lines
        for number in [found.get((line.entity_id, line.kind, line.party))]
    ]


def _of_entity(kept: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in kept.items() if name in ("as_of", "book", "effective")}


# --- One account ------------------------------------------------------------------------------------------------------


@require_safe
def account(request: Request, account: int) -> HttpResponse:
    """The lines of one account in a range of dates, newest first, each with the balance after it."""
    access.books_or_404(request.user)
    facts = reports.account(account)
    if facts is None:
        raise Http404
    permissions.check_see_account(request.user, facts.party)
    form = AccountForm(request.GET, user=request.user)
    context: dict[str, Any] = {"account": facts, "form": form, "title": str(facts.kind.label).capitalize()}
    if not form.is_valid():
        return unprocessable(render(request, fragment(request, "settlement/account.html"), context))
    context |= _account_context(facts, form.cleaned_data["since"], form.cleaned_data["until"], request)
    return render(request, fragment(request, "settlement/account.html"), context)


def _account_context(facts: AccountFacts, since: date, until: date, request: Request) -> dict[str, Any]:
    place = _place(request.GET.get("before", ""))
    found = books.history(
        facts.entity_id,
        kinds=[facts.kind],
        party=facts.party,
        since=since,
        until=until,
        before=place,
        limit=SHOWN + 1,
        book=facts.book,
    )
    side = facts.kind.side
    opening = reports.balances_at([facts.id], since - timedelta(days=1)).get(facts.id, 0) * side
    closing = reports.balances_at([facts.id], until).get(facts.id, 0) * side
    stands = reports.balance_upto(facts.id, found[0].place) * side if place and found else closing
    lines = []
    for line in found[:SHOWN]:
        lines.append({"line": line, "balance": stands, "url": queries.page_of(line.subject)})
        stands -= line.amount_minor
    names = Names()
    names.learn([facts.party])
    span = {"since": since.isoformat(), "until": until.isoformat()}
    return {
        "name": names(facts.party),
        "lines": lines,
        "opening": opening,
        "closing": closing,
        "since": since,
        "until": until,
        "before": request.GET.get("before", ""),
        "older": _cursor(found[SHOWN - 1].place) if len(found) > SHOWN else "",
        "export_url": reverse(
            "export_new",
            args=["general-ledger"],
            query=span | {"entity": str(facts.entity_id), "kind": facts.kind.value, "book": facts.book.value},
        ),
        "back": reverse("books_of", args=[facts.entity_id], query={"as_of": until.isoformat()}),
    }


def _place(cursor: str) -> Place | None:
    found = _CURSOR.fullmatch(cursor)
    try:
        return (date.fromisoformat(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def _cursor(place: Place) -> str:
    day, entry_id, line = place
    return f"{day.isoformat()}.{entry_id}.{line}"
