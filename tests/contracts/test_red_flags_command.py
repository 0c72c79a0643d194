"""The command that finds red flags in a file: what it reads, what it prints, what it refuses."""

import io
import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from contracts.ocds import flags
from contracts.ocds.flags.lines import BrokenLine, releases
from tests.contracts.processes import VECTORS, bid, gaps, process


def run(path: str, **options: Any) -> str:
    out = io.StringIO()
    call_command("red_flags", path, stdout=out, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b'{"ocid":"a"}\n\n{"ocid":\n', "Line 3 is not JSON"),
        (b'{"ocid":"a"}\n[1]\n', "Line 2 is JSON but no release"),
        (b"\xff\xfe\n", "Line 1 cannot be read"),
        (b'{"ocid":"a","ocid":"b"}\n', "Line 1 cannot be read"),
        (b'{"ocid":NaN}\n', "Line 1 cannot be read"),
        (b'{"ocid":"a"}\n' + b"[" * 200_000 + b"\n", "Line 2 cannot be read"),
    ],
)
def test_a_broken_line_is_named_and_nothing_is_answered(tmp_path: Path, text: bytes, line: str) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_bytes(text)
    out = io.StringIO()

    with pytest.raises(CommandError, match=line) as refused:
        call_command("red_flags", str(path), stdout=out)

    assert refused.value.returncode == 1
    assert out.getvalue() == ""


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run(str(tmp_path / "nothing.jsonl"))


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = io.BytesIO((VECTORS / "R018.jsonl").read_bytes())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(lines))

    assert run("-", only=["R018"]) == (VECTORS / "R018.expected").read_text()


def test_an_empty_file_has_no_flags(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_bytes(b"\n  \n")

    assert run(str(path)) == "{}\n"


def test_settings_may_be_given_to_the_command(tmp_path: Path) -> None:
    path = tmp_path / "gaps.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in gaps(105, 110)))

    assert set(json.loads(run(str(path), only=["R024"], close_fence=Fraction("0.05")))["OCID"]) == {"p0"}
    assert run(str(path), only=["R024"]) == "{}\n"


def test_packages_and_records_are_read_too() -> None:
    release = {"ocid": "a", "tender": {}}
    lines = [{"releases": [release, release]}, {"records": [{"ocid": "a", "compiledRelease": release}]}, release]
    lines.append({"ocid": "a", "compiledRelease": release})

    told = list(releases(json.dumps(line).encode() for line in lines))

    assert told == [release] * 5


def test_an_unknown_indicator_is_refused() -> None:
    with pytest.raises(ValueError, match="R999"):
        flags.find([], codes=["R018", "R999"])


def test_names_in_any_script_are_printed_as_they_are_and_half_a_sign_as_its_escape() -> None:
    rows = [process("海尔", [bid("甲", 1), bid("\ud800", 1)], [])]

    told = flags.printed(flags.find(rows, codes=["R028"]))

    assert '"海尔"' in told
    assert json.loads(told)["Tenderer"].keys() == {"甲", "\ud800"}
    told.encode()


def test_the_lines_are_read_one_by_one() -> None:
    """What is behind a broken line is never asked for."""

    def lines() -> Any:
        yield b'{"ocid":"a"}'
        yield b"{"
        raise AssertionError("the file was read on")

    with pytest.raises(BrokenLine):
        list(releases(lines()))
