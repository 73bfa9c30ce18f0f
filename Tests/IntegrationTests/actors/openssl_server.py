"""`openssl s_server` with one of the certificates: a TLS end that is not a router."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from .certificates import Certificates
from .deadline import accepts, free_port, wait_until


@contextmanager
def openssl_server(certificates: Certificates, name: str = "server", *options: str) -> Iterator[int]:
    """The port of a server that shows the certificate of that name."""
    port = free_port()
    process = subprocess.Popen(
        ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", certificates.path(f"{name}.pem"),
         "-cert_chain", certificates.path(f"{name}.pem"), "-key", certificates.path(f"{name}.key"), "-quiet", *options],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        def listens() -> bool:
            assert process.poll() is None, "openssl s_server ended"
            return accepts(port)

        wait_until(listens, "openssl s_server listens")
        yield port
    finally:
        process.kill()
        process.wait()
