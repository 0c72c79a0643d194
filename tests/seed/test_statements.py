"""Every list and every page of a thing takes the same number of SQL statements in a company three times as large.

The addresses come from the URLconf: a route that is neither called a list, nor a page of a thing, nor named among those
that are neither, fails.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.plugin import DjangoDbBlocker

from contracts.actions import integrity
from contracts.actions.releases import catch_up
from contracts.models import Bid, Contract, LotSet, Project, RedFlag, Release, Vendor
from core import past
from haier_market.seed.company import Built
from ledger.models import Account, Entity
from microenterprises.models import Ballot, Idea, Invitation, Membership, Microenterprise, Platform
from people.models import User
from settlement.exports.catalogue import FOR_ALL_BOOKS
from settlement.models import Outcome, Payment, PayoutBatch, SettlementRun, ShareLine
from talent_pool.models import PoolEntry
from tests.databases import Told, visited
from tests.secrecy.worlds import Route, routes
from tests.seed import small

pytestmark = pytest.mark.django_db
MOST = 8
TIMES = (1, 3)
READERS = ("lin", "mei", "fay", "hua", "rui")
WATCHER = "rui"
"""Sees everything, so what a page shows differs by the size of the company and by nothing else."""
LEADER = "lin"
"""Who may do something about things looks at them too, in every test run at fewer than in the long proofs."""
FEW, OF_EACH = 2, 6
"""How many things are looked at in each state."""

Addresses = Iterator[tuple[str, tuple[Any, ...]]]
"""In which state a thing is, and the arguments of its address."""


def by(model: type[models.Model], *columns: str, state: str = "") -> Callable[[], Addresses]:
    """Things of a kind with the columns their address is made of, and their state, some in each."""

    def found() -> Addresses:
        rows = model._default_manager.order_by("pk").values_list(*(columns or ("pk",)), *([state] if state else []))
        if not state:
            return (("", row) for row in rows[:OF_EACH])
        return ((str(row[-1]), row[:-1]) for row in rows)

    return found


def lines_of_lin() -> Iterable[tuple[Any, ...]]:
    """Their own lines: nobody else's open at the API."""
    return ShareLine.objects.filter(person__email="lin@haier.example").order_by("pk").values_list("pk")[:OF_EACH]


firm = by(Microenterprise, state="status")
project = by(Project, state="status")
contract = by(Contract, state="status")
THINGS: dict[str, Callable[[], Addresses]] = {
    "project_detail": project,
    "lot_set": by(LotSet),
    "question_list": project,
    "project_quality": project,
    "bid_receipt": by(Bid, "project_id", "pk", state="status"),
    "contract_detail": contract,
    "integrity_flag": by(RedFlag, state="indicator"),
    "integrity_process": project,
    "microenterprise_detail": firm,
    "microenterprise_money": firm,
    "microenterprise_books": firm,
    "promises": firm,
    "competitiveness": firm,
    "project_vendors": project,
    "vendor_people": by(Vendor),
    "microenterprise_terms": by(Ballot, "share_terms__microenterprise_id", state="status"),
    "membership_detail": by(Membership, "microenterprise_id", "pk"),
    "platform_detail": by(Platform),
    "idea_detail": by(Idea, state="status"),
    "run_detail": by(SettlementRun, "business_date", state="status"),
    "outcome_detail": by(Outcome, state="state"),
    "firm_outcomes": firm,
    "books_of": by(Entity, state="kind"),
    "books_account": by(Account, state="kind"),
    "export_new": lambda: (("", (kind,)) for kind in FOR_ALL_BOOKS),
    "statement_of": by(User),
    "statement_line": by(ShareLine),
    "invitation": by(Invitation, state="direction"),
    "pool_entry": by(PoolEntry),
    "api-project-detail": project,
    "api-lot-set-detail": by(LotSet),
    "api-project-bids": project,
    "api-project-questions": project,
    "api-contract-detail": contract,
    "api-microenterprise-detail": firm,
    "api-ocds-record": by(Release, "ocid"),
    "api-statement-detail": lambda: (("", row) for row in lines_of_lin()),
    "payout_detail": by(PayoutBatch, state="status"),
    "payout_payment": by(Payment, state="status"),
    "api-payout-detail": by(PayoutBatch, state="status"),
    "api-payout-payments": by(PayoutBatch, state="status"),
    "api-run-detail": by(SettlementRun, "business_date", state="status"),
}
DEEDS = {
    "question_answer", "project_watch", "project_unwatch", "filter_new", "filter_open", "filter_edit", "filter_delete",
    "lot_set_edit", "lot_set_publish", "lot_set_deadline",
    "project_new", "project_edit", "project_publish", "project_cancel", "bid_submit", "bid_withdraw", "bid_disqualify",
    "project_amend", "bid_confirm", "api-project-amend", "api-project-award", "api-project-answer", "api-bid-confirm",
    "api-lot-set-publish",
    "panel_declare", "panel_score", "panel_agree", "panel_confirm", "panel_conflict", "panel_ask", "panel_replace",
    "vendor_take_off", "vendor_send", "vendor_invitation",
    "vendor_write_again", "vendor_withdraw", "colleague_agree", "colleague_refuse",
    "award_agree", "award_take_back", "award_object", "objection_rule", "bid_price",
    "project_award", "project_no_award", "contract_sign", "contract_change", "contract_decline",
    "milestone_deliver", "milestone_accept", "milestone_reject", "contract_rate", "contract_terminate",
    "contract_withdraw_end", "contract_acceptor", "money_record_reverse", "terms_propose", "ballot_vote",
    "ballot_withdraw", "microenterprise_seat_new", "membership_leave", "membership_lead", "idea_new", "idea_edit",
    "idea_publish", "idea_withdraw", "idea_pledge", "idea_seat_new", "pledge_receive", "pledge_refund",
    "seat_invite", "seat_withdraw", "invitation_withdraw", "seat_ask", "idea_launch", "wind_up", "notice_read",
    "set_language", "set_theme",
    "team_new", "team_launch", "team_leave", "team_end",
    "payout_send", "payout_paid", "payout_cancel", "bank_details_change", "pay_lower",
    "api-contract-accept", "api-contract-deliver", "api-contract-reject", "api-contract-sign", "api-run-approve",
}  # fmt: skip
"""Forms, addresses that only take a POST or lead elsewhere: what they check before a deed may cost what it costs."""
FILES = {
    "calendar_feed",
    "export_now",
    "export_file",
    "run_xlsx",
    "run_csv",
    "run_lines_csv",
    "run_journal",
    "payout_pain001",
    "payout_csv",
    "api_schema",
    "livez",
    "readyz",
}
READING = {"api-bid-detail"}
"""Shows an own sealed bid, which is itself a deed: it takes a lock and is written down."""
ELSEWHERE = ("accounts/", "admin/")
"""allauth's pages; the admin's are listed from its own registry."""


def is_ours(route: Route) -> bool:
    return not route.pattern.startswith(ELSEWHERE) and route.name not in DEEDS | FILES | READING


def lists() -> Iterator[str]:
    """The address of every list, the admin's tables and its board among them."""
    yield from (f"/{route.pattern}" for route in routes() if is_ours(route) and not route.params)
    yield reverse("admin:index")
    yield reverse("admin:talent_pool_poolentry_board")
    yield from (reverse(f"admin:{_name(model)}_changelist") for model in admin.site._registry)


def things(of_each: int) -> Iterator[tuple[str, str, str]]:
    """Route, state and address of so many things of every kind in every state."""
    kinds = dict(THINGS)
    for model in admin.site._registry:
        state = "status" if any(field.name == "status" for field in model._meta.fields) else ""
        kinds |= {f"admin:{_name(model)}_{page}": by(model, "pk", state=state) for page in ("change", "history")}
    for name, found in kinds.items():
        looked_at: defaultdict[str, int] = defaultdict(int)
        for state, arguments in found():
            looked_at[state] += 1
            if looked_at[state] <= of_each:
                yield name, state, reverse(name, args=arguments)


def _name(model: type[models.Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"


Costs = dict[tuple[str, ...], int]


def statements(client: Client, address: str) -> int | None:
    """How many it takes, or None if the reader may not read it."""
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address)
        if answer.streaming:
            list(answer)
    return len(captured) if answer.status_code == 200 else None


def costs_of_lists() -> Costs:
    """By reader and address."""
    found: Costs = {}
    for name, client in _clients(READERS):
        for address in lists():
            cost = statements(client, address)
            if cost is not None:
                found[name, address] = cost
    return found


def costs_of_things(of_each: int) -> Costs:
    """The most that one thing takes, by reader, route and state. of_each: how many the leader looks at."""
    found: Costs = {}
    for name, client in _clients((LEADER, WATCHER)):
        for route, state, address in things(of_each if name == LEADER else OF_EACH):
            cost = statements(client, address)
            if cost is not None:
                found[name, route, state] = max(cost, found.get((name, route, state), 0))
    return found


def _clients(names: Iterable[str]) -> Iterator[tuple[str, Client]]:
    for name in names:
        client = Client()
        client.force_login(User.objects.get(email=f"{name}@haier.example"))
        client.get("/")
        yield name, client


@pytest.fixture(scope="module")
def costs(
    request: pytest.FixtureRequest, told_company: Told[Built], django_db_blocker: DjangoDbBlocker
) -> list[tuple[Costs, Costs]]:
    """Of lists and of things, in the small company and in one three times as large."""
    found = []
    with django_db_blocker.unblock():
        ContentType.objects.get_for_models(*admin.site._registry)  # the process remembers them
        for times in TIMES:
            with visited(told_company.own) if times == 1 else nullcontext(), transaction.atomic():
                if times > 1:
                    small.build(times)
                catch_up()  # the clock's errand
                with past.at(small.MORNING):
                    integrity.search()
                    found.append((costs_of_lists(), costs_of_things(request.param)))
                transaction.set_rollback(True)
    return found


def test_every_route_is_a_list_a_thing_or_neither() -> None:
    unknown = [route for route in routes() if is_ours(route) and route.params and route.name not in THINGS]
    assert not unknown, f"say in tests/seed/test_statements.py what these are: {unknown}"


@pytest.mark.parametrize("costs", [FEW], indirect=True)
def test_a_list_takes_as_many_statements_for_three_times_the_rows(costs: list[tuple[Costs, Costs]]) -> None:
    (once, _), (thrice, _) = costs
    assert len(once) > 100
    assert once == thrice
    assert max(once.values()) <= MOST, {key: cost for key, cost in once.items() if cost > MOST}


@pytest.mark.parametrize("costs", [FEW, pytest.param(OF_EACH, marks=pytest.mark.soak)], indirect=True)
def test_a_page_takes_as_many_statements_for_three_times_the_rows(costs: list[tuple[Costs, Costs]]) -> None:
    (_, once), (_, thrice) = costs
    assert {route for _, route, _ in once} >= set(THINGS)
    for found in (once, thrice):
        assert max(found.values()) <= MOST, {key: cost for key, cost in found.items() if cost > MOST}
    # What is looked at among more rows may have less in it, and take fewer.
    watched = {key for key in once.keys() & thrice.keys() if key[0] == WATCHER}
    assert len(watched) > 100
    assert not {key: (once[key], thrice[key]) for key in watched if thrice[key] > once[key]}
