"""A folded template says what the template says, in each language; what depends on the page stays open."""

import re
from copy import deepcopy
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.template import Context, Engine, Origin, Template
from django.template.base import TextNode
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import translation

from contracts.models import Contract, Project
from core import folding
from core.addresses import address
from microenterprises.models import Microenterprise
from people.models import User
from tests.databases import Told

KEY = UUID("0190e0a0-0000-7000-8000-000000000001")
PLAIN: Any = deepcopy(settings.TEMPLATES)
PLAIN[0]["OPTIONS"]["loaders"][0][1][0] = (
    "django.template.loaders.cached.Loader",
    PLAIN[0]["OPTIONS"]["loaders"][0][1][0][1],
)
ALWAYS_NEW = re.compile(
    r'name="csrfmiddlewaretoken" value="[^"]*"|data-now="[^"]*"|<time .*?</time>|csrf[-_a-z]*"?: ?"[^"]*"',
    re.IGNORECASE,
)


def folded(source: str, language: str = "en") -> Template:
    engine = Engine.get_default()
    with translation.override(language):
        template = Template("{% load i18n market static %}" + source, Origin("a test", "a test"), "a test", engine)
        folding._Folder(template).fold()
    return template


def says(template: Template, language: str = "en", /, **values: Any) -> str:
    with translation.override(language):
        return template.render(Context(values))


def is_text(template: Template) -> bool:
    return len(template.nodelist) == 1 and isinstance(template.nodelist[0], TextNode)


@pytest.mark.parametrize(
    "source",
    [
        '<h1>{% translate "Projects" %}</h1>',
        "{% blocktranslate trimmed %}\n  Projects\n{% endblocktranslate %}, 100 %",
        '{% translate "Projects" noop %}',
        '{% icon "gavel" %} {% icon "x" label="Close" %}',
        '{% static "market.css" %}',
        '{% include "components/brand.html" %}{# no word #}{% comment %}{{ x }}{% endcomment %}',
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_what_is_always_said_becomes_text(source: str, language: str) -> None:
    plain = Template("{% load i18n market static %}" + source)
    template = folded(source, language)
    assert is_text(template)
    assert says(template, language) == says(plain, language)


@pytest.mark.parametrize(
    "source",
    [
        "{{ name }}",
        "{% translate name %}",
        '{% translate "Projects" context "to a person" %}',
        '{% translate "Projects"|upper %}',
        "{% blocktranslate %}{{ name }} and more{% endblocktranslate %}",
        "{% blocktranslate count n=2 %}one{% plural %}{{ n }}{% endblocktranslate %}",
        "{% icon name %}",
        "{% static name %}",
        '{% icon "gavel" as sign %}{{ sign }}',
        '{% if name %}{% translate "Projects" %}{% else %}-{% endif %}',
        '{% for each in name %}{% translate "Projects" %}{{ each }}{% empty %}-{% endfor %}',
        '{% translate "Projects" as word %}{{ word }}{% with word="x" %}{{ word }}{% endwith %}',
        '{% include "components/brand.html" with name="x" %}{{ name }}',
        "{% include template %}",
        '{% url "project_detail" key %} {% url "project_detail" key as there %}{{ there }}',
        '{% url "project_list" %}',
        '{% url "nothing_like_this" key as there %}[{{ there }}]',
    ],
)
def test_what_depends_on_the_page_is_said_by_the_page(source: str) -> None:
    plain = Template("{% load i18n market static %}" + source)
    template = folded(source)
    for values in ({"name": "x", "key": KEY}, {"name": "bell", "key": KEY}, {"name": "<&>", "key": str(KEY)}):
        values["template"] = "components/brand.html"
        if "icon name" in source:
            values["name"] = "bell"
        assert says(template, **values) == says(plain, **values)


def test_a_template_is_folded_once_for_each_language() -> None:
    engine = Engine.get_default()
    found: dict[str, Template] = {}
    for language in ("en", "zh-hans", "en"):
        with translation.override(language):
            found.setdefault(language, engine.get_template("components/keys.html"))
            assert engine.get_template("components/keys.html") is found[language]
    assert says(found["en"]) != says(found["zh-hans"])


def test_a_template_that_includes_itself_is_folded(tmp_path: Any) -> None:
    (tmp_path / "tree.html").write_text('({{ n }}{% if n %}{% include "tree.html" with n=0 %}{% endif %})')
    loaders = [("core.folding.Loader", [("django.template.loaders.filesystem.Loader", [str(tmp_path)])])]
    engine = Engine(loaders=loaders)
    assert engine.get_template("tree.html").render(Context({"n": 1})) == "(1(0))"


def test_addresses_are_those_that_are_looked_up() -> None:
    assert address("project_detail", KEY) == reverse("project_detail", args=[KEY])
    assert address("project_list") == reverse("project_list")
    with pytest.raises(Exception, match="nothing_like_this"):
        address("nothing_like_this", KEY)
    with pytest.raises(Exception, match="project_detail"):
        address("project_detail", KEY, KEY)


def addresses() -> list[str]:
    project = Project.objects.filter(status="published").order_by("deadline").first()
    contract, firm = Contract.objects.first(), Microenterprise.objects.active().order_by("name").first()
    assert project and contract and firm
    return [
        "/", "/projects/", "/projects/?q=e&phase=open", f"/projects/{project.pk}/", "/projects/new/",
        "/microenterprises/", f"/microenterprises/{firm.pk}/", "/contracts/", f"/contracts/{contract.pk}/", "/ideas/",
        "/talent/", "/statements/", "/insights/", "/people/me/", "/people/me/notices/", "/no/such/page/",
    ]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("reader", ["lin", "fay"])
def test_pages_say_the_same_folded_and_unfolded(told_company: Told[Any], language: str, reader: str) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(email=f"{reader}@haier.example"))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language

    def read() -> list[str]:
        with translation.override(None):  # a page leaves its reader's language behind
            return [ALWAYS_NEW.sub("", client.get(each).content.decode()) for each in there]

    there = addresses()
    with_folding = read()
    with override_settings(TEMPLATES=PLAIN):
        without = read()
    for each, one, other in zip(there, with_folding, without, strict=True):
        assert one == other, each
