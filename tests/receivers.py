"""Receivers on the loopback for the tests in Python, and the program that sends to them:
tests/c/sender.c, whose command is on the command line of tls.py and proxies.py.
"""
import http.server
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

TESTS = os.path.dirname(os.path.abspath(__file__))
# As root, the workers stay root so that they may write to the directory; else nginx ignores it.
CONFIGURATION = """
daemon off;
user root;
pid {directory}/pid;
error_log {directory}/log info;
events {{}}
http {{
    log_format tls '$ssl_protocol $ssl_session_reused $ssl_client_s_dn';
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port}{kind};
        {server}
    }}
}}
"""


class Receiver(http.server.ThreadingHTTPServer):
    """Python's own, over TLS if there is a certificate. Counts its connections, and the bytes of
    each request that was answered with 200. From its URL, it redirects to the location, if any. If
    it is endless, its answer never comes to its end."""
    daemon_threads = True

    def __init__(self, certificate=None, version=None, cut=False, location=None, endless=False,
                 handler=None):
        super().__init__(("127.0.0.1", 0), handler or Handler)
        self.cut = cut
        self.location = location
        self.endless = endless
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

    def url(self, host="127.0.0.1"):
        return f"http{'s' if self.context else ''}://{host}:{self.server_port}/"


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
        if self.server.endless:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            end = time.monotonic() + 60
            while time.monotonic() < end:  # or until the client goes away
                self.wfile.write(2000 * b"1\r\nx\r\n")
        if self.server.location and self.path == "/":
            self.send_response(307)
            self.send_header("Location", self.server.location)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.server.bodies.append(len(body))
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", "8")
        self.end_headers()
        self.wfile.write(b"received")

    def log_message(self, *arguments):
        pass


class Nginx:
    """nginx on a port of the kernel's choice, until it is closed. Its one server is configured so,
    and listens as this kind, such as " ssl". It inherits its listening socket, as from an older
    nginx that it replaces, so that it can be connected to at once."""

    def __init__(self, directory, server, kind=""):
        program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        assert program, "nginx is not installed"
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            path = os.path.join(directory, "nginx.conf")
            with open(path, "w") as configuration:
                configuration.write(CONFIGURATION.format(
                    directory=directory, server=server, kind=kind, port=port))
            self.process = subprocess.Popen(
                [program, "-p", directory, "-e", "stderr", "-c", path],
                env=dict(os.environ, NGINX=f"{listener.fileno()};"), pass_fds=[listener.fileno()],
                stdin=subprocess.DEVNULL)
        self.url = f"http{'s' if kind else ''}://127.0.0.1:{port}/hook"

    def close(self):
        self.process.terminate()
        self.process.wait(60)


class Sender:
    """Runs the program, and keeps whether every check held. The command may begin with --some: then
    it is so slow that cases like others are left out, as each script says."""

    def __init__(self, command):
        self.some = command[0] == "--some"
        command = command[1:] if self.some else command
        # The program may be named by where it is from here, and is run from elsewhere.
        self.command = [os.path.abspath(part) if os.path.exists(part) else part for part in command]
        self.failed = 0
        with open(os.path.join(TESTS, "..", "include", "barker.h")) as header:
            self.statuses = dict(re.findall(r"BARKER_(\w+) = (\d+)", header.read()))

    def send(self, url, status, *options, **environment):
        """Whether it ends as it should: see tests/c/sender.c."""
        names = [name for name in os.environ if name.lower().endswith("_proxy")]
        kept = {name: value for name, value in os.environ.items()
                if name not in ["SSL_CERT_FILE", "SSL_CERT_DIR", *names]}
        command = [*self.command, url, self.statuses[status], *options]
        done = subprocess.run(command, env={**kept, **environment}, timeout=300,
                              capture_output=True, text=True)
        if done.returncode != 0:
            print(" ".join(command[len(self.command):]), done.stdout, done.stderr, sep="\n")
        return done.returncode == 0

    def check(self, name, holds):
        print("ok  " if holds else "FAIL", name, flush=True)
        self.failed += not holds


def in_directory(main):
    """Has main(sender) run in a directory of its own, and exits with what came of it."""
    sender = Sender(sys.argv[1:])
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        main(sender)
        os.chdir("/")
    sys.exit(1 if sender.failed else 0)
