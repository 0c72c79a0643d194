"""What is prepared finds what the queryset it is made of finds, for everybody, whatever was asked before."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import BigIntegerField, DateTimeField, UUIDField
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.actions import projects
from contracts.filters import ORDERS, ProjectFilters
from contracts.models import Project
from contracts.permissions.standing import standing_of
from contracts.queries.projects import Listed, as_listed
from core import prepared
from core.clock import business_date, market_now
from core.fields import FewField
from core.paging import Page, page
from core.prepared import Asked, Bound
from microenterprises.models import Platform
from people.models import User
from tests.databases import Told
from tests.examples import examples

pytestmark = pytest.mark.django_db
QUERIES = st.fixed_dictionaries(
    {},
    optional={
        "q": st.sampled_from(["a", "cold", "%", "_", "\\", "箱", "no such words", "O'Neil"]),
        "phase": st.sampled_from(["open", "closed", "scheduled", "draft", "evaluating", "reference", "nonsense"]),
        "order": st.sampled_from([*ORDERS, "nonsense"]),
        "soon": st.just("on"),
        "can_bid": st.just("on"),
        "watching": st.just("on"),
        "currency": st.sampled_from(["CNY", "eur", "JPY", "toolong"]),
        "least": st.sampled_from(["0", "10,000", "word"]),
        "most": st.sampled_from(["0", "500,000.00"]),
    },
)


@pytest.fixture(scope="module")
def readers() -> list[str]:
    return [f"{name}@haier.example" for name in ("lin", "amara", "fay", "rui", "sol")]


@settings(max_examples=examples(40, 400), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES, who=st.integers(0, 4))
def test_every_page_of_the_list_is_as_if_it_had_not_been_prepared(
    told_company: Told[Any], readers: list[str], query: dict[str, str], who: int
) -> None:
    user, now = User.objects.get(email=readers[who]), market_now()
    form = ProjectFilters(QueryDict("&".join(f"{name}={value}" for name, value in query.items()).replace("%", "%25")))
    form.is_valid()
    standing, order = standing_of(user, business_date(now)), form.order_by()
    plain = Asked(lambda: as_listed(form.found(Project.objects.visible_to(user), standing, now)), make=Listed._make)
    there: Page[Listed] | None = None
    cursor: str | None = None
    for _step in range(4):
        there = page(form.asked(standing, now), order=order, cursor=cursor, size=3)
        assert there == page(plain, order=order, cursor=cursor, size=3)
        if there.after is None:
            break
        cursor = there.after
    if there is not None and there.before:
        assert page(form.asked(standing, now), order=order, cursor=there.before, size=3) == page(
            plain, order=order, cursor=there.before, size=3
        )


def test_a_statement_is_made_once_and_asked_with_each_readers_values(told_company: Told[Any]) -> None:
    lin, amara = (User.objects.get(email=f"{name}@haier.example") for name in ("lin", "amara"))
    now = market_now()
    places = [standing_of(user, business_date(now)) for user in (lin, amara)]
    assert places[0].firms != places[1].firms
    made = len(prepared._KEPT)
    assert standing_of(lin, business_date(now)).firms == places[0].firms
    assert standing_of(amara, business_date(now) + timedelta(days=20_000)) == standing_of(
        amara, business_date(now) + timedelta(days=20_000)
    )
    assert len(prepared._KEPT) == made


def test_a_draft_of_another_me_is_not_found_by_whoever_asks_next(told_company: Told[Any]) -> None:
    lin, amara = (User.objects.get(email=f"{name}@haier.example") for name in ("lin", "amara"))
    now = market_now()
    form = ProjectFilters(QueryDict("phase=draft"))
    form.is_valid()
    buyer = standing_of(lin, business_date(now)).led[0]
    draft = projects.ProjectDraft(
        title="Only for us",
        need="Boxes.",
        success_measure="Fewer spoiled boxes.",
        ceiling_minor=100_000,
        deadline=now + timedelta(days=3),
        deadline_zone="Asia/Shanghai",
        acceptor=User.objects.get(email="noor@haier.example"),
    )
    projects.create_draft(buyer=buyer, draft=draft, by=lin)

    def titles(user: User) -> list[str]:
        return [row.title for row in form.asked(standing_of(user, business_date(now)), now).rows()]

    assert "Only for us" in titles(lin)
    assert "Only for us" not in titles(amara)
    assert "Only for us" in titles(lin)


def test_values_are_never_part_of_the_sql(told_company: Told[Any]) -> None:
    user = User.objects.get(email="lin@haier.example")
    form = ProjectFilters(QueryDict("q=unlikely+words&least=123456789"))
    form.is_valid()
    form.asked(standing_of(user, business_date()), market_now()).rows()
    told = [made.sql for made in prepared._KEPT.values()]
    assert told and not [sql for sql in told if "unlikely" in sql.lower() or "123456789" in sql or str(user.pk) in sql]


def test_asking_takes_one_statement_and_so_does_counting(told_company: Told[Any]) -> None:
    asked: Asked[Project] = Asked(
        lambda: Project.objects.filter(deadline__lt=Bound("before", DateTimeField())).order_by("pk"),
        "test",
        {"before": market_now() + timedelta(days=9_000)},
    )
    for _time in range(2):
        with CaptureQueriesContext(connection) as statements:
            assert len(asked.rows()) == asked.count() == Project.objects.count()
        assert len(statements) == 3  # and the count they are compared with


def test_what_nothing_can_fit_asks_nothing() -> None:
    nothing: Asked[Project] = Asked(lambda: Project.objects.none().filter(ceiling_minor=Bound("n", BigIntegerField())))
    prepared_nothing: Asked[Project] = Asked(nothing.build, "nothing", {"n": 1})
    with CaptureQueriesContext(connection) as statements:
        assert (prepared_nothing.rows(), prepared_nothing.count()) == ([], 0)
    assert not statements


def test_a_session_of_nobody_is_nobodys(told_company: Told[Any]) -> None:
    from people.backend import Backend

    lin = User.objects.get(email="lin@haier.example")
    assert Backend().get_user(lin.pk) == lin
    assert Backend().get_user(Project(pk=None).pk or "00000000-0000-0000-0000-000000000000") is None
    User.objects.filter(pk=lin.pk).update(is_active=False)
    assert Backend().get_user(lin.pk) is None


def test_a_page_counts_where_it_is_read_and_again_only_where_nothing_is(told_company: Told[Any]) -> None:
    now = market_now()
    asked: Asked[Project] = Asked(
        lambda: Project.objects.filter(deadline__lt=Bound("before", DateTimeField())),
        "a page",
        {"before": now + timedelta(days=9_000)},
    )
    everything = Project.objects.count()
    with CaptureQueriesContext(connection) as statements:
        first = page(asked, order=("deadline", "id"), size=3)
    assert (len(statements), len(first.rows), first.count) == (1, 3, everything)
    assert page(asked, order=("deadline", "id"), size=3, count_to=2).capped
    nothing = page(replace(asked, values={"before": now - timedelta(days=90_000)}), order=("deadline", "id"))
    assert (nothing.rows, nothing.count, nothing.after) == ([], 0, None)


def test_a_page_found_as_keys_is_the_page_and_looks_for_them_once(told_company: Told[Any]) -> None:
    order = ("deadline", "id")
    asked: Asked[Project] = Asked(
        lambda: Project.objects.filter(ceiling_minor__gte=Bound("least", BigIntegerField())), "read", {"least": 0}
    )
    keyed = replace(asked, shape="found", planned_anew=True, shown=lambda rows: rows.select_related("buyer"))
    everything = Project.objects.filter(ceiling_minor__gte=0).count()
    for count_to in (1, 3, everything, 1_000):
        expected = page(asked, order=order, size=3, count_to=count_to)
        with CaptureQueriesContext(connection) as statements:
            assert page(keyed, order=order, size=3, count_to=count_to) == expected
        [statement] = statements.captured_queries
        assert statement["sql"].count('"ceiling_minor" >=') == 1
    cursor: str | None = None
    walked: list[Project] = []
    while True:
        near, far = (page(found, order=order, cursor=cursor, size=3, count_to=5) for found in (asked, keyed))
        assert near == far
        walked += far.rows
        cursor = far.after
        if cursor is None:
            break
    assert walked == list(Project.objects.filter(ceiling_minor__gte=0).order_by(*order))
    assert page(keyed, order=order, cursor=far.before, size=3) == page(asked, order=order, cursor=far.before, size=3)
    with CaptureQueriesContext(connection) as statements:
        nothing = page(replace(keyed, values={"least": 10**15}), order=order)
    assert (nothing.rows, nothing.count, len(statements)) == ([], 0, 1)


def test_words_are_found_in_whatever_letters_they_are_typed(told_company: Told[Any]) -> None:
    project = Project.objects.filter(published_at__isnull=False).order_by("pk")[0]
    lin, now = User.objects.get(email="lin@haier.example"), market_now()

    def found(words: str) -> set[str]:
        form = ProjectFilters(QueryDict(f"q={words}"))
        form.is_valid()
        return {row.title for row in form.asked(standing_of(lin, business_date(now)), now).rows()}

    assert project.title_capitals == project.title.upper()
    assert project.title in found(project.title.lower()) & found(project.title.upper())


def test_choices_are_good_for_a_moment_and_in_a_transaction_for_none(told_company: Told[Any]) -> None:
    def offered() -> list[str]:
        field = ProjectFilters(QueryDict()).fields["platform"]
        assert isinstance(field, FewField)
        choices: Any = field.choices
        return [str(label) for _key, label in choices]

    before = offered()
    Platform.objects.filter(name=before[1]).update(name="A platform of today")
    assert [label for label in offered() if label not in before] == ["A platform of today"]


def test_closed_projects_are_read_by_their_deadline() -> None:
    form = ProjectFilters(QueryDict("phase=closed"))
    form.is_valid()
    assert form.order_by() == ORDERS["latest"]
    form = ProjectFilters(QueryDict("phase=closed&order=newest"))
    form.is_valid()
    assert form.order_by() == ORDERS["newest"]


def test_keys_are_given_as_texts_as_well() -> None:
    asked: Asked[User] = Asked(lambda: User.objects.filter(pk=Bound("key", UUIDField())), "text key", {"key": "0" * 32})
    assert asked.rows() == []


def test_a_shape_that_leaves_something_out_is_found(told_company: Told[Any]) -> None:
    for status in ("published", "published"):
        Asked[Project](lambda: Project.objects.filter(status=status), "too little").rows()  # noqa: B023 - asked at once
    with pytest.raises(AssertionError, match="is not all that its SQL follows from"):
        Asked[Project](lambda: Project.objects.filter(status="draft"), "too little").rows()


@pytest.mark.parametrize(
    "rows",
    [lambda: Project.objects.select_for_update(), lambda: Project.objects.prefetch_related("bids")],
    ids=["locks", "prefetches"],
)
def test_what_would_lock_unasked_or_prefetch_in_vain_is_not_prepared(rows: Any) -> None:
    with pytest.raises(ValueError, match="is not prepared"):
        Asked[Project](rows, ("refused", rows.__code__.co_firstlineno)).rows()
