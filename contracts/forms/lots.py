"""What a person types about a need in lots: the form of a project with rows of lots, and a new deadline for all."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from django import forms
from django.forms.utils import ErrorDict, ErrorList
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.forms.amendments import AmendForm
from contracts.forms.projects import ProjectForm
from contracts.lots import FEWEST_LOTS, MOST_LOTS, LotDraft, problems
from contracts.models import Project
from contracts.versions import Words, words_of
from core import money
from core.fields import MoneyField
from microenterprises.models import Microenterprise
from people.models import User

LOTS: Final = "lot"
EMPTY_ROWS: Final = 3
MORE: Final = "more_lots"
"""The name of the button that asks for one more row."""
TYPED: Final = ("title", "outcome", "ceiling")


class LotForm(forms.Form):
    """One lot; a row left or made empty is none. `lot`: the draft it changes."""

    lot = forms.UUIDField(required=False, widget=forms.HiddenInput)
    title = forms.CharField(label=gettext_lazy("Title of the lot"), max_length=160)
    outcome = forms.CharField(
        label=gettext_lazy("What success means for this lot"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Empty: as for the whole."),
    )
    ceiling = MoneyField(label=gettext_lazy("Ceiling of the lot"))

    def __init__(self, *args: Any, currency: str, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["ceiling"]
        if isinstance(field, MoneyField):
            field.currency = currency

    def has_changed(self) -> bool:
        """Whether anything stands in the row; Django asks before it calls an empty one wrong."""
        return any(str(self.data.get(self.add_prefix(name), "")).strip() for name in TYPED)

    def known(self) -> UUID | None:
        """The draft that a row stands for, also one that was emptied."""
        try:
            return UUID(str(self.data.get(self.add_prefix("lot"), "")))
        except ValueError:
            return None


class _Rows(forms.BaseFormSet[LotForm]):
    """At least two rows to fill, and a spare one where there are lots already."""

    def initial_form_count(self) -> int:
        return len(self.initial or ())

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.extra = 1 if self.initial else EMPTY_ROWS


LotForms = forms.formset_factory(
    LotForm, formset=_Rows, extra=EMPTY_ROWS, max_num=MOST_LOTS, absolute_max=MOST_LOTS + 10, validate_max=True
)


class NeedForm(ProjectForm):
    """The draft of a project, or of one in lots as soon as a row of them is filled.

    lots: what the rows start with. always: the need is in lots already, so it has no ceiling of its own.
    """

    def __init__(
        self,
        data: Any = None,
        *,
        buyer: Microenterprise,
        reader: User,
        project: Project | None = None,
        lots: Sequence[LotDraft] = (),
        always: bool = False,
    ) -> None:
        super().__init__(data, buyer=buyer, reader=reader, project=project)
        sent = data if data is not None and f"{LOTS}-TOTAL_FORMS" in data else None
        self.lots = LotForms(
            sent,
            prefix=LOTS,
            initial=[
                {"lot": row.lot, "title": row.title, "outcome": row.outcome, "ceiling": row.ceiling_minor}
                for row in lots
            ],
            form_kwargs={"empty_permitted": True, "currency": buyer.currency},
        )
        self.in_lots = always or self._filled()
        if self.in_lots:
            self.fields["ceiling"].required = False

    def _filled(self) -> bool:
        if self.lots.is_bound:
            return any(row.has_changed() for row in self.lots)
        return bool(self.lots.initial)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.in_lots:
            self._clean_lots(cleaned)
        return cleaned

    def lacks_measure(self, cleaned: dict[str, Any]) -> bool:
        """Lots that each say their own need no words for the whole."""
        rows = self.lots_typed() if self.in_lots and self.lots.is_valid() else []
        return super().lacks_measure(cleaned) and not (rows and all(row.outcome for row in rows))

    def _clean_lots(self, cleaned: Mapping[str, Any]) -> None:
        rows = self.lots_typed() if self.lots.is_valid() else []
        filled = [row for row in self.lots if row.has_changed()] or list(self.lots)
        for problem in problems(rows) if self.lots.is_valid() else ():
            filled[min(problem.row, len(filled) - 1)].add_error(problem.field, problem.sentence)
        self._sum_up()
        together = sum(row.ceiling_minor or 0 for row in rows)
        if rows and cleaned.get("ceiling") not in (None, together):
            self.add_error(
                "ceiling",
                _("Each lot has its own ceiling, and together they are %(sum)s. Leave this one empty.")
                % {"sum": money.write(together, self.buyer.currency)},
            )

    def _sum_up(self) -> None:
        """Say on top of the form too what is wrong in which row."""
        for sentence in self.lots.non_form_errors():
            self.add_error(None, str(sentence))
        for number, row in enumerate(self.lots, start=1):
            for sentences in row.errors.values():
                for sentence in sentences:
                    words = {"number": number, "sentence": sentence}
                    self.add_error(None, _("Lot %(number)s: %(sentence)s") % words)

    def lots_typed(self) -> list[LotDraft]:
        """The lots of valid rows, those left empty passed over."""
        return [
            LotDraft(row.cleaned_data["title"], row.cleaned_data["ceiling"], row.cleaned_data["outcome"], row.known())
            for row in self.lots
            if row.has_changed() and row.is_valid()
        ]

    def removed(self) -> list[UUID]:
        """The drafts whose rows were emptied."""
        known = [row.known() for row in self.lots if not row.has_changed()]
        return [lot for lot in known if lot is not None]

    def unjudged(self) -> None:
        """Show what was typed without saying what is wrong: the writer asked for another row and is not done."""
        for form in (self, *self.milestones, *self.lots):
            form._errors, form.cleaned_data = ErrorDict(), {}
        formsets: tuple[Any, ...] = (self.milestones, self.lots)
        for rows in formsets:
            rows._errors, rows._non_form_errors = [row.errors for row in rows], ErrorList()


def with_one_more_row(data: Any) -> Any:
    """What was typed, with room for another lot."""
    again = data.copy()
    sent = str(data.get(f"{LOTS}-TOTAL_FORMS", ""))
    rows = int(sent) if sent.isdecimal() else EMPTY_ROWS
    again[f"{LOTS}-TOTAL_FORMS"] = str(min(max(rows, FEWEST_LOTS) + 1, MOST_LOTS))
    return again


class DeadlineForm(AmendForm):
    """A later deadline for all lots of a set, and why."""

    def __init__(self, data: Any = None, *, project: Project, reader: User) -> None:
        super().__init__(data, project=project, reader=reader)
        for name in set(self.fields) - {"deadline", "deadline_which", "zone", "reason"}:
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        cleaned = forms.Form.clean(self) or {}
        self._clean_time(cleaned, "deadline")
        return cleaned

    def words(self) -> Words:
        """The words of one lot with the deadline that was typed."""
        return replace(
            words_of(self.project), deadline=self.cleaned_data["deadline"], deadline_zone=self.cleaned_data["zone"]
        )
