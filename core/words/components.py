"""What the other words are made with: their template, what a block encloses, the page they stand on.

A word itself never stands here.
"""

from typing import Any
from zlib import crc32

from django.http import HttpRequest, QueryDict
from django.template import Context, Engine
from django.utils.safestring import SafeString


def component(name: str, context: Context, /, **values: Any) -> SafeString:
    """A template of `templates/components/`, with the page's token for forms."""
    request = request_of(context)
    csrf = context.get("csrf_token")
    if csrf is not None:
        values.setdefault("csrf_token", csrf)
    # Django's shortcut looks for the engine and wraps the template each time, and a page has twenty of these.
    template = Engine.get_default().get_template(f"components/{name}.html")
    return template.render(Context({**values, "request": request}))


def inside(content: str) -> SafeString:
    """What a block tag encloses; it was rendered by the template engine, so it is safe."""
    return SafeString(content.strip())


def ident(*parts: Any) -> str:
    """A DOM id that is the same in every process."""
    return f"why-{crc32('|'.join(map(str, parts)).encode()):08x}"


def request_of(context: Context) -> HttpRequest | None:
    """The request of the page; none where a template is rendered without one."""
    request = context.get("request")
    return request if isinstance(request, HttpRequest) else None


def query_of(context: Context) -> QueryDict:
    """What stands after the question mark of the page's address."""
    request = request_of(context)
    return request.GET if request else QueryDict()
