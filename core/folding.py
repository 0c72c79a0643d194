"""Templates folded: what a template says whatever it is asked is worked out once for each language, not on every page.

A template is compiled once for each language it is read in. Translated words, addresses of static files, icons and
included templates that never change become plain text in it, and neighbouring texts become one. What depends on the
context stays as it is, so that a folded template says what the template says; a test holds both against each other.
"""

from collections.abc import Callable, Iterable
from threading import local
from typing import Any, Final, TypeVar
from uuid import UUID

from django.template import Context, Node, NodeList, Origin, Template, TemplateDoesNotExist
from django.template.base import FilterExpression, TextNode, TokenType, Variable
from django.template.defaulttags import CommentNode, IfNode, LoadNode, URLNode
from django.template.library import SimpleNode
from django.template.loader_tags import IncludeNode
from django.template.loaders import base, cached
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.templatetags.static import StaticNode
from django.urls import NoReverseMatch
from django.utils.html import escape
from django.utils.translation import get_language

from core.addresses import address

F = TypeVar("F", bound=Callable[..., Any])
_MARK: Final = "says_the_same"
_AT_WORK: Final = local()
"""`names`: templates that this thread is just folding; one that includes itself is not asked what it says."""


def says_the_same(tag: F) -> F:
    """Marks a simple tag whose answer follows from its arguments and the language alone."""
    setattr(tag, _MARK, True)
    return tag


class _Folded(base.Loader):
    """Between a cached loader and Django's: what the former keeps is folded."""

    def get_template(self, template_name: str, skip: list[Origin] | None = None) -> Template:
        template: Template = super().get_template(template_name, skip)
        _Folder(template).fold()
        return template


class Loader(cached.Loader, _Folded):
    """Django's cached loader with one folded template for each language. Reads from the loaders it is given."""

    def cache_key(self, template_name: str, skip: list[Origin] | None = None) -> str:
        """As the cached loader's, for the language of the moment."""
        return f"{get_language()} {super().cache_key(template_name, skip)}"


class _Said(Node):
    """`{% translate "…" as name %}` whose words are known."""

    child_nodelists = ()

    def __init__(self, name: str, value: Any) -> None:
        self.name, self.value = name, value

    def render(self, context: Context) -> str:
        context[self.name] = self.value
        return ""


class _Found:
    """Instead of the name of an included template: the template, so that nobody looks for it again."""

    def __init__(self, template: Template) -> None:
        self.template = template

    def resolve(self, context: Context) -> Template:
        return self.template


class _Address(Node):
    """`{% url "name" key … %}` of keys that are UUIDs, put together from what `reverse` says of such an address."""

    child_nodelists = ()

    def __init__(self, node: URLNode, name: str) -> None:
        self.asked, self.name = node, name

    def render(self, context: Context) -> str:
        keys = [argument.resolve(context) for argument in self.asked.args]
        if any(type(key) is not UUID for key in keys):
            return self.asked.render(context)
        try:
            found = address(self.name, *keys)
        except NoReverseMatch:
            return self.asked.render(context)
        if self.asked.asvar:
            context[self.asked.asvar] = found
            return ""
        return escape(found) if context.autoescape else found


class _Folder:
    """Folds one template in place: nodes of blocks and partials are shared by what refers to them."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self.context = Context()

    def fold(self) -> None:
        """Work out what can be known, in the language of the moment."""
        before = _at_work()
        _AT_WORK.names = (*before, self.template.name)
        try:
            with self.context.render_context.push_state(self.template), self.context.bind_template(self.template):
                self._fold(self.template.nodelist)
        finally:
            _AT_WORK.names = before

    def _fold(self, nodes: NodeList) -> None:
        found: list[Node] = []
        for node in nodes:
            for inner in _inner(node):
                self._fold(inner)
            folded = self._folded(node)
            last = found[-1] if found else None
            if isinstance(folded, TextNode) and isinstance(last, TextNode):
                last.s += folded.s
            elif not isinstance(folded, TextNode) or folded.s:
                found.append(folded)
        nodes[:] = found

    def _folded(self, node: Node) -> Node:
        """The node, or what it says when that is known."""
        if isinstance(node, LoadNode | CommentNode):
            return _text("", node)
        if isinstance(node, TranslateNode) and node.asvar and self._is_known(node):
            node.render(self.context)
            return _like(_Said(node.asvar, self.context[node.asvar]), node)
        if isinstance(node, IncludeNode):
            return self._included(node)
        if type(node) is URLNode:
            return _addressed(node)
        if self._is_known(node):
            return _text(node.render_annotated(self.context), node)
        return node

    def _included(self, node: IncludeNode) -> Node:
        """What an included template says when it says the same everywhere; else the node, which has found it."""
        name = node.template.var if _is_constant(node.template) else None
        if not isinstance(name, str) or name.startswith(".") or name in _at_work():
            return node
        try:
            found = self.template.engine.get_template(name)
        except TemplateDoesNotExist:
            return node  # asked for under a condition that may never hold
        if all(isinstance(each, TextNode) for each in found.nodelist):
            return _text(found.nodelist.render(self.context), node)
        if isinstance(found, Template):
            node.template = _Found(found)  # type: ignore[assignment]  # as much of an expression as is asked of it
        return node

    def _is_known(self, node: Node) -> bool:
        if isinstance(node, TranslateNode):
            return node.message_context is None and _is_constant(node.filter_expression)
        if isinstance(node, BlockTranslateNode):
            plain = all(token.token_type == TokenType.TEXT for token in node.singular)
            return plain and not (node.plural or node.extra_context or node.asvar or node.message_context)
        if isinstance(node, StaticNode):
            return node.varname is None and _is_constant(node.path)
        if type(node) is SimpleNode:
            arguments = (*node.args, *node.kwargs.values())
            return getattr(node.func, _MARK, False) and node.target_var is None and all(map(_is_constant, arguments))
        return False


def _addressed(node: URLNode) -> Node:
    """A node of the same address that need not look for it; the node itself where its name is in a namespace."""
    name = node.view_name.var if _is_constant(node.view_name) else None
    return _like(_Address(node, name), node) if isinstance(name, str) and ":" not in name and not node.kwargs else node


def _at_work() -> tuple[str | None, ...]:
    return getattr(_AT_WORK, "names", ())


def _inner(node: Node) -> Iterable[NodeList]:
    """The lists of nodes inside a node, once each."""
    if isinstance(node, IfNode):
        return [inner for _condition, inner in node.conditions_nodelists]
    found = (getattr(node, name, None) for name in (*node.child_nodelists, "nodelist"))
    return {id(inner): inner for inner in found if isinstance(inner, NodeList)}.values()


def _is_constant(expression: Any) -> bool:
    """Whether an argument is written out in the template, without filters."""
    if not isinstance(expression, FilterExpression) or expression.filters:
        return False
    return not isinstance(expression.var, Variable) or expression.var.lookups is None


def _text(text: Any, instead_of: Node) -> TextNode:
    return _like(TextNode(str(text)), instead_of)


N = TypeVar("N", bound=Node)


def _like(node: N, other: Node) -> N:
    """Gives a node the place of another in its template, for Django's messages."""
    node.token, node.origin = other.token, other.origin
    return node
