"""The words pages are written in, by noun; `core.templatetags.market` makes one vocabulary of them.

`docs/look.md` shows them with examples. No business nouns and no queries here: a word gets what it shows. Markup of
more than a line lives in `templates/components/`.
"""
