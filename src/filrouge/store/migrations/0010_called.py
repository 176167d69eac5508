from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('store', '0009_identity_quality'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='called',
            field=models.JSONField(default=list),
        ),
    ]
