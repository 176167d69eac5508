"""Retake the documentation's pictures: the sample group of the home folder, served, seen through Chromium.

usage: shots.py [NAME…] [--all FOLDER]
(NAME: these pictures only; --all: every page, both languages, both themes, two widths, to look at)
"""

from __future__ import annotations

import itertools
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from filrouge.cli import set_up

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs/pictures"
ADVISOR, SALES, ENGINEER = "marie@example.com", "nadia@example.com", "remy@example.com"
MARKETER = "ines@example.com"
PRIVACY, ADMINISTRATOR, EXECUTIVE = "claire@example.com", "sylvie@example.com", "helene@example.com"

# name of the picture: (who, page, theme, width, height); "camille" stands for the customer of the documentation,
# "calling" for her page with a call about to end, "worked" once what was to say is accepted, "builder" for a segment
# being written, "reasons" for why somebody is in it, "columns" and "trial" for the file of the tutorial being brought
WANTED = {
    "person": (ADVISOR, "camille", "light", 1280, 860),
    "person-dark": (ADVISOR, "camille", "dark", 1280, 860),
    "person-phone": (ADVISOR, "camille", "light", 390, 844),
    "call": (ADVISOR, "calling", "light", 1280, 1000),
    "call-worked": (ADVISOR, "worked", "light", 1280, 1000),
    "rules": (SALES, "/follow-ups/rules/new?when=contract_end", "light", 1280, 1000),
    "segment-builder": (MARKETER, "builder", "light", 1280, 1000),
    "segment-why": (MARKETER, "reasons", "light", 1280, 760),
    "records": (ADVISOR, "camille/records", "light", 1280, 860),
    "why": (ADVISOR, "camille/why", "light", 1280, 860),
    "home": (SALES, "/", "light", 1280, 860),
    "people": (ADVISOR, "/people?q=rousseau", "light", 1280, 860),
    "reviews": (ADVISOR, "/reviews", "light", 1280, 860),
    "review": (ADVISOR, "/reviews/next?kind=bridge", "light", 1280, 1080),
    "identity": (ENGINEER, "/identity", "light", 1280, 1080),
    "sources": (ENGINEER, "/sources", "light", 1280, 860),
    "bring-columns": (ENGINEER, "columns", "light", 1280, 1080),
    "bring-trial": (ENGINEER, "trial", "light", 1280, 860),
    "acquisition": (ENGINEER, "/acquisitions/le-cargo", "light", 1280, 1080),
    "acquisition-overlap": (ENGINEER, "/acquisitions/le-cargo/overlap", "light", 1280, 600),
    "audit": (PRIVACY, "/audit", "light", 1280, 860),
}
CAMILLE = (
    "camille", "camille?tab=orders", "camille?tab=promotions", "camille/records", "camille/merge?q=camille",
    "camille/correct/email", "camille/correct/address",
)  # fmt: skip
# "first:/page" stands for what the first line of a page leads to.
PAGES = (
    (ADVISOR, ("/", "/people", "/people?q=rousseau", "/people?place=Nantes&brand=horizon", "/people/new",
               "/c/by-phone/+33639980000", "/follow-ups?list=all", "/companies", "first:/companies", *CAMILLE,
               "camille/why", "/reviews", "/reviews/next", "/reviews/quality")),
    (SALES, ("/", "/follow-ups", "/people/export?place=Nantes")),
    (ENGINEER, ("/", "/acquisitions", "/acquisitions/new", "/acquisitions/le-cargo", "/acquisitions/le-cargo/overlap",
                "/identity", "/sources", "/sources/crm_people", "first:/sources/crm_people")),
    (PRIVACY, ("/", "/audit", "camille/erase", "/erasures", "/register")),
    (ADMINISTRATOR, ("/accounts", "/account/2fa/", "/account/password/change/")),
    (EXECUTIVE, ("/", "/baselines", "/acquisitions", "/acquisitions/le-cargo")),
)  # fmt: skip


def main() -> None:
    set_up()
    from filrouge.work import demo

    passwords = {login.email: login.password for login in demo.logins()}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "filrouge.cli", "serve", "--roles", "web,worker", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait(f"http://127.0.0.1:{port}/readyz")
        with sync_playwright() as playwright:
            found = next(path for name in ("chromium", "chromium-browser") if (path := shutil.which(name)))
            take(playwright.chromium.launch(executable_path=found), f"http://127.0.0.1:{port}", passwords)
    finally:
        server.terminate()
        server.wait(20)


def take(browser: Any, address: str, passwords: dict[str, str]) -> None:
    if "--all" not in sys.argv:
        PICTURES.mkdir(parents=True, exist_ok=True)
        for name, (who, path, theme, width, height) in WANTED.items():
            if sys.argv[1:] and name not in sys.argv[1:]:
                continue
            page = entered(browser, address, who, passwords[who], "fr", width, theme, height)
            shoot(page, path, PICTURES / f"{name}.png")
            page.context.close()
        return
    folder = Path(sys.argv[sys.argv.index("--all") + 1])
    folder.mkdir(parents=True, exist_ok=True)
    for language, width, theme in itertools.product(("fr", "en"), (1280, 390), ("light", "dark")):
        for who, paths in PAGES:
            page = entered(browser, address, who, passwords[who], language, width, theme)
            for path in paths:
                name = f"{who.partition('@')[0]}{path}"
                for mark in "/?=&:+":
                    name = name.replace(mark, "_")
                shoot(page, path, folder / f"{name}-{language}-{width}-{theme}.png")
            page.context.close()


def entered(
    browser: Any, address: str, who: str, password: str, language: str, width: int, theme: str, height: int = 860
) -> Any:
    context = browser.new_context(base_url=address, viewport={"width": width, "height": height}, device_scale_factor=1)
    cookies = {"filrouge_theme": theme, "django_language": language}
    context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies.items()])
    page = context.new_page()
    page.goto("/account/login/")
    page.fill("[name=login]", who)
    page.fill("[name=password]", password)
    page.click(".door-card .btn-primary")
    return page


def shoot(page: Any, path: str, file: Path) -> None:
    step, path = STEPS.get(path, (None, path))
    if path.startswith("camille"):
        page.goto("/people?q=camille+rousseau-petit")
        lines = page.locator(".people li")
        best = max(range(lines.count()), key=lambda at: lines.nth(at).locator(".brand").count())
        path = lines.nth(best).locator("a").get_attribute("href") + path.removeprefix("camille")
    if path.startswith("first:"):
        page.goto(path.removeprefix("first:"))
        path = page.locator("main table a").first.get_attribute("href")
    page.goto(path)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.activeElement && document.activeElement.blur()")
    if step:
        step(page)
    page.screenshot(path=str(file))
    print(file)


def calling(page: Any) -> None:
    """Open how the call may end, as the key does."""
    page.keyboard.press("q")
    page.wait_for_selector("#ended[open]")


def writing(page: Any) -> None:
    """Write a segment: engaged, more about to leave than a month ago, of two brands, not written to lately."""

    def add(kind: str) -> int:
        place = int(page.locator(".rules > .rule").count())
        page.select_option("[name='add-']", kind)
        page.click("button[value='add:']")
        page.locator(f"input[name='k:{place}']").wait_for(state="attached")
        return place

    at = add("score")
    page.select_option(f"[name='p:{at}:score']", "engagement")
    page.select_option(f"[name='p:{at}:value']", "high")
    at = add("score")
    page.select_option(f"[name='p:{at}:score']", "churn_90")
    page.select_option(f"[name='p:{at}:field']", "trend")
    page.locator(f"[name='p:{at}:op'] option[value=at_least]").wait_for(state="attached")
    page.select_option(f"[name='p:{at}:op']", "at_least")
    page.fill(f"input[name='p:{at}:value']", "0")
    at = add("brands")
    for brand in ("horizon", "le-cargo"):
        page.check(f"[name='p:{at}:brands'][value={brand}]")
    at = add("contacts")
    page.select_option(f"[name='p:{at}:measure']", "did_not")
    page.select_option(f"[name='p:{at}:window']", "within_days")
    page.fill(f"[name='p:{at}:days']", "14")
    page.locator("h1").click()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(3_000)  # the number is counted once nothing changes any more


def reasons(page: Any) -> None:
    """Keep that segment, and ask why the first person shown is in it."""
    writing(page)
    page.fill("[name=title]", "Lecteurs engagés sur le départ")
    page.click("button[value=save]")
    page.locator("#counted .sample a.quiet").first.click()
    page.wait_for_url("**/why/*")


def worked(page: Any) -> None:
    """Accept what is to be said first, as the key does."""
    page.keyboard.press("a")
    page.locator(".toasts").wait_for()


def bringing(page: Any) -> None:
    """Bring the file of the tutorial, and say what its consent means."""
    page.set_input_files("[name=file]", str(ROOT / "docs/tutorial/digipress.csv"))
    page.click("main .btn-primary")
    columns = f"{page.url.partition('?')[0]}?step=columns"
    page.goto(columns)
    page.locator("#counting:not([hx-get])").wait_for(state="attached")  # until every row is counted
    page.goto(columns)
    page.select_option("[name='c:10:says']", "consent:marketing:email")
    for place, state in (("0", "denied"), ("1", "granted")):
        page.locator(f"[name='c:10:state:{place}']").wait_for()
        page.select_option(f"[name='c:10:state:{place}']", state)
        page.wait_for_load_state("networkidle")
    page.evaluate("document.querySelectorAll('.toast-line').forEach(one => one.remove())")


def trying(page: Any) -> None:
    """Try it; the worker counts."""
    bringing(page)
    page.click("button[value=try]")
    page.locator("#trial:not([hx-get]) .counts").wait_for()  # until what identity would do is there too


# path -> what is done on which page before the picture
STEPS = {
    "calling": (calling, "camille"), "worked": (worked, "camille"), "builder": (writing, "/segments/new"),
    "reasons": (reasons, "/segments/new"), "columns": (bringing, "/sources/new"), "trial": (trying, "/sources/new"),
}  # fmt: skip


def wait(address: str) -> None:
    for _ in range(120):
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("The server did not come up.")


if __name__ == "__main__":
    main()
