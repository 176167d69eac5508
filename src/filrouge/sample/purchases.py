"""What people buy at La Halle: by taste, by season, by every sales channel, and what they bring back."""

from __future__ import annotations

from filrouge.sample.catalogue import GOODS, PROMOTIONS, Good, Promotion
from filrouge.sample.dice import Calendar, Dice, waking
from filrouge.sample.life import Life, Order

CHANNELS = ("web", "web", "web", "till", "till", "click_and_collect", "drive", "app")
REASONS = ("ne convient pas", "abîmé à la livraison", "erreur d'article", "arrivé trop tard", "en double")
_SEASON = (0.8, 0.7, 0.8, 0.9, 0.9, 1.0, 0.9, 0.6, 1.0, 1.0, 1.4, 2.2)


def shop(life: Life, dice: Dice, calendar: Calendar) -> None:
    """Give orders to those whom the shop knows."""
    if not life.shop:
        return
    count = 1 + int(9 * dice.random() ** 2.4) + (3 if life.person.everywhere else 0)
    usual = dice.pick(CHANNELS)
    since = dice.between(60, 1100)
    for rank in range(count):
        ago = _season(dice, calendar, since)
        channel = usual if dice.chance(0.7) else dice.pick(CHANNELS)
        promotion = _promotion(dice, ago)
        number = f"CH{calendar.iso(ago)[2:10].replace('-', '')}-{life.person.number:06}{rank:02}"
        order = Order(number, ago, waking(dice), channel, promotion.code if promotion else "", [], "livrée")
        for good in dict.fromkeys(_good(dice, life, calendar.month(ago)) for _ in range(dice.between(1, 3))):
            quantity = 2 if dice.chance(0.12) else 1
            discount = good.price * quantity * promotion.percent // 100 if promotion else 0
            order.lines.append((good.sku, good.label, quantity, good.price, discount))
        if channel == "till":
            order.status = "encaissée"
        elif ago < 4:
            order.status = "en préparation"
        elif dice.chance(0.03):
            order.status = "annulée"
        if ago > 16 and dice.chance(0.07) and order.status != "annulée":
            order.returned = (0, ago - dice.between(6, 15), dice.skewed(REASONS, 1.3))
        life.orders.append(order)


def _season(dice: Dice, calendar: Calendar, since: int) -> int:
    for _ in range(4):
        ago = 1 + int(since * dice.random())
        if dice.random() * 2.2 < _SEASON[calendar.month(ago) - 1]:
            return ago
    return ago


def _promotion(dice: Dice, ago: int) -> Promotion | None:
    if not dice.chance(0.24):
        return None
    running = [promotion for promotion in PROMOTIONS if promotion.start >= ago >= promotion.end]
    return dice.pick(running) if running else None


def _good(dice: Dice, life: Life, month: int) -> Good:
    for _ in range(3):
        good = dice.pick(GOODS)
        if good.topic in life.person.topics or month in good.season:
            return good
    return good
