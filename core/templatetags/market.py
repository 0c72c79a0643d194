"""The vocabulary of the templates, `{% load market %}`: every word of `core.words`.

No word is made here. `docs/look.md` shows those a page is built from, each with an example.
"""

from typing import Final

from django import template

from core.words import charts, figures, forms, frame, instants, lists, signs, stories, tables

NOUNS: Final = (figures, signs, instants, frame, forms, lists, tables, stories, charts)

register = template.Library()

for noun in NOUNS:
    register.tags.update(noun.register.tags)
    register.filters.update(noun.register.filters)
