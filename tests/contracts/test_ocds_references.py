"""Our reference checker finds what a schema validator is content with."""

import json
from collections.abc import Callable
from copy import deepcopy
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from contracts.ocds import references, schema

Node = dict[str, Any]
SOUND: Node = {
    "ocid": "ocds-market-1",
    "id": "ocds-market-1-1",
    "date": "2026-11-22T10:00:00.000000Z",
    "tag": ["award", "contract"],
    "initiationType": "tender",
    "parties": [
        {"id": "me-1", "name": "Blue Kettle", "roles": ["buyer", "procuringEntity"]},
        {"id": "me-2", "name": "Cold Chain", "roles": ["tenderer", "supplier"]},
    ],
    "buyer": {"id": "me-1"},
    "tender": {
        "id": "1",
        "procuringEntity": {"id": "me-1"},
        "tenderers": [{"id": "me-2"}],
        "lots": [{"id": "lot-1"}],
        "items": [{"id": "item-1", "relatedLot": "lot-1"}],
    },
    "bids": {"details": [{"id": "bid-1", "tenderers": [{"id": "me-2"}], "relatedLots": ["lot-1"]}]},
    "awards": [{"id": "award-1", "relatedBid": "bid-1", "suppliers": [{"id": "me-2"}], "relatedLots": ["lot-1"]}],
    "contracts": [
        {
            "id": "contract-1",
            "awardID": "award-1",
            "implementation": {
                "milestones": [{"id": "m-1"}],
                "transactions": [{"id": "m-1", "payer": {"id": "me-1"}, "payee": {"id": "me-2"}}],
            },
        }
    ],
}

Break = Callable[[Node], Any]
BROKEN: dict[str, tuple[Break, str, str]] = {
    "a dangling award": (
        lambda r: r["awards"][0].update(relatedBid="bid-9"),
        "awards[0].relatedBid",
        "There is no bid “bid-9” in this release.",
    ),
    "an award of several dangling bids": (
        lambda r: r["awards"][0].update(relatedBids=["bid-1", "bid-8"]),
        "awards[0].relatedBids[1]",
        "There is no bid “bid-8” in this release.",
    ),
    "an award to somebody unknown": (
        lambda r: r["awards"][0].update(suppliers=[{"id": "me-9"}]),
        "awards[0].suppliers[0].id",
        "There is no party “me-9” in this release.",
    ),
    "a dangling bid": (
        lambda r: r["bids"]["details"][0].update(tenderers=[{"id": "me-7"}]),
        "bids.details[0].tenderers[0].id",
        "There is no party “me-7” in this release.",
    ),
    "a tenderer that is no party": (
        lambda r: r["tender"]["tenderers"].append({"id": "me-6"}),
        "tender.tenderers[1].id",
        "There is no party “me-6” in this release.",
    ),
    "a buyer that is no party": (
        lambda r: r.update(buyer={"id": "me-5"}),
        "buyer.id",
        "There is no party “me-5” in this release.",
    ),
    "a contract on no award": (
        lambda r: r["contracts"][0].update(awardID="award-9"),
        "contracts[0].awardID",
        "There is no award “award-9” in this release.",
    ),
    "a bid on no lot": (
        lambda r: r["bids"]["details"][0].update(relatedLots=["lot-9"]),
        "bids.details[0].relatedLots[0]",
        "There is no lot “lot-9” in this release.",
    ),
    "an item of no lot": (
        lambda r: r["tender"]["items"][0].update(relatedLot="lot-8"),
        "tender.items[0].relatedLot",
        "There is no lot “lot-8” in this release.",
    ),
    "a payment to somebody unknown": (
        lambda r: r["contracts"][0]["implementation"]["transactions"][0].update(payee={"id": "me-4"}),
        "contracts[0].implementation.transactions[0].payee.id",
        "There is no party “me-4” in this release.",
    ),
    "two bids with one id": (
        lambda r: r["bids"]["details"].append(deepcopy(r["bids"]["details"][0]) | {"status": "withdrawn"}),
        "bids.details[1].id",
        "The id “bid-1” is already used at bids.details[0].",
    ),
    "two parties with one id": (
        lambda r: r["parties"].append({"id": "me-2", "name": "Cold Chain, again"}),
        "parties[2].id",
        "The id “me-2” is already used at parties[1].",
    ),
    "two milestones with one id": (
        lambda r: r["contracts"][0]["implementation"]["milestones"].append({"id": "m-1", "title": "again"}),
        "contracts[0].implementation.milestones[1].id",
        "The id “m-1” is already used at contracts[0].implementation.milestones[0].",
    ),
}


def broken(name: str) -> Node:
    release = deepcopy(SOUND)
    BROKEN[name][0](release)
    return release


def found(document: Any) -> list[tuple[str, str]]:
    return [(problem.path, problem.message) for problem in references.dangling(document)]


def test_a_sound_release_has_no_problem() -> None:
    assert found(SOUND) == []
    assert list(schema.problems(SOUND, "")) == []


@pytest.mark.parametrize("name", BROKEN)
def test_it_finds_and_the_schema_does_not(name: str) -> None:
    _break, path, sentence = BROKEN[name]
    ((at, message),) = found(broken(name))
    assert at == path
    assert message.startswith(sentence)
    assert list(schema.problems(broken(name), "")) == [], "a validator is content; that is why the checker is there"


def test_packages_and_records_are_looked_into_with_their_paths() -> None:
    package = {"releases": [SOUND, broken("a dangling award") | {"id": "2"}]}
    assert [path for path, _message in found(package)] == ["releases[1].awards[0].relatedBid"]
    compiled = broken("a dangling bid") | {"tag": ["compiled"]}
    records = {"records": [{"ocid": "x", "releases": [SOUND], "compiledRelease": compiled}]}
    assert [path for path, _message in found(records)] == ["records[0].compiledRelease.bids.details[0].tenderers[0].id"]
    twice = {"releases": [SOUND, SOUND]}
    assert [path for path, _message in found(twice)] == ["releases[1].id"]


@pytest.mark.parametrize("document", [None, 7, "text", [], {}, {"releases": [None, 3, {}]}, {"records": {}}])
def test_what_is_no_release_is_said_or_empty_and_never_raises(document: Any) -> None:
    found(document)


def test_fields_of_the_wrong_kind_are_left_to_the_schema() -> None:
    odd = {"ocid": "x", "parties": 3, "bids": [], "awards": [None, 4, {"suppliers": "x"}], "contracts": {"id": 1}}
    assert found(odd) == []


def checked(file: Path, *options: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("check_ocds", str(file), *options, stdout=out, stderr=err)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_the_command_says_what_is_wrong_and_ends_with_1(tmp_path: Path) -> None:
    file = tmp_path / "package.json"
    file.write_text(json.dumps({"releases": [broken("a dangling award") | {"date": "yesterday"}]}))
    code, _out, err = checked(file)
    assert code == 1
    assert "releases[0].awards[0].relatedBid: There is no bid “bid-9” in this release." in err
    assert "releases[0].date: “yesterday” is not an instant" in err
    assert "2 problems" in err
    code, _out, err = checked(file, "--references-only")
    assert (code, "yesterday" in err) == (1, False)


def test_the_command_reads_lines_and_counts_what_is_sound(tmp_path: Path) -> None:
    file = tmp_path / "releases.jsonl"
    file.write_text("\n".join(json.dumps(SOUND | {"id": str(n)}) for n in range(3)) + "\n\n")
    assert checked(file)[:2] == (0, "3 releases: nothing is missing.\n")
    file.write_text(json.dumps(SOUND) + "\n{broken\n")
    code, _out, err = checked(file)
    assert code == 1
    assert err.startswith("[1]: The file is not JSON")
    code, _out, err = checked(tmp_path / "nowhere.json")
    assert code == 1
    assert "cannot be read" in err


def test_the_shared_tenders_are_sound() -> None:
    file = Path(__file__).parent.parent / "data" / "tenders_with_bids.ocds.json"
    assert checked(file)[0] == 0
