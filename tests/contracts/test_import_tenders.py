"""Real tenders come in exactly as they were, all or none, and are ranked by our rule."""

import copy
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from contracts import ocds, reference, scoring
from contracts.importing import Imported, import_package
from contracts.models import Award, Bid, Contract, Project, ReferenceTender
from contracts.ocds.text import minor_units
from core import money
from core.clock import market_now

SHARED = Path(__file__).parent.parent / "data" / "tenders_with_bids.ocds.json"
ROAD = "ocds-x00000-2021_PWD_20357_2"
Change = Callable[[Any], None]


def package(change: Change | None = None) -> str:
    """The shared file as text, after a change to its document."""
    document = json.loads(SHARED.read_text(encoding="utf-8"))
    if change:
        change(document)
    return json.dumps(document)


def problems(source: str | bytes) -> list[ocds.Problem]:
    found = ocds.read(source)
    assert isinstance(found, list), "the reader should have refused this"
    return found


def run(path: Path) -> tuple[int, list[str], list[str]]:
    """Exit code, lines of standard output, lines of standard error."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    try:
        call_command("import_tenders", str(path), stdout=out, stderr=err, no_color=True)
    except SystemExit as stop:
        code = int(stop.code or 0)
    return code, out.getvalue().splitlines(), err.getvalue().splitlines()


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "tenders.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def nothing_is_here() -> bool:
    return not (Project.objects.exists() or Bid.objects.exists() or ReferenceTender.objects.exists())


# The shared file


@pytest.mark.django_db
def test_the_four_tenders_print_a_line_each_and_the_road_disagrees() -> None:
    code, out, err = run(SHARED)

    lines = [json.loads(line) for line in out]
    assert (code, err) == (0, [])
    assert [list(line) for line in lines] == [["ocid", "bids", "valid", "ranking", "awarded", "agrees"]] * 4
    assert lines[0] == {
        "ocid": ROAD,
        "bids": 6,
        "valid": 5,
        "ranking": ["107596", "107619", "107660", "107726", "107623"],
        "awarded": ["107623"],
        "agrees": False,
    }
    assert [(line["bids"], line["valid"], line["ranking"], line["agrees"]) for line in lines[1:]] == [
        (4, 2, ["101447", "101398"], True),
        (1, 1, ["155859"], True),
        (3, 2, ["124619", "124662"], True),
    ]
    assert sum(line["bids"] for line in lines) == Bid.objects.count() == 14


@pytest.mark.django_db
def test_a_tender_becomes_a_read_only_project_in_its_final_state() -> None:
    run(SHARED)

    project = Project.objects.get(reference__ocid=ROAD)
    assert (project.status, project.buyer, project.ceiling_minor) == ("awarded", None, None)
    assert (project.draw_seed, project.method) == (ROAD, "lowest_price")
    assert project.opens_at == datetime(2021, 1, 23, 3, 30, tzinfo=UTC)
    assert project.deadline == datetime(2021, 2, 12, 8, 30, tzinfo=UTC)
    assert project.opened_at == datetime(2021, 2, 12, 9, 0, tzinfo=UTC)
    assert not Award.objects.exists() and not Contract.objects.exists()


@pytest.mark.django_db
def test_bids_are_opened_at_their_real_times_with_exact_amounts() -> None:
    run(SHARED)

    bid = Bid.objects.get(external_id="107596")
    assert (bid.price_minor, bid.status, bid.bidder_name) == (712_479_409, "valid", "Bidder 10")
    assert bid.submitted_at == datetime(2021, 2, 11, 13, 51, tzinfo=UTC)
    disqualified = Bid.objects.get(external_id="107790")
    assert (disqualified.price_minor, disqualified.status) == (None, "disqualified")


@pytest.mark.django_db
def test_times_keep_their_offset_and_amounts_their_digits() -> None:
    run(SHARED)

    original = ReferenceTender.objects.get(ocid=ROAD).original
    assert original["tender"]["tenderPeriod"]["endDate"] == "2021-02-12T14:00:00+05:30"
    assert original["bids"]["details"][3]["date"] == "2021-02-11T19:21:00+05:30"
    assert original["bids"]["details"][3]["value"] == {"amount": "7124794.09", "currency": "INR"}


@pytest.mark.django_db
def test_the_value_of_a_tender_is_an_estimate_and_no_ceiling() -> None:
    run(SHARED)

    tender = ReferenceTender.objects.get(tender_id="2021_PWBNH_23137_1")
    assert tender.estimate_minor == 3_150_962_400
    assert tender.project.ceiling_minor is None
    assert tender.project.bids.get(external_id="124619").price_minor == 3_335_293_800  # above the estimate, and ranked


@pytest.mark.django_db
def test_the_project_page_can_say_in_words_that_rule_and_award_disagree() -> None:
    run(SHARED)
    project = Project.objects.select_related("reference").get(reference__ocid=ROAD)

    told = reference.comparison(project, list(project.bids.all()))

    assert told.verdict == (
        "Our rule and the real award disagree: our rule ranks bid 107596 (Bidder 10) first, "
        "the award went to bid 107623 (Bidder 12)."
    )
    assert told.reasons == (
        f"5 valid bids ask the same price, {money.write(712_479_409, 'INR')}. Our rule then takes the earlier one: "
        "bid 107596 of 2021-02-11T19:21:00+05:30 before 107623 of 2021-02-12T11:37:00+05:30.",
    )
    assert told.written["deadline"] == "2021-02-12T14:00:00+05:30"


@pytest.mark.django_db
@pytest.mark.parametrize("ocid", ["ocds-x00000-2020_TDA_19795_1", "ocds-x00000-2022_ASPIR_26321_1"])
def test_where_rule_and_award_agree_the_words_say_so(ocid: str) -> None:
    run(SHARED)
    project = Project.objects.select_related("reference").get(reference__ocid=ocid)

    told = reference.comparison(project, list(project.bids.all()))

    assert told.agrees
    assert told.verdict.startswith("Our rule and the real award agree: both choose bid ")
    assert told.reasons == ()


# Corrupted copies


def _forget_the_title(document: Any) -> None:
    del document["releases"][1]["tender"]["title"]


def _award_a_missing_bid(document: Any) -> None:
    document["releases"][2]["awards"][0]["relatedBid"] = "999"


def _sign_a_missing_award(document: Any) -> None:
    document["releases"][3]["contracts"][0]["awardID"] = "award-9"


CORRUPTED = {
    "not JSON": (
        SHARED.read_text(encoding="utf-8")[:-40],
        ["$: The file is not JSON: line 767, column 1 (Expecting ',' delimiter). Mend the text there."],
    ),
    "not OCDS": (
        json.dumps({"tenders": [{"title": "A road"}]}),
        ["$: This is not an OCDS release package: it has no list “releases”."],
    ),
    "a field we need is missing": (
        package(_forget_the_title),
        ["releases[1].tender.title: This field is missing. The import needs it."],
    ),
    "an award names a bid that is not there": (
        package(_award_a_missing_bid),
        ["releases[2].awards[0].relatedBid: There is no bid “999” in this release. Name one of its bids: 155859."],
    ),
    "a contract names an award that is not there": (
        package(_sign_a_missing_award),
        [
            "releases[3].contracts[0].awardID: There is no award “award-9” in this release. "
            "Name one of its awards: award-1."
        ],
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("fault", CORRUPTED)
def test_a_corrupted_copy_is_refused_with_one_message_and_nothing_comes_in(fault: str, tmp_path: Path) -> None:
    text, expected = CORRUPTED[fault]

    code, out, err = run(written(tmp_path, text))

    assert (code, out) == (1, [])
    if fault == "not JSON":
        assert len(err) == 1 and err[0].startswith("$: The file is not JSON: line ")
    else:
        assert err == expected
    assert nothing_is_here()


@pytest.mark.django_db
def test_importing_twice_is_refused_release_by_release() -> None:
    run(SHARED)

    code, out, err = run(SHARED)

    assert (code, out) == (1, [])
    assert [line.split(": ")[0] for line in err] == [f"releases[{index}].ocid" for index in range(4)]
    assert err[0].startswith(f"releases[0].ocid: The process {ROAD} was imported on ")
    assert Project.objects.count() == 4


@pytest.mark.django_db
def test_equal_bids_are_drawn_alike_when_a_tender_comes_in_again_in_another_order() -> None:
    """Five equal prices, all at one instant: only the draw is left, and it is of the ocid and the ids."""

    def alike(document: Any) -> None:
        for bid in document["releases"][0]["bids"]["details"]:
            bid["date"] = "2021-02-12T11:37:00+05:30"

    def turned(document: Any) -> None:
        alike(document)
        document["releases"][0]["bids"]["details"].reverse()

    rankings = []
    for change in (alike, turned):
        with transaction.atomic():
            read = ocds.read(package(change))
            assert isinstance(read, ocds.Package)
            came = import_package(package=read, by=None)
            project = Project.objects.select_related("reference").get(reference__ocid=ROAD)
            shown = reference.comparison(project, list(project.bids.all())).ranking
            assert [one.ranking for one in came if isinstance(one, Imported) and one.ocid == ROAD] == [shown]
            rankings.append(shown)
            transaction.set_rollback(True)
    drawn = sorted(rankings[0], key=lambda name: scoring.draw(ROAD, name))
    assert rankings == [tuple(drawn)] * 2


@pytest.mark.django_db
def test_one_known_tender_keeps_the_new_ones_out_too(tmp_path: Path) -> None:
    run(written(tmp_path, package(lambda document: document["releases"].__delitem__(slice(1, None)))))
    assert Project.objects.count() == 1

    code, _out, err = run(SHARED)

    assert (code, len(err)) == (1, 1)
    assert Project.objects.count() == 1


@pytest.mark.django_db
def test_a_tender_that_still_runs_is_refused_since_its_bids_are_sealed() -> None:
    tomorrow = (market_now() + timedelta(days=1)).isoformat()

    def still_runs(document: Any) -> None:
        document["releases"][0]["tender"]["tenderPeriod"]["endDate"] = tomorrow

    read = ocds.read(package(still_runs))
    assert isinstance(read, ocds.Package)
    (problem,) = import_package(package=read, by=None)

    assert isinstance(problem, ocds.Problem)
    assert problem.path == "releases[0].tender.tenderPeriod.endDate"
    assert nothing_is_here()


def test_a_file_that_is_not_there_is_said_and_not_traced(tmp_path: Path) -> None:
    code, out, err = run(tmp_path / "nowhere.json")

    assert (code, out) == (1, [])
    assert err == [f"{tmp_path / 'nowhere.json'} cannot be read: No such file or directory."]


# The reader, one fault at a time


def _set(path: str, value: object) -> Change:
    """A change that sets `releases.0.tender.title`-like paths."""

    def change(document: Any) -> None:
        *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        for step in steps:
            document = document[step]
        document[last] = value

    return change


ELSEWHERE = {
    "releases.0.bids.details.1.id": "releases[0].bids.details[2].id",
    "releases.0.parties.1.id": "releases[0].parties[2].id",
    "releases.0.ocid": "releases[1].ocid",
    "releases.0.tag": "releases[0].tag[0]",
    "publisher": "publisher.name",
}
"""Where a fault shows when that is not where it was made: the second of two equals is the wrong one."""


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("releases.0.tender.title", "  ", "This field is empty. Give it a value."),
        ("releases.0.tender.title", 7, "7 is not text. Write text here."),
        ("releases.0.tender.title", "a\x00b", "The text holds a character that cannot be stored"),
        ("releases.0.tender.status", "active", "Only tenders that are over can be imported."),
        ("releases.0.tender.status", "cancelled", "but releases[0].awards[0] is in force"),
        ("releases.0.tender.status", "done", "“done” is not a code of this list. Use one of: planning, planned,"),
        ("releases.0.tender.tenderPeriod", None, "This is null."),
        ("releases.0.tender.tenderPeriod.endDate", "2021-02-12T14:00:00", "is not an instant with its offset"),
        ("releases.0.tender.tenderPeriod.endDate", "2021-02-30T14:00:00Z", "is not an instant with its offset"),
        ("releases.0.tender.tenderPeriod.endDate", "2021-01-01T00:00:00Z", "before it starts at"),
        ("releases.0.bids", None, "This is null."),
        ("releases.0.parties", None, "This is null."),
        ("releases.0.bids", {}, "This field is missing. The import needs it."),
        ("releases.0.bids.details.1.date", None, "This field is missing. The import needs it."),
        ("releases.0.bids.details.1.status", "pending", "Only opened bids with an outcome can be imported."),
        ("releases.0.bids.details.1.value", None, "This is null."),
        ("releases.0.bids.details.1.value.amount", "7124794.09", "Write the number without quotation marks."),
        ("releases.0.bids.details.1.value.amount", 7124794.091, "7124794.091 has more digits after the point than INR"),
        ("releases.0.bids.details.1.value.amount", 10**16, "larger than the books take"),
        ("releases.0.bids.details.1.value.amount", 0, "The price is not above zero."),
        ("releases.0.bids.details.1.value.currency", "EUR", "This is in EUR"),
        ("releases.0.bids.details.1.id", "107619", "The bid “107619” is already at"),
        ("releases.0.tender.id", "9" * 121, "at most 120 can be kept"),
        ("releases.0.bids.details.1.tenderers", [], "This field is empty. Give it a value."),
        ("releases.0.bids.details.1.tenderers.0.id", "ORG-0", "There is no party “ORG-0” in this release."),
        ("releases.0.awards.0.suppliers.0.id", "ORG-0", "There is no party “ORG-0” in this release."),
        ("releases.0.awards.0.relatedBid", None, "This field is missing. The import needs it."),
        ("releases.0.parties.1.id", "ORG-107660", "The party “ORG-107660” is already at"),
        ("releases.0.buyer.id", "NOBODY", "There is no party “NOBODY” in this release."),
        ("releases.0.ocid", "ocds-x00000-2020_TDA_19795_1", "Give one compiled release per process."),
        ("releases.0.tag", ["tenders"], "“tenders” is not a code of this list."),
        ("version", "1.2", "This reads OCDS 1.1; the file says 1.2."),
        ("publisher", {}, "This field is missing. The import needs it."),
        ("publishedDate", "yesterday", "“yesterday” is not an instant with its offset."),
        ("releases", {}, "“releases” is not a list."),
        ("releases", [], "There is nothing to import."),
    ],
)
def test_each_fault_gets_one_sentence_at_its_place(path: str, value: object, said: str) -> None:
    where = ELSEWHERE.get(path, re.sub(r"\.(\d+)", r"[\1]", path))
    if (path, value) == ("releases.0.bids", {}):
        where = "releases[0].bids.details"

    found = {problem.path: problem.message for problem in problems(package(_set(path, value)))}

    assert said in found[where]
    assert len(found) == 1 or path.endswith(".id")  # what named the old id is then without its target


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (b"\xff\xfe", "The file is not UTF-8 text: byte 1 cannot be read."),
        ("", "line 1, column 1"),
        ("[]", "the file holds no object"),
        ("[" * 100_000, "nested too deeply"),
        ('{"releases": [NaN]}', "NaN is not a JSON value"),
        ('{"a": 1, "a": 2}', "An object has the field “a” twice."),
        ('{"records": []}', "This is an OCDS record package."),
        ('{"ocid": "x"}', "This is a single OCDS release."),
        ('{"releases": [' + "9" * 5_000 + "]}", "is not an object"),
    ],
)
def test_what_is_no_release_package_gets_a_sentence(source: str | bytes, said: str) -> None:
    assert any(said in problem.message for problem in problems(source))


def test_a_byte_order_mark_is_no_fault() -> None:
    assert isinstance(ocds.read(b"\xef\xbb\xbf" + SHARED.read_bytes()), ocds.Package)


def test_every_fault_of_a_file_is_named_in_one_go() -> None:
    def all_wrong(document: Any) -> None:
        _forget_the_title(document)
        _award_a_missing_bid(document)
        _sign_a_missing_award(document)

    assert [problem.path for problem in problems(package(all_wrong))] == [
        "releases[1].tender.title",
        "releases[2].awards[0].relatedBid",
        "releases[3].contracts[0].awardID",
    ]


def test_an_invitation_nobody_answered_is_no_bid() -> None:
    def invite(document: Any) -> None:
        document["releases"][2]["bids"]["details"].append({"id": "1", "status": "invited"})

    read = ocds.read(package(invite))

    assert isinstance(read, ocds.Package)
    assert len(read.releases[2].bids) == 1


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
DOCUMENT = json.loads(SHARED.read_text(encoding="utf-8"))


def _places(node: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [at, *(place for step, value in inside for place in _places(value, (*at, step)))]


@given(st.sampled_from(_places(DOCUMENT)[1:]), JSON_VALUES)
def test_whatever_stands_anywhere_the_reader_answers_and_never_fails(place: tuple[Any, ...], value: object) -> None:
    document = copy.deepcopy(DOCUMENT)
    node = document
    for step in place[:-1]:
        node = node[step]
    node[place[-1]] = value

    found = ocds.read(json.dumps(document))

    assert isinstance(found, ocds.Package) or (found and all(problem.message for problem in found))


@given(st.integers(-(10**15), 10**15), st.sampled_from(["INR", "JPY", "KWD"]))
def test_amounts_are_exact_in_every_currency(minor: int, currency: str) -> None:
    assert minor_units(money.major(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("7124794.09", "INR", 712_479_409),
        ("8488500.0", "INR", 848_850_000),
        ("1E+3", "INR", 100_000),
        ("100", "JPY", 100),
        ("100.5", "JPY", None),
        ("0.0010", "KWD", 1),
        ("1.00000000000000000000000000000000000001", "INR", None),
        ("0E+999999999", "INR", 0),
    ],
)
def test_an_amount_with_more_digits_than_its_currency_is_not_rounded(
    amount: str, currency: str, minor: int | None
) -> None:
    assert minor_units(Decimal(amount), currency) == minor


def test_an_endless_amount_is_refused_without_being_written_out() -> None:
    with pytest.raises(OverflowError):
        minor_units(Decimal("1E+999999999"), "INR")
