"""Names that read alike are one name, and names that deceive are none."""

import pytest

from core.errors import Conflict, Invalid
from microenterprises import names
from microenterprises.actions import ideas
from tests.cast import TERMS, Cast
from tests.microenterprises.test_circle import ready


@pytest.mark.parametrize(
    "name",
    [
        "Café 漢字",
        "冷链 小微",
        "سلسلة التبريد",
        "ヒエール・コールド",
        "Холодная цепь",
        "IT-отдел",
        "β-Carotene",
        "Ψυχρή αλυσίδα",
        "D'Arcy & Søns, 3rd (2026)",
        "❄\ufe0f Cold",
        "x" * 80,
    ],
)
def test_honest_names_of_any_script_are_names(name: str) -> None:
    names.check_plain(names.tidy(name))


@pytest.mark.parametrize(
    "name",
    [
        "Cold Chain\u200b",
        "Cold \u00adChain",
        "Cold Chain\u202e",
        "Cold\x00Chain",
        "Cold Chain\ue000",
        "Cold Chain\u3164",
        "Cold\u2800Chain",
        "Co\u034fld Chain",
    ],
)
def test_what_nobody_sees_is_in_no_name(name: str) -> None:
    with pytest.raises(Invalid, match=r"cannot be seen \(U\+[0-9A-F]{4}\).*Type the name by hand"):
        names.check_plain(names.tidy(name))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("C\u043eld Chain", "“C” is Latin and “\u043e” is Cyrillic"),
        ("Cold \u03a1ump", "“\u03a1” is Greek and “u” is Latin"),
        ("\u0421\u03bf", "“\u0421” is Cyrillic and “\u03bf” is Greek"),
    ],
)
def test_no_word_mixes_alphabets_that_look_alike(name: str, says: str) -> None:
    with pytest.raises(Invalid, match="Type the whole word in one alphabet") as refused:
        names.check_plain(names.tidy(name))
    assert says in str(refused.value.sentence)


def test_form_case_and_white_space_make_no_other_name() -> None:
    for other in ("COLD  chain ", "Cold\u00a0Chain", "\tCold\u2028Chain", "\uff23old Chain", "Cold\u3000Cha\ufe0fin"):
        assert names.key(other) == names.key("Cold Chain"), other
    assert names.key("Stra\u00dfe") == names.key("STRASSE")
    assert names.key("Cafe\u0301") == names.key("CAF\u00c9")
    assert names.key("Coldchain") != names.key("Cold Chain")


def test_a_launched_idea_has_a_name_of_its_own_that_reads_as_it_is_kept(cast: Cast) -> None:
    idea = ready(cast)
    for taken in ("cold \u00a0 CHAIN", "\uff23old Chain"):
        with pytest.raises(Conflict, match="named Cold Chain already"):
            ideas.launch(idea=idea, terms=TERMS, by=cast.sol, name=taken)
    with pytest.raises(Invalid, match="cannot be seen"):
        ideas.launch(idea=idea, terms=TERMS, by=cast.sol, name="Cold Chain\u200b")
    assert ideas.launch(idea=idea, terms=TERMS, by=cast.sol, name="  Caf\u00e9\u3000漢字 ").name == "Caf\u00e9 漢字"
