"""The API of settlement runs and of one's own statement."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.idempotency import idempotent
from core.viewsets import ReadOnlyMarketViewSet
from settlement.actions import nights
from settlement.models import SettlementRun, StatementLine


class RunSerializer(serializers.ModelSerializer[SettlementRun]):
    """A run with its totals by currency, in minor units."""

    class Meta:
        model = SettlementRun
        fields = (
            "business_date", "status", "started_at", "sealed_at", "approved_at", "mes_total", "mes_done", "exceptions",
            "lines", "totals", "inputs_sha256", "lines_sha256",
        )  # fmt: skip


class RunViewSet(ReadOnlyMarketViewSet):
    """Settlement runs by business date; for finance, auditor and steward."""

    queryset = SettlementRun.objects.none()
    serializer_class = RunSerializer
    cursor_by = ("-business_date",)
    lookup_field = "business_date"
    lookup_value_converter = "str"

    def get_queryset(self) -> QuerySet[SettlementRun]:
        user: Any = self.request.user
        return SettlementRun.objects.visible_to(user)

    @extend_schema(request=None, responses=RunSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def approve(self, request: Request, business_date: Any) -> Response:
        """Approve a sealed run: its payables may be paid. Finance only."""
        user: Any = request.user
        run = nights.approve(run=self.get_object(), by=user)
        return Response(RunSerializer(run).data)


class StatementLineSerializer(serializers.ModelSerializer[StatementLine]):
    """One line of a statement, in minor units."""

    microenterprise = serializers.CharField(source="microenterprise.name")

    class Meta:
        model = StatementLine
        fields = (
            "id", "night", "business_date", "kind", "microenterprise", "currency", "weight", "weights_sum",
            "amount_minor", "recovered_minor", "payable_minor",
        )  # fmt: skip


class StatementViewSet(ReadOnlyMarketViewSet):
    """The reader's own statement, newest first."""

    queryset = StatementLine.objects.none()
    serializer_class = StatementLineSerializer
    cursor_by = ("-night", "-pk")

    def get_queryset(self) -> QuerySet[StatementLine]:
        user: Any = self.request.user
        return StatementLine.objects.filter(person=user).select_related("microenterprise")
