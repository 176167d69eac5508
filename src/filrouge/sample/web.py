"""Web sites and apps: events in Segment's format, one NDJSON file per brand and month."""

from __future__ import annotations

import io
import json
from math import log

from filrouge.base.text import fold
from filrouge.sample.catalogue import CARGO, GOODS, HALLE, HORIZON
from filrouge.sample.dice import CLOCK, Calendar, Dice, waking
from filrouge.sample.life import Life
from filrouge.sample.titles import ARTICLES
from filrouge.sample.world import World

SITES = {HORIZON: "horizon", CARGO: "lecargo", HALLE: "lahalle"}
_PREFIX = {HORIZON: "H", CARGO: "G", HALLE: "L"}
DAYS = 182
_TEXT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_PAGES = {
    (topic, title): (
        _TEXT({"topic": topic, "title": title, "path": f"/{fold(topic)}/{fold(title).replace(' ', '-')}"}),
        f'{{"topic":{_TEXT(topic)},"title":{_TEXT(title)}',
    )
    for topic, titles in ARTICLES.items()
    for title in titles
}
_TOPICS = tuple(ARTICLES)


class Web:
    """Writes ``web/<site>-AAAA-MM.ndjson``."""

    def __init__(self, world: World) -> None:
        self.world = world
        (world.folder / "web").mkdir(exist_ok=True)
        self._files: dict[tuple[str, str], io.TextIOWrapper] = {}
        self._days: dict[str, list[io.TextIOWrapper]] = {}
        self.rows = 0

    def write(self, life: Life, dice: Dice) -> None:
        """Write the visits of one person to each brand's site, seldom signed in at first."""
        for brand in life.web:
            _Visitor(self, life, brand, dice).go()

    def close(self) -> None:
        for file in self._files.values():
            file.close()

    def days(self, site: str) -> list[io.TextIOWrapper]:
        """Return the file of each day of the last half-year on ``site``, indexed by days ago."""
        known = self._days.get(site)
        if known is None:
            known = self._days[site] = [self._file(site, self.world.calendar.iso(ago)[:7]) for ago in range(DAYS + 1)]
        return known

    def _file(self, site: str, month: str) -> io.TextIOWrapper:
        if (site, month) not in self._files:
            path = self.world.folder / "web" / f"{site}-{month}.ndjson"
            self._files[site, month] = path.open("w", encoding="utf-8", newline="\n", buffering=1 << 18)
        return self._files[site, month]


class _Visitor:
    """One person on one site: a browser that forgets them twice a year, an account they sign in to."""

    def __init__(self, web: Web, life: Life, brand: str, dice: Dice) -> None:
        self.web, self.life, self.dice, self.brand = web, life, dice, brand
        self.calendar: Calendar = web.world.calendar
        self.site = SITES[brand]
        self.files = web.days(self.site)
        person = life.person
        self.user = person.account if brand == HORIZON else f"{_PREFIX[brand]}{person.account[1:]}"
        self.signed = self.known = False
        self.count = 0
        app = dice.chance(0.25)
        self.device = "iOS" if app and dice.chance(0.5) else "Android" if app else ""
        device = f'"os":{{"name":"{self.device}"}},"app":{{"name":"{self.site}"}},' if app else ""
        self.context = f'"context":{{{device}"site":"{self.site}","locale":"fr-FR"}}'
        self.number = f"{person.number:07x}{_PREFIX[brand].lower()}"
        self.browser = self._browser()

    def go(self) -> None:
        """Write every visit of the last six months."""
        life, dice = self.life, self.dice
        member = life.billing or life.shop or dice.chance(0.4) or life.person.everywhere or not life.crm
        often = life.appetite * (1.0 if self.brand == HORIZON else 0.55)
        steady = life.fades is None and life.gone is None
        ago = float(DAYS)
        while (ago := ago + log(1.0 - dice.random()) * 7 / often) >= 1:
            day = int(ago)
            if not steady and not dice.chance(life.pace(day) / life.appetite):
                continue
            if dice.chance(0.02):
                self.browser, self.signed = self._browser(), False
            self._visit(day, member)
        if member and not self.known:
            self._visit(dice.between(1, DAYS), member, always=True)

    def _visit(self, ago: int, member: bool, *, always: bool = False) -> None:
        dice, second = self.dice, waking(self.dice)
        if (member and not self.signed and (always or dice.chance(0.6))) or (self.signed and dice.chance(0.01)):
            self._identify(ago, second)
        for _ in range(1 + int(3.4 * dice.random() ** 1.7)):
            second = min(86_390, second + dice.between(20, 400))
            self._read(ago, second)
        if dice.chance(0.12):
            self._act(ago, min(86_395, second + 12))

    def _read(self, ago: int, second: int) -> None:
        dice = self.dice
        if self.brand == HALLE:
            good = dice.pick(GOODS)
            body = f'{{"topic":{_TEXT(good.topic)},"title":{_TEXT(good.label)},"path":"/article/{good.sku.lower()}"}}'
            self._event("page", ago, second, f'"name":"Fiche article","properties":{body}')
            return
        topic = dice.pick(self.life.person.topics) if dice.chance(0.72) else dice.pick(_TOPICS)
        page, start = _PAGES[topic, dice.pick(ARTICLES[topic])]
        if self.device:
            self._event("screen", ago, second, f'"name":"Article","properties":{page}')
        else:
            self._event("page", ago, second, f'"name":"Article","properties":{page}')
        if dice.chance(0.22):
            seconds = dice.between(20, 420)
            self._event(
                "track", ago, min(second + seconds, 86_399),
                f'"event":"Article lu","properties":{start},"seconds":{seconds},"share":{dice.between(30, 100)}}}',
            )  # fmt: skip

    def _act(self, ago: int, second: int) -> None:
        dice, life = self.dice, self.life
        if self.brand == HALLE:
            good = dice.pick(GOODS)
            name = "Ajout au panier"
            body = f'{{"sku":"{good.sku}","price":{good.price / 100},"title":{_TEXT(good.label)}}}'
        elif not life.billing:
            name, body = "Mur payant vu", '{"offer":"HZ-NUM-M"}'
        elif life.gone is not None and ago < life.gone + 20:
            name, body = "Page de résiliation vue", '{"from":"compte"}'
        else:
            name, body = dice.pick((
                ("Recherche", f'{{"query":{_TEXT(dice.pick(life.person.topics))}}}'),
                ("Article partagé", '{"channel":"courriel"}'),
                ("Vidéo regardée", '{"seconds":95}'), ("Article enregistré", '{"list":"à lire"}'),
            ))  # fmt: skip
        self._event("track", ago, second, f'"event":{_TEXT(name)},"properties":{body}')

    def _identify(self, ago: int, second: int) -> None:
        person, dice = self.life.person, self.dice
        if not self.known:
            self.web.world.truth.add("web_people", self.user, person.number)
        self.signed = self.known = True
        traits: dict[str, object] = {"email": self._email(), "brand": self.brand}
        if dice.chance(0.6):
            traits |= {"firstName": person.given, "lastName": person.family}
        if dice.chance(0.2):
            traits["phone"] = f"+33{person.phone[1:]}"
        if dice.chance(0.15):
            year, month, day = person.born
            traits["birthday"] = f"{year}-{month:02}-{day:02}"
        self._event("identify", ago, second, f'"traits":{_TEXT(traits)}')

    def _email(self) -> str:
        person = self.life.person
        return person.second_email if person.second_email and person.number % 5 == 0 else person.email

    def _browser(self) -> str:
        return f"{self.dice.getrandbits(64):016x}"

    def _event(self, kind: str, ago: int, second: int, rest: str) -> None:
        self.count += 1
        day, at = self.calendar.iso(ago), CLOCK[second]
        who = f'"userId":"{self.user}",' if self.signed else ""
        fate = self.dice.random()
        received = f"{self.calendar.iso(max(0, ago - 1))}T06:10:00.000Z" if fate < 0.006 else f"{day}T{at}.480Z"
        line = (
            f'{{"type":"{kind}","messageId":"{self.number}{self.count:04x}",{who}"anonymousId":"{self.browser}",{rest},'
            f'{self.context},"timestamp":"{day}T{at}.120Z","receivedAt":"{received}"}}\n'
        )
        twice = 0.006 < fate < 0.009
        self.files[ago].write(line * 2 if twice else line)
        self.web.rows += 2 if twice else 1
