"""Every export by name: what it is, who may have it, which filters and formats it has, how it is written.

The page, the direct download and the worker all come through here, so that they ask the same permission and write the
same file. A file about one night or one person has its own addresses too (`views.runs`).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import Invalid
from people.models import User
from settlement import access, permissions, queries
from settlement.exports import balances, files, forms, journals, ledger, lines, report, source, statements
from settlement.exports.files import CSV, TEXT, XLSX, ZIP, Paper
from settlement.exports.orders import Asked, Order
from settlement.sentences import day_name

Chunks = Iterator[str] | Iterator[bytes]


@dataclass(frozen=True)
class Format:
    """What kind of file."""

    label: Promise
    ending: str
    content_type: str


FORMATS: Final[dict[str, Format]] = {
    "csv": Format(gettext_lazy("CSV"), "csv", CSV),
    "xlsx": Format(gettext_lazy("Workbook (XLSX)"), "xlsx", XLSX),
    "hledger": Format(gettext_lazy("hledger"), "hledger", TEXT),
    "hledger-zip": Format(gettext_lazy("hledger, in shards (ZIP)"), "hledger.zip", ZIP),
    "beancount": Format(gettext_lazy("Beancount"), "beancount", TEXT),
    "beancount-zip": Format(gettext_lazy("Beancount, in shards (ZIP)"), "beancount.zip", ZIP),
}


@dataclass(frozen=True)
class Recipe:
    """One export.

    ready: checks the permission and puts the things the filters name beside them; raises Http404 for what the reader
    may not see and Denied for what they may not take along. span: the business dates a file is about. stem: its name.
    """

    title: Promise
    about: Promise
    formats: tuple[str, ...]
    form: type[forms.AskedForm]
    ready: Callable[[User, Asked], Asked]
    count: Callable[[Asked, int | None], int]
    span: Callable[[Asked], tuple[date | None, date]]
    stem: Callable[[Asked], str]
    paper: Callable[[Order], Paper] | None = None

    def chunks(self, order: Order) -> Chunks:
        """The file, piece by piece."""
        if self.paper is None:
            return journals.archive(order) if order.form.endswith("-zip") else journals.text(order)
        return files.xlsx_of(self.paper(order)) if order.form == "xlsx" else files.csv_of(self.paper(order))

    def source(self, asked: Asked) -> source.Source:
        """What the file is made from; outside a transaction."""
        return source.of(*self.span(asked))

    def file_name(self, asked: Asked, form: str) -> str:
        """How the file is called on somebody's disk."""
        return f"{self.stem(asked)}.{FORMATS[form].ending}"


def _run(user: User, asked: Asked) -> Asked:
    run = access.run_or_404(user, asked["day"])
    permissions.check_export(user, run)
    rows = report.filtered(queries.outcomes_of(run, user), asked).order_by("-shared_minor", "id")
    names = ("q", "state", "late")
    shown = "&".join(f"{name}={asked[name]}" for name in names if asked.get(name))
    return {**asked, "run": run, "outcomes": rows, "filters": shown}


def _run_lines(user: User, asked: Asked) -> Asked:
    run = access.run_or_404(user, asked["day"])
    permissions.check_export_pay(user, run)
    return {**asked, "run": run}


def _books(user: User, asked: Asked) -> Asked:
    access.books_or_404(user)
    permissions.check_export_books(user)
    return asked


def _trial(user: User, asked: Asked) -> Asked:
    access.books_or_404(user)
    return asked


def _person(user: User, asked: Asked) -> Asked:
    return {**asked, "person": access.reader_or_404(user, asked["person"])}


def _firm(user: User, asked: Asked) -> Asked:
    return {**asked, "me": access.firm_or_404(user, asked["me"])}


def _count_run(asked: Asked, most: int | None) -> int:
    """Its MEs, and the lines that the workbook holds for who reads pay."""
    return int(asked["outcomes"].order_by().count()) + int(asked["run"].lines)


def _count_lines(asked: Asked, most: int | None) -> int:
    return int(lines.lines_of(asked["run"]).order_by()[:most].count())


def _since_until(asked: Asked) -> tuple[date, date]:
    return asked["since"], asked["until"]


def _one_day(asked: Asked) -> tuple[date, date]:
    return asked["day"], asked["day"]


def _range(asked: Asked) -> str:
    return f"{asked['since'].isoformat()}-to-{asked['until'].isoformat()}"


CATALOGUE: Final[dict[str, Recipe]] = {
    "general-ledger": Recipe(
        title=gettext_lazy("General ledger"),
        about=gettext_lazy("Account by account: what stood there, every line, what stands there."),
        formats=("csv", "xlsx"),
        form=forms.LedgerForm,
        ready=_books,
        count=ledger.count,
        span=_since_until,
        stem=lambda asked: f"general-ledger-{_range(asked)}",
        paper=ledger.paper,
    ),
    "trial-balance": Recipe(
        title=gettext_lazy("Trial balance"),
        about=gettext_lazy("Every account with something in it at the end of a date; each currency sums to zero."),
        formats=("csv", "xlsx"),
        form=forms.TrialForm,
        ready=_trial,
        count=balances.count,
        span=lambda asked: (None, asked["as_of"]),
        stem=lambda asked: f"trial-balance-{asked['as_of'].isoformat()}",
        paper=balances.paper,
    ),
    "journal": Recipe(
        title=gettext_lazy("Journal"),
        about=gettext_lazy("For hledger and Beancount, with openings, closings and control totals."),
        formats=("hledger", "beancount", "hledger-zip", "beancount-zip"),
        form=forms.JournalForm,
        ready=_books,
        count=journals.count,
        span=_since_until,
        stem=lambda asked: f"journal-{_range(asked)}",
    ),
    "report": Recipe(
        title=gettext_lazy("Settlement report"),
        about=gettext_lazy("Every ME of a night, with the filters of its page."),
        formats=("xlsx", "csv"),
        form=forms.RunForm,
        ready=_run,
        count=_count_run,
        span=_one_day,
        stem=lambda asked: f"settlement-{asked['day'].isoformat()}",
        paper=report.paper,
    ),
    "lines": Recipe(
        title=gettext_lazy("Lines of a night"),
        about=gettext_lazy("Every person's line."),
        formats=("csv", "xlsx"),
        form=forms.LinesForm,
        ready=_run_lines,
        count=_count_lines,
        span=_one_day,
        stem=lambda asked: f"settlement-lines-{asked['day'].isoformat()}",
        paper=lines.paper,
    ),
    "statement": Recipe(
        title=gettext_lazy("Statement of a person"),
        about=gettext_lazy("Every line of a year with the balance after it."),
        formats=("csv", "xlsx"),
        form=forms.StatementForm,
        ready=_person,
        count=statements.count_person,
        span=lambda asked: (asked["since"], asked["before"]),
        stem=lambda asked: f"statement-{asked['since'].year}",
        paper=statements.of_person,
    ),
    "firm": Recipe(
        title=gettext_lazy("Statement of an ME"),
        about=gettext_lazy("Every night of an ME; for who reads pay, with its members' lines."),
        formats=("csv", "xlsx"),
        form=forms.FirmForm,
        ready=_firm,
        count=statements.count_firm,
        span=_since_until,
        stem=lambda asked: f"nights-{_range(asked)}",
        paper=statements.of_firm,
    ),
}
FOR_ALL_BOOKS: Final = ("general-ledger", "trial-balance", "journal")
"""What the page of exports offers by itself; the others start from the page of their run, person or ME."""


def recipe_or_404(name: str) -> Recipe:
    """The export of that name."""
    if name not in CATALOGUE:
        raise Http404
    return CATALOGUE[name]


def read(name: str, data: Any, user: User) -> Asked:
    """The filters of an export, checked: for downloads and for the worker. Raises Invalid, Denied, Http404."""
    recipe = recipe_or_404(name)
    form = recipe.form(data, user=user)
    if not form.is_valid():
        told = [
            f"{form.fields[field].label}: {errors[0]}" for field, errors in form.errors.items() if field in form.fields
        ]
        raise Invalid(" ".join(told) or _("These filters cannot be used."))
    return recipe.ready(user, form.cleaned_data)


def told(name: str, asked: Mapping[str, str]) -> str:
    """What an export is about, in a line for lists, from the filters kept with it."""
    if name == "journal" or name in ("general-ledger", "firm"):
        days = [day_name(date.fromisoformat(asked[key])) for key in ("since", "until") if asked.get(key)]
        return " – ".join(days)
    if day := asked.get("as_of") or asked.get("day"):
        return day_name(date.fromisoformat(day))
    return asked.get("year", "")
