from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0021_sender_pauses")]

    operations = [
        migrations.AddField("scoremodel", "owner", models.CharField(blank=True, default="", max_length=100), False),
        migrations.AddField("scoremodel", "trouble", models.JSONField(blank=True, default=dict)),
        migrations.AddField("scoremodel", "refreshed_at", models.DateTimeField(blank=True, null=True)),
    ]
