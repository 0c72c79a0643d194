"""Money as integers in minor units: reading what a person typed, writing what a reader sees.

No arithmetic of the market lives here (see `settlement.calculation`); currencies and their decimals come from Babel's
CLDR data.
"""

from decimal import Context, Decimal, InvalidOperation
from functools import cache, lru_cache
from typing import Final

from babel import Locale
from babel.numbers import (
    NumberFormatError,
    format_currency,
    format_decimal,
    get_currency_precision,
    is_currency,
    parse_decimal,
)
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from core.errors import Invalid

LARGEST_MINOR = 10**13
"""What one deed moves at most, a hundred billion of a currency with cents: above it an amount is taken for a slip of
the finger. Ninety of them have room in a year, of which what is due is kept in ten-thousandths of minor units.
"""

MINUS: Final = "\u2212"

_EXACT = Context(prec=1000)
"""Wide enough that shifting the point never rounds what somebody typed."""


def locale_name() -> str:
    """Babel's name of the reader's locale, for example `en` or `zh_Hans`."""
    return to_locale(get_language() or "en")


@cache
def _locale(name: str) -> Locale:
    """A locale by its name, looked up once: a page writes forty amounts."""
    return Locale.parse(name)


def decimals(currency: str) -> int:
    """How many digits follow the point: 2 for CNY, 0 for JPY."""
    return get_currency_precision(currency)


def known(currency: str) -> bool:
    """Whether the code is an ISO 4217 currency."""
    return is_currency(currency)


def major(minor: int, currency: str) -> Decimal:
    """Minor units as an exact decimal in units of the currency."""
    return Decimal(minor).scaleb(-decimals(currency))


def minor(amount: Decimal, currency: str) -> int:
    """An exact decimal as minor units. Raises Invalid when it has more digits than the currency."""
    try:
        scaled = amount.scaleb(decimals(currency), _EXACT)
    except ArithmeticError:  # an exponent beyond what decimals hold, or a signalling NaN
        raise Invalid(_("This amount is larger than the books take. Check the number of zeros.")) from None
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise Invalid(
            _("%(currency)s has %(digits)s digits after the point; shorten the amount.")
            % {"currency": currency, "digits": decimals(currency)}
        )
    check_size(scaled)
    return int(scaled)


def check_size(minor_units: int | Decimal, *, field: str | None = None) -> None:
    """Raises Invalid for an amount that no deed moves. field: where it was typed."""
    if not -LARGEST_MINOR <= minor_units <= LARGEST_MINOR:
        raise Invalid(_("This amount is larger than the books take. Check the number of zeros."), field=field)


def parse(text: str, currency: str) -> int:
    """Minor units of what a person typed in their own locale or in plain digits, for example `1,234.50`.

    Raises Invalid with a sentence when it is not an amount.
    """
    cleaned = text.strip().replace("\u00a0", " ").replace("，", ",").replace(" ", "").replace(MINUS, "-")
    try:
        amount = Decimal(parse_decimal(cleaned, locale=locale_name(), strict=True))
    except (NumberFormatError, InvalidOperation, ValueError):
        raise Invalid(_("Write the amount in digits, for example 1,234.50.")) from None
    return minor(amount, currency)


def write(minor_units: int, currency: str) -> str:
    """The amount with its currency in the reader's locale."""
    return _write(minor_units, currency, locale_name())


@lru_cache(maxsize=16_384)
def _write(minor_units: int, currency: str, locale: str) -> str:
    return with_minus(format_currency(major(minor_units, currency), currency, locale=_locale(locale)))


def write_number(minor_units: int, currency: str) -> str:
    """The amount without its currency, with all its decimals, in the reader's locale."""
    return _write_number(minor_units, currency, locale_name())


@lru_cache(maxsize=16_384)
def _write_number(minor_units: int, currency: str, locale: str) -> str:
    digits = decimals(currency)
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return with_minus(format_decimal(major(minor_units, currency), format=pattern, locale=_locale(locale)))


def with_minus(figure: str) -> str:
    """A figure with a minus sign, as wide as a plus and never left behind at the end of a line, instead of a hyphen."""
    return figure.replace("-", MINUS)


def plain(minor_units: int, currency: str) -> str:
    """The amount as digits with a point, for files and APIs: `1234.50`."""
    return f"{major(minor_units, currency):.{decimals(currency)}f}"
