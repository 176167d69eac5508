import filrouge.base.clock
import filrouge.store.models.base
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('store', '0012_identity_model'),
    ]

    operations = [
        migrations.CreateModel(
            name='Arrival',
            fields=[
                ('id', models.UUIDField(default=filrouge.store.models.base.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=filrouge.base.clock.now, editable=False)),
                ('person', models.CharField(db_index=True, max_length=36)),
                ('entity', models.CharField(max_length=60)),
                ('brand', models.CharField(blank=True, max_length=60)),
                ('by', models.CharField(max_length=100)),
                ('number', models.CharField(max_length=20, unique=True)),
                ('record_key', models.BigIntegerField(db_index=True)),
                ('values', models.JSONField(default=dict)),
                ('decision', models.CharField(max_length=10)),
                ('rule', models.CharField(max_length=40)),
                ('evidence', models.JSONField(default=dict)),
                ('run', models.UUIDField(blank=True, null=True)),
                ('taken_at', models.DateTimeField(blank=True, db_index=True, null=True)),
            ],
            options={
                'ordering': ('created_at', 'id'),
            },
        ),
    ]
