"""The pages of the panel: interests, points apart, one figure together, and what follows a conflict. Load, act, answer.

`project_quality` says how far the panel is and sends who is on it to their next step. Points of others are on no page
before everybody has given theirs: they are not in the database to be shown.
"""

from contracts.views.panel.hub import project_quality
from contracts.views.panel.interests import panel_conflict, panel_declare
from contracts.views.panel.points import panel_agree, panel_confirm, panel_score
from contracts.views.panel.project import acts, card
from contracts.views.panel.replacement import panel_ask, panel_replace

__all__ = [
    "acts",
    "card",
    "panel_agree",
    "panel_ask",
    "panel_confirm",
    "panel_conflict",
    "panel_declare",
    "panel_replace",
    "panel_score",
    "project_quality",
]
