"""Lines of JSON, and open files, between docbuild and the processes that it starts."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from typing import Any

_CHUNK = 1 << 16
_MOST_FILES = 4


class Channel:
    """One end of a Unix socket; closing it is the other side's signal to stop."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self._bytes = b""
        self._files: list[int] = []

    @classmethod
    def pair(cls) -> tuple[Channel, Channel]:
        """Two connected ends."""
        ours, theirs = socket.socketpair()
        return cls(ours), cls(theirs)

    def fileno(self) -> int:
        """The descriptor to select on."""
        return self.end.fileno()

    def send(self, message: dict[str, Any], files: Sequence[int] = ()) -> None:
        """Send one message; raises `OSError` when the other side is gone."""
        data = json.dumps(message).encode() + b"\n"
        if files:
            sent = socket.send_fds(self.end, [data], files)
            data = data[sent:]
        self.end.sendall(data)

    def receive(self) -> tuple[dict[str, Any] | None, list[int]]:
        """The next message and the files that came with it; None when the other side is gone."""
        while b"\n" not in self._bytes:
            try:
                data, files, _, _ = socket.recv_fds(self.end, _CHUNK, _MOST_FILES)
            except ConnectionResetError:
                return None, []
            if not data:
                return None, []
            self._bytes += data
            self._files += files
        line, _, self._bytes = self._bytes.partition(b"\n")
        files, self._files = self._files, []
        message: dict[str, Any] = json.loads(line)
        return message, files

    def close(self) -> None:
        """Close this end."""
        self.end.close()
