"""The addresses of this room."""

from datetime import date

from django.urls import path, register_converter

from settlement.views import outcomes, runs, statements


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
    path("settlement/<date:day>/report.xlsx", runs.run_xlsx, name="run_xlsx"),
    path("settlement/<date:day>/report.csv", runs.run_csv, name="run_csv"),
    path("settlement/<date:day>/lines.csv", runs.run_lines_csv, name="run_lines_csv"),
    path("settlement/<date:day>/journal.hledger", runs.run_journal, name="run_journal"),
    path("settlement/outcomes/<uuid:pk>/", outcomes.outcome_detail, name="outcome_detail"),
    path("settlement/microenterprises/<uuid:pk>/", outcomes.firm_outcomes, name="firm_outcomes"),
    path("statements/", statements.statement, name="statement"),
    path("statements/people/<uuid:person>/", statements.statement, name="statement_of"),
    path("statements/<uuid:pk>/", statements.statement_line, name="statement_line"),
]
