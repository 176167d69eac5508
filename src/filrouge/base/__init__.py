"""The ground: words every room uses. Standard library and pydantic only."""
