"""The addresses of this room."""

from datetime import date

from django.urls import path, register_converter

from settlement import views


class DateConverter:
    """A business date as it stands in an address: 2026-11-21."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date | str) -> str:
        return str(value)


register_converter(DateConverter, "date")

urlpatterns = [
    path("settlement/", views.run_list, name="run_list"),
    path("settlement/<date:day>/", views.run_detail, name="run_detail"),
    path("settlement/<date:day>/report.xlsx", views.run_xlsx, name="run_xlsx"),
    path("settlement/<date:day>/report.csv", views.run_csv, name="run_csv"),
    path("settlement/<date:day>/lines.csv", views.run_lines_csv, name="run_lines_csv"),
    path("settlement/<date:day>/journal.hledger", views.run_journal, name="run_journal"),
    path("settlement/outcomes/<uuid:pk>/", views.outcome_detail, name="outcome_detail"),
    path("settlement/microenterprises/<uuid:pk>/", views.firm_outcomes, name="firm_outcomes"),
    path("statements/", views.statement, name="statement"),
    path("statements/people/<uuid:person>/", views.statement, name="statement_of"),
    path("statements/<uuid:pk>/", views.statement_line, name="statement_line"),
]
