"""The ESCO skills ship with the project and come in once, however often they are loaded."""

import io

import pytest
from django.core.management import call_command

from people.esco.load import SOURCE, load_skills, shipped
from people.models import Skill


def test_the_shipped_skills_have_distinct_uris_and_fit_their_columns() -> None:
    rows = list(shipped())

    assert len(rows) == len({row[0] for row in rows}) == 4_225
    assert max(len(label) for _uri, _level, label, _text in rows) <= 200
    assert "European Commission" in SOURCE.with_name("NOTICE").read_text(encoding="utf-8")


@pytest.mark.django_db
def test_loading_twice_writes_once() -> None:
    out = io.StringIO()

    call_command("load_skills", stdout=out)

    assert out.getvalue() == "4225 skills written.\n"
    assert load_skills() == 0
    assert Skill.objects.count() == 4_225


@pytest.mark.django_db
def test_a_changed_skill_is_brought_back_and_keeps_its_identity() -> None:
    load_skills()
    skill = Skill.objects.get(label="3D modelling")
    Skill.objects.filter(pk=skill.pk).update(label="something else")

    assert load_skills() == 1
    assert Skill.objects.get(label="3D modelling").pk == skill.pk
