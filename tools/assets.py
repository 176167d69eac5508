"""Copy the front-end files that the screens use out of node_modules, and gather the icons into one sprite.

usage: assets.py build | bare-lock
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "src/filrouge/console/static/vendor"

# WhiteNoise refuses a stylesheet that names a file it cannot find, so each source map goes along.
FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "@tabler/core/dist/css/tabler.min.css.map": "tabler.min.css.map",
    "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2": "inter-latin.woff2",
    "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2": "inter-latin-ext.woff2",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
}

# name on our screens: name in Tabler's outline set
ICONS = {
    "alert": "alert-triangle",
    "audit": "list-check",
    "back": "arrow-left",
    "baseline": "chart-dots",
    "book": "article",
    "bounce": "mail-x",
    "building": "building",
    "calendar": "calendar-event",
    "call": "phone",
    "call-in": "phone-incoming",
    "call-out": "phone-outgoing",
    "cart": "shopping-bag",
    "check": "check",
    "chevron": "chevron-down",
    "click": "click",
    "clock": "clock",
    "contract": "file-text",
    "copy": "copy",
    "down": "arrow-down-right",
    "download": "download",
    "edit": "pencil",
    "event": "activity",
    "external": "external-link",
    "filter": "filter",
    "flat": "arrow-right",
    "followup": "flag",
    "gift": "discount",
    "help": "help-circle",
    "home": "home",
    "identity": "fingerprint",
    "info": "info-circle",
    "invoice": "receipt",
    "key": "key",
    "language": "language",
    "lock": "lock",
    "mail": "mail",
    "mail-open": "mail-opened",
    "menu": "menu-2",
    "merge": "git-merge",
    "message": "message",
    "more": "dots",
    "note": "note",
    "opportunity": "target",
    "out": "logout",
    "payment": "credit-card",
    "payment-failed": "credit-card-off",
    "people": "users",
    "person": "user",
    "phone": "device-mobile",
    "plus": "plus",
    "post": "mailbox",
    "promise": "heart-handshake",
    "return": "arrow-back-up",
    "save": "bookmark",
    "search": "search",
    "settings": "settings",
    "source": "database",
    "split": "git-fork",
    "star": "star",
    "stop": "hand-stop",
    "tag": "tag",
    "theme": "contrast",
    "ticket": "ticket",
    "trash": "trash",
    "undo": "arrow-back-up",
    "up": "arrow-up-right",
    "visit": "door-enter",
    "warning": "alert-circle",
    "web": "world",
    "x": "x",
}


def build() -> None:
    VENDOR.mkdir(parents=True, exist_ok=True)
    for source, name in FILES.items():
        shutil.copyfile(MODULES / source, VENDOR / name)
    (VENDOR / "icons.svg").write_text(sprite(), encoding="utf-8")
    print(f"{len(FILES)} files and {len(ICONS)} icons in {VENDOR.relative_to(ROOT)}")


def sprite() -> str:
    symbols = [
        symbol(name, MODULES / f"@tabler/icons/icons/outline/{icon}.svg") for name, icon in sorted(ICONS.items())
    ]
    return '<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>\n"


def symbol(name: str, path: Path) -> str:
    drawing = path.read_text(encoding="utf-8").split(">", 1)[1].rsplit("</svg>", 1)[0]
    drawing = re.sub(r"<!--.*?-->", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r"\s+", " ", drawing).strip()
    return (
        f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.6" '
        f'stroke-linecap="round" stroke-linejoin="round">{drawing}</symbol>'
    )


def bare_lock() -> None:
    """Take sponsors' addresses out of the lock file: it then names no address at all."""
    path = ROOT / "package-lock.json"
    lock = json.loads(path.read_text(encoding="utf-8"))
    for package in lock["packages"].values():
        package.pop("funding", None)
        package.pop("resolved", None)
    path.write_text(json.dumps(lock, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    {"build": build, "bare-lock": bare_lock}[sys.argv[1]]()
