"""Figures: money, percentages, whole numbers, and the dash where there is none. Always in the reader's locale.

How money itself is written and read is `core.money`.
"""

from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from babel.numbers import format_decimal, format_percent
from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core import money as moneys

register = template.Library()
NOTHING: Final = "—"


def nothing() -> SafeString:
    """An em dash, and the word for screen readers."""
    return format_html(
        '<span class="nothing"><span aria-hidden="true">{}</span><span class="sr">{}</span></span>', NOTHING, _("none")
    )


def counted(value: int) -> str:
    """A whole number with the reader's separators, as plain text."""
    return _counted(value, moneys.locale_name())


@lru_cache(maxsize=4_096)
def _counted(value: int, locale: str) -> str:
    return format_decimal(value, locale=locale)


def _signed(text: str, minor_units: int, sign: bool) -> str:
    return f"+{text}" if sign and minor_units > 0 else text


@register.simple_tag
def money(minor_units: int | None, currency: str, *, sign: bool = False) -> SafeString:
    """An amount with its currency, in the reader's locale; an em dash for None."""
    if minor_units is None:
        return nothing()
    return money_in(moneys.locale_name(), minor_units, currency, sign)


@lru_cache(maxsize=16_384)
def money_in(locale: str, minor_units: int, currency: str, sign: bool = False) -> SafeString:
    """An amount as `money` writes it. locale: the reader's, which is in force."""
    return format_html('<span class="money">{}</span>', _signed(moneys.write(minor_units, currency), minor_units, sign))


@register.simple_tag
def amount(minor_units: int | None, currency: str, *, sign: bool = False) -> SafeString:
    """An amount without its currency, for columns whose head names it; an em dash for None."""
    if minor_units is None:
        return nothing()
    text = _signed(moneys.write_number(minor_units, currency), minor_units, sign)
    return format_html('<span class="money">{}</span>', text)


@register.simple_tag
def percent(basis_points: int | None) -> SafeString:
    """Basis points as a percentage: 4000 is 40 %."""
    if basis_points is None:
        return nothing()
    text = format_percent(Decimal(basis_points) / 10_000, format="#,##0.##%", locale=moneys.locale_name())
    return format_html('<span class="money">{}</span>', text)


@register.simple_tag
def number(value: int | None) -> SafeString:
    """A whole number with the reader's separators."""
    if value is None:
        return nothing()
    return format_html('<span class="money">{}</span>', counted(value))


def figure(value: int, currency: str) -> SafeString:
    """An amount of the currency; without one, a count."""
    return amount(value, currency) if currency else number(value)


@register.filter
def dash(value: Any) -> Any:
    """The value, or an em dash where there is none. "None" is never shown."""
    return nothing() if value is None or value == "" else value
