"""What a person says about a filter they keep: its name, with whom it is shared, whether it tells of new projects."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from contracts.models import SavedFilter
from contracts.permissions.standing import Standing
from microenterprises.models import Microenterprise


class SavedFilterForm(forms.Form):
    """Name, ME and alerts of a saved filter; what it filters stands in the address."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("As you will look for it in your list.")
    )
    shared_with = forms.ModelChoiceField(
        label=gettext_lazy("Share with"),
        queryset=Microenterprise.objects.none(),
        required=False,
        empty_label=gettext_lazy("Nobody"),
        help_text=gettext_lazy("Its members find it in their lists, and its address opens for every colleague."),
    )
    alerts = forms.BooleanField(
        label=gettext_lazy("Tell me of new projects that fit"),
        required=False,
        help_text=gettext_lazy("On your page, and by e-mail as your profile says."),
    )

    def __init__(self, data: Any = None, *, who: Standing, saved: SavedFilter | None = None) -> None:
        super().__init__(data, initial=_initial(saved))
        shared = self.fields["shared_with"]
        if isinstance(shared, forms.ModelChoiceField):
            mine = [firm.pk for firm in (*who.firms, *who.teams)]
            shared.queryset = Microenterprise.objects.filter(pk__in=mine).order_by("name")


def _initial(saved: SavedFilter | None) -> dict[str, Any]:
    if saved is None:
        return {}
    return {"name": saved.name, "shared_with": saved.shared_with_id, "alerts": saved.alerts_since is not None}
