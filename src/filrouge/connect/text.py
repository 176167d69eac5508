"""A file of text as UTF-8, whatever it was written in. What does not fit the encoding is marked, not fatal."""

from __future__ import annotations

import codecs
import os
from io import BufferedReader

from filrouge.base.errors import SourceError
from filrouge.connect.base import MARK

BLOCK = 4 << 20
LONGEST_LINE = 1 << 20
_MARK = MARK.encode()
_BOMS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def _mark(error: UnicodeError) -> tuple[str, int]:
    return MARK, getattr(error, "end", 0)


codecs.register_error("filrouge.mark", _mark)


class Text:
    """Gives the bytes of ``stream`` as UTF-8 without a byte order mark; NUL and undecodable bytes become ``MARK``.

    ``wrong`` is the place of the first byte that did not fit, None as long as all did; ``quotes`` how many ``quote``
    were given.
    """

    closed = False

    def __init__(self, stream: BufferedReader, encoding: str, *, name: str, quote: str = "") -> None:
        self._quote = quote.encode()
        self.quotes = 0
        self._stream = stream
        self._name = name
        codec = codecs.lookup(encoding)
        self.encoding = codec.name
        if not getattr(codec, "_is_text_encoding", True) or codec.incrementaldecoder is None:
            raise SourceError("{encoding} is no encoding of text.", hint="Write utf-8 or cp1252.", encoding=encoding)
        self._utf8 = codec.name in ("utf-8", "utf-8-sig")
        self._decoder = codec.incrementaldecoder("filrouge.mark")
        self._rest = b""  # a character cut by the end of a block
        self._ready = b""
        self._at = 0
        self._offset = 0
        self.wrong: int | None = None
        self._before = _state(stream)
        self._look()

    def read(self, size: int = BLOCK) -> bytes:
        """Return ``size`` bytes, fewer only at the end of the file, none after it.

        A short answer would be a block of its own for who reads in blocks, maybe one that holds no end of a line.
        """
        parts: list[bytes] = []
        wanted = size
        while wanted and (self._at < len(self._ready) or self._fill()):
            whole = self._at == 0 and len(self._ready) <= wanted
            some = self._ready if whole else self._ready[self._at : self._at + wanted]
            if whole:
                self._ready = b""
            else:
                self._at += len(some)
            parts.append(some)
            wanted -= len(some)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def line(self) -> str | None:
        """Return the next line with its end, None after the last. Raises SourceError when it is too long."""
        while True:
            ends = [at for mark in (b"\n", b"\r") if (at := self._ready.find(mark, self._at)) >= 0]
            end = min(ends, default=-1) + 1
            if end and self._ready[end - 1 : end + 1] == b"\r\n":
                end += 1
            if end and not (end == len(self._ready) and self._ready.endswith(b"\r")):
                break
            if len(self._ready) - self._at > LONGEST_LINE:
                raise SourceError(
                    "The file {name} holds a line of more than a million bytes.",
                    hint="Check its delimiter, quotes and encoding; nothing was imported.",
                    name=self._name,
                )
            if not self._fill():
                if self._at >= len(self._ready):
                    return None
                end = len(self._ready)
                break
        some = self._ready[self._at : end]
        self._at = end
        return some.decode()

    def settled(self) -> None:
        """Raise SourceError when the file changed since it was opened."""
        if _state(self._stream) != self._before:
            raise SourceError(
                "The file {name} changed while it was read.",
                hint="Nothing was imported; run the source again once its system has finished writing.",
                retryable=True,
                name=self._name,
            )

    def _fill(self) -> bool:
        """Make more bytes ready after those not yet given; return whether there were any."""
        kept = self._ready[self._at :]
        while True:
            block = self._stream.read(BLOCK)
            made = self._as_utf8(block) if self._utf8 else self._decoded(block)
            if b"\0" in made:
                self.wrong = self._offset + made.index(b"\0") if self.wrong is None else self.wrong
                made = made.replace(b"\0", _MARK)
            self._offset += len(block)
            if made or not block:
                break
        if self._quote:
            self.quotes += made.count(self._quote)
        self._ready, self._at = (kept + made if kept else made), 0
        return bool(made)

    def _as_utf8(self, block: bytes) -> bytes:
        data = self._rest + block if self._rest else block
        self._rest = b""
        if self._offset == 0 and data.startswith(codecs.BOM_UTF8):
            data = data[len(codecs.BOM_UTF8) :]
        if data.isascii():
            return data
        try:
            _, used = codecs.utf_8_decode(data, "strict", not block)
        except UnicodeDecodeError as error:
            if self.wrong is None:
                self.wrong = self._offset + error.start
            text, used = codecs.utf_8_decode(data, "filrouge.mark", not block)
            self._rest = data[used:]
            return text.encode()
        self._rest = data[used:]
        return data[:used] if used < len(data) else data

    def _decoded(self, block: bytes) -> bytes:
        text = self._decoder.decode(block, not block)
        if self.wrong is None and MARK in text:
            self.wrong = self._offset + text.index(MARK)
        return text.encode("utf-8", "replace")

    def _look(self) -> None:
        """Raise SourceError when the first bytes show that this is no text of the encoding that was said."""
        start = self._stream.peek(4096)[:4096]
        for bom, codec in _BOMS.items():
            if start.startswith(bom):
                if codecs.lookup(codec).name in (self.encoding, self.encoding.removesuffix("-sig")):
                    return
                raise SourceError(
                    "The file {name} is written in {found}, not in {encoding}: its first bytes say so.",
                    hint="Write `encoding: {found}` under `format`; nothing was imported.",
                    name=self._name,
                    found=codec,
                    encoding=self.encoding,
                )
        head = start.lstrip().lower()
        if head.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")):
            raise SourceError(
                "The file {name} is a web page or XML, not lines of text.",
                hint="The export may have asked to sign in: fetch the file again; nothing was imported.",
                name=self._name,
            )
        if start.startswith((b"PK\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xd0\xcf\x11\xe0", b"%PDF")):
            raise SourceError(
                "The file {name} is a workbook, an archive or a document, not lines of text.",
                hint="Unpack it, or read it with `kind: excel`; nothing was imported.",
                name=self._name,
            )
        if start.count(0) * 10 > len(start) and not self.encoding.startswith(("utf-16", "utf-32")):
            raise SourceError(
                "The file {name} is no plain text in {encoding}: many of its bytes are empty.",
                hint="Try `encoding: utf-16` under `format`, or export it anew; nothing was imported.",
                name=self._name,
                encoding=self.encoding,
            )


def _state(stream: BufferedReader) -> tuple[int, int]:
    found = os.fstat(stream.fileno())
    return found.st_size, found.st_mtime_ns
