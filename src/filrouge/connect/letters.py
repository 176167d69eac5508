"""Messages to people, by e-mail or chat: an address says which (Apprise)."""

from __future__ import annotations

import logging

from filrouge.base.errors import DestinationError, UsageError

# What stays on this machine reaches nobody, or starts a program.
LOCAL = frozenset({"dbus", "gio", "gnome", "glib", "kde", "macosx", "qt", "syslog", "windows"})


def check(address: str) -> None:
    """Make sure that an address is one that messages can be sent to. Raises UsageError, without repeating it."""
    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # it would write addresses in the log
    scheme = address.partition("://")[0].lower()
    if scheme in LOCAL or not apprise.Apprise().add(address):
        raise UsageError(
            "This is no address of a message.",
            hint="For instance mailto://user:password@example.com?to=ana@example.com; the how-to page shows more.",
        )


def send(address: str, *, title: str, body: str) -> None:
    """Send one message. Raises DestinationError, which may be tried again, when it is not taken."""
    import apprise

    check(address)
    post = apprise.Apprise()
    post.add(address)
    if not post.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT):
        raise DestinationError(
            "The message was not taken.", hint="Check the address, the password and the network.", retryable=True
        )
