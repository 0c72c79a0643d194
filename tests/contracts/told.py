"""What must hold of everything that was told in OCDS, whatever was done before.

ocdsmerge (BSD, Open Contracting Partnership) merges the releases of each process, with the shipped schema as its rules;
what comes out must be what the rows say now. Beside that every release keeps to the schema and refers to nothing that
is not there.
"""

from decimal import Decimal
from functools import cache
from typing import Any

import ocdsmerge

from contracts.actions.releases import note_begun
from contracts.models import Contract, Project, Release
from contracts.ocds import history, references, schema, text, writer
from contracts.queries import releases as queries
from core.clock import market_now


def releases_of(project: Project) -> list[dict[str, Any]]:
    """Every release of a process, oldest first, with exact amounts."""
    return [text.parse(row.body) for row in Release.objects.filter(project=project).order_by("date", "id")]


def tags_of(project: Project) -> list[list[str]]:
    """The tags of the releases that everybody may read, oldest first."""
    return [row.tags for row in Release.objects.filter(project=project, contract=None).order_by("number")]


@cache
def _merger() -> ocdsmerge.Merger:
    return ocdsmerge.Merger(text.parse(schema.SCHEMA.read_text(encoding="utf-8")))


def merged(releases: list[dict[str, Any]]) -> Any:
    """What ocdsmerge makes of them, without what says nothing, lists in the order of their ids."""
    return plain(_merger().create_compiled_release(releases))


def plain(value: Any) -> Any:
    """The same value however its lists are ordered; an object of which nothing is left is left out."""
    if isinstance(value, dict):
        kept = {name: plain(inner) for name, inner in value.items() if inner is not None}
        return {name: inner for name, inner in kept.items() if inner != {}}
    if isinstance(value, list):
        rows = [plain(inner) for inner in value]
        return (
            sorted(rows, key=lambda row: str(row["id"]))
            if all(isinstance(r, dict) and "id" in r for r in rows)
            else rows
        )
    return value


def current(project: Project, date: str) -> Any:
    """What the rows say now, composed afresh and compared with no release."""
    parts = queries.parts_of_projects([project.pk], market_now()).get(project.pk)
    contracts = Contract.objects.filter(project=project, releases__isnull=False).distinct().values_list("pk", flat=True)
    ocid = Release.objects.filter(project=project).values_list("ocid", flat=True)[0]
    found = queries.parts_of_contracts(contracts)
    return plain(history.compiled(parts, found.values(), ocid=ocid, date=date))


def prove(project: Project) -> None:
    """Hold every release of a process against the schema, its references, the record and what the rows say now."""
    rows = list(Release.objects.filter(project=project).order_by("date", "id"))
    found = [text.parse(row.body) for row in rows]
    for row, release in zip(rows, found, strict=True):
        broken = [problem.message for problem in schema.problems(release, "")]
        broken += [f"{problem.path}: {problem.message}" for problem in references.dangling(release)]
        assert not broken, (row.release_id, broken)
        assert (release["id"], release["tag"], release["ocid"]) == (row.release_id, row.tags, row.ocid)
        assert text.parse(text.write(release)) == release
        assert not _floats(release)
    now = current(project, writer.stamp(rows[-1].date))
    assert merged(found) == now
    assert plain(queries.compiled(rows)) == now


def _floats(value: Any) -> list[Any]:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [one for row in inner for one in _floats(row)]
    return [value] if isinstance(value, float) or (isinstance(value, Decimal) and not value.is_finite()) else []


def prove_everything() -> int:
    """Prove every process that was told of, once the clock has told what began meanwhile; returns how many.

    Drafts are told of by the tests of the feed alone, which write rows of their own.
    """
    note_begun()
    told = list(Project.objects.filter(releases__isnull=False, published_at__isnull=False).distinct())
    for project in told:
        prove(project)
    return len(told)
