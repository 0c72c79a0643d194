"""What a night leaves behind, a file per noun."""

from settlement.models.exports import Export
from settlement.models.lines import HandedOn, LineQuerySet, PayLine, ShareLine, StatementLine, in_outcome
from settlement.models.lowered import LoweredPay
from settlement.models.months import AddedUpMonth, MonthSum
from settlement.models.outcomes import Outcome, share_reference
from settlement.models.payees import PayeeAccounts
from settlement.models.payouts import BankDetails, OpenSum, Owed, Payment, PaymentPart, PayoutBatch, RunRelease
from settlement.models.runs import READS_PAY, SEES_ALL, RunShard, SettlementRun, seconds_left

__all__ = [
    "READS_PAY",
    "SEES_ALL",
    "AddedUpMonth",
    "BankDetails",
    "Export",
    "HandedOn",
    "LineQuerySet",
    "LoweredPay",
    "MonthSum",
    "OpenSum",
    "Outcome",
    "Owed",
    "PayLine",
    "PayeeAccounts",
    "Payment",
    "PaymentPart",
    "PayoutBatch",
    "RunRelease",
    "RunShard",
    "SettlementRun",
    "ShareLine",
    "StatementLine",
    "in_outcome",
    "seconds_left",
    "share_reference",
]
