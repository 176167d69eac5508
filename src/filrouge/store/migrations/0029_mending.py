from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('store', '0028_acquisitions'),
    ]

    operations = [
        migrations.AddField(
            model_name='sourcedraft',
            name='mended',
            field=models.PositiveIntegerField(default=0),
        ),
    ]
