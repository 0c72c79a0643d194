"""F, the floor every page is measured against: a trivial Django view with the template language, fifty rows of one
query, about 25 kB, and no middleware. And the product's frame with nothing in it, which no page of it can be below.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import engines
from django.urls import include, path

from contracts.models import Project

ROWS = 50
TEMPLATE = """<!doctype html><html lang="en"><head><title>Projects</title></head><body><h1>Projects</h1><table>
{% for row in rows %}<tr><td><a href="/projects/{{ row.0 }}/">{{ row.1 }}</a></td><td>{{ row.2 }}</td>
<td>{{ row.3 }}</td><td>{{ row.4|date:"Y-m-d H:i" }}</td>
<td class="num"
 data-label="a cell as wide as those of a real page are with their labels, classes and links">{{ row.1 }}</td>
<td class="quiet"
 data-label="another one, so that fifty rows weigh what fifty rows of a real page weigh, all in all">{{ row.0 }}
{{ row.2 }}</td></tr>
{% endfor %}</table></body></html>"""


def trivial(request: HttpRequest) -> HttpResponse:
    """Fifty rows in a table."""
    rows = list(Project.objects.values_list("pk", "title", "status", "ceiling_minor", "deadline")[:ROWS])
    return HttpResponse(engines["django"].from_string(TEMPLATE).render({"rows": rows}))


def frame(request: HttpRequest) -> HttpResponse:
    """What stands around every page."""
    return render(request, "base.html")


urlpatterns = [path("", trivial), path("frame/", frame), path("", include("haier_market.urls"))]
