"""Form fields of this room: a local time without its zone (`contracts.zones` finds the instant), people by address, MEs
by name.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from microenterprises.models import Microenterprise
from people.models import User

MOST_INVITED = 50

EARLIEST_YEAR, LATEST_YEAR = 1900, 9000


class LocalTimeField(forms.Field):
    """A date and time without zone, as the browser's own chooser gives it."""

    widget = forms.DateTimeInput
    default_error_messages = {"invalid": gettext_lazy("Write date and time as 2026-11-30 18:00.")}

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"))
        super().__init__(**options)

    def to_python(self, value: Any) -> datetime | None:
        if not value:
            return None
        try:
            found = datetime.fromisoformat(str(value).strip())
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None
        # At the ends of the calendar another zone's day does not exist, so no page could show the instant.
        if found.tzinfo is not None or not EARLIEST_YEAR <= found.year <= LATEST_YEAR:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return found


class PeopleField(forms.CharField):
    """Colleagues by e-mail address, one per line."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.Textarea(attrs={"rows": 2}))
        super().__init__(required=False, **options)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else "\n".join(person.email for person in value or ())

    def clean(self, value: Any) -> list[User]:
        text = str(super().clean(value)).replace(",", "\n")
        addresses = list(dict.fromkeys(line.strip().lower() for line in text.splitlines() if line.strip()))
        for address in addresses:
            validate_email(address)
        people = {user.email: user for user in User.objects.filter(email__in=addresses, is_active=True)}
        _refuse_unknown([address for address in addresses if address not in people or people[address].is_vendor])
        return [people[address] for address in addresses]


def _refuse_unknown(missing: Sequence[str]) -> None:
    if missing:
        raise ValidationError(
            ngettext(
                "No colleague has this address: %(addresses)s.",
                "No colleagues have these addresses: %(addresses)s.",
                len(missing),
            )
            % {"addresses": ", ".join(missing)}
        )


class FirmsField(forms.CharField):
    """MEs by name, one per line."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.Textarea(attrs={"rows": 3}))
        super().__init__(required=False, **options)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else "\n".join(firm.name for firm in value or ())

    def clean(self, value: Any) -> list[Microenterprise]:
        text = str(super().clean(value))
        names = list(dict.fromkeys(" ".join(line.split()) for line in text.splitlines() if line.strip()))
        if len(names) > MOST_INVITED:
            raise ValidationError(_("Name at most %(count)s MEs.") % {"count": MOST_INVITED})
        firms = {firm.name: firm for firm in Microenterprise.objects.living().filter(name__in=names)}
        missing = [name for name in names if name not in firms]
        if missing:
            raise ValidationError(
                ngettext(
                    "No active ME has this name: %(names)s.", "No active MEs have these names: %(names)s.", len(missing)
                )
                % {"names": ", ".join(missing)}
            )
        return [firms[name] for name in names]
