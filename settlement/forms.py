"""Forms of the settlement pages: filters of lists, the date of a night started by hand."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from settlement.models import Outcome, SettlementRun, StatementLine


class RunFilter(forms.Form):
    """Runs by state, and those with something to mend."""

    status = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *SettlementRun.Status.choices]
    )
    trouble = forms.ChoiceField(
        label=_("Exceptions"),
        required=False,
        choices=[("", _("With and without")), ("yes", _("With exceptions")), ("no", _("Without"))],
    )


class OutcomeFilter(forms.Form):
    """The MEs of a night by name, by how their date ended, and by whether it was an earlier one."""

    q = forms.CharField(label=_("Search"), required=False, max_length=120)
    state = forms.ChoiceField(label=_("How it ended"), required=False, choices=[("", _("All")), *Outcome.State.choices])
    late = forms.ChoiceField(
        label=_("Date"),
        required=False,
        choices=[("", _("All dates")), ("no", _("This date")), ("yes", _("Earlier dates, mended"))],
    )


class StatementFilter(forms.Form):
    """A statement by fiscal year and kind of line."""

    year = forms.ChoiceField(label=_("Year"), required=False)
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All kinds")), *StatementLine.Kind.choices]
    )

    def __init__(self, *args: Any, years: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["year"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("This year")), *((str(year), str(year)) for year in years)]


class StartForm(forms.Form):
    """Which date that is over is settled by hand."""

    date = forms.DateField(label=_("Business date"))


def years_since(joined: date | None, this: int) -> list[int]:
    """The years before this one that a reader may choose, newest first; ten at most."""
    first = joined.year if joined else this
    return list(range(this - 1, max(first, this - 10) - 1, -1))
