"""A small OpenID Connect provider on the loopback: discovery, authorize, token with a signed ID token, userinfo, keys.

It checks what a provider checks (client, redirect, PKCE, code used once), so that the product must do its part.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT, SECRET = "filrouge", "between the two of us"


class Provider:
    """Whoever comes is the one that ``claims`` tells; ``asks`` shows a page with a button first, as people see it."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.asks = False
        self.audience = CLIENT
        self.broken = False
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: set[str] = set()
        self.refused: list[str] = []
        self.address = ""

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.address, "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token", "userinfo_endpoint": f"{self.address}/userinfo",
            "jwks_uri": f"{self.address}/jwks", "response_types_supported": ["code"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
        }  # fmt: skip

    def authorize(self, asked: dict[str, str]) -> str:
        """Return where the browser goes on."""
        wanted = ("client_id", "redirect_uri", "state", "code_challenge")
        if any(not asked.get(name) for name in wanted) or asked["client_id"] != CLIENT:
            self.refused.append("authorize")
            return ""
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        asked = self.codes.pop(form.get("code", ""), None)
        expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        proof = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=")
        if asked is None or authorization != expected or proof.decode() != asked["code_challenge"]:
            self.refused.append("token")
            return None
        now, access = int(time.time()), secrets.token_urlsafe(16)
        self.tokens.add(access)
        told = {"iss": self.address, "aud": self.audience, "iat": now, "exp": now + 300, **self.claims}
        if "nonce" in asked:
            told["nonce"] = asked["nonce"]
        signed = jwt.encode(told, self.key, algorithm="RS256", headers={"kid": "one"})
        return {"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": signed}

    def keys(self) -> dict[str, Any]:
        public = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}


@contextmanager
def serving() -> Iterator[Provider]:
    """Run a provider for a while."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def answer(self, body: object, status: int = 200, kind: str = "application/json", **headers: str) -> None:
            raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(raw)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if provider.broken:
                self.answer({"error": "server_error"}, 500)
            elif parts.path == "/.well-known/openid-configuration":
                self.answer(provider.discovery())
            elif parts.path == "/jwks":
                self.answer(provider.keys())
            elif parts.path == "/authorize" and provider.asks and "sure" not in asked:
                kept = "".join(
                    f'<input type="hidden" name="{escape(n)}" value="{escape(v)}">' for n, v in asked.items()
                )
                self.answer(
                    f'<!doctype html><title>SSO</title><form>{kept}<button name="sure" value="1">Go on</button></form>',
                    kind="text/html",
                )
            elif parts.path == "/authorize":
                there = provider.authorize(asked)
                self.answer("", 302 if there else 400, "text/plain", **({"Location": there} if there else {}))
            elif parts.path == "/userinfo":
                known = self.headers.get("Authorization", "").removeprefix("Bearer ") in provider.tokens
                self.answer(provider.claims if known else {"error": "invalid_token"}, 200 if known else 401)
            else:
                self.answer({"error": "not_found"}, 404)

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
            told = provider.token({n: v[0] for n, v in form.items()}, self.headers.get("Authorization", ""))
            self.answer(told or {"error": "invalid_grant"}, 200 if told else 400)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
