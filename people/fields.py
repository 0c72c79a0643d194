"""Form fields that name what people can do."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from people.models import Skill

MOST_SKILLS = 12
SUGGESTIONS = 3


class SkillsField(forms.CharField):
    """Skills by their ESCO names, one per line. Unknown names are answered with the nearest known ones."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.Textarea(attrs={"rows": 3}))
        super().__init__(required=False, **options)

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in str(super().to_python(value) or "").splitlines() if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else "\n".join(str(item) for item in value or ())

    def clean(self, value: Any) -> list[Skill]:
        names = list(dict.fromkeys(super().clean(value)))
        if len(names) > MOST_SKILLS:
            raise ValidationError(_("Name at most %(count)s skills.") % {"count": MOST_SKILLS})
        wanted = {name.upper(): name for name in names}
        found = Skill.objects.annotate(upper=Upper("label")).filter(upper__in=list(wanted))
        known = {skill.label.upper(): skill for skill in found}
        unknown = [name for key, name in wanted.items() if key not in known]
        if unknown:
            raise ValidationError([_unknown_skill(name) for name in unknown])
        return [known[key] for key in wanted]


def _unknown_skill(name: str) -> str:
    near = list(
        Skill.objects.filter(label__icontains=name.split()[0])
        .order_by("label")
        .values_list("label", flat=True)[:SUGGESTIONS]
    )
    if not near:
        return _("“%(name)s” is not a skill of the ESCO list. Try another word for it.") % {"name": name}
    return _("“%(name)s” is not a skill of the ESCO list. Near it: %(near)s.") % {"name": name, "near": "; ".join(near)}
