"""Sends over TLS, trusted and not: makes authorities and certificates with openssl, runs receivers
on the loopback and one program (tests/c/tls.c, given as a command) against each.

    tls.py COMMAND...
"""
import http.server
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def make_authority(name):
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
            "-addext", "basicConstraints=critical,CA:TRUE",
            "-keyout", f"{name}.key", "-out", f"{name}.pem")


def make_certificate(name, authority, names, days="2"):
    """A server's certificate for these names, in NAME.pem with its key in NAME.key."""
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}",
            "-keyout", f"{name}.key", "-out", f"{name}.csr")
    with open(f"{name}.ext", "w") as extensions:
        extensions.write(f"subjectAltName={names}\nbasicConstraints=critical,CA:FALSE\n"
                         "extendedKeyUsage=serverAuth\n")
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem",
            "-CAkey", f"{authority}.key", "-CAcreateserial", "-days", days,
            "-extfile", f"{name}.ext", "-out", f"{name}.pem")


class Receiver(http.server.ThreadingHTTPServer):
    """Counts its connections and the bytes of each request that was answered."""
    daemon_threads = True

    def __init__(self, certificate=None, version=None, cut=False, handler=None):
        super().__init__(("127.0.0.1", 0), handler or Handler)
        self.cut = cut
        self.connections = 0
        self.bodies = []
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(f"{certificate}.pem", f"{certificate}.key")
            if version:
                self.context.minimum_version = self.context.maximum_version = version
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def finish_request(self, request, client_address):
        request.settimeout(60)
        self.connections += 1
        if self.context:
            try:
                request = self.context.wrap_socket(request, server_side=True)
            except OSError:
                return  # the client refused the certificate
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        pass

    def url(self, host="127.0.0.1", scheme="https"):
        return f"{scheme}://{host}:{self.server_port}/"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.cut:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\nhalf of an ans")
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)  # without TLS's own end
            self.close_connection = True
            return
        self.server.bodies.append(len(body))
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", "8")
        self.end_headers()
        self.wfile.write(b"received")

    def log_message(self, *arguments):
        pass


def trusted(certificate=None, version=None, host="127.0.0.1"):
    receiver = Receiver(certificate, version)
    ok = run("trusted", receiver.url(host))
    seen = receiver.connections, receiver.bodies
    if seen != (1, [0, 1, 100000]):
        print(f"wanted one connection and three bodies, saw {seen}")
        return False
    return ok


def run(what, url, authorities="ours.pem"):
    environment = dict(os.environ, SSL_CERT_FILE=os.path.abspath(authorities))
    environment.pop("SSL_CERT_DIR", None)
    return subprocess.run([*COMMAND, what, url], env=environment, timeout=300).returncode == 0


def main():
    make_authority("ours")
    make_authority("theirs")
    here = "IP:127.0.0.1,DNS:localhost"
    make_certificate("good", "ours", here)
    make_certificate("elsewhere", "ours", "IP:127.0.0.2,DNS:receiver.example")
    make_certificate("stranger", "theirs", here)
    make_certificate("expired", "ours", here, days="-1")
    open("none.pem", "w").close()
    good = Receiver("good")
    silent = socket.create_server(("127.0.0.1", 0))  # connects, and nothing more

    outcomes = {
        "TLS 1.3": trusted("good", ssl.TLSVersion.TLSv1_3),
        "TLS 1.2": trusted("good", ssl.TLSVersion.TLSv1_2),
        "by name": trusted("good", host="localhost"),
        "another host's certificate": run("refused", Receiver("elsewhere").url()),
        "unknown authority": run("refused", Receiver("stranger").url()),
        "expired certificate": run("refused", Receiver("expired").url()),
        "no authority at all": run("refused", good.url(), "none.pem"),
        "another authority": run("refused", good.url(), "theirs.pem"),
        "plain HTTP": run("refused", Receiver().url()),
        "never shakes hands": run("late", f"https://127.0.0.1:{silent.getsockname()[1]}/"),
        "cut off": run("cut", Receiver("good", cut=True).url()),
    }
    outcomes["nothing sent to the untrusted"] = not good.bodies
    for name, ok in outcomes.items():
        print("ok  " if ok else "FAIL", name)
    sys.exit(0 if all(outcomes.values()) else 1)


if __name__ == "__main__":
    COMMAND = [os.path.abspath(part) if os.path.exists(part) else part for part in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        main()
