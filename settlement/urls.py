"""The addresses of this room."""

from datetime import date

from django.urls import path, register_converter

from settlement.views import bank, books, exports, outcomes, payouts, runs, statements, waiting


class DateConverter:
    """A business date as it stands in an address: 2026-11-21."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date | str) -> str:
        return str(value)


register_converter(DateConverter, "date")

urlpatterns = [
    path("settlement/", runs.run_list, name="run_list"),
    path("settlement/<date:day>/", runs.run_detail, name="run_detail"),
    path("settlement/<date:day>/report.xlsx", exports.run_xlsx, name="run_xlsx"),
    path("settlement/<date:day>/report.csv", exports.run_csv, name="run_csv"),
    path("settlement/<date:day>/lines.csv", exports.run_lines_csv, name="run_lines_csv"),
    path("settlement/<date:day>/journal.hledger", exports.run_journal, name="run_journal"),
    path("settlement/outcomes/<uuid:pk>/", outcomes.outcome_detail, name="outcome_detail"),
    path("settlement/microenterprises/<uuid:pk>/", outcomes.firm_outcomes, name="firm_outcomes"),
    path("settlement/books/", books.trial_balance, name="books"),
    path("settlement/books/<int:entity>/", books.trial_balance, name="books_of"),
    path("settlement/books/accounts/<int:account>/", books.account, name="books_account"),
    path("settlement/exports/", exports.export_list, name="export_list"),
    path("settlement/exports/new/<slug:kind>/", exports.export_new, name="export_new"),
    path("settlement/exports/new/<slug:kind>/<slug:form>/", exports.export_now, name="export_now"),
    path("settlement/exports/<uuid:pk>/", exports.export_file, name="export_file"),
    path("payouts/", payouts.payout_list, name="payout_list"),
    path("payouts/without-details/", payouts.payout_missing, name="payout_missing"),
    path("payouts/<uuid:pk>/", payouts.payout_detail, name="payout_detail"),
    path("payouts/<uuid:pk>/send/", payouts.payout_send, name="payout_send"),
    path("payouts/<uuid:pk>/paid/", payouts.payout_paid, name="payout_paid"),
    path("payouts/<uuid:pk>/cancel/", payouts.payout_cancel, name="payout_cancel"),
    path("payouts/<uuid:pk>/pain001.xml", payouts.payout_pain001, name="payout_pain001"),
    path("payouts/<uuid:pk>/payments.csv", payouts.payout_csv, name="payout_csv"),
    path("payouts/payments/<uuid:pk>/", payouts.payout_payment, name="payout_payment"),
    path("statements/bank/", bank.bank_details, name="bank_details"),
    path("statements/bank/change/", bank.bank_details_change, name="bank_details_change"),
    path("statements/waiting/", waiting.pay_waiting, name="pay_waiting"),
    path("statements/waiting/<uuid:pk>/<uuid:membership>/", waiting.pay_lower, name="pay_lower"),
    path("statements/", statements.statement, name="statement"),
    path("statements/people/<uuid:person>/", statements.statement, name="statement_of"),
    path("statements/<uuid:pk>/", statements.statement_line, name="statement_line"),
]
