"""As much of an OpenID provider as one login takes: it answers mod_auth_openidc's request for tokens.
Nobody is asked for anything; the bench is the browser and plays the redirect itself."""

import base64
import hashlib
import hmac
import http.server
import json
import ssl
import threading
import time

CLIENT = "bench"
SECRET = "a secret of thirty-two characters"
LIFE_SECONDS = 8 * 3600


class OpenIdProvider:
    """mod_auth_openidc insists on TLS; `tls` is its certificate and the authority that signed it."""

    def __init__(self, tls):
        self.authority = tls.ca
        self.nonce = ""  # of the login that is under way
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802, the library's name
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                body = json.dumps(provider._tokens()).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Says nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.certificate, tls.key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.issuer = f"https://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _tokens(self):
        now = int(time.time())
        return {"access_token": "opaque", "token_type": "Bearer", "expires_in": LIFE_SECONDS,
                "id_token": _signed({"iss": self.issuer, "aud": CLIENT, "sub": "alice",
                                     "nonce": self.nonce, "iat": now,
                                     "exp": now + LIFE_SECONDS})}


def _signed(claims):
    text = b".".join(_base64url(json.dumps(part).encode())
                     for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    return (text + b"." + _base64url(hmac.digest(SECRET.encode(), text, hashlib.sha256))).decode()


def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")
