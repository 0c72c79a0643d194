"""The contract pages: who sees what, what is said, and how many statements it takes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from contracts.actions import contracts, drafting, ratings
from contracts.models import Contract, Milestone
from core import clock
from people.models import User
from tests.cast import Cast, cast
from tests.contracts import scenes
from tests.statements import statements

__all__ = ["cast"]
MOST_STATEMENTS = 8


def at(contract: Contract, *rest: object) -> str:
    return "/".join(["/contracts", str(contract.pk), *map(str, rest)]) + "/"


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def text(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, (url, response.status_code)
    return response.content.decode()


# ------------------------------------------------------------------ the battery: every page that changes something


@dataclass
class Deed:
    """A page that changes something: who may, what is posted, who else sees it, and in which state it works."""

    name: str
    reach: Callable[[Cast], Contract]
    path: tuple[object, ...]
    does: str
    data: Callable[[Contract], dict[str, Any]]
    outsiders: tuple[str, ...]
    done_to: Callable[[Contract], bool]
    twice: int = 409
    reads: bool = True


def reason(_contract: Contract) -> dict[str, Any]:
    return {"reason": "The vans are sold."}


def two_parts(contract: Contract) -> dict[str, Any]:
    rows = [("Line the vans", "60,000", 10), ("Measure", "30,000.00", 30)]
    found = {"parts-TOTAL_FORMS": "4", "parts-INITIAL_FORMS": "1", "note": "Two steps."}
    for n, (title, amount, days) in enumerate(rows):
        found |= {
            f"parts-{n}-title": title,
            f"parts-{n}-amount": amount,
            f"parts-{n}-due_on": scenes.in_days(days).isoformat(),
        }
    return found


def is_(status: str) -> Callable[[Contract], bool]:
    return lambda contract: Contract.objects.get(pk=contract.pk).status == status


def first_is(status: str) -> Callable[[Contract], bool]:
    return lambda contract: Milestone.objects.get(contract=contract, number=1).status == status


def proposed_by_lin(cast: Cast) -> Contract:
    contract = scenes.signed(cast)
    return contracts.propose_end(contract=contract, reason="Too slow.", by=cast.lin)


DEEDS = [
    Deed(
        "sign",
        scenes.awarded,
        ("sign",),
        "amara",
        lambda contract: {"sha256": scenes.digest(contract)},
        ("noor", "mei", "rui"),
        lambda contract: contract.versions.get().signatures.exists(),
    ),
    Deed(
        "change",
        scenes.awarded,
        ("change",),
        "amara",
        two_parts,
        ("noor", "mei", "rui"),
        lambda contract: contract.versions.count() == 2,
        twice=422,
    ),
    Deed("decline", scenes.awarded, ("decline",), "lin", reason, ("noor", "mei", "rui"), is_("void")),
    Deed(
        "deliver",
        scenes.signed,
        ("milestones", 1, "deliver"),
        "mei",
        lambda contract: {"evidence": "Twelve vans lined.", "evidence_url": "https://files.haier.example/1"},
        ("lin", "noor", "rui"),
        first_is("submitted"),
    ),
    Deed(
        "accept",
        scenes.delivered,
        ("milestones", 1, "accept"),
        "noor",
        lambda contract: {"amount": "90,000.00"},
        ("lin", "amara", "mei", "rui"),
        first_is("accepted"),
    ),
    Deed(
        "accept a part",
        scenes.delivered,
        ("milestones", 1, "accept"),
        "noor",
        lambda contract: {"amount": "70000", "reason": "Two vans are not done."},
        ("lin", "amara", "mei", "rui"),
        first_is("part_accepted"),
    ),
    Deed(
        "reject",
        scenes.delivered,
        ("milestones", 1, "reject"),
        "noor",
        reason,
        ("lin", "amara", "mei", "rui"),
        first_is("rejected"),
    ),
    Deed(
        "rate",
        scenes.completed,
        ("rate",),
        "noor",
        lambda contract: {"stars": "5", "comment": "Cold at last."},
        ("mei", "rui"),
        lambda contract: contract.ratings.count() == 1,
    ),
    Deed(
        "propose the end",
        scenes.signed,
        ("terminate",),
        "lin",
        reason,
        ("noor", "mei", "rui"),
        lambda contract: Contract.objects.get(pk=contract.pk).end_proposed_for == "buyer",
    ),
    Deed("agree to the end", proposed_by_lin, ("terminate",), "amara", reason, ("noor", "mei"), is_("terminated")),
    Deed("rule on the end", scenes.signed, ("terminate",), "ada", reason, ("noor", "mei", "rui"), is_("terminated")),
    Deed(
        "let it go on",
        proposed_by_lin,
        ("go-on",),
        "lin",
        lambda contract: {},
        ("noor", "mei", "rui"),
        lambda contract: Contract.objects.get(pk=contract.pk).end_proposed_for is None,
        reads=False,
    ),
]


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.name)
def test_every_page_that_changes_something_keeps_its_rules(cast: Cast, deed: Deed) -> None:
    contract = deed.reach(cast)
    url, data = at(contract, *deed.path), deed.data(contract)

    stranger = as_(cast.teo)
    assert stranger.get(url).status_code in (404, 405)
    assert stranger.post(url, data).status_code == 404
    for name in deed.outsiders:
        refused = as_(getattr(cast, name)).post(url, data)
        assert refused.status_code == 403, name
    assert Client().post(url, data).status_code == 302

    actor = as_(getattr(cast, deed.does))
    assert actor.get(url).status_code == (200 if deed.reads else 405)
    assert not deed.done_to(contract)
    done = actor.post(url, data)
    assert (done.status_code, done["Location"]) == (303, at(contract))
    assert deed.done_to(contract)
    again = actor.post(url, data)
    assert again.status_code == deed.twice, again.content.decode()[:2000]
    text(actor, at(contract))


TYPED = [deed for deed in DEEDS if deed.reads and deed.name != "sign"]
"""A signature has nothing to type; a stale hash has its own test."""


@pytest.mark.parametrize("deed", TYPED, ids=lambda deed: deed.name)
def test_an_empty_form_is_answered_with_what_to_correct(cast: Cast, deed: Deed) -> None:
    contract = deed.reach(cast)
    data = {"parts-TOTAL_FORMS": "1", "parts-INITIAL_FORMS": "1", "x": "1"} if deed.name == "change" else {"x": "1"}
    response = as_(getattr(cast, deed.does)).post(at(contract, *deed.path), data)
    assert response.status_code == 422
    assert 'class="errors"' in response.content.decode()


# ------------------------------------------------------------------ what the pages say


def test_a_stale_hash_is_answered_with_the_new_words(cast: Cast) -> None:
    contract = scenes.awarded(cast)
    stale = scenes.digest(contract)
    drafting.propose_version(contract=contract, milestones=scenes.in_two_parts(), note="Two steps.", by=cast.lin)
    response = as_(cast.amara).post(at(contract, "sign"), {"sha256": stale})
    page = response.content.decode()
    assert response.status_code == 409
    assert "Read version 2" in page
    assert scenes.digest(contract) in page and stale not in page
    assert "Two steps." in page


def test_the_signing_page_shows_the_words_the_hash_and_what_the_last_signature_does(cast: Cast) -> None:
    contract = scenes.awarded(cast)
    page = text(as_(cast.lin), at(contract, "sign"))
    assert scenes.digest(contract) in page
    assert "Line the vans, then measure." in page
    assert "No money moves before that" in page
    contracts.sign(contract=contract, sha256_seen=scenes.digest(contract), by=cast.lin)
    page = text(as_(cast.amara), at(contract, "sign"))
    assert "Yours is the last signature" in page
    assert "90,000.00" in page and "30,000.00" in page


def test_who_may_see_and_not_do_reads_why(cast: Cast) -> None:
    contract = scenes.awarded(cast)
    assert "Only the leaders of Blue Kettle and Cold Chain" in text(as_(cast.mei), at(contract))
    contract = scenes.delivered(cast, title="Another")
    page = text(as_(cast.lin), at(contract))
    assert "Noor decides on this work for Blue Kettle." in page
    assert at(contract, "milestones", 1, "accept") not in page
    assert at(contract, "milestones", 1, "accept") in text(as_(cast.noor), at(contract))


def test_contracts_are_seen_by_their_members_and_by_those_who_watch(cast: Cast) -> None:
    contract = scenes.signed(cast)
    for somebody in (cast.lin, cast.noor, cast.amara, cast.mei, cast.fay, cast.ada, cast.rui):
        assert contract.title in text(as_(somebody), "/contracts/")
        text(as_(somebody), at(contract))
    for somebody in (cast.teo, cast.sol, cast.hua):
        assert contract.title not in text(as_(somebody), "/contracts/")
        assert as_(somebody).get(at(contract)).status_code == 404


def test_the_money_of_the_page_is_the_money_of_the_books(cast: Cast) -> None:
    contract = scenes.delivered(cast, parts=scenes.in_two_parts())
    page = text(as_(cast.lin), at(contract))
    assert "In escrow" in page and "90,000.00" in page
    as_(cast.noor).post(at(contract, "milestones", 1, "accept"), {"amount": "50,000", "reason": "Ten of twelve."})
    page = text(as_(cast.lin), at(contract))
    assert "Accepted CN¥50,000.00 of CN¥60,000.00" in page
    assert "Back with the buyer" in page


def test_the_list_finds_by_title_party_state_and_side(cast: Cast) -> None:
    scenes.signed(cast, title="Keep the vans cold")
    scenes.awarded(cast, title="Label the crates")
    lin = as_(cast.lin)
    assert "Label the crates" not in text(lin, "/contracts/?state=active")
    assert "Keep the vans cold" not in text(lin, "/contracts/?q=crates")
    assert "Keep the vans cold" in text(lin, "/contracts/?q=cold+chain")
    assert "Keep the vans cold" in text(lin, "/contracts/?side=buyer")
    assert "Nothing fits these filters together" in text(lin, "/contracts/?side=supplier")
    assert "Keep the vans cold" in text(as_(cast.rui), "/contracts/?side=nonsense&state=nonsense&cursor=nonsense")


def test_a_filtered_list_answers_a_fragment(cast: Cast) -> None:
    scenes.signed(cast)
    response = as_(cast.lin).get("/contracts/", headers={"HX-Request": "true", "HX-Target": "results"})
    assert response.content.decode().strip().startswith('<section id="results"')


def test_my_contracts_come_first_for_who_sees_all(cast: Cast) -> None:
    scenes.awarded(cast, title="Mine is older")
    clock.move_forward(timedelta(days=1))
    scenes.awarded(cast, title="Theirs is newer", supplier=cast.northwind, leader=cast.teo)
    cast.mei.roles = ["steward"]
    cast.mei.save()
    page = text(as_(cast.mei), "/contracts/")
    assert page.index("Mine is older") < page.index("Theirs is newer")
    page = text(as_(cast.rui), "/contracts/")
    assert page.index("Theirs is newer") < page.index("Mine is older")


def test_what_was_typed_stays_when_the_sum_is_wrong(cast: Cast) -> None:
    contract = scenes.awarded(cast)
    data = two_parts(contract) | {"parts-1-amount": "20,000"}
    response = as_(cast.amara).post(at(contract, "change"), data)
    page = response.content.decode()
    assert response.status_code == 422
    assert "is missing to the price" in page
    assert 'value="20,000"' in page and "Two steps." in page


def test_a_rating_of_the_other_side_is_not_on_the_page_before_its_time(cast: Cast) -> None:
    contract = scenes.completed(cast)
    ratings.rate(contract=contract, stars=2, comment="Came late on Friday.", by=cast.noor)
    page = text(as_(cast.amara), at(contract))
    assert "Came late on Friday" not in page and "A rating is in." in page
    ratings.rate(contract=contract, stars=5, comment="Clear words.", by=cast.amara)
    assert "Came late on Friday" in text(as_(cast.amara), at(contract))


# ------------------------------------------------------------------ statements


def test_the_list_takes_as_many_statements_for_three_times_the_rows(cast: Cast) -> None:
    scenes.signed(cast, title="One", parts=scenes.in_two_parts())
    few = {person: statements(person, "/contracts/") for person in (cast.lin, cast.rui)}
    scenes.delivered(cast, title="Two", parts=scenes.in_two_parts())
    scenes.awarded(cast, title="Three")
    for person, count in few.items():
        assert statements(person, "/contracts/") == count <= MOST_STATEMENTS


def test_a_contract_takes_as_many_statements_for_three_times_the_milestones(cast: Cast) -> None:
    small = scenes.delivered(cast, title="One")
    parts = [(f"Part {n}", 30_000_00, scenes.in_days(n)) for n in (1, 2, 3)]
    large = scenes.delivered(cast, title="Two", parts=parts)
    for person in (cast.lin, cast.noor, cast.mei, cast.rui):
        count = statements(person, at(small))
        assert statements(person, at(large)) == count <= MOST_STATEMENTS, person
