"""The program of an xconn router: `python xconn_node.py PORT`. Its package has no command for a router alone."""

import asyncio
import sys

from wampproto import auth
from xconn import Router, Server

REALM, TICKET, SECRET, PUBLIC_KEYS = sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5].split(",")
ROLE = "everybody"


class Authenticator(auth.IServerAuthenticator):
    """Anonymous, ticket, WAMP-CRA and cryptosign, each with one principal."""

    def methods(self) -> list[str]:
        return ["anonymous", "ticket", "wampcra", "cryptosign"]

    def authenticate(self, request: auth.Request) -> auth.Response:
        if request.realm != REALM:
            raise ValueError("no such realm")
        if request.method == "ticket" and (request.authid != "ticket-user" or request.ticket != TICKET):
            raise ValueError("wrong ticket")
        if request.method == "wampcra":
            return auth.WAMPCRAResponse(request.authid, ROLE, SECRET)
        if request.method == "cryptosign" and request.public_key not in PUBLIC_KEYS:
            raise ValueError("unknown key")
        return auth.Response(request.authid or "anonymous", ROLE)


async def main() -> None:
    router = Router()
    router.add_realm(REALM)
    await Server(router, Authenticator()).start("127.0.0.1", int(sys.argv[1]))
    await asyncio.get_running_loop().create_future()


asyncio.run(main())
