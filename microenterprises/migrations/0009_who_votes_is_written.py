from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models import Q

from core.clock import business_date


def write_electors(apps: Any, schema_editor: Any) -> None:
    """Of ballots that only kept their number of voters: so many members of their day, those first who were first.

    Memberships are numbered as they are written, so who joined later on that day is not among them.
    """
    ballots = apps.get_model("microenterprises", "Ballot").objects.select_related("share_terms")
    memberships = apps.get_model("microenterprises", "Membership").objects
    schema_editor.execute("ALTER TABLE microenterprises_ballot DISABLE TRIGGER USER")
    for ballot in ballots.all():
        day = business_date(ballot.opened_at)
        of_the_day = memberships.filter(
            Q(ended_on=None) | Q(ended_on__gt=day),
            microenterprise=ballot.share_terms.microenterprise_id,
            started_on__lte=day,
        )
        ballot.electors = list(of_the_day.order_by("number").values_list("person", flat=True)[: ballot.voters])
        ballot.save(update_fields=["electors"])
    schema_editor.execute("ALTER TABLE microenterprises_ballot ENABLE TRIGGER USER")


class Migration(migrations.Migration):
    dependencies = [
        ("microenterprises", "0008_teams_incubate"),
    ]

    operations = [
        migrations.AddField(
            model_name="ballot",
            name="electors",
            field=ArrayField(base_field=models.UUIDField(), default=list, size=None),
            preserve_default=False,
        ),
        migrations.RunPython(write_electors, migrations.RunPython.noop),
        migrations.RemoveField(model_name="ballot", name="voters"),
    ]
