"""Traces at rest: the sealed logs of finished runs, as files named by their content.

A log of chunks becomes one byte string by putting each chunk's length in front of it (four bytes, little-endian):
`len, chunk, len, chunk, …`. Its SHA-256 is the trace's digest; compressed with zstd it lies in `ab/cdef…` below the
folder, where `abcdef…` is the digest in hexadecimal. A file appears there whole or not at all, is never changed, and is
checked against its name whenever it is read.

Publishing before the commit that refers to the file, and removing after the commit that stops referring to it, leaves
an orphan when the process dies between the two; `sweep` removes those.
"""

from __future__ import annotations

import hashlib
import os
import struct
import tempfile
from collections import OrderedDict
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

import zstandard

from app.core.errors import DamagedTrace

CACHE_BYTES = 128 << 20
"""How much of what was read last stays in memory, uncompressed: room for two logs of the largest size."""

LEVEL = 1
"""zstd's: a million events are 5 to 7 MB in 0.1 s; level 3 makes them a seventh smaller and takes twice as long."""

_LENGTH = struct.Struct("<I")
_UNFINISHED = ".tmp"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A trace on disk that is not yet at its place."""

    digest: str
    file: Path
    size: int


class Traces:
    """The folder of traces. `seal` and `load` share a cache: call these two from one thread only."""

    def __init__(self, folder: Path, cache_bytes: int = CACHE_BYTES) -> None:
        self._folder = folder
        self._cache_bytes = cache_bytes
        self._cache: OrderedDict[str, list[bytes]] = OrderedDict()
        self._cached = 0
        folder.mkdir(parents=True, exist_ok=True)

    def seal(self, chunks: list[bytes]) -> Sealed:
        """Write the trace of these chunks to a temporary file and make it durable."""
        digest = hashlib.sha256()
        compressor = zstandard.ZstdCompressor(LEVEL).compressobj()
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=_UNFINISHED, delete=False) as file:
            try:
                for chunk in chunks:
                    for part in (_LENGTH.pack(len(chunk)), chunk):
                        digest.update(part)
                        file.write(compressor.compress(part))
                file.write(compressor.flush())
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                Path(file.name).unlink()  # a full disk should not stay full because of what did not fit
                raise
        self._remember(digest.hexdigest(), chunks)
        return Sealed(digest.hexdigest(), Path(file.name), Path(file.name).stat().st_size)

    def publish(self, sealed: Sealed) -> None:
        """Put a sealed trace at its place, durably; that one of the same content is there already does not matter."""
        place = self._place(sealed.digest)
        place.parent.mkdir(exist_ok=True)
        sealed.file.replace(place)
        for folder in (place.parent, self._folder):
            _sync_folder(folder)

    def load(self, digest: str) -> list[bytes]:
        """The chunks of a trace. Raises DamagedTrace if its file is missing or is not what its name says."""
        cached = self._cache.get(digest)
        if cached is not None:
            self._cache.move_to_end(digest)
            return cached
        try:
            raw = zstandard.ZstdDecompressor().decompressobj().decompress(self._place(digest).read_bytes())
        except (OSError, zstandard.ZstdError, MemoryError) as error:
            raise DamagedTrace(f"trace {digest} cannot be read: {error}") from error
        if hashlib.sha256(raw).hexdigest() != digest:
            raise DamagedTrace(f"trace {digest} is not what it was when it was stored")
        chunks = list(_split(raw))
        self._remember(digest, chunks)
        return chunks

    def remove(self, digest: str) -> None:
        """Remove a trace that nothing refers to."""
        self._place(digest).unlink(missing_ok=True)

    def sweep(self, wanted: Container[str]) -> None:
        """Remove what a crash left behind: unfinished files, and traces that are not wanted."""
        for file in self._folder.glob(f"*{_UNFINISHED}"):
            file.unlink()
        for file in self._folder.glob("??/*"):
            if file.parent.name + file.name not in wanted:
                file.unlink()

    def _place(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest[2:]

    def _remember(self, digest: str, chunks: list[bytes]) -> None:
        if digest in self._cache:
            return
        self._cache[digest] = chunks
        self._cached += _size(chunks)
        while self._cached > self._cache_bytes and len(self._cache) > 1:
            _, oldest = self._cache.popitem(last=False)
            self._cached -= _size(oldest)


def _size(chunks: list[bytes]) -> int:
    return sum(map(len, chunks))


def _split(raw: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(raw):
        (length,) = _LENGTH.unpack_from(raw, at)
        at += _LENGTH.size
        yield raw[at : at + length]
        at += length


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
