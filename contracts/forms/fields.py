"""Form fields of this room: a local time in a named zone, people by address."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_timezone_location
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.errors import Invalid
from core.words.instants import date_locale
from people.models import User

ZONES = (
    "Asia/Shanghai", "Asia/Tokyo", "Asia/Bangkok", "Asia/Kolkata", "Asia/Karachi", "Asia/Riyadh", "Europe/Istanbul",
    "Europe/Bucharest", "Europe/Rome", "Europe/Berlin", "Europe/London", "Africa/Lagos", "Africa/Cairo",
    "Africa/Johannesburg", "America/Sao_Paulo", "America/New_York", "America/Chicago", "America/Denver",
    "America/Los_Angeles", "America/Mexico_City", "Australia/Sydney", "Pacific/Auckland", "UTC",
)  # fmt: skip
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


def instant_of(local: datetime, zone: str) -> datetime:
    """The one instant at which clocks in `zone` show `local`.

    Raises Invalid with a sentence when they never do (the hour skipped in spring) or do twice (the hour in autumn).
    """
    place = ZoneInfo(zone)
    early = local.replace(tzinfo=place, fold=0).astimezone(UTC)
    late = local.replace(tzinfo=place, fold=1).astimezone(UTC)
    if early == late:
        return local.replace(tzinfo=place)
    words = {"time": f"{local:%H:%M}", "day": format_date(local.date(), locale=date_locale()), "city": city(zone)}
    # In the skipped hour the two readings are swapped.
    if early > late:
        raise Invalid(
            _("%(time)s does not exist in %(city)s on %(day)s: clocks are put forward. Choose another time.") % words
        )
    raise Invalid(_("%(time)s comes twice in %(city)s on %(day)s: clocks are put back. Choose another time.") % words)


def city(zone: str) -> str:
    """The zone as a reader knows it: Shanghai, 上海."""
    return "UTC" if zone == "UTC" else str(get_timezone_location(zone, locale=date_locale(), return_city=True))


def zone_choices(*first: str) -> list[tuple[str, str]]:
    """The zones offered, the reader's own first."""
    return [(zone, city(zone)) for zone in dict.fromkeys([name for name in first if name] + list(ZONES))]


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
