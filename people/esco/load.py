"""Loads the shipped ESCO skills (`skills.csv`, see `NOTICE`) into the skills table. Nothing is fetched."""

import csv
from collections.abc import Iterator
from pathlib import Path

from people.models import Skill

SOURCE = Path(__file__).with_name("skills.csv")
FIELDS = ("reuse_level", "label", "search_text")


def load_skills() -> int:
    """Insert what is missing and bring what differs up to date; returns how many skills were written.

    Safe to run again and beside itself: the concept URI is the key, and a skill is never removed, since people may
    have it.
    """
    kept = {uri: tuple(facts) for uri, *facts in Skill.objects.values_list("concept_uri", *FIELDS)}
    new = [
        Skill(concept_uri=uri, **dict(zip(FIELDS, facts, strict=True)))
        for uri, *facts in shipped()
        if kept.get(uri) != tuple(facts)
    ]
    Skill.objects.bulk_create(
        new, batch_size=1000, update_conflicts=True, unique_fields=["concept_uri"], update_fields=FIELDS
    )
    return len(new)


def shipped() -> Iterator[tuple[str, str, str, str]]:
    """Concept URI, reuse level, preferred label and search text of every shipped skill, in the order of the file."""
    with SOURCE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield row["concept_uri"], row["reuse_level"], row["preferred_label"], row["search_text"]
