"""Receivers on the loopback. Each listens on a port that the kernel chooses, and is closed at the
end of its `with` block."""
import contextlib
import http.server
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time

from support.build import LAYOUT

# As root, the workers stay root so that they may write to the directory; else nginx ignores it.
NGINX = """
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


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers 200 and the text "received", except where the receiver's options say otherwise."""
    protocol_version = "HTTP/1.1"
    timeout = 60

    def body(self):
        return self.rfile.read(int(self.headers["Content-Length"]))

    def answer(self, status, body=b"", headers={}):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.body()
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
            self.answer(307, headers={"Location": self.server.location})
            return
        self.server.bodies.append(len(body))
        self.answer(200, b"received", {"Content-Type": "text/plain"})

    def log_message(self, *arguments):
        pass


class Keeper(Handler):
    """Answers with the receiver's status, and keeps headers and bodies."""

    def do_POST(self):
        self.server.bodies.append((self.headers, self.body()))
        self.answer(self.server.status)


class Echo(Handler):
    """Answers with the headers and the body that came; at /500 with that status, at /silent not at
    all until the client leaves."""

    def do_POST(self):
        body = self.body()
        if self.path == "/silent":
            self.connection.recv(1)
            self.close_connection = True
            return
        headers = {"Echo-" + name: value for name, value in self.headers.items()}
        self.answer(500 if self.path == "/500" else 200, body, headers)


class Receiver(http.server.ThreadingHTTPServer):
    """Python's own, over TLS if there is a certificate: the path of NAME.pem and NAME.key, without
    the ending. Counts its connections, and keeps the length of each body that was answered with
    200. From its URL, it redirects to the location, if any. If it is endless, its answer never
    ends."""
    daemon_threads = True

    def __init__(self, certificate=None, version=None, cut=False, location=None, endless=False,
                 status=204, handler=Handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.cut, self.location, self.endless, self.status = cut, location, endless, status
        self.connections = 0
        self.bodies = []
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(f"{certificate}.pem", f"{certificate}.key")
            if version:
                self.context.minimum_version = self.context.maximum_version = version
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that serves
        self.shutdown()
        self.server_close()

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


def find_program(name):
    """Its path; servers are often where only root looks."""
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    assert found, f"{name} is not installed"
    return found


def end(process):
    process.terminate()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Nginx:
    """nginx, whose one server is configured so, and listens as this kind, such as " ssl". It
    inherits its listening socket, as from an older nginx that it replaces, so that it can be
    connected to at once. It writes into the directory."""

    def __init__(self, directory, server, kind=""):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            path = os.path.join(directory, "nginx.conf")
            with open(path, "w") as configuration:
                configuration.write(NGINX.format(
                    directory=directory, server=server, kind=kind, port=port))
            self.process = subprocess.Popen(
                [find_program("nginx"), "-p", directory, "-e", "stderr", "-c", path],
                env=dict(os.environ, NGINX=f"{listener.fileno()};"), pass_fds=[listener.fileno()],
                stdin=subprocess.DEVNULL)
        self.url = f"http{'s' if kind else ''}://127.0.0.1:{port}/hook"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process)


class Reading:
    """A program whose output a thread reads, until the end of the block."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(60)
        self.reader.join(60)
        for pipe in filter(None, (self.process.stdin, self.process.stdout)):
            pipe.close()


class SServer(Reading):
    """openssl s_server, which is given its answer on stdin whenever a head has come."""
    ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nreceived"

    def __init__(self, certificates, certificate, *options):
        self.process = subprocess.Popen(
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", f"{certificate}.pem",
             "-key", f"{certificate}.key", *options], cwd=certificates.directory,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
        self.heads = 0
        port = None
        while port is None:
            line = self.process.stdout.readline()
            assert line, "openssl s_server ended"
            port = re.match(rb"ACCEPT 127\.0\.0\.1:(\d+)", line)
        self.url = f"https://127.0.0.1:{int(port[1])}/"
        self.reader = threading.Thread(target=self.answer, daemon=True)
        self.reader.start()

    def answer(self):
        seen = b""
        while chunk := self.process.stdout.read(4096):
            seen += chunk
            while b"\r\n\r\n" in seen:
                seen = seen.split(b"\r\n\r\n", 1)[1]
                self.heads += 1
                with contextlib.suppress(BrokenPipeError):
                    self.process.stdin.write(self.ANSWER)


class Listener:
    """Speaks to one connection after the other, until the end of the block."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                with client:
                    self.speak(client)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Speaker(Listener):
    """Answers every connection's first bytes with these, and ends it."""

    def __init__(self, answer):
        self.answer = answer
        super().__init__()
        self.url = f"https://127.0.0.1:{self.port}/"

    def speak(self, client):
        with contextlib.suppress(ConnectionError):
            client.recv(65536)
            client.sendall(self.answer)
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass


class Receive(Reading):
    """The example program `receive`, until it has served so many requests."""

    def __init__(self, key, count):
        command = [LAYOUT / "bin/receive", "--key", key, "--count", str(count)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.url = re.search(rb"http://\S+", self.process.stdout.readline())[0].decode()
        self.output = []
        self.reader = threading.Thread(target=lambda: self.output.extend(self.process.stdout))
        self.reader.start()

    def finish(self):
        """What it printed, once it has served them all."""
        status = self.process.wait(60)
        self.reader.join()
        output = b"".join(self.output)
        assert status == 0, f"receive: exit status {status}, printed:\n{output[-2000:]}"
        return output
