"""Receivers on the loopback, and what the tests share."""
import http.server
import os
import socket
import subprocess
import sys
import threading
import unittest

TESTS = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.normpath(os.path.join(TESTS, "../../.."))
PATIENCE = 60  # seconds for what ends by itself, much sooner


class Request:
    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps the requests. Answers 204, or what the request's path names: /404 that status, /echo
    the body, /slow after `released` is set, or never."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests = []
        self.connections = 0
        self.released = threading.Event()
        self.arrived = threading.Semaphore(0)
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.server_port}{path}"

    def process_request(self, request, client_address):
        self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request, client_address):
        pass  # a sender that was stopped

    def close(self):
        self.released.set()
        self.shutdown()
        self.server_close()
        self.thread.join(PATIENCE)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append(Request(self.path, self.headers, body))
        self.server.arrived.release()
        name = self.path.strip("/").partition("/")[0]
        if name == "slow":
            self.server.released.wait(PATIENCE)
        self.send_response(int(name) if name.isdecimal() else 200 if name == "echo" else 204)
        if name == "echo":
            self.send_header("Content-Type", self.headers.get("X-Answer-Type", "text/plain"))
        self.send_header("X-Twice", "one")
        self.send_header("x-twice", "two")
        if name:
            answer = body if name == "echo" else b""
            self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if name == "echo":
            self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class WithReceiver(unittest.TestCase):
    def setUp(self):
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        self.url = self.receiver.url()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def run_python(code, *arguments, env=None, status=0):
    """What a Python of its own prints."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code, *arguments], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=2 * PATIENCE,
                          env=env)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout
