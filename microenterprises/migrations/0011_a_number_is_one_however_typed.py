from typing import Any

from django.db import migrations, models
from django.db.models import Q

from microenterprises.names import number_key

BATCH = 1000


def write_keys(apps: Any, schema_editor: Any) -> None:
    """Of what is recorded. Two that stand already and turn out to be one number keep apart: the later has its id too."""
    records = apps.get_model("microenterprises", "MoneyRecord").objects
    schema_editor.execute("ALTER TABLE microenterprises_moneyrecord DISABLE TRIGGER USER")
    standing: set[tuple[Any, str, str]] = set()
    written = []
    for record in records.order_by("recorded_at", "id").only("microenterprise", "kind", "document", "reversed_at"):
        record.document_key = number_key(record.document)
        paper = (record.microenterprise_id, record.kind, record.document_key)
        if not record.document_key or (record.reversed_at is None and paper in standing):
            record.document_key += f" {record.pk}"  # no key of a number holds a blank
        if record.reversed_at is None:
            standing.add(paper)
        written.append(record)
    records.bulk_update(written, ["document_key"], batch_size=BATCH)
    schema_editor.execute("ALTER TABLE microenterprises_moneyrecord ENABLE TRIGGER USER")


class Migration(migrations.Migration):
    dependencies = [
        ("microenterprises", "0010_places_never_reach_back"),
    ]

    operations = [
        migrations.AddField(
            model_name="moneyrecord",
            name="document_key",
            field=models.TextField(default="", editable=False),
            preserve_default=False,
        ),
        migrations.RunPython(write_keys, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="moneyrecord", name="a_document_is_recorded_once"),
        migrations.AddConstraint(
            model_name="moneyrecord",
            constraint=models.CheckConstraint(condition=~Q(document_key=""), name="a_document_has_a_number"),
        ),
        migrations.AddConstraint(
            model_name="moneyrecord",
            constraint=models.UniqueConstraint(
                condition=Q(reversed_at=None),
                fields=("microenterprise", "kind", "document_key"),
                name="a_document_is_recorded_once",
            ),
        ),
    ]
