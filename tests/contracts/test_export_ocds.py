"""`export_ocds`: a valid package of what changed on some dates, which the market itself can read again."""

import json
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from contracts import ocds
from contracts.actions import openings, projects, releases
from contracts.models import Release
from contracts.ocds import text
from core.clock import business_date, move_forward
from haier_market.seed.company import Built
from tests.cast import Cast
from tests.contracts import market, scenes
from tests.contracts.test_ocds_references import checked
from tests.databases import Told
from tests.seed import small

pytestmark = pytest.mark.django_db


def exported(since: date, until: date, *options: str) -> tuple[Any, str]:
    """The package, with exact amounts, and what was said on standard error."""
    out, err = StringIO(), StringIO()
    call_command("export_ocds", "--from", str(since), "--to", str(until), *options, stdout=out, stderr=err)
    return text.parse(out.getvalue()), err.getvalue()


def test_it_holds_what_changed_on_those_dates_and_nothing_else(cast: Cast) -> None:
    project = market.published(cast)
    first = business_date()
    move_forward(timedelta(days=3))
    openings.open_bids(project=project)
    second = business_date()
    assert [release["tag"] for release in exported(first, first)[0]["releases"]] == [["tender"]]
    assert [release["tag"] for release in exported(second, second)[0]["releases"]] == [["tenderUpdate"]]
    assert len(exported(first, second)[0]["releases"]) == 2
    between = first + timedelta(days=1)
    assert exported(between, between)[0]["releases"] == []
    (record,) = exported(second, second, "--format", "records")[0]["records"]
    assert len(record["releases"]) == 2, "a record is whole, whenever its process changed"


def test_the_package_says_who_publishes_what_under_which_licence(cast: Cast, settings: Any) -> None:
    settings.OCDS_LICENCE = "https://market.haier.example/licence"
    settings.OCDS_POLICY = "https://market.haier.example/policy"
    market.published(cast)
    package, said = exported(business_date(), business_date())
    assert package["version"] == "1.1"
    assert package["publisher"]["name"] == "Haier Market"
    assert package["license"] == "https://market.haier.example/licence"
    assert package["publicationPolicy"] == "https://market.haier.example/policy"
    assert any(address.endswith("ocds_bid_extension/v1.1.5/extension.json") for address in package["extensions"])
    assert text.instant(package["publishedDate"])
    assert package["uri"].startswith("http")
    assert "1 entry" in said


def test_every_kind_of_release_passes_the_checker(cast: Cast, tmp_path: Path) -> None:
    scenes.completed(cast)
    market.awarded(cast)
    cancelled = market.published(cast)
    projects.cancel(project=cancelled, reason="Done.", by=cast.lin)
    kinds = {tag for tags in Release.objects.values_list("tags", flat=True) for tag in tags}
    assert kinds >= {"tender", "tenderUpdate", "tenderCancellation", "award", "contract", "implementation"}
    since, until = business_date() - timedelta(days=30), business_date() + timedelta(days=30)
    for form in ("releases", "records"):
        file = tmp_path / f"{form}.json"
        call_command("export_ocds", "--from", str(since), "--to", str(until), "--format", form, "--output", str(file))
        assert checked(file)[0] == 0
        assert list(tmp_path.glob("*.part")) == []


def test_contracts_can_be_left_out(cast: Cast) -> None:
    scenes.signed(cast)
    since, until = business_date() - timedelta(days=30), business_date()
    everything = json.dumps(exported(since, until)[0], default=str)
    assert '"contracts"' in everything
    told = json.dumps(exported(since, until, "--for-everyone", "--format", "records")[0], default=str)
    assert '"contracts"' not in told
    assert '"awards"' in told


def test_the_market_reads_its_own_records_again(cast: Cast) -> None:
    """A compiled release of an ended process is a tender that could be imported, in its own words and to the cent."""
    scenes.completed(cast)
    package, _said = exported(business_date() - timedelta(days=30), business_date(), "--format", "records")
    compiled = [record["compiledRelease"] for record in package.pop("records")]
    read = ocds.read(text.write(package | {"releases": compiled}))
    assert not isinstance(read, list), [(problem.path, problem.message) for problem in read]
    (release,) = read.releases
    assert release.outcome == "awarded"
    assert [bid.value.minor for bid in release.bids if bid.value] == [scenes.PRICE]
    assert [award.bid_id for award in release.awards] == [bid.id for bid in release.bids]


def test_what_has_no_release_yet_gets_one_first_and_says_how_far_it_is(told_company: Told[Built]) -> None:
    package, said = exported(date(2020, 1, 1), small.UNTIL + timedelta(days=400), "--progress")
    assert len(package["releases"]) == Release.objects.count() > 20
    assert "first releases: " in said
    assert releases.catch_up() == 0


def test_odd_dates_are_refused_and_leave_no_file(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    with pytest.raises(CommandError, match="before the first"):
        exported(date(2026, 2, 1), date(2026, 1, 1), "--output", str(file))
    with pytest.raises(CommandError):
        call_command("export_ocds", "--from", "soon", "--to", "2026-01-01")
    assert list(tmp_path.iterdir()) == []
