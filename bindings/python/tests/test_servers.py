"""The middleware in real servers: wsgiref, gunicorn with processes that it forks, and uvicorn."""
import asyncio
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import barker
import barker.asgi
import barker.wsgi

from support import PATIENCE, TESTS, Receiver, free_port

WSGIREF = """
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server
import kennel
class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments): pass
make_server("127.0.0.1", int(sys.argv[1]), kennel.wsgi,
            handler_class=Quiet).serve_forever()
"""


class ServerTest:
    """What holds behind every server. `command` has {port} in it."""
    command = []
    spelling = barker.Spelling.UNDERSCORE

    def start(self, **environment):
        self.port = free_port()
        self.log = tempfile.TemporaryFile("w+")
        self.addCleanup(self.log.close)
        self.process = subprocess.Popen(
            [part.format(port=self.port) for part in self.command], cwd=TESTS,
            env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1", **environment),
            stdout=self.log, stderr=self.log)
        self.addCleanup(self.end, self.process)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    self.log.seek(0)
                    self.fail(self.log.read())
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)

    def end(self, process):
        process.terminate()
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()

    def hook(self, path="/"):
        return barker.Webhook(f"http://127.0.0.1:{self.port}{path}", key="kennel", timeout=PATIENCE,
                              spelling=self.spelling)

    def post(self, body, *headers, path="/"):
        """A request of any kind; gives the answer's status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.putrequest("POST", path)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(body)
        with connection.getresponse() as response:
            response.read()
        connection.close()
        return response.status

    def test_verifies(self):
        self.start()
        for body in ("", "x", "x" * 1000):
            self.assertEqual(self.hook().send(body).text.split()[1], str(len(body)))
        self.assertEqual(self.hook().send("x" * 1001).status_code, 413)
        response = self.hook().clone(key="another").send("x")
        self.assertEqual((response.status_code, response.text),
                         (401, "the signature does not match\n"))
        self.assertEqual(self.post(b"x", ("Content-Length", "1")), 401)
        self.assertEqual(self.hook("/503").send("x").status_code, 503)

    def test_replays(self):
        self.start(REPLAY_LIMIT="2")
        hook = self.hook()
        signed = [("Content-Length", "1"), *hook.sign_headers("x").items()]
        statuses = [self.post(b"x", *signed) for _ in range(2)]
        self.assertEqual(statuses, [200, 200])  # the second did not reach the application
        failing = [("Content-Length", "1"), *hook.sign_headers("y").items()]
        for _ in range(2):
            self.assertEqual(self.post(b"y", *failing, path="/fail"), 500)
            self.assertEqual(self.post(b"y", *failing, path="/503"), 503)
        self.assertEqual(self.post(b"y", *failing), 200)
        self.assertEqual(hook.send("z").status_code, 503)
        self.assertIn("remember", hook.send("z").text)

    def test_sends_too(self):
        receiver = Receiver()
        self.addCleanup(receiver.close)
        self.start(FORWARD=receiver.url())
        self.assertEqual(self.hook("/bark").send("x").status_code, 200)
        self.assertEqual(receiver.requests[-1].body, b"forwarded")


class WsgirefTest(ServerTest, unittest.TestCase):
    command = [sys.executable, "-W", "error", "-c", WSGIREF, "{port}"]

    def test_lengths(self):
        self.start()
        for length, status in (("", 411), ("Content-Length: 5\r\n", 400)):
            with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as client:
                client.sendall(f"POST / HTTP/1.0\r\n{length}\r\nxyz".encode())
                client.shutdown(socket.SHUT_WR)
                with client.makefile("rb") as answer:
                    self.assertEqual(answer.readline().split()[1], str(status).encode())
        told = []
        barker.wsgi.VerifyWebhooks(None, barker.Webhook())(
            {"CONTENT_LENGTH": "many", "wsgi.input": None}, lambda *start: told.append(start[0]))
        self.assertEqual(told, ["400 Bad Request"])


class GunicornTest(ServerTest, unittest.TestCase):
    command = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--preload",
               "kennel:wsgi"]
    spelling = barker.Spelling.DASH

    def test_underscores(self):
        """gunicorn drops such names by default."""
        for options, status in ([], 401), (["--header-map", "dangerous"], 200):
            self.command = [*GunicornTest.command, *options]
            self.start()
            hook = self.hook().clone(spelling=barker.Spelling.UNDERSCORE)
            self.assertEqual(hook.send("x").status_code, status)

    def test_chunked(self):
        self.start()
        for size, status in ((1000, 200), (1001, 413)):
            body = b"x" * size
            chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (size, body)
            self.assertEqual(self.post(chunks, ("Transfer-Encoding", "chunked"),
                                       *self.hook().sign_headers(body).items()), status)

    def test_forked_workers(self):
        receiver = Receiver()
        self.addCleanup(receiver.close)
        self.command = [*self.command, "--workers", "3"]
        self.start(FORWARD=receiver.url())
        workers = set()
        sent = 0
        deadline = time.monotonic() + PATIENCE
        while len(workers) < 3 or sent < 100:
            self.assertLess(time.monotonic(), deadline)
            response = self.hook("/bark").send("x")  # a new connection, to any of the workers
            self.assertEqual(response.status_code, 200)
            workers.add(response.text.split()[0])
            sent += 1
        bodies = [request.body for request in receiver.requests]
        self.assertEqual(bodies, [b"before the fork", *sent * [b"forwarded"]])
        self.assertEqual(receiver.connections, 1 + len(workers))  # each has its own, and keeps it


class UvicornTest(ServerTest, unittest.TestCase):
    command = [sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--port", "{port}",
               "kennel:asgi"]

    def test_chunked(self):
        GunicornTest.test_chunked(self)

    def test_websocket_is_refused(self):
        sent = []

        async def send(message):
            sent.append(message)
        middleware = barker.asgi.VerifyWebhooks(None, barker.Webhook())
        asyncio.run(middleware({"type": "websocket"}, None, send))
        self.assertEqual(sent, [{"type": "websocket.close"}])


if __name__ == "__main__":
    unittest.main()
