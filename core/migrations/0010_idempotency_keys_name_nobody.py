import hashlib
import hmac
from typing import Any

from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now


def hide(apps: Any, schema_editor: Any) -> None:
    """As `core.idempotency.owner_hash` names who wrote, and the day of the instant."""
    keys = apps.get_model("core", "IdempotencyKey").objects
    for row in keys.iterator():
        text = f"{row.user_id}\n{row.key}".encode()
        row.owner_hash = hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha256).hexdigest()
        row.made_on = row.created_at.date()
        row.save(update_fields=["owner_hash", "made_on"])


class Migration(migrations.Migration):
    dependencies = [("core", "0009_what_held_stays")]
    operations = [
        migrations.AddField("idempotencykey", "owner_hash", models.CharField(max_length=64, null=True)),
        migrations.AddField("idempotencykey", "made_on", models.DateField(db_default=Now())),
        migrations.RunPython(hide),
        migrations.RemoveConstraint("idempotencykey", "one_answer_per_user_and_idempotency_key"),
        migrations.RemoveField("idempotencykey", "user"),
        migrations.RemoveField("idempotencykey", "key"),
        migrations.RemoveField("idempotencykey", "created_at"),
        migrations.AlterField("idempotencykey", "owner_hash", models.CharField(max_length=64, unique=True)),
    ]
