"""The template words: what they show, for whom, and that nothing reads "None"."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.http import QueryDict
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.utils import timezone, translation
from django.utils.safestring import SafeString

from core import money
from core.look import Badge
from core.paging import Page
from core.templatetags import market
from core.words import instants, lists
from core.words.tables import Amount, Cell, Column, Lines, Link, Quiet, Sum, Table
from microenterprises.prospects import exactly

NOW = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)


def show(source: str, path: str = "/projects/", **values: Any) -> str:
    """The source rendered in Shanghai at `NOW`."""
    request = RequestFactory().get(path)
    with timezone.override(ZoneInfo("Asia/Shanghai")):
        return Template("{% load market %}" + source).render(Context({"request": request, "now": NOW, **values}))


def test_every_word_has_one_home() -> None:
    words = [word for noun in market.NOUNS for word in (*noun.register.tags, *noun.register.filters)]
    assert sorted(words) == sorted({*market.register.tags, *market.register.filters})


def test_money_is_written_in_the_readers_locale() -> None:
    assert "CN¥1,200,000.00" in show('{% money 120000000 "CNY" %}')
    with translation.override("zh-hans"):
        assert "¥1,200,000.00" in show('{% money 120000000 "CNY" %}')
    assert ">1,234<" in show('{% amount 1234 "JPY" %}')


def test_a_signed_amount_has_a_real_minus() -> None:
    assert "+12.00" in show('{% amount 1200 "CNY" sign=True %}')
    assert "\u221212.00" in show('{% amount -1200 "CNY" %}')


def test_what_is_written_with_a_minus_is_read_again() -> None:
    """A figure in a sentence has the minus that it has in tables, also when it is smaller than a unit."""
    assert money.write(-1200, "CNY") == "\u2212CN¥12.00"
    assert exactly(-1, "CNY") == "\u2212CN¥0.000001"
    assert money.parse(money.write_number(-120_000, "CNY"), "CNY") == -120_000


@pytest.mark.parametrize(
    "source",
    [
        '{% money None "CNY" %}', '{% amount None "CNY" %}', "{% percent None %}", "{% number None %}",
        "{% when None %}", "{% deadline None %}", "{% moment None %}", "{% day None %}", "{{ None|dash }}",
        "{{ ''|dash }}", '{% fact "Ceiling" %} {% endfact %}',
    ],
)  # fmt: skip
def test_what_is_absent_is_an_em_dash(source: str) -> None:
    shown = show(source)
    assert "—" in shown
    assert "None" not in shown


def test_percent_is_exact() -> None:
    assert ">40%<" in show("{% percent 4000 %}")
    assert ">0.01%<" in show("{% percent 1 %}")
    assert ">33.33%<" in show("{% percent 3333 %}")


def test_an_instant_is_relative_when_near_and_exact_for_everybody() -> None:
    shown = show("{% when at %}", at=NOW + timedelta(hours=3))
    assert "in 3 hours" in shown
    assert 'title="21 Nov 2026, 18:00 Shanghai"' in shown
    assert shown.count("21 Nov 2026, 18:00 Shanghai") == 2
    assert "data-relative" not in show("{% when at %}", at=NOW + timedelta(days=8))


def test_a_deadline_always_names_its_zone() -> None:
    for hours in (1, 30, 100, 1000, -5):
        assert "Shanghai" in show("{% deadline at %}", at=NOW + timedelta(hours=hours))
    with translation.override("zh-hans"):
        assert "上海" in show("{% deadline at %}", at=NOW + timedelta(hours=3))


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=20), "in 1 minute"),
        (timedelta(minutes=119), "in 119 minutes"),
        (timedelta(minutes=121), "in 2 hours"),
        (timedelta(hours=47, minutes=59), "in 47 hours"),
        (timedelta(hours=48), "in 2 days"),
        (timedelta(days=-7), "7 days ago"),
        (timedelta(days=7, seconds=1), ""),
    ],
)
def test_relative_words_never_promise_more_time_than_there_is(distance: timedelta, words: str) -> None:
    assert instants.relative(NOW + distance, NOW) == words


def test_a_day_names_its_month() -> None:
    assert "21 Nov 2026" in show("{% day value %}", value=date(2026, 11, 21))


def test_a_state_is_a_word_and_an_icon() -> None:
    shown = show("{% badge state %}", state=Badge("Open <now>", "accent"))
    assert "Open &lt;now&gt;" in shown
    assert "<svg" in shown


def test_an_unknown_icon_is_an_error_of_the_page_not_a_gap() -> None:
    with pytest.raises(TemplateSyntaxError, match=r"update\.py"):
        show('{% icon "../secret" %}')


def test_a_refused_action_says_why_in_sight_and_by_description() -> None:
    shown = show('{% action "/x/" "Award" why_not="Bids open tonight." %}')
    assert 'aria-disabled="true"' in shown
    assert 'class="why" id="why-' in shown
    assert "href" not in shown


def test_an_act_by_post_carries_the_token() -> None:
    shown = show('{% action "/x/" "Sign" method="post" %}', csrf_token="abc")
    assert 'name="csrfmiddlewaretoken" value="abc"' in shown
    again = show('{% confirm "/x/" "Withdraw" "Your bid is gone." %}<b>x</b>{% endconfirm %}', csrf_token="abc")
    assert 'value="abc"' in again
    assert "<b>x</b>" in again


class Bid(forms.Form):
    price = forms.CharField(label="Price", help_text="Not above the ceiling.")
    team = forms.ChoiceField(label="Team", widget=forms.RadioSelect, choices=[("a", "A"), ("b", "B")])
    note = forms.CharField(label="Note", required=False)
    agree = forms.BooleanField(label="Agree")


def test_a_field_ties_label_help_and_error_to_its_control() -> None:
    form = Bid({"price": "", "note": "<kept>"})
    shown = show("{% form_errors form %}{% fields form %}", form=form)
    assert 'aria-describedby="id_price_helptext id_price_error"' in shown
    assert 'id="id_price_helptext"' in shown
    assert 'id="id_price_error"' in shown
    assert 'aria-invalid="true"' in shown
    assert 'href="#id_team"' in shown
    assert '<fieldset class="field group wrong" id="id_team"' in shown
    assert "3 things to correct" in shown
    assert "&lt;kept&gt;" in shown


def test_an_untouched_form_has_no_summary() -> None:
    assert show("{% form_errors form %}", form=Bid()) == ""


class Search(forms.Form):
    q = forms.CharField(label="Search", required=False, widget=forms.SearchInput)
    state = forms.MultipleChoiceField(label="State", required=False, choices=[("o", "Open"), ("c", "Closed")])
    order = forms.ChoiceField(label="Order", required=False, choices=[("new", "Newest")])


def test_each_filter_in_force_is_a_chip_that_leads_to_the_list_without_it() -> None:
    query = QueryDict("q=cold&state=o&state=c&order=new&cursor=abc&from=21&view=7")
    chips = lists.chips_of(Search(query), query)
    assert [(chip.label, chip.value) for chip in chips] == [("Search", "cold"), ("State", "Open"), ("State", "Closed")]
    assert chips[1].url == "?q=cold&state=c&order=new&view=7"


def test_a_value_nobody_offers_is_still_a_chip_one_can_remove() -> None:
    query = QueryDict("state=zzz")
    assert [chip.value for chip in lists.chips_of(Search(query), query)] == ["zzz"]


def a_page(
    rows: int, count: int, *, capped: bool = False, before: str | None = None, after: str | None = "n"
) -> Page[Any]:
    return Page(rows=[None] * rows, after=after, before=before, count=count, capped=capped)


@pytest.mark.parametrize(
    ("page", "path", "words"),
    [
        (a_page(20, 201), "/", "201 results, showing 1 to 20"),
        (a_page(20, 1000, capped=True), "/", "1,000+ results, showing 1 to 20"),
        (a_page(20, 201, before="-x"), "/?cursor=y&from=21", "201 results, showing 21 to 40"),
        (a_page(20, 201, before="-x"), "/?cursor=y", "201 results, showing 20 of them"),
        (a_page(20, 201, before="-x"), "/?cursor=y&from=-1%27", "201 results, showing 20 of them"),
        (a_page(7, 7, after=None), "/", "7 results"),
        (a_page(1, 1, after=None), "/", "1 result"),
        (a_page(0, 0, after=None), "/", "0 results"),
    ],
)
def test_the_count_comes_first_and_is_honest(page: Page[Any], path: str, words: str) -> None:
    assert f">{words}</p>" in show("{% results page %}", path, page=page)


def test_the_pager_keeps_the_filters() -> None:
    shown = show("{% pager page %}", "/projects/?q=cold", page=a_page(20, 201))
    assert 'href="?q=cold&amp;cursor=n&amp;from=21"' in shown
    assert "prev" not in shown
    assert show("{% pager page %}", page=a_page(3, 3, after=None)) == ""


class Places(forms.Form):
    where = forms.ChoiceField(required=False, label="Where")
    since = forms.DateField(required=False, label="Since")

    def __init__(self, data: Any, *choices: str) -> None:
        super().__init__(data)
        self.fields["where"].choices = [(choice, choice) for choice in choices]  # type: ignore[attr-defined]


def test_filters_are_as_this_reader_chose_them_whoever_asked_before() -> None:
    def shown(address: str, *choices: str, path: str = "/projects/") -> str:
        form = Places(QueryDict(address), *choices)
        return show("{% filters form %}", f"{path}?{address}", form=form)

    first = shown("where=Lyon", "Oslo", "Lyon")
    assert shown("where=Lyon", "Oslo", "Lyon") == first
    assert '<option value="Lyon" selected>' in first
    assert '<option value="Oslo" selected>' in shown("where=Oslo", "Oslo", "Lyon")
    assert "Turin" in shown("where=Lyon", "Oslo", "Lyon", "Turin")
    assert 'action="/ideas/"' in shown("where=Lyon", "Oslo", "Lyon", path="/ideas/")
    with translation.override("zh-hans"):
        assert shown("where=Lyon", "Oslo", "Lyon") != first
    assert "Enter a valid date." in shown("where=Lyon&since=soon", "Oslo", "Lyon")
    assert "Enter a valid date." not in shown("where=Lyon&since=2026-11-21", "Oslo", "Lyon")


def test_a_folded_filter_stands_open_for_who_asked_by_it_and_for_nobody_else() -> None:
    def shown(address: str) -> str:
        form = Places(QueryDict("where=Oslo"), "Oslo")  # the value it has without being asked for
        return show('{% filters form primary="since" %}', f"/books/?{address}", form=form)

    assert shown("where=Oslo") != shown("")
    assert shown("where=Oslo") == shown("where=Oslo")


def test_what_a_filter_offers_is_read_once_however_often_it_was_asked_before() -> None:
    read: list[int] = []

    def offered() -> list[tuple[str, str]]:
        read.append(len(read))
        return [("7", "Seven")]

    class Numbers(forms.Form):
        number = forms.ChoiceField(required=False, choices=offered)

    for count in (1, 2, 3):
        assert '<option value="7">Seven</option>' in show("{% filters form %}", form=Numbers(None))
        assert len(read) == count


def test_an_empty_list_names_the_filters_and_offers_to_clear_them() -> None:
    query = QueryDict("q=fridge&view=7")
    source = '{% empty "No projects" sentence="They would be here." form=form %}<a>Post one</a>{% endempty %}'
    shown = show(source, "/projects/?q=fridge&view=7", form=Search(query))
    assert "fridge" in shown
    assert 'class="clear" href="?view=7"' in shown
    assert "They would be here." in show(source, form=Search(QueryDict()))
    assert "<a>Post one</a>" in shown


def test_the_page_one_is_inside_of_is_marked() -> None:
    source = '{% navlink "/projects/" "Projects" "gavel" %}'
    assert "aria-current" in show(source, "/projects/7/")
    assert "aria-current" not in show(source, "/contracts/")
    assert "aria-current" not in show('{% navlink "/" "Home" "house" %}', "/contracts/")


def test_bars_and_lines_bring_their_table() -> None:
    shown = show('{% bars rows "CNY" caption="Profit" %}', rows=[("A", 100), ("B", -50)])
    assert 'width="100"' in shown
    assert 'class="fill negative" width="50"' in shown
    assert "\u22120.50" in shown
    line = show('{% sparkline rows "CNY" caption="Share" %}', rows=[("1 Nov", 0), ("2 Nov", 500)])
    assert "<table>" in line
    assert "5.00" in line
    assert "polyline" not in show('{% sparkline rows caption="Share" %}', rows=[])


def test_no_component_needs_an_inline_style_or_script() -> None:
    source = '{% bars rows "CNY" caption="P" %}{% progress 1 4 %}{% need "T" "/x/" action="Go" %}{% endneed %}'
    shown = show(source, rows=[("A", 1)])
    assert "style=" not in shown
    assert "<script" not in shown


def test_a_table_says_what_its_cells_are() -> None:
    rows: list[list[Cell]] = [
        [Link("<b>Boxes</b>", "/projects/1/"), Badge("Open", "accent"), Amount(12000, "CNY"), NOW + timedelta(hours=3)],
        [(Link("Lids", "/projects/2/"), Link("lot 1 of 2", "/lots/1/", True)), "A & B", Amount(None, "CNY"), None],
        [SafeString("<i>made</i>"), (Badge("Closed", "warn"), Quiet("Real <tender>")), Amount(0, "JPY"), ""],
    ]  # fmt: skip
    columns = [Column("Project"), Column('"State"'), Column("Ceiling", is_figure=True), Column("Deadline")]
    shown = show("{% table shown %}", shown=Table(columns, rows))
    assert '<th scope="col">&quot;State&quot;</th><th scope="col" class="num">Ceiling</th>' in shown
    assert '<th scope="row"><a href="/projects/1/">&lt;b&gt;Boxes&lt;/b&gt;</a></th>' in shown
    assert '<td data-label="&quot;State&quot;">' in shown and "A &amp; B" in shown
    assert show('{% money 12000 "CNY" %}') in shown and 'class="num">' + show('{% money 12000 "CNY" %}') in shown
    assert show("{% when at %}", at=NOW + timedelta(hours=3)) in shown
    assert '<a href="/projects/2/">Lids</a> <a class="quiet" href="/lots/1/">lot 1 of 2</a>' in shown
    assert '<span class="quiet">Real &lt;tender&gt;</span>' in shown
    assert "<i>made</i>" in shown
    assert shown.count("—") == 2  # no amount, no deadline
    assert show("{% table shown %}", shown=Table(columns, [])).count("<tr>") == 1


def test_a_table_has_its_caption_its_kind_its_sums_and_its_names_in_any_column() -> None:
    rows: list[Sequence[Cell]] = [
        (NOW.date(), (Link("Share", "/lines/1/"), Quiet("<version 1>", is_below=True)), Amount(500, "CNY", True)),
        Sum((None, Lines(["A & B", (Link("C", "/c/"), Quiet("late"))]), Amount(-500, "CNY", True))),
    ]
    columns = [Column("Date"), Column("What"), Column("Amount", is_figure=True)]
    shown = show("{% table shown %}", shown=Table(columns, rows, named_by=1, kind="statement", caption="<Balance>"))
    assert shown.startswith('<table class="statement stack">\n<caption>&lt;Balance&gt;</caption>')
    assert f'<tr><td data-label="Date">{show("{% day at %}", at=NOW.date())}</td><th scope="row">' in shown
    assert '<a href="/lines/1/">Share</a> <p class="quiet">&lt;version 1&gt;</p></th>' in shown
    assert show('{% money 500 "CNY" sign=True %}') in shown and show('{% money -500 "CNY" sign=True %}') in shown
    assert '<tr class="sum">' in shown and shown.count('class="sum"') == 1
    assert 'A &amp; B<br><a href="/c/">C</a> <span class="quiet">late</span></th>' in shown
    told_apart = show("{% table shown %}", shown=Table(columns, [], caption="Plan", is_told_apart=True))
    assert '<table class="stack">\n<caption class="sr">Plan</caption>' in told_apart


def test_a_link_to_an_act_is_escaped_whatever_was_shown_before() -> None:
    source = "{% action url label why_not=why %}"
    safe = show(source, url="/a/?b=1&amp;c=2", label=SafeString("<b>Go</b>"), why="")
    assert "<b>Go</b>" in safe
    typed = show(source, url="/a/?b=1&c=2", label="<b>Go</b>", why="")
    assert "<b>Go</b>" not in typed and "&lt;b&gt;Go&lt;/b&gt;" in typed and "b=1&amp;c=2" in typed
    assert "&lt;i&gt;" in show(source, url="/", label="Go", why="<i>closed</i>")


def test_a_table_refuses_what_it_cannot_show() -> None:
    with pytest.raises(TypeError, match="nothing a cell can show"):
        show("{% table shown %}", shown=Table([Column("Project")], [[object()]]))  # type: ignore[list-item]


def test_what_is_remembered_is_told_apart_by_its_values_and_the_language() -> None:
    template = Template(
        "{% load i18n market %}{% remembered name place %}{{ name }}{{ other }}{% number 7 %}"
        '{% translate "Projects" %}{% endremembered %}'
    )

    def said(**values: Any) -> str:
        return template.render(Context(values))

    first = said(name="<a>", place=1, other="x")
    assert first.startswith("&lt;a&gt;x")
    assert said(name="<a>", place=1, other="y") == first  # it was said not to follow from this
    assert said(name="<a>", place=2, other="y").startswith("&lt;a&gt;y")
    assert said(name="b", place=1, other="z").startswith("bz")
    with translation.override("zh-hans"):
        assert said(name="<a>", place=1, other="x") != first
