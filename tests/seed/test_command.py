"""`seed_company` says what it did, does it once, and refuses numbers that make no company."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from contracts.models import FlagSearch
from people.models import User


def run(**options: object) -> str:
    out = StringIO()
    call_command("seed_company", stdout=out, **options)
    return out.getvalue()


def test_an_empty_database_gets_a_company_and_a_second_one_is_refused(db: None) -> None:
    numbers = {"people": 60, "microenterprises": 5, "days": 1, "projects": 12}
    said = run(**numbers)
    assert "/ 100" in said
    assert "60 people in 5 microenterprises, 12 projects" in said
    assert User.objects.count() == 60
    assert FlagSearch.objects.get().processes > 0
    assert "nothing was added" in run(if_empty=True, **numbers)
    with pytest.raises(CommandError, match="People live in this database already"):
        run(**numbers)
    assert User.objects.count() == 60


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ({"people": 50, "microenterprises": 5}, "5 microenterprises need at least 60 people"),
        ({"people": 600, "microenterprises": 4}, "at least 5 microenterprises"),
        ({"people": 60, "microenterprises": 5, "days": 0}, "At least one day"),
        ({"people": 60, "microenterprises": 5, "until": "2999-01-01"}, "still to come"),
    ],
)
def test_numbers_that_make_no_company_are_refused(db: None, numbers: dict[str, object], sentence: str) -> None:
    arguments = [f"--{name}={value}" for name, value in numbers.items()]
    with pytest.raises(CommandError, match=sentence):
        call_command("seed_company", *arguments)
    assert not User.objects.exists()
