"""Shapes of the API for projects, own bids and contracts. Amounts are minor units beside their currency.

A sealed bid appears here only in `OwnBidSerializer`, which is filled by the audited reader.
"""

from typing import Any

from rest_framework import serializers

from contracts.lifecycle import phase
from contracts.models import Award, Bid, Contract, Criterion, Milestone, Project, Question
from contracts.zones import every_zone
from core.clock import market_now


class FirmField(serializers.Serializer[Any]):
    """An ME, or an outside vendor, by id and name."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class CriterionSerializer(serializers.ModelSerializer[Criterion]):
    """A criterion of quality; one that says what is judged asks bidders for an answer, and nobody judges `promises`."""

    class Meta:
        model = Criterion
        fields = ("place", "title", "judged", "weight_bp", "kind")


class ProjectSerializer(serializers.ModelSerializer[Project]):
    """A project as everybody sees it. Nothing of its bids before the opening, and then through its own list."""

    buyer = FirmField(allow_null=True)
    criteria = CriterionSerializer(many=True)
    phase = serializers.SerializerMethodField()

    class Meta:
        model = Project
        fields = (
            "id", "title", "lot_set", "lot_number", "need", "success_measure", "buyer", "currency", "ceiling_minor",
            "book", "phase", "opens_at", "deadline", "deadline_zone", "revision", "admission", "teams_may_bid",
            "milestones", "method", "price_weight_bp", "pass_mark", "two_envelopes", "criteria", "draw_commitment",
            "published_at",
        )  # fmt: skip

    def get_phase(self, project: Project) -> str:
        context: Any = self.context
        if "now" not in context:
            context["now"] = market_now()
        return str(phase(project, context["now"]))


class LotSetSerializer(serializers.Serializer[Any]):
    """A need in lots: what holds them together, and the lots in their order, each a project of its own."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    buyer = FirmField()
    lots = ProjectSerializer(many=True)


class OpenedBidSerializer(serializers.ModelSerializer[Bid]):
    """A bid after the opening. Under two envelopes its price follows once quality is agreed, or never."""

    microenterprise = FirmField(allow_null=True)
    vendor = FirmField(allow_null=True, help_text="The outside vendor that bid.")
    answers = serializers.ListField(child=serializers.CharField(), allow_null=True)
    quality_parts = serializers.ListField(child=serializers.DictField(), allow_null=True)

    class Meta:
        model = Bid
        fields = (
            "id", "status", "microenterprise", "vendor", "bidder_name", "price_minor", "days", "plan", "answers",
            "quality_points", "quality_parts",
            "quality_reason", "outcome_reason", "submitted_at", "receipt",
        )  # fmt: skip


class OwnBidSerializer(serializers.Serializer[Any]):
    """A bid of one's own ME: the receipt, and the terms where the audited reader gave them."""

    id = serializers.UUIDField()
    project = serializers.UUIDField(source="project_id")
    status = serializers.CharField()
    revision = serializers.IntegerField()
    submitted_at = serializers.DateTimeField()
    receipt = serializers.CharField()
    to_confirm = serializers.BooleanField(
        default=False, help_text="The project changed after the bid, so it must be confirmed or revised."
    )


class OwnBidTermsSerializer(OwnBidSerializer):
    """The same with price, days and plan."""

    price_minor = serializers.IntegerField()
    days = serializers.IntegerField()
    plan = serializers.CharField()
    answers = serializers.ListField(child=serializers.CharField())


class BidTermsInput(serializers.Serializer[Any]):
    """What a bidder sends: price in minor units of the project's currency, days, plan, and an answer to each criterion
    that asks for one."""

    price_minor = serializers.IntegerField(min_value=1)
    days = serializers.IntegerField(min_value=1, max_value=3650)
    plan = serializers.CharField(max_length=20_000)
    answers = serializers.ListField(child=serializers.CharField(max_length=5_000), required=False, default=list)
    seen = serializers.IntegerField(
        required=False, min_value=1, help_text="The project's `revision` that was read; refused when it changed since."
    )


class BidInput(BidTermsInput):
    """A new bid: for which project, by which ME."""

    project = serializers.UUIDField()
    microenterprise = serializers.UUIDField()


class QuestionSerializer(serializers.ModelSerializer[Question]):
    """A question about a project and its answer, the same for all who see it. Who asked is said after the opening."""

    asked_by = serializers.SerializerMethodField(help_text="Empty until the bids are opened.")
    answered_by = serializers.SerializerMethodField()

    class Meta:
        model = Question
        fields = ("id", "number", "text", "asked_at", "asked_by", "answer", "answered_at", "answered_by")

    def get_asked_by(self, question: Question) -> str:
        context: Any = self.context
        return str(context.get("askers", {}).get(question.pk, ""))

    def get_answered_by(self, question: Question) -> str:
        return question.answered_by.name if question.answered_by is not None else ""


class QuestionInput(serializers.Serializer[Any]):
    """A question, or the answer to one. Everybody who may see the project reads it."""

    text = serializers.CharField(max_length=20_000)


class MilestoneSerializer(serializers.ModelSerializer[Milestone]):
    """A part of a contract's price."""

    class Meta:
        model = Milestone
        fields = (
            "number", "title", "amount_minor", "due_on", "status", "evidence", "evidence_url", "submitted_at",
            "accepted_minor", "decision_reason", "decided_at",
        )  # fmt: skip


class ContractSerializer(serializers.ModelSerializer[Contract]):
    """A contract with its parties."""

    buyer = FirmField()
    supplier = FirmField(allow_null=True)
    supplier_vendor = FirmField(allow_null=True, help_text="The supplier where it is an outside vendor.")

    class Meta:
        model = Contract
        fields = (
            "id", "title", "project", "buyer", "supplier", "supplier_vendor", "currency", "book", "price_minor",
            "status", "created_at", "activated_at", "ended_at",
        )  # fmt: skip


class VersionSerializer(serializers.Serializer[Any]):
    """The words both parties sign: canonical JSON and its hash."""

    number = serializers.IntegerField()
    body = serializers.CharField()
    sha256 = serializers.CharField()


class ContractDetailSerializer(ContractSerializer):
    """A contract with its current words and its milestones."""

    version = serializers.SerializerMethodField()
    milestones = MilestoneSerializer(many=True)

    class Meta(ContractSerializer.Meta):
        fields = (*ContractSerializer.Meta.fields, "version", "milestones")  # type: ignore[assignment]

    def get_version(self, contract: Contract) -> dict[str, Any]:
        newest = max(contract.versions.all(), key=lambda version: version.number)
        return dict(VersionSerializer(newest).data)


class LoserInput(serializers.Serializer[Any]):
    """Why one of the other bids was not chosen; its bidder reads it."""

    bid = serializers.UUIDField()
    reason = serializers.CharField(max_length=2000)


class AwardInput(serializers.Serializer[Any]):
    """The bid chosen, why, and why not each of the other valid ones."""

    bid = serializers.UUIDField()
    reason = serializers.CharField(max_length=2000)
    loser_reasons = LoserInput(many=True, required=False, default=list)


class AwardSerializer(serializers.ModelSerializer[Award]):
    """The decision for one bid."""

    class Meta:
        model = Award
        fields = ("id", "project", "bid", "status", "reason", "awarded_at", "stands_until")


class ProposedInput(serializers.Serializer[Any]):
    """A proposed milestone: its share of the price in basis points, days after the signatures."""

    title = serializers.CharField(max_length=160)
    share_bp = serializers.IntegerField(min_value=1, max_value=10_000)
    days = serializers.IntegerField(min_value=1, max_value=3650)


class AmendInput(serializers.Serializer[Any]):
    """What changes in a published project, why, and over which `revision` it was written."""

    seen = serializers.IntegerField(min_value=1)
    reason = serializers.CharField(max_length=2000)
    title = serializers.CharField(max_length=160, required=False)
    need = serializers.CharField(max_length=20_000, required=False)
    success_measure = serializers.CharField(max_length=5_000, required=False)
    ceiling_minor = serializers.IntegerField(min_value=1, required=False)
    deadline = serializers.DateTimeField(required=False)
    deadline_zone = serializers.ChoiceField(choices=sorted([*every_zone(), "UTC"]), required=False)
    price_weight_bp = serializers.IntegerField(min_value=1, max_value=10_000, required=False)
    pass_mark = serializers.IntegerField(min_value=0, max_value=10_000, required=False)
    milestones = ProposedInput(many=True, required=False)


class SeenInput(serializers.Serializer[Any]):
    """The version of a project's words that was read."""

    seen = serializers.IntegerField(min_value=1)


class SignInput(serializers.Serializer[Any]):
    """The hash of the words the signer saw."""

    sha256_seen = serializers.CharField(min_length=64, max_length=64)


class DeliverInput(serializers.Serializer[Any]):
    """What was delivered, and where it can be seen."""

    evidence = serializers.CharField(max_length=10_000)
    evidence_url = serializers.URLField(required=False, allow_blank=True, default="")


class ReasonInput(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=2000)
