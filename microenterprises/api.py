"""The API of microenterprises: what every colleague may read."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from core.viewsets import ReadOnlyMarketViewSet
from microenterprises.models import Microenterprise


class MicroenterpriseSerializer(serializers.ModelSerializer[Microenterprise]):
    """An ME with its platform by name."""

    platform = serializers.CharField(source="platform.name")

    class Meta:
        model = Microenterprise
        fields = ("id", "name", "kind", "status", "purpose", "platform", "currency", "launched_at", "dissolved_at")


class MicroenterpriseViewSet(ReadOnlyMarketViewSet):
    """Microenterprises by name."""

    queryset = Microenterprise.objects.none()
    serializer_class = MicroenterpriseSerializer
    cursor_by = ("name", "pk")

    def get_queryset(self) -> QuerySet[Microenterprise]:
        user: Any = self.request.user
        return Microenterprise.objects.visible_to(user).select_related("platform")
