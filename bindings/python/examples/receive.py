"""Prints each webhook that comes in and whether its signature is right.

    receive.py [--key KEY] [--count N] [PORT]

Listens on 127.0.0.1 only, on a port that the kernel chooses unless PORT is set, and serves one
connection at a time. With --count it exits after that many requests.
"""
import http.server
import os
import sys

import barker

MAX_BODY = 16 * 1024 * 1024
SILENCE_SECONDS = 5


class Handler(http.server.BaseHTTPRequestHandler):
    timeout = SILENCE_SECONDS

    def do_POST(self):
        self.server.served += 1
        length = self.headers.get("Content-Length", "")
        if "Transfer-Encoding" in self.headers or not length:
            self.refuse(411)  # chunked bodies are beyond this example
        elif not (length.isascii() and length.isdecimal()):
            self.refuse(400)
        elif int(length) > MAX_BODY:
            self.refuse(413)
        else:
            body = self.rfile.read(int(length))
            self.judge(body) if len(body) == int(length) else self.refuse(400)

    def judge(self, body):
        for name, value in self.headers.items():
            if name.upper().startswith(("BARKER_", "BARKER-")):
                print(f"{name}: {value}")
        try:
            self.server.hook.verify(self.headers, body)
            status, verdict = 204, "valid"
        except barker.VerificationError as error:
            status, verdict = 401, str(error)
        print(f"{len(body)} bytes: {verdict}", flush=True)
        self.answer(status)

    def refuse(self, status):
        print(f"refused: {status} {self.responses[status][0]}", flush=True)
        self.answer(status)

    def answer(self, status):
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


def parse(arguments):
    """Key, count (0: no limit) and port; None is wrong usage."""
    key, count, port = "BARKER", 0, None
    rest = iter(arguments)
    for argument in rest:
        if argument in ("--key", "--count"):
            value = next(rest, None)
            if argument == "--key":
                key = value
            else:
                count = number(value, 999_999_999)
            if value is None or count is None:
                return None
        else:
            if port is not None or number(argument, 65535) is None:
                return None
            port = int(argument)
    return os.fsencode(key), count, port or 0


def number(text, maximum):
    if text is None or not (text.isascii() and text.isdecimal()) or int(text) > maximum:
        return None
    return int(text)


def main():
    options = parse(sys.argv[1:])
    if options is None:
        print("usage: receive.py [--key KEY] [--count N] [PORT]", file=sys.stderr)
        return 2
    key, count, port = options
    with http.server.HTTPServer(("127.0.0.1", port), Handler) as server:
        server.hook, server.served = barker.Webhook(key=key), 0
        print(f"listening on http://127.0.0.1:{server.server_port}/", flush=True)
        while not count or server.served < count:
            server.handle_request()
    return 0


if __name__ == "__main__":
    sys.exit(main())
