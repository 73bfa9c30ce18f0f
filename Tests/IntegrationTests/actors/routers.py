"""The routers that the scenarios run on, as one table: a further router is one entry (and its actor)."""

import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from .router import Router
from .xconn_router import XconnRouter

#: Names the `crossbar` program of another version, in a separate Python environment.
OTHER_CROSSBAR = "WAMP_SIDECAR_OTHER_CROSSBAR"


class RouterActor(Protocol):
    """What the scenarios do with a router."""

    port: int

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...
    def remove(self) -> None: ...
    def url(self, transport: str) -> str: ...


@dataclass(frozen=True)
class RouterKind:
    """One router in one version."""

    name: str
    version: str
    make: Callable[[], RouterActor]
    #: For `Router.url`; foreign peers use the first.
    transports: Sequence[str]
    serializers: Sequence[str]
    authentication: Sequence[str]
    #: What it lacks, by the feature's name in WELCOME or a name of ours, with what users get instead. docs/routers.md
    #: says the same in the same words.
    lacks: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}"


def crossbar(version: str, program: Path | None = None) -> RouterKind:
    return RouterKind(
        "Crossbar.io", version, lambda: Router(program), ["rawsocket", "websocket"], ["json", "msgpack", "cbor"],
        ["anonymous", "ticket", "wampcra", "wampcra salted"],
        {
            "call_timeout": "A call's timeout is taken as seconds, passed on, and not announced; see "
                            "`router.call_timeout_unit`.",
        },
    )


XCONN = RouterKind(
    "xconn", version("xconn"), XconnRouter, ["websocket"], ["json", "msgpack", "cbor"],
    ["anonymous", "ticket", "wampcra", "cryptosign"],
    {
        "pattern_based_registration": "`match` is ignored: a pattern would be a plain URI. The sidecar doesn't "
                                      "register such a procedure.",
        "pattern_based_subscription": "`match` is ignored: a pattern would be a plain URI. The sidecar doesn't "
                                      "subscribe to such a topic.",
        "shared_registration": "`invoke` is ignored: the second one to register is refused until the first is gone.",
        "call_canceling": "CANCEL is ignored: the caller waits, the function runs to its end.",
        "call_timeout": "A call's timeout is ignored.",
        "caller_identification": "Callers are not disclosed: mappings with `roles` deny everybody.",
        "publisher_identification": "Publishers are not disclosed to subscribers.",
        "publisher_exclusion": "`exclude_me` is ignored: the sidecar gets its own events if it is subscribed to them.",
        "subscriber_blackwhite_listing": "`exclude` and `eligible` are ignored: everybody would get the event. The "
                                         "sidecar does not publish it: it becomes a dead letter.",
        "event_retention": "`retain` is ignored.",
        "registration_revocation": "There is no way to take a registration away.",
        "session_meta_api": "There are no meta procedures and events.",
        "lost connections": "A session whose connection breaks without GOODBYE is kept: its procedures stay taken "
                            "until the router restarts, "
        "and a peer that calls it, publishes to it or answers it loses its own connection.",
        "binary between serializers": "Binary from a peer with MessagePack or CBOR can't be given to one with JSON: "
                                      "the sender's connection ends, "
        "and binary from JSON stays text. Let all use the same serializer.",
        "messages over 4 MiB": "The connection is closed with code 1009.",
        "deep payloads": "A payload nested a thousand levels deep or so ends its sender's connection.",
    },
)


def other_crossbar() -> list[RouterKind]:
    program = os.environ.get(OTHER_CROSSBAR)
    if not program:
        return []
    path = Path(program)
    asked = subprocess.run(
        [path.parent / "python", "-c", "from importlib.metadata import version; print(version('crossbar'))"],
        check=True, capture_output=True, text=True)
    return [crossbar(asked.stdout.strip(), path)]


ROUTERS = [crossbar(version("crossbar")), XCONN, *other_crossbar()]
