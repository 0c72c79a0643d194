"""The words pages are written in: figures, dates, states, forms, lists. `docs/look.md` shows each with an example.

No business nouns and no queries here: a tag gets what it shows. Markup of more than a line lives in
`templates/components/`.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from babel.dates import format_date, format_datetime, format_timedelta, get_timezone_location
from babel.numbers import format_decimal, format_percent
from django import forms, template
from django.conf import settings
from django.forms.boundfield import BoundField
from django.http import HttpRequest, QueryDict
from django.template import Context
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from core import money as moneys
from core.clock import market_now
from core.look import THEME_COOKIE, THEMES, TONE_ICONS, Badge
from core.paging import Page

register = template.Library()

ICONS: Final = Path(__file__).resolve().parents[2] / "static" / "vendor" / "lucide"
NOTHING: Final = "—"
NEAR: Final = timedelta(days=7)
SPARKLINE_WIDTH: Final = 240
SPARKLINE_HEIGHT: Final = 48
COURSE_WIDTH: Final = 600
COURSE_HEIGHT: Final = 120
BAR_WIDTH: Final = 100


# ------------------------------------------------------------------ figures


def _nothing() -> SafeString:
    return format_html(
        '<span class="nothing"><span aria-hidden="true">{}</span><span class="sr">{}</span></span>', NOTHING, _("none")
    )


def _signed(text: str, minor_units: int, sign: bool) -> str:
    text = text.replace("-", "\u2212")
    return f"+{text}" if sign and minor_units > 0 else text


@register.simple_tag
def money(minor_units: int | None, currency: str, *, sign: bool = False) -> SafeString:
    """An amount with its currency, in the reader's locale; an em dash for None."""
    if minor_units is None:
        return _nothing()
    return format_html('<span class="money">{}</span>', _signed(moneys.write(minor_units, currency), minor_units, sign))


@register.simple_tag
def amount(minor_units: int | None, currency: str, *, sign: bool = False) -> SafeString:
    """An amount without its currency, for columns whose head names it; an em dash for None."""
    if minor_units is None:
        return _nothing()
    text = _signed(moneys.write_number(minor_units, currency), minor_units, sign)
    return format_html('<span class="money">{}</span>', text)


@register.simple_tag
def percent(basis_points: int | None) -> SafeString:
    """Basis points as a percentage: 4000 is 40 %."""
    if basis_points is None:
        return _nothing()
    text = format_percent(Decimal(basis_points) / 10_000, format="#,##0.##%", locale=moneys.locale_name())
    return format_html('<span class="money">{}</span>', text)


@register.simple_tag
def number(value: int | None) -> SafeString:
    """A whole number with the reader's separators."""
    if value is None:
        return _nothing()
    return format_html('<span class="money">{}</span>', format_decimal(value, locale=moneys.locale_name()))


@register.filter
def dash(value: Any) -> Any:
    """The value, or an em dash where there is none. "None" is never shown."""
    return _nothing() if value is None or value == "" else value


# ------------------------------------------------------------------ icons and states


@cache
def _icon_body(name: str) -> str:
    path = ICONS / f"{name}.svg"
    if not re.fullmatch(r"[a-z0-9-]+", name) or not path.is_file():
        raise template.TemplateSyntaxError(
            f"No icon “{name}”: add it to ICONS in static/vendor/update.py and run that script."
        )
    inner = path.read_text(encoding="utf-8").split(">", 2)[-1].rsplit("</svg>", 1)[0]
    return re.sub(r"\s+", " ", inner).replace("> <", "><").strip()


@register.simple_tag
def icon(name: str, *, label: str = "", size: str = "") -> SafeString:
    """A Lucide icon as inline SVG. With `label` it speaks; without, it is decoration beside a word."""
    body = mark_safe(_icon_body(name))  # noqa: S308  our own vendored file
    speech = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="icon{}" viewBox="0 0 24 24" {}>{}</svg>', f" {size}" if size else "", speech, body)


@register.simple_tag
def badge(word: Any, tone: str = "neutral", icon_name: str = "") -> SafeString:
    """A state: icon and word in a tone. `word` may be a `core.look.Badge`."""
    if isinstance(word, Badge):
        word, tone, icon_name = word.word, word.tone, word.icon
    return format_html(
        '<span class="badge {}">{}<span>{}</span></span>', tone, icon(icon_name or TONE_ICONS[tone]), word
    )


badge_tag = badge


@register.simple_tag
def person(name: str, detail: str = "") -> SafeString:
    """A person as a monogram and a name; no pictures from anywhere."""
    words = name.split()
    letters = "".join(word[0] for word in words[:2]).upper() if words else "?"
    extra = format_html(' <span class="quiet">{}</span>', detail) if detail else ""
    return format_html(
        '<span class="person"><span class="monogram" aria-hidden="true">{}</span><span>{}{}</span></span>',
        letters,
        name,
        extra,
    )


# ------------------------------------------------------------------ dates


def _request(context: Context) -> HttpRequest | None:
    request = context.get("request")
    return request if isinstance(request, HttpRequest) else None


def page_now(context: Context) -> datetime:
    """Now, for showing only: nothing is decided by it.

    The market's clock differs from the server's only where it may be moved (demo, tests); there it is asked once per
    request, elsewhere not at all.
    """
    request = _request(context)
    kept = getattr(request, "page_now", None)
    if isinstance(kept, datetime):
        return kept
    given = context.get("now")
    now = given if isinstance(given, datetime) else _now()
    if request is not None:
        request.page_now = now  # type: ignore[attr-defined]
    return now


def _now() -> datetime:
    return market_now() if settings.CLOCK_MAY_MOVE else datetime.now(UTC)


def date_locale() -> str:
    """Dates in English are written day first, 21 Nov 2026, so that no reader mistakes month and day."""
    name = moneys.locale_name()
    return "en_GB" if name == "en" else name


def zone_name() -> str:
    """The city of the zone in which instants are shown, in the reader's language: Shanghai, 上海."""
    zone = timezone.get_current_timezone_name()
    return "UTC" if zone == "UTC" else str(get_timezone_location(zone, locale=date_locale(), return_city=True))


def exact(instant: datetime) -> str:
    """An instant to the minute with its zone: 21 Nov 2026, 18:00 Shanghai."""
    local = instant.astimezone(timezone.get_current_timezone())
    date_part = format_date(local.date(), format="medium", locale=date_locale())
    time_part = format_datetime(local, "HH:mm", tzinfo=local.tzinfo, locale=date_locale())
    return f"{date_part}, {time_part} {zone_name()}"


def relative(instant: datetime, now: datetime) -> str:
    """`in 3 hours`, `2 days ago`; an empty string when the instant is not near. market.js says the same."""
    distance = instant - now
    away = abs(distance)
    if away > NEAR:
        return ""
    if away < timedelta(minutes=120):
        unit, size = "minute", timedelta(minutes=1)
    elif away < timedelta(hours=48):
        unit, size = "hour", timedelta(hours=1)
    else:
        unit, size = "day", timedelta(days=1)
    count = max(1, math.floor(away / size))
    rounded = size * count * (1 if distance >= timedelta(0) else -1)
    return format_timedelta(
        rounded,
        granularity=unit,  # type: ignore[arg-type]
        threshold=float("inf"),
        add_direction=True,
        locale=moneys.locale_name(),
    )


@register.simple_tag(takes_context=True)
def when(context: Context, instant: datetime | None) -> SafeString:
    """An instant: relative when near, else its date; exact with the zone on hover and for screen readers."""
    if instant is None:
        return _nothing()
    full = exact(instant)
    near = relative(instant, page_now(context))
    if near:
        return format_html(
            '<time datetime="{0}" title="{1}" data-relative><span>{2}</span><span class="sr"> ({1})</span></time>',
            instant.astimezone(UTC).isoformat(timespec="seconds"),
            full,
            near,
        )
    local = instant.astimezone(timezone.get_current_timezone()).date()
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        instant.astimezone(UTC).isoformat(timespec="seconds"),
        full,
        format_date(local, format="medium", locale=date_locale()),
    )


@register.simple_tag(takes_context=True)
def deadline(context: Context, instant: datetime | None) -> SafeString:
    """A deadline: how far away, and always the exact instant with its zone in sight."""
    if instant is None:
        return _nothing()
    full = exact(instant)
    stamp = instant.astimezone(UTC).isoformat(timespec="seconds")
    near = relative(instant, page_now(context))
    if not near:
        return format_html('<time datetime="{}">{}</time>', stamp, full)
    return format_html(
        '<time datetime="{0}" data-relative><span>{1}</span> <small>({2})</small></time>', stamp, near, full
    )


@register.simple_tag
def moment(instant: datetime | None) -> SafeString:
    """An instant, exact, with its zone."""
    if instant is None:
        return _nothing()
    stamp = instant.astimezone(UTC).isoformat(timespec="seconds")
    return format_html('<time datetime="{}">{}</time>', stamp, exact(instant))


@register.simple_tag
def day(value: date | None) -> SafeString:
    """A calendar date: 21 Nov 2026."""
    if value is None:
        return _nothing()
    return format_html(
        '<time datetime="{}">{}</time>',
        value.isoformat()[:10],
        format_date(value, format="medium", locale=date_locale()),
    )


@register.simple_tag(takes_context=True)
def clock_stamp(context: Context) -> SafeString:
    """What the page took for now, for market.js; empty when the page showed no relative time."""
    kept = getattr(_request(context), "page_now", None)
    return format_html('data-now="{}"', kept.isoformat()) if isinstance(kept, datetime) else SafeString("")


# ------------------------------------------------------------------ frame


@register.simple_tag
def page_language() -> str:
    """The page's language as the `lang` attribute wants it."""
    return html_lang(get_language() or "en")


@register.simple_tag(takes_context=True)
def theme_attribute(context: Context) -> SafeString:
    """`data-theme` for the html element, where the reader chose light or dark."""
    request = _request(context)
    theme = request.COOKIES.get(THEME_COOKIE, "") if request else ""
    return format_html(' data-theme="{}"', theme) if theme in THEMES else SafeString("")


@register.simple_tag(takes_context=True)
def navlink(context: Context, url: str, label: str, icon_name: str, key: str = "") -> SafeString:
    """One entry of the main navigation; the page one is on, or inside of, is marked."""
    request = _request(context)
    path = request.path if request else ""
    here = path == url or (url != "/" and path.startswith(url))
    return format_html(
        '<li><a href="{}"{}{}>{}<span>{}</span></a></li>',
        url,
        mark_safe(' aria-current="page"') if here else "",
        format_html(' data-key="{}"', key) if key else "",
        icon(icon_name),
        label,
    )


@register.simple_block_tag(takes_context=True)
def header(
    context: Context,
    content: str,
    title: Any,
    *,
    badge: Any = None,
    tone: str = "neutral",
    sentence: Any = "",
    kicker: Any = "",
    back: str = "",
    back_label: Any = "",
) -> SafeString:
    """The head of a page: the only h1, the state with its sentence, and (inside) the one primary action."""
    state = Badge(badge, tone) if badge and not isinstance(badge, Badge) else badge  # type: ignore[arg-type]
    return _component(
        "header",
        context,
        title=title,
        badge=state,
        sentence=sentence,
        kicker=kicker,
        back=back,
        back_label=back_label,
        actions=_inside(content),
    )


@register.simple_block_tag(takes_context=True)
def section(
    context: Context, content: str, title: Any, *, id: str = "", count: int | None = None, help: Any = ""
) -> SafeString:
    """A part of a page under an h2."""
    return _component("section", context, title=title, id=id, count=count, help=help, body=content)


def _component(name: str, context: Context, /, **values: Any) -> SafeString:
    request = _request(context)
    csrf = context.get("csrf_token")
    if csrf is not None:
        values.setdefault("csrf_token", csrf)
    return render_to_string(f"components/{name}.html", {**values, "request": request})


def _inside(content: str) -> SafeString:
    """What a block tag encloses; it was rendered by the template engine, so it is safe."""
    return SafeString(content.strip())


def _ident(*parts: Any) -> str:
    """A DOM id that is the same in every process."""
    return f"why-{crc32('|'.join(map(str, parts)).encode()):08x}"


# ------------------------------------------------------------------ actions and forms


@register.simple_tag(takes_context=True)
def action(
    context: Context,
    url: str,
    label: Any,
    *,
    why_not: Any = "",
    method: str = "get",
    tone: str = "primary",
    icon: str = "",
    name: str = "",
    value: str = "",
) -> SafeString:
    """A link or button to one act. With `why_not` it is disabled and the sentence stands below it.

    tone: `primary` (one per page), `plain`, `bad`. `method="post"` makes a form with its own button.
    """
    return _component(
        "action", context, url=url, label=label, why_not=why_not, method=method, tone=tone, icon=icon, name=name,
        value=value, ident=_ident(url, label),
    )  # fmt: skip


@register.simple_block_tag(takes_context=True)
def confirm(
    context: Context,
    content: str,
    url: str,
    label: Any,
    consequence: Any,
    *,
    button: Any = "",
    why_not: Any = "",
    icon: str = "",
    tone: str = "bad",
) -> SafeString:
    """A destructive act: opens in place, says its consequence in words, and repeats the verb on the button.

    What is inside stands between the consequence and the button (a reason field, for example).
    """
    return _component(
        "confirm", context, url=url, label=label, consequence=consequence, button=button or label, why_not=why_not,
        icon=icon, tone=tone, body=_inside(content), ident=_ident(url, label),
    )  # fmt: skip


KINDS: Final[tuple[tuple[type[forms.Widget], str], ...]] = (
    (forms.CheckboxSelectMultiple, "group"),
    (forms.RadioSelect, "group"),
    (forms.CheckboxInput, "check"),
    (forms.SelectDateWidget, "group"),
    (forms.MultiWidget, "group"),
)


def _kind(bound: BoundField) -> str:
    if bound.is_hidden:
        return "hidden"
    return next((kind for widget, kind in KINDS if isinstance(bound.field.widget, widget)), "plain")


@register.simple_tag
def field(bound: BoundField, *, suffix: Any = "", help: Any = "", label: Any = "", quiet: bool = False) -> SafeString:
    """One form field: label, help, control and, beside it, what is wrong.

    suffix: a unit shown after the control (CNY, days); quiet: the label is for screen readers only.
    """
    return render_to_string(
        "components/field.html",
        {
            "field": bound,
            "kind": _kind(bound),
            "suffix": suffix,
            "help": help or bound.help_text,
            "label": label or bound.label,
            "quiet": quiet,
        },
    )


@register.simple_tag
def fields(form: forms.BaseForm) -> SafeString:
    """All fields of a form in their order."""
    return format_html_join("", "{}", ((field(bound),) for bound in form))


@register.simple_tag
def form_errors(*given: forms.BaseForm | None) -> SafeString:
    """The summary of all that is to be corrected, on top of the form, with links to the fields."""
    rows: list[tuple[str, str, str]] = []
    for form in given:
        if form is None or not form.is_bound:
            continue
        rows += [("", "", str(error)) for error in form.non_field_errors()]
        for bound in form:
            rows += [(bound.auto_id or "", str(bound.label), str(error)) for error in bound.errors]
    if not rows:
        return SafeString("")
    title = ngettext("One thing to correct", "%(count)s things to correct", len(rows)) % {"count": len(rows)}
    return render_to_string("components/form_errors.html", {"rows": rows, "title": title})


@register.simple_block_tag(takes_context=True)
def formsection(context: Context, content: str, title: Any, *, help: Any = "") -> SafeString:
    """A short section of a form."""
    return _component("formsection", context, title=title, help=help, body=content)


@register.simple_tag(takes_context=True)
def submit(
    context: Context, label: Any, *, cancel: str = "", why_not: Any = "", icon: str = "", tone: str = "primary"
) -> SafeString:
    """The last line of a form: its button, and the way back."""
    return _component("submit", context, label=label, cancel=cancel, why_not=why_not, icon=icon, tone=tone)


# ------------------------------------------------------------------ lists

NOT_FILTERS: Final = frozenset({"cursor", "from", "order", "columns", "size"})


@dataclass(frozen=True)
class Chip:
    """A filter in force, and the address of the list without it."""

    label: str
    value: str
    url: str


def _address(query: QueryDict) -> str:
    text = query.urlencode()
    return f"?{text}" if text else "?"


def _without(query: QueryDict, key: str, value: str) -> str:
    rest = query.copy()
    kept = [other for other in rest.getlist(key) if other != value]
    rest.setlist(key, kept) if kept else rest.pop(key, None)
    for name in ("cursor", "from"):
        rest.pop(name, None)
    return _address(rest)


def _cleared(query: QueryDict, keys: Iterable[str]) -> str:
    rest = query.copy()
    for name in (*keys, "cursor", "from"):
        rest.pop(name, None)
    return _address(rest)


def _keys(bound: BoundField) -> list[str]:
    suffixes = getattr(bound.field.widget, "suffixes", None)
    return [f"{bound.html_name}_{suffix}" for suffix in suffixes] if suffixes else [bound.html_name]


def _shown(form: forms.BaseForm, bound: BoundField, value: str) -> str:
    formfield = bound.field
    if isinstance(formfield, forms.ModelChoiceField):
        cleaned = getattr(form, "cleaned_data", {}).get(bound.name)
        chosen = [cleaned] if not isinstance(cleaned, Iterable) or isinstance(cleaned, str) else list(cleaned)
        return next((str(item) for item in chosen if str(getattr(item, "pk", "")) == value), value)
    choices = getattr(formfield, "choices", None)
    if choices is None:
        return "" if isinstance(formfield, forms.BooleanField) else value
    for key, text in choices:
        if isinstance(text, list | tuple):
            for inner_key, inner_text in text:
                if str(inner_key) == value:
                    return str(inner_text)
        elif str(key) == value:
            return str(text)
    return value


def chips_of(form: forms.BaseForm | None, query: QueryDict) -> list[Chip]:
    """The filters in force: one chip per value in the address that belongs to a field of the form."""
    if form is None:
        return []
    return [
        Chip(str(bound.label), _shown(form, bound, value), _without(query, key, value))
        for bound in form
        if bound.name not in NOT_FILTERS
        for key in _keys(bound)
        for value in query.getlist(key)
        if value
    ]


def _filter_keys(form: forms.BaseForm) -> list[str]:
    return [key for bound in form if bound.name not in NOT_FILTERS for key in _keys(bound)]


@register.simple_tag(takes_context=True)
def filters(
    context: Context,
    form: forms.BaseForm,
    *,
    target: str = "results",
    search: str = "q",
    primary: str = "",
    placeholder: Any = "",
) -> SafeString:
    """The filter form of a list: search, the `primary` filters in sight (default: the first two), the rest folded.

    The address is the state: it works by GET without JavaScript, and with it swaps the fragment `target`.
    """
    request = _request(context)
    query = request.GET if request else QueryDict()
    bounds = {bound.name: bound for bound in form if not bound.is_hidden}
    searching = bounds.pop(search, None)
    names = [name.strip() for name in primary.split(",") if name.strip()] if primary else list(bounds)[:2]
    rest = [bound for name, bound in bounds.items() if name not in names]
    return _component(
        "filters",
        context,
        path=request.path if request else "",
        target=target,
        search=searching,
        placeholder=placeholder or (searching.label if searching else ""),
        primary=[bounds[name] for name in names if name in bounds],
        rest=rest,
        rest_active=sum(1 for bound in rest for key in _keys(bound) if query.get(key)),
        hidden=form.hidden_fields(),
    )


@register.simple_tag(takes_context=True)
def results(context: Context, page: Page[Any] | None = None, form: forms.BaseForm | None = None) -> SafeString:
    """The head of a result list: the count first, then the filters in force as removable chips.

    Without rows the chips are left to `empty`, which names them and says how to go on.
    """
    request = _request(context)
    query = request.GET if request else QueryDict()
    return _component(
        "results",
        context,
        sentence=_count_sentence(page, _first_position(page, query)) if page is not None else "",
        chips=[] if page is not None and not page.rows else chips_of(form, query),
        clear=_cleared(query, _filter_keys(form)) if form is not None else "",
    )


def _first_position(page: Page[Any] | None, query: QueryDict) -> int | None:
    """Where the page starts, as its pager told the address; None when nobody knows."""
    if page is None or page.before is None:
        return 1
    told = query.get("from", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 10 and int(told) > 1 else None


def _count_sentence(page: Page[Any], first: int | None) -> str:
    locale = moneys.locale_name()
    total = format_decimal(page.count, locale=locale) + ("+" if page.capped else "")
    count = ngettext("%(total)s result", "%(total)s results", page.count) % {"total": total}
    shown = len(page.rows)
    if shown == 0 or (first == 1 and shown == page.count and not page.capped):
        return count
    if first is None:
        return _("%(count)s, showing %(shown)s of them") % {"count": count, "shown": shown}
    return _("%(count)s, showing %(first)s to %(last)s") % {
        "count": count,
        "first": format_decimal(first, locale=locale),
        "last": format_decimal(first + shown - 1, locale=locale),
    }


@register.simple_tag(takes_context=True)
def pager(context: Context, page: Page[Any], *, size: int = 20) -> SafeString:
    """Previous and next by cursor; nothing when there is one page only."""
    request = _request(context)
    query = request.GET if request else QueryDict()
    if not (page.after or page.before):
        return SafeString("")
    first = _first_position(page, query)

    def to(cursor: str | None, start: int | None) -> str:
        if cursor is None:
            return ""
        there = query.copy()
        there["cursor"] = cursor
        if start is not None and start > 1:
            there["from"] = str(start)
        else:
            there.pop("from", None)
        return _address(there)

    return _component(
        "pager",
        context,
        previous=to(page.before, first - size if first else None),
        next=to(page.after, first + len(page.rows) if first else None),
    )


@register.simple_block_tag(takes_context=True)
def empty(
    context: Context,
    content: str,
    title: Any,
    *,
    sentence: Any = "",
    icon: str = "inbox",
    form: forms.BaseForm | None = None,
) -> SafeString:
    """A list without rows: what would be here, why it is empty (filters by name, with *clear*), what to do (inside)."""
    request = _request(context)
    query = request.GET if request else QueryDict()
    chips = chips_of(form, query)
    return _component(
        "empty",
        context,
        title=title,
        sentence=sentence,
        icon=icon,
        chips=chips,
        clear=_cleared(query, _filter_keys(form)) if form is not None and chips else "",
        body=_inside(content),
    )


@register.simple_block_tag(takes_context=True)
def tabs(context: Context, content: str, label: Any) -> SafeString:
    """A row of tabs, each a page of its own; `label` names the row for screen readers."""
    return format_html('<nav class="tabs" aria-label="{}"><ul>{}</ul></nav>', label, _inside(content))


@register.simple_tag(takes_context=True)
def tab(context: Context, url: str, label: Any, *, count: int | None = None, current: bool | None = None) -> SafeString:
    """One tab with its count. Current when its address is the page's own, or as told."""
    request = _request(context)
    here = current if current is not None else bool(request and url in (request.path, request.get_full_path()))
    return format_html(
        '<li><a href="{}"{}>{}{}</a></li>',
        url,
        mark_safe(' aria-current="page"') if here else "",
        label,
        format_html(' <span class="tally">{}</span>', format_decimal(count, locale=moneys.locale_name()))
        if count is not None
        else "",
    )


# ------------------------------------------------------------------ facts, stories, figures


@register.simple_block_tag
def fact(content: str, label: Any, *, wide: bool = False) -> SafeString:
    """One fact of a `<dl class="facts">`: a label and what is inside; an em dash when nothing is."""
    body = _inside(content)
    return format_html(
        "<div{}><dt>{}</dt><dd>{}</dd></div>", mark_safe(' class="wide"') if wide else "", label, body or _nothing()
    )


@register.simple_block_tag
def stat(content: str, label: Any, *, help: Any = "") -> SafeString:
    """One large figure of a `<dl class="stats">`."""
    note = format_html('<dd class="quiet">{}</dd>', help) if help else ""
    return format_html(
        '<div><dt>{}</dt><dd class="figure">{}</dd>{}</div>', label, _inside(content) or _nothing(), note
    )


@register.simple_block_tag(takes_context=True)
def happened(
    context: Context, content: str, who: Any, at: datetime | None, *, icon: str = "", tone: str = "neutral"
) -> SafeString:
    """One line of an `<ol class="timeline">`: what is inside, done by `who` at `at`. `who` empty: the clock."""
    return _component(
        "happened",
        context,
        body=_inside(content),
        who=who or _("By the clock"),
        at=when(context, at),
        icon=icon,
        tone=tone,
    )


@register.simple_block_tag
def derivation(content: str, summary: Any, *, open: bool = False) -> SafeString:
    """How a figure came about, folded under it."""
    return format_html(
        '<details class="how"{}><summary>{}{}</summary><div>{}</div></details>',
        mark_safe(" open") if open else "",
        icon("chevron-right"),
        summary,
        SafeString(content),
    )


NOTE_ICONS: Final = {**TONE_ICONS, "neutral": "info", "accent": "info"}


@register.simple_block_tag
def note(content: str, tone: str = "neutral", *, icon_name: str = "") -> SafeString:
    """A remark in a tone, with an icon."""
    return format_html(
        '<div class="note {}">{}<div>{}</div></div>', tone, icon(icon_name or NOTE_ICONS[tone]), SafeString(content)
    )


@register.simple_block_tag
def card(content: str, url: str, title: Any, *, badge: Any = None, kicker: Any = "") -> SafeString:
    """One card of a `<ul class="cards">`; all of it leads to `url`."""
    state = badge_tag(badge) if badge else ""
    above = format_html('<p class="kicker">{}</p>', kicker) if kicker else ""
    return format_html(
        '<li class="card">{}<div class="card-head"><h3><a href="{}">{}</a></h3>{}</div>{}</li>',
        above,
        url,
        title,
        state,
        SafeString(content),
    )


@register.simple_block_tag(takes_context=True)
def need(
    context: Context,
    content: str,
    title: Any,
    url: str,
    *,
    action: Any,
    deadline: datetime | None = None,
    icon: str = "circle-dot",
    kicker: Any = "",
    tone: str = "accent",
) -> SafeString:
    """One thing of an `<ol class="needs">` that waits for the reader: what, until when, and its one action."""
    return _component(
        "need",
        context,
        title=title,
        url=url,
        action=action,
        deadline=when(context, deadline) if deadline else "",
        icon=icon,
        kicker=kicker,
        tone=tone,
        body=_inside(content),
    )


@register.simple_tag(takes_context=True)
def progress(context: Context, done: int, total: int, *, label: Any = "", left: timedelta | None = None) -> SafeString:
    """Long work: a bar, done of all, and the time left."""
    locale = moneys.locale_name()
    remaining = ""
    if left is not None and done < total:
        remaining = _("about %(time)s left") % {"time": format_timedelta(left, locale=locale, threshold=1.2)}
    return _component(
        "progress",
        context,
        done=done,
        total=max(total, 1),
        label=label or _("Progress"),
        words=_("%(done)s of %(total)s")
        % {"done": format_decimal(done, locale=locale), "total": format_decimal(total, locale=locale)},
        left=remaining,
        share=min(100, done * 100 // max(total, 1)),
    )


@register.simple_tag(takes_context=True)
def bars(context: Context, rows: Sequence[tuple[Any, int]], currency: str = "", *, caption: Any) -> SafeString:
    """Amounts side by side: a table whose last column draws each as a bar. Without currency they are counts."""
    largest = max((abs(value) for _label, value in rows), default=0) or 1
    return _component(
        "bars",
        context,
        caption=caption,
        currency=currency,
        rows=[(label, _figure(value, currency), abs(value) * BAR_WIDTH // largest, value < 0) for label, value in rows],
    )


def _figure(value: int, currency: str) -> SafeString:
    return amount(value, currency) if currency else number(value)


@register.simple_tag(takes_context=True)
def sparkline(context: Context, rows: Sequence[tuple[Any, int]], currency: str = "", *, caption: Any) -> SafeString:
    """A course over time as a line, with its table folded below. `rows` are (label, value), oldest first."""
    values = [value for _label, value in rows]
    low, high = min(values, default=0), max(values, default=0)
    span = (high - low) or 1
    step = SPARKLINE_WIDTH / max(len(values) - 1, 1)
    points = [
        (round(index * step, 1), round(SPARKLINE_HEIGHT - 4 - (value - low) * (SPARKLINE_HEIGHT - 8) / span, 1))
        for index, value in enumerate(values)
    ]
    return _component(
        "sparkline",
        context,
        caption=caption,
        points=" ".join(f"{x},{y}" for x, y in points),
        last=points[-1] if points else None,
        width=SPARKLINE_WIDTH,
        height=SPARKLINE_HEIGHT,
        rows=[(label, _figure(value, currency)) for label, value in rows],
        newest=_figure(values[-1], currency) if values else "",
    )


@register.simple_tag(takes_context=True)
def course(
    context: Context,
    rows: Sequence[tuple[Any, str, int | None, int | None]],
    currency: str,
    *,
    caption: Any,
    bars: Any,
    line: Any,
) -> SafeString:
    """Two figures over time on one scale, the first as bars (below zero too), the second as a line, with their table.

    `rows` are (label, address or "", figure of the bar, figure of the line), oldest first; a figure that is not known
    (None) leaves a gap. bars, line: what the two are called.
    """
    figures = [value for *_names, one, other in rows for value in (one, other) if value is not None]
    high, low = max(0, *figures, 0), min(0, *figures, 0)
    step = COURSE_WIDTH / max(len(rows), 1)

    def down(value: int) -> float:
        return round(4 + (high - value) * (COURSE_HEIGHT - 8) / ((high - low) or 1), 1)

    drawn = [
        (
            label,
            round(index * step + step * 0.15, 1),
            min(down(value), down(0)),
            abs(round(down(value) - down(0), 1)),
            value,
        )
        for index, (label, _url, value, _line) in enumerate(rows)
        if value is not None
    ]
    points = [
        (round(index * step + step / 2, 1), down(value))
        for index, (_label, _url, _bar, value) in enumerate(rows)
        if value is not None
    ]
    return _component(
        "course",
        context,
        caption=caption,
        currency=currency,
        names=(bars, line),
        bars=[(label, x, y, tall, value < 0, money(value, currency)) for label, x, y, tall, value in drawn],
        bar_width=round(step * 0.7, 1),
        points=" ".join(f"{x},{y}" for x, y in points),
        zero=down(0),
        width=COURSE_WIDTH,
        height=COURSE_HEIGHT,
        high=money(high, currency),
        low=money(low, currency) if low else "",
        first=rows[0][0] if rows else "",
        last=rows[-1][0] if rows else "",
        rows=[
            (label, url, amount(one, currency), amount(other, currency)) for label, url, one, other in reversed(rows)
        ],
    )


# ------------------------------------------------------------------ small filters of the frame

MESSAGE_TONES: Final = {"success": "good", "warning": "warn", "error": "bad"}


@register.filter
def message_tone(level_tag: str) -> str:
    """The tone of a Django message."""
    return MESSAGE_TONES.get(level_tag, "neutral")


@register.filter
def message_icon(level_tag: str) -> str:
    """The icon of a Django message."""
    return NOTE_ICONS[message_tone(level_tag)]


@register.filter
def holds(user: Any, roles: str) -> bool:
    """Whether a signed-in person holds one of the roles, given as `finance,auditor`. Costs no query."""
    return bool(user.is_authenticated and user.has_role(*roles.split(",")))


@register.filter
def html_lang(code: str) -> str:
    """A language code as the lang attribute wants it: zh-Hans."""
    base, _dash, script = code.partition("-")
    return f"{base}-{script.title()}" if script else base


@register.filter
def language_short(code: str) -> str:
    """A language named by two signs of its own: EN, 中文."""
    return {"zh-hans": "中文"}.get(code, code.upper())
