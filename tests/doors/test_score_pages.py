"""Report cards: read by those who judge models, decided by those who answer for them, of their own entities alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from filrouge.base import clock
from filrouge.base.errors import DefinitionError
from filrouge.store.models import AuditEntry, ScoreModel

Enter = Callable[..., Any]
pytestmark = pytest.mark.django_db

CARD: dict[str, Any] = {
    "people": 12_000, "happened": 240, "rate": 0.02, "expected": 0.021, "auc": 0.7431, "rule_auc": 0.66,
    "lift_10": 3.4, "lift_20": 2.6, "stability": 0.03, "learned_on": 36_000, "learned_happened": 700,
    "calibration": [{"expected": 0.004 * n, "happened": 0.005 * n, "people": 1_200} for n in range(10)],
    "drift": {"reads_28": 0.31, "took_shop_red": 0.12},
    "fairness": {"brand": [{"group": "horizon", "people": 900, "expected": 0.02, "happened": 0.03, "auc": 0.7}],
                 "age": [{"group": "0-35", "people": 400, "expected": 0.02, "happened": 0.01, "auc": None},
                         {"group": "65+", "people": 300, "expected": 0.02, "happened": 0.01, "auc": 0.5}]},
}  # fmt: skip


def model(version: str, *, name: str = "churn_wanted", at: datetime | None = None, **more: Any) -> ScoreModel:
    told: dict[str, Any] = {"kind": "learned", "content": {}, "card": CARD, "by": "test"} | more
    return ScoreModel.objects.create(entity="groupe", name=name, version=version, trained_at=at or clock.now(), **told)


@pytest.fixture(autouse=True)
def people(world: Any) -> None:
    world.user("ana", "analyst", entities=("groupe",))  # owner
    world.user("lea", "privacy", entities=("groupe",))  # colleague: reads
    world.user("sol", "analyst", entities=("boutique",))  # stranger
    world.user("ines", "marketer", entities=("groupe",))


def test_a_report_card_is_read_in_words(signed_in: Enter) -> None:
    model("261101-aaaaaa")
    client = signed_in("ana")
    page = client.get("/scores").content.decode()
    assert "Un abonnement que son titulaire résilie" in page
    assert "0,74" in page
    page = client.get("/scores/groupe/churn_wanted").content.decode()
    for said in ("0,74", "0,66", "× 3,4", "moins de 35", "65 ans et plus", "pages lues en quatre semaines", "stable"):
        assert said in page, said
    assert page.count("<circle") == 10
    assert "Utiliser cette version" in page


def test_an_empty_list_says_what_scores_follow_meanwhile(signed_in: Enter) -> None:
    assert "règles énoncées" in signed_in("ana").get("/scores").content.decode()


def test_a_model_that_could_not_be_learned_says_why(signed_in: Enter) -> None:
    why = DefinitionError("{count} {what} are too few to learn from: {least} is the least.", hint="", count=12,
                          what="people", least=100)  # fmt: skip
    model("1", kind="rule", card={"refused": why.plain()})
    page = signed_in("ana").get("/scores/groupe/churn_wanted").content.decode()
    assert "une règle énoncée" in page
    assert "12" in page


def test_a_version_is_put_in_use_and_rolled_back_by_who_answers_for_it(signed_in: Enter) -> None:
    now = clock.now()
    model("old", at=now - timedelta(days=7))
    model("new", at=now)
    client = signed_in("ana")
    page = "/scores/groupe/churn_wanted"
    assert client.post(f"{page}/promote", {"version": "old"}).status_code == 302
    assert "Une version plus récente attend" in client.get(page).content.decode()
    client.post(f"{page}/promote", {"version": "new"})
    assert ScoreModel.objects.get(state="promoted").version == "new"
    assert "Revenir à la version précédente" in client.get(page).content.decode()
    client.post(f"{page}/back")
    assert ScoreModel.objects.get(state="promoted").version == "old"
    actions = list(
        AuditEntry.objects.filter(action__startswith="score.").order_by("id").values_list("action", flat=True)
    )
    assert actions == ["score.promote", "score.promote", "score.roll_back"]


def test_a_colleague_reads_and_does_not_decide_a_stranger_knows_of_nothing(signed_in: Enter) -> None:
    model("1")
    client = signed_in("lea")
    page = client.get("/scores/groupe/churn_wanted")
    assert page.status_code == 200
    assert "Utiliser cette version" not in page.content.decode()
    assert client.post("/scores/groupe/churn_wanted/promote", {"version": "1"}).status_code == 403
    stranger = signed_in("sol")
    assert "churn_wanted" not in stranger.get("/scores").content.decode()
    assert stranger.get("/scores/groupe/churn_wanted").status_code == 404
    assert stranger.post("/scores/groupe/churn_wanted/promote", {"version": "1"}).status_code == 403
    assert signed_in("ines").get("/scores").status_code == 403
    assert not ScoreModel.objects.filter(state="promoted").exists()
