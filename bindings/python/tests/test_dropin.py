"""`from barker import Webhook` takes the place of PyPI's barker 0.1: usage.py sees the same of
both, and a receiver receives the same."""
import hashlib
import hmac
import json
import os
import subprocess
import sys
import unittest

from support import PATIENCE, TESTS, WithReceiver

KEYS = ["BARKER", "another key", "key", "Schlüssel 🔑", ""]
OWN = {"user-agent", "accept", "accept-encoding", "connection", "host"}  # each client's own


class DropInTest(WithReceiver):
    maxDiff = None

    def use(self, which):
        """What it saw, and what arrived meanwhile."""
        environment = {name: value for name, value in os.environ.items()
                       if which == "binding" or name != "PYTHONPATH"}
        self.receiver.requests.clear()
        done = subprocess.run([sys.executable, os.path.join(TESTS, "usage.py"), self.url, which],
                              stdout=subprocess.PIPE, env=environment, timeout=PATIENCE, check=True)
        printed = json.loads(done.stdout)
        self.assertEqual(printed["version"], {"original": "0.1", "binding": "0.1.0"}[which])
        return printed["seen"], [self.describe(request) for request in self.receiver.requests]

    def describe(self, request):
        """Without what differs from one moment to the next, and from one client to another."""
        headers = dict(request.headers.items())
        signed = headers.pop("BARKER_TIMESTAMP").encode() + b";" + request.body
        signature = headers.pop("BARKER_SIGNATURE")
        signers = [key for key in KEYS if signature == hmac.new(
            key.encode(), signed, hashlib.md5).hexdigest()]
        own_agent = headers["User-Agent"].startswith("kennel")
        return [request.path, request.body.decode(), signers, own_agent,
                {name: value for name, value in sorted(headers.items())
                 if name.lower() not in OWN}]

    def test_same_usage(self):
        seen_by_original, received_from_original = self.use("original")
        seen, received = self.use("binding")
        self.assertEqual(seen, seen_by_original)
        self.assertEqual(received, received_from_original)
        self.assertGreaterEqual(len(received), 15)
        self.assertTrue(all(len(signers) == 1 for _, _, signers, _, _ in received), received)


if __name__ == "__main__":
    unittest.main()
