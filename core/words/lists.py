"""Lists: filters, the count with its chips, the pager, the list without rows. The address is the state.

What is found, and how many there are, is decided before (`core.paging`).
"""

from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from django import forms, template
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.template import Context
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from core.paging import Page
from core.words.components import component, inside, query_of, request_of
from core.words.figures import counted

register = template.Library()
MOST_RENDERED: Final = 1_000
"""How many filter forms a process keeps as they were rendered; then it begins anew."""
_RENDERED: dict[Hashable, SafeString] = {}
_WHERE: Final = frozenset({"cursor", "from"})
"""Where in the list somebody is: the filters say the same everywhere."""
NOT_FILTERS: Final = frozenset({"cursor", "from", "order", "columns", "size"})


@dataclass(frozen=True)
class Chip:
    """A filter in force, and the address of the list without it."""

    label: str
    value: str
    url: str


def _address(query: QueryDict, without: Collection[str] = (), **changed: str) -> str:
    """The list's address by other words: without some names of the query, and with others."""
    return f"?{urlencode([*_pairs(query, without), *changed.items()])}"


def _without(query: QueryDict, key: str, value: str) -> str:
    """The list without one value of one filter, from its first page."""
    return f"?{urlencode([pair for pair in _pairs(query, _WHERE) if pair != (key, value)])}"


def _pairs(query: QueryDict, without: Collection[str]) -> list[tuple[str, str]]:
    return [(name, each) for name, values in query.lists() if name not in without for each in values]


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
    if form is None or not query:
        return []
    return [
        Chip(str(bound.label), _shown(form, bound, value), _without(query, key, value))
        for bound, key in _filter_keys(form, query)
        for value in query.getlist(key)
        if value
    ]


def _unfiltered(form: forms.BaseForm, query: QueryDict) -> str:
    return _address(query, {*_WHERE, *(key for _bound, key in _filter_keys(form, query))})


def _filter_keys(form: forms.BaseForm, query: QueryDict) -> list[tuple[BoundField, str]]:
    """The fields that filter, each with its names in the address."""
    asked = [
        form[name]
        for name, formfield in form.fields.items()
        # Fields of several parts have several names in the address; most fields of most addresses are not asked for.
        if name not in NOT_FILTERS and (hasattr(formfield.widget, "suffixes") or form.add_prefix(name) in query)
    ]
    return [(bound, key) for bound in asked for key in _keys(bound)]


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
    request = request_of(context)
    path = request.path if request else ""
    query = query_of(context)
    told = _told(form, query)
    key = (get_language(), path, target, search, primary, str(placeholder), told)
    found = _RENDERED.get(key) if told is not None else None
    if found is None:
        found = _filters(context, form, path, target, search, primary, placeholder)
        if told is not None:
            if len(_RENDERED) >= MOST_RENDERED:
                _RENDERED.clear()
            _RENDERED[key] = found
    return found


def _told(form: forms.BaseForm, query: QueryDict) -> Hashable | None:
    """All that a filter form says, from which its HTML follows; None when it says what is wrong.

    Most readers of a list see one of few forms, and a form's widgets are a third of the work of the whole page. A form
    with `follows_from_address` says the same for the same address and the same rows to choose from, and is not asked
    field by field.
    """
    if form.is_bound and not form.is_valid():
        return None
    if getattr(form, "follows_from_address", False):
        rows = tuple([_choices(field) for field in form.fields.values() if isinstance(field, forms.ModelChoiceField)])
        asked: Hashable = tuple([(name, *values) for name, values in query.lists() if name not in _WHERE])
        return type(form), form.prefix, rows, asked
    # A field may be asked for with the value it has anyway: the sheet stands open then, and the fields say the same.
    asked = frozenset(key for bound in form for key in _keys(bound) if query.get(key))
    # Not the form's class: a set of filters makes itself one for every page.
    return type(form).__qualname__, form.prefix, asked, *(_told_of(bound) for bound in form)


def _told_of(bound: BoundField) -> Hashable:
    words = _unsaid(bound.label), _unsaid(bound.field.help_text)
    widget = bound.field.widget
    return bound.html_name, words, repr(bound.value()), type(widget), repr(widget.attrs), _choices(bound.field)


def _choices(formfield: forms.Field) -> Hashable:
    """What a field offers. Rows are read once, whether they are rendered or not."""
    widget = formfield.widget
    if not isinstance(widget, forms.widgets.ChoiceWidget):  # a hidden field offers none
        return ()
    if not isinstance(widget.choices, list):
        widget.choices = list(iter(widget.choices))
    return tuple([(str(value), _unsaid(label)) for value, label in widget.choices])


def _unsaid(words: Any) -> Hashable:
    """Words as they were given: which language they are said in is known besides, and saying them takes time."""
    if isinstance(words, Promise):
        _make, (_say, arguments, named, *_kinds) = words.__reduce__()  # type: ignore[misc]
        return arguments, repr(named)
    return str(words)


def _filters(
    context: Context, form: forms.BaseForm, path: str, target: str, search: str, primary: str, placeholder: Any
) -> SafeString:
    query = query_of(context)
    bounds = {bound.name: bound for bound in form if not bound.is_hidden}
    searching = bounds.pop(search, None)
    names = [name.strip() for name in primary.split(",") if name.strip()] if primary else list(bounds)[:2]
    rest = [bound for name, bound in bounds.items() if name not in names]
    return component(
        "filters",
        context,
        path=path,
        target=target,
        search=searching,
        placeholder=placeholder or (searching.label if searching else ""),
        primary=[bounds[name] for name in names if name in bounds],
        rest=rest,
        # Columns are no filter: choosing some does not keep the sheet open over them.
        rest_active=sum(1 for bound in rest if bound.name not in NOT_FILTERS for key in _keys(bound) if query.get(key)),
        hidden=form.hidden_fields(),
    )


@register.simple_tag(takes_context=True)
def results(context: Context, page: Page[Any] | None = None, form: forms.BaseForm | None = None) -> SafeString:
    """The head of a result list: the count first, then the filters in force as removable chips.

    Without rows the chips are left to `empty`, which names them and says how to go on.
    """
    query = query_of(context)
    chips = [] if page is not None and not page.rows else chips_of(form, query)
    return component(
        "results",
        context,
        sentence=_count_sentence(page, _first_position(page, query)) if page is not None else "",
        chips=chips,
        clear=_unfiltered(form, query) if form is not None and chips else "",
    )


def _first_position(page: Page[Any] | None, query: QueryDict) -> int | None:
    """Where the page starts, as its pager told the address; None when nobody knows."""
    if page is None or page.before is None:
        return 1
    told = query.get("from", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 10 and int(told) > 1 else None


def _count_sentence(page: Page[Any], first: int | None) -> str:
    total = counted(page.count) + ("+" if page.capped else "")
    count = ngettext("%(total)s result", "%(total)s results", page.count) % {"total": total}
    shown = len(page.rows)
    if shown == 0 or (first == 1 and shown == page.count and not page.capped):
        return count
    if first is None:
        return _("%(count)s, showing %(shown)s of them") % {"count": count, "shown": shown}
    return _("%(count)s, showing %(first)s to %(last)s") % {
        "count": count,
        "first": counted(first),
        "last": counted(first + shown - 1),
    }


@register.simple_tag(takes_context=True)
def pager(context: Context, page: Page[Any], *, size: int = 20) -> SafeString:
    """Previous and next by cursor; nothing when there is one page only."""
    query = query_of(context)
    if not (page.after or page.before):
        return SafeString("")
    first = _first_position(page, query)

    def to(cursor: str | None, start: int | None) -> str:
        if cursor is None:
            return ""
        place = {"from": str(start)} if start is not None and start > 1 else {}
        return _address(query, _WHERE, cursor=cursor, **place)

    return component(
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
    query = query_of(context)
    chips = chips_of(form, query)
    return component(
        "empty",
        context,
        title=title,
        sentence=sentence,
        icon=icon,
        chips=chips,
        clear=_unfiltered(form, query) if form is not None and chips else "",
        body=inside(content),
    )
