"""Compiles the message catalogues with Babel: `python -m haier_market.catalogues`. No GNU gettext is needed.

A catalogue with a mistake (a placeholder that differs from the original's) is refused by name and line, so that a page
never breaks in one language only. Nothing about how text is extracted belongs here.
"""

import sys
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

LOCALES = Path(__file__).resolve().parent.parent / "locale"


@dataclass(frozen=True)
class Outcome:
    """What became of one `.po` file."""

    source: Path
    messages: int
    problems: tuple[str, ...]


def compile_all(root: Path = LOCALES) -> list[Outcome]:
    """Write a `.mo` beside every `.po` below `root` that has no mistakes; the outcome of each."""
    return [compile_one(source) for source in sorted(root.glob("*/LC_MESSAGES/*.po"))]


def compile_one(source: Path) -> Outcome:
    """Compile one catalogue; readers see the old file or the new one, never half of it."""
    locale = source.parent.parent.name
    if unfinished := _unfinished(source):
        return Outcome(source, 0, unfinished)
    try:
        catalogue = read_po(BytesIO(source.read_bytes()), locale=_babel_name(locale), abort_invalid=True)
    except (PoFileError, ValueError) as problem:
        return Outcome(source, 0, (f"{source}: {problem}",))
    problems = tuple(
        f"{source}:{message.lineno}: {error}"
        for message in catalogue
        for error in _as_checked(message).check(catalogue)
    )
    if not problems:
        compiled = BytesIO()
        write_mo(compiled, catalogue)
        _replace(source.with_suffix(".mo"), compiled.getvalue())
    return Outcome(source, len(catalogue), problems)


def _as_checked(message: Message) -> Message:
    """A language with one form for all numbers translates the plural, so it is held against the plural."""
    original, forms = message.id, message.string
    if isinstance(original, tuple | list) and isinstance(forms, tuple | list) and len(forms) == 1:
        return Message(original[-1], forms[0], flags=message.flags, lineno=message.lineno)
    return message


def main() -> int:
    """0 when every catalogue compiled; otherwise each mistake on a line of its own and 1."""
    outcomes = compile_all()
    for outcome in outcomes:
        for problem in outcome.problems:
            sys.stderr.write(f"{problem}\n")
        if not outcome.problems:
            sys.stdout.write(f"{outcome.source.relative_to(LOCALES)}: {outcome.messages} messages\n")
    return 1 if any(outcome.problems for outcome in outcomes) else 0


def _unfinished(source: Path) -> tuple[str, ...]:
    """Texts without their closing quotation mark: Babel would take the last character for it and say nothing."""
    lines = enumerate(source.read_text().splitlines(), start=1)
    return tuple(
        f"{source}:{number}: the closing quotation mark is missing"
        for number, line in lines
        if line.strip() and not line.startswith("#") and not line.rstrip().endswith('"')
    )


def _babel_name(locale: str) -> str:
    """Django's directory `zh_Hans` is already Babel's name for it."""
    return locale.replace("-", "_")


def _replace(target: Path, content: bytes) -> None:
    if target.exists() and target.read_bytes() == content:
        return
    draft = target.with_suffix(".draft")
    draft.write_bytes(content)
    draft.replace(target)


if __name__ == "__main__":
    sys.exit(main())
