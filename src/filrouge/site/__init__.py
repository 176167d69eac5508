"""The keys of the house: settings, addresses, and the ASGI entry."""
