"""Receive one message of a webhook: python3 receiver.py PORT SECRET."""

import base64
import hashlib
import hmac
import sys
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer


def is_genuine(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    is_fresh = abs(time.time() - int(headers["webhook-timestamp"])) < 300
    return is_fresh and wanted in headers["webhook-signature"].split(" ")


class Receiver(BaseHTTPRequestHandler):
    """Answers one message. A class, because http.server calls its methods."""

    def do_POST(self) -> None:
        """Print the record, if it is genuine."""
        body = self.rfile.read(int(self.headers["content-length"]))
        genuine = is_genuine(sys.argv[2], self.headers, body)
        self.send_response(204 if genuine else 401)
        self.end_headers()
        if genuine:
            print(body.decode())


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).handle_request()
