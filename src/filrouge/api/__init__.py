"""The door for programs: JSON over HTTP, bearer keys with scopes, one shape of error (RFC 9457)."""
