"""Sends webhooks from every language to every other: from C, Go, Ruby, Python, PHP, LuaJIT, Perl,
Node.js and PyPI's barker 0.1, the Python original, to receivers in all of them.

    languages.py DIRECTORY    as `make build` lays it out

The programs are those of examples-c, bindings/*/examples and docs/ffi.md. Bodies go through
standard input. The original knows no bytes: as a sender it gets the bytes that are text, and as a
receiver Python's hmac stands in for it when the body is not UTF-8.
"""
import concurrent.futures
import contextlib
import hashlib
import hmac
import http.server
import os
import re
import subprocess
import sys
import tempfile
import threading

import ffi
import interop
from interop import barker as original

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
KEY = "kéy & key"
CASES = {  # name: (key, body, the answer)
    "text": (KEY, '{"dog": "🐕"}\r\n'.encode(), 204),
    "other key": ("other", b"dog", 401),
    "empty": (KEY, b"", 204),
    "bytes": (KEY, bytes(range(256)) * 5, 204),
}


def binding(language, name):
    return os.path.join(TOP, "bindings", language, "examples", name)


# ---- senders: a function of URL, key and body that gives the HTTP status ----

def program(*command, **options):
    def send(url, key, body):
        status, output, error = ffi.run([*command, url, "--key", key, "-"], body, **options)
        answer = re.match(rb"HTTP (\d+)\n", output)
        assert answer and status == (not 200 <= int(answer[1]) <= 299), (status, output, error)
        return int(answer[1])
    return send


def send_by_original(url, key, body):
    text = body.decode(errors="ignore")
    return original.Webhook(url, text, key=key).send().status_code


def senders(layout, directory, environment):
    options = {"cwd": directory, "env": environment}
    return {
        "C": program(os.path.join(layout, "bin/send")),
        "Go": program(os.path.join(directory, "go/send"), **options),
        "Ruby": program("ruby", binding("ruby", "send.rb"), **options),
        "Python": program("python3", binding("python", "send.py"), **options),
        **{language: program(*command, **options) for language, command in ffi.SENDERS.items()},
        "original": send_by_original,
    }


# ---- receivers: a context that gives the URL ----

class Inbox(http.server.BaseHTTPRequestHandler):
    """Verifies with the original, and that the body is one of those that were sent."""
    protocol_version = "HTTP/1.1"
    bodies = [variant for _, body, _ in CASES.values()
              for variant in (body, body.decode(errors="ignore").encode())]

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        valid = body in self.bodies and self.verifies(dict(self.headers.items()), body)
        self.send_response(204 if valid else 401)
        if not valid:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def verifies(self, headers, body):
        try:
            return interop.verifies(headers, body, KEY)
        except UnicodeDecodeError:
            signed = headers["BARKER_TIMESTAMP"].encode() + b";" + body
            expected = hmac.new(KEY.encode(), signed, hashlib.md5).hexdigest()
            return hmac.compare_digest(headers["BARKER_SIGNATURE"], expected)

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def receive_by_original():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Inbox) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def receivers(layout, directory, environment):
    def example(*command):
        return ffi.running([*command, "--key", KEY], r"listening on (\S+)", directory,
                           env=environment)

    return {
        "C": example(os.path.join(layout, "bin/receive")),
        "Go": example(os.path.join(directory, "go/receive")),
        "Ruby": example("ruby", binding("ruby", "receive.rb")),
        "Python": example("python3", binding("python", "receive.py")),
        "PHP": ffi.php_preloaded(layout, directory, KEY),
        "LuaJIT": ffi.nginx(layout, directory, KEY),
        "Perl": ffi.perl(layout, directory, KEY),
        "Node.js": ffi.node(layout, directory, KEY),
        "original": receive_by_original(),
    }


# ---- the matrix ----

def languages_environment(layout):
    """Where the languages find the library and their bindings."""
    library = os.path.join(layout, "lib")
    return ffi.environment(
        layout, RUBYLIB=os.path.join(TOP, "bindings/ruby/lib"),
        PYTHONPATH=os.path.join(TOP, "bindings/python/src"), LD_LIBRARY_PATH=library,
        PKG_CONFIG_PATH=os.path.join(library, "pkgconfig"),
        GOCACHE=os.path.join(TOP, "build/go/cache"), GOENV="off", GOPROXY="off")


def build_go(directory, environment):
    os.mkdir(os.path.join(directory, "go"))
    subprocess.run(["go", "build", "-o", os.path.join(directory, "go") + "/", "./examples/..."],
                   cwd=os.path.join(TOP, "bindings/go"), env=environment, check=True, timeout=300)


def misses(send, url):
    """The cases that do not end as they should, each with what came instead."""
    missed = []
    for name, (key, body, expected) in CASES.items():
        try:
            answer = send(url, key, body)
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            answer = error
        if answer != expected:
            missed.append((name, answer))
    return missed


def print_matrix(outcomes, rows, columns):
    print("from \\ to".ljust(12), *(column.ljust(8) for column in columns))
    for row in rows:
        cells = (f"{len(CASES) - len(outcomes[row, column])} of {len(CASES)}" for column in columns)
        print(row.ljust(12), *(cell.ljust(8) for cell in cells))
    for pair, missed in outcomes.items():
        for name, answer in missed:
            print(*pair, name, answer, sep=": ")


def main():
    layout = os.path.abspath(sys.argv[1])
    environment = languages_environment(layout)
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as servers:
        ffi.extract(layout, directory)
        build_go(directory, environment)
        urls = {name: servers.enter_context(receiver)
                for name, receiver in receivers(layout, directory, environment).items()}
        sending = senders(layout, directory, environment)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            pairs = {(sender, receiver): pool.submit(misses, send, url)
                     for sender, send in sending.items() for receiver, url in urls.items()}
            outcomes = {pair: future.result() for pair, future in pairs.items()}
    print_matrix(outcomes, sending, urls)
    sys.exit(1 if any(outcomes.values()) else 0)


if __name__ == "__main__":
    main()
