"""Exchanges webhooks with the Python original, PyPI's barker 0.1, both ways on the loopback.

    interop.py DIRECTORY    with lib/libbarker.so.0 and bin/receive, as `make build` lays them out
"""
import ctypes
import hmac
import http.server
import json
import os
import random
import re
import subprocess
import sys
import threading

# The original was written when MD5 was the default of hmac.new(); Python 3.8 asks for it by name.
plain_new = hmac.new
hmac.new = lambda key, msg=None, digestmod="md5": plain_new(key, msg, digestmod)

os.environ["NO_PROXY"] = "127.0.0.1"
import barker  # noqa: E402  (after what it needs)

MESSAGES = 300
KEYS = 12


def random_text(rng, limit):
    alphabets = ["abcXYZ 019-_.", "äöüßéñ€", "漢字かな", "🐕🦴👍🏽", "\x00\x01\r\n\t\x7f", '{}[]":,;\\%&=', "؟עב"]
    alphabet = "".join(rng.sample(alphabets, rng.randint(1, len(alphabets))))
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(0, limit)))


def random_key(rng):
    return random_text(rng, 90).replace("\x00", "")  # it goes through a command line


def random_body(rng, number):
    if number % 10 == 0:
        return ""
    if number % 10 == 1:
        return json.dumps({"text": random_text(rng, 200), "number": number}, ensure_ascii=False)
    return random_text(rng, 60000 if number % 50 == 2 else 300)


# ---- the original sends, the example program `receive` verifies ----

class Receive:
    """The example program, until it has served so many requests."""

    def __init__(self, directory, key, count):
        command = [os.path.join(directory, "bin/receive"), "--key", key, "--count", str(count)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.url = re.search(rb"http://\S+", self.process.stdout.readline())[0].decode()
        self.output = []
        self.reader = threading.Thread(target=lambda: self.output.extend(self.process.stdout))
        self.reader.start()

    def finish(self):
        status = self.process.wait(60)
        self.reader.join()
        return status, b"".join(self.output)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()


class Tampering(barker.Webhook):
    """Signs one thing and sends another."""

    def __init__(self, change, **arguments):
        super().__init__(**arguments)
        self.change = change

    def _calculate_hash(self):
        super()._calculate_hash()
        if self.change == "body":
            self.data += "."
        elif self.change == "timestamp":
            self.headers["BARKER_TIMESTAMP"] += "1"
        else:
            first = self.headers["BARKER_SIGNATURE"][0]
            self.headers["BARKER_SIGNATURE"] = (
                ("1" if first == "0" else "0") + self.headers["BARKER_SIGNATURE"][1:])


def from_original(directory, rng):
    """How many messages were answered 204 as they should, and 401 as they should."""
    right = wrong = 0
    for number in range(KEYS):
        key = random_key(rng)
        bodies = [random_body(rng, i) for i in range(MESSAGES // KEYS)]
        receive = Receive(directory, key, len(bodies) + 4)
        try:
            for body in bodies:
                right += barker.Webhook(receive.url, body, key=key).send().status_code == 204
            for change in "body", "timestamp", "signature":
                hook = Tampering(change, url=receive.url, data="tampered with", key=key)
                wrong += hook.send().status_code == 401
            wrong += barker.Webhook(receive.url, "x", key=key + "?").send().status_code == 401
            status, output = receive.finish()
            assert status == 0 and output.count(b": valid\n") == len(bodies), output[-2000:]
        finally:
            receive.kill()
    return right, wrong


# ---- the library sends, the original verifies ----

class Inbox(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    received = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.append((dict(self.headers.items()), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments):
        pass


def load(directory):
    library = ctypes.CDLL(os.path.join(directory, "lib/libbarker.so.0"))
    library.barker_webhook_new.restype = ctypes.c_void_p
    library.barker_webhook_error.restype = ctypes.c_char_p
    library.barker_webhook_error.argtypes = [ctypes.c_void_p]
    library.barker_webhook_free.argtypes = [ctypes.c_void_p]
    library.barker_webhook_set_url.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    library.barker_webhook_set_key.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
    library.barker_webhook_send_data.argtypes = [
        ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.POINTER(ctypes.c_uint16),
        ctypes.c_void_p]
    return library


def verifies(headers, body, key):
    hook = barker.Webhook(data=body.decode(), key=key)
    hook.headers = headers  # the original looks names up as they are spelled
    return hook.verify_hash()


def to_original(directory, rng):
    """How many messages verified as they should, and did not as they should not."""
    library = load(directory)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Inbox)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hook = library.barker_webhook_new()
    library.barker_webhook_set_url(hook, f"http://127.0.0.1:{server.server_port}/hook".encode())
    right = wrong = 0
    for number in range(MESSAGES):
        key, body = random_text(rng, 90), random_body(rng, number)
        key_bytes, data = key.encode(), body.encode()
        http_status = ctypes.c_uint16()
        assert library.barker_webhook_set_key(hook, key_bytes, len(key_bytes)) == 0
        status = library.barker_webhook_send_data(
            hook, data, len(data), ctypes.byref(http_status), None)
        assert status == 0, library.barker_webhook_error(hook)
        headers, received = Inbox.received.pop()
        right += http_status.value == 204 and received == data and verifies(headers, received, key)
        wrong += not verifies(headers, received + b".", key)
        wrong += not verifies(headers, received, key + "?")
    library.barker_webhook_free(hook)
    server.shutdown()
    return right, wrong


def main():
    directory = sys.argv[1]
    seed = random.randrange(2**32)
    print("seed", seed)
    rng = random.Random(seed)
    outcomes = {
        "from the original": (from_original(directory, rng), (MESSAGES, 4 * KEYS)),
        "to the original": (to_original(directory, rng), (MESSAGES, 2 * MESSAGES)),
    }
    for name, ((right, wrong), expected) in outcomes.items():
        print(f"{name}: {right} of {expected[0]} accepted, {wrong} of {expected[1]} forgeries refused")
    sys.exit(0 if all(got == expected for got, expected in outcomes.values()) else 1)


if __name__ == "__main__":
    main()
