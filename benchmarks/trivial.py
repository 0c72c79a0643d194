"""F, the floor every page is measured against: a trivial Django view with the template language, fifty rows of one
query, about 27 kB, and no middleware.
"""

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from contracts.models import Project

ROWS = 50
TEMPLATE = """<!doctype html><html lang="en"><head><title>Projects</title></head><body><h1>Projects</h1><table>
{% for row in rows %}<tr><td><a href="/projects/{{ row.0 }}/">{{ row.1 }}</a></td><td>{{ row.2 }}</td>
<td>{{ row.3 }}</td><td>{{ row.4|date:"Y-m-d H:i" }}</td>
<td class="num" data-label="a cell as wide as those of a real page">{{ row.1 }}</td>
<td class="quiet" data-label="another one, so that fifty rows weigh what a page weighs">{{ row.0 }}
{{ row.2 }}</td></tr>
{% endfor %}</table></body></html>"""


def trivial(request: HttpRequest) -> HttpResponse:
    """Fifty rows in a table."""
    rows = list(Project.objects.values_list("pk", "title", "status", "ceiling_minor", "deadline")[:ROWS])
    return HttpResponse(engines["django"].from_string(TEMPLATE).render({"rows": rows}))


urlpatterns = [path("", trivial)]
