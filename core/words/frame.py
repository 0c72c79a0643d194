"""The frame of a page: language and theme, navigation, the head, sections and tabs, whom it is for.

What a page shows inside its frame stands in the other modules.
"""

from typing import Any, Final

from django import template
from django.template import Context
from django.template.base import FilterExpression, Parser, Token
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from core.folding import says_the_same
from core.look import THEME_COOKIE, THEMES, Badge
from core.words.components import component, inside, request_of
from core.words.figures import counted
from core.words.signs import icon

register = template.Library()
MOST_REMEMBERED: Final = 500
"""How many forms of one part of a page a process keeps; then it begins anew."""


@register.simple_tag
@says_the_same
def page_language() -> str:
    """The page's language as the `lang` attribute wants it."""
    return html_lang(get_language() or "en")


@register.filter
def html_lang(code: str) -> str:
    """A language code as the lang attribute wants it: zh-Hans."""
    base, _dash, script = code.partition("-")
    return f"{base}-{script.title()}" if script else base


@register.filter
def language_short(code: str) -> str:
    """A language named by two signs of its own: EN, 中文."""
    return {"zh-hans": "中文"}.get(code, code.upper())


@register.simple_tag(takes_context=True)
def theme_attribute(context: Context) -> SafeString:
    """`data-theme` for the html element, where the reader chose light or dark."""
    request = request_of(context)
    theme = request.COOKIES.get(THEME_COOKIE, "") if request else ""
    return format_html(' data-theme="{}"', theme) if theme in THEMES else SafeString("")


class _Remembered(template.Node):
    def __init__(self, inner: template.NodeList, values: list[FilterExpression]) -> None:
        self.nodelist = inner
        self.values = values
        self.kept: dict[tuple[str | None, ...], SafeString] = {}

    def render(self, context: Context) -> SafeString:
        key = (get_language(), *(repr(value.resolve(context)) for value in self.values))
        found = self.kept.get(key)
        if found is None:
            if len(self.kept) >= MOST_REMEMBERED:
                self.kept.clear()
            found = self.kept[key] = self.nodelist.render(context)
        return found


@register.tag
def remembered(parser: Parser, token: Token) -> _Remembered:
    """What is inside, kept as it was rendered for these values: `{% remembered user.roles here %}…{% endremembered %}`.

    The values and the language are all that it may follow from; it sets nothing for what comes after it.
    """
    _name, *values = token.split_contents()
    inner = parser.parse(("endremembered",))
    parser.delete_first_token()
    return _Remembered(inner, [parser.compile_filter(value) for value in values])


@register.simple_tag(takes_context=True)
def part_of_the_market(context: Context) -> str:
    """The first word of the page's address: `projects`; empty on the first page."""
    request = request_of(context)
    return request.path.split("/", 2)[1] if request else ""


def _current(here: bool) -> SafeString:
    return mark_safe(' aria-current="page"') if here else SafeString("")


@register.simple_tag(takes_context=True)
def navlink(context: Context, url: str, label: str, icon_name: str, key: str = "") -> SafeString:
    """One entry of the main navigation; the page one is on, or inside of, is marked."""
    request = request_of(context)
    path = request.path if request else ""
    here = path == url or (url != "/" and path.startswith(url))
    return format_html(
        '<li><a href="{}"{}{}>{}<span>{}</span></a></li>',
        url,
        _current(here),
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
    return component(
        "header",
        context,
        title=title,
        badge=state,
        sentence=sentence,
        kicker=kicker,
        back=back,
        back_label=back_label,
        actions=inside(content),
    )


@register.simple_block_tag(takes_context=True)
def section(
    context: Context, content: str, title: Any, *, id: str = "", count: int | None = None, help: Any = ""
) -> SafeString:
    """A part of a page under an h2."""
    return component("section", context, title=title, id=id, count=count, help=help, body=content)


@register.simple_block_tag(takes_context=True)
def tabs(context: Context, content: str, label: Any) -> SafeString:
    """A row of tabs, each a page of its own; `label` names the row for screen readers."""
    return format_html('<nav class="tabs" aria-label="{}"><ul>{}</ul></nav>', label, inside(content))


@register.simple_tag(takes_context=True)
def tab(context: Context, url: str, label: Any, *, count: int | None = None, current: bool | None = None) -> SafeString:
    """One tab with its count. Current when its address is the page's own, or as told."""
    request = request_of(context)
    here = current if current is not None else bool(request and url in (request.path, request.get_full_path()))
    return format_html(
        '<li><a href="{}"{}>{}{}</a></li>',
        url,
        _current(here),
        label,
        format_html(' <span class="tally">{}</span>', counted(count)) if count is not None else "",
    )


@register.filter
def holds(user: Any, roles: str) -> bool:
    """Whether a signed-in person holds one of the roles, given as `finance,auditor`. Costs no query."""
    return bool(user.is_authenticated and user.has_role(*roles.split(",")))
