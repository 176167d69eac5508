from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('store', '0007_trouble_told_in_any_language'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='called',
            field=models.JSONField(default=list),
        ),
    ]
