"""A certification authority of our own, with a certificate for localhost and *.test."""

import pathlib
import ssl
import subprocess

from harness.processes import give_to_unprivileged


class Tls:
    def __init__(self, scratch):
        self.scratch = pathlib.Path(scratch)
        self.scratch.mkdir(parents=True)
        self.ca = self.scratch / "ca.pem"
        self.certificate = self.scratch / "server.pem"
        self.key = self.scratch / "server.key"
        self._make()
        give_to_unprivileged(self.scratch)

    def client_context(self):
        return ssl.create_default_context(cafile=str(self.ca))

    def _make(self):
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "30",
                      "-subj", "/CN=mod_auth_epoch test authority",
                      "-addext", "keyUsage=critical,keyCertSign")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
        (self.scratch / "server.ext").write_text(
            "subjectAltName=DNS:localhost,DNS:*.test,IP:127.0.0.1\n")
        self._openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                      "-CAcreateserial", "-days", "30", "-extfile", "server.ext",
                      "-out", "server.pem")

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.scratch, check=True, capture_output=True)
