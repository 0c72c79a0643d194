"""Compiling the message catalogues without GNU gettext."""

import gettext
from pathlib import Path

from haier_market.catalogues import compile_all

_HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'


def written(root: Path, body: str) -> Path:
    directory = root / "zh_Hans" / "LC_MESSAGES"
    directory.mkdir(parents=True)
    source = directory / "django.po"
    source.write_text(_HEAD + body)
    return source


def test_a_catalogue_becomes_what_gettext_reads(tmp_path: Path) -> None:
    source = written(tmp_path, 'msgid "Projects"\nmsgstr "项目"\n')
    (outcome,) = compile_all(tmp_path)
    assert outcome.problems == ()
    with source.with_suffix(".mo").open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).gettext("Projects") == "项目"


def test_a_placeholder_that_differs_is_refused_with_its_line(tmp_path: Path) -> None:
    source = written(tmp_path, '#, python-format\nmsgid "%(count)s bids"\nmsgstr "%(number)s 份竞单"\n')
    (outcome,) = compile_all(tmp_path)
    assert len(outcome.problems) == 1
    assert outcome.problems[0].startswith(f"{source}:")
    assert not source.with_suffix(".mo").exists()


def test_a_broken_file_is_refused_by_name(tmp_path: Path) -> None:
    source = written(tmp_path, 'msgid "Projects"\nmsgstr "项目\n')
    (outcome,) = compile_all(tmp_path)
    assert outcome.problems == (f"{source}:6: the closing quotation mark is missing",)
