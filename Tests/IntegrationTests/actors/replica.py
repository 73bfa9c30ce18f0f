"""A server that has the page of an admin port, and a status that the test writes."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .admin import Admin


class Replica:
    """Serves what the admin port served when this was made, with another status."""

    def __init__(self, admin: Admin, status: dict[str, Any]) -> None:
        page = admin.get("/")
        self.status = status
        replica = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/":
                    body, headers = page.text.encode(), dict(page.headers)
                else:
                    body, headers = json.dumps(replica.status).encode(), {"Content-Type": "application/json"}
                self.send_response(200)
                for name, value in (headers | {"Content-Length": str(len(body))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def remove(self) -> None:
        self.server.shutdown()
        self.server.server_close()
