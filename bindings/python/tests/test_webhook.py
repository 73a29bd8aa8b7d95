"""What Webhook sends and verifies, its settings, its errors, and wrong input of every kind."""
import copy
import gc
import inspect
import os
import pickle
import ssl
import subprocess
import tempfile
import unittest

import barker
from barker import Addresses, LogLevel, Scheme, Spelling, Status, Webhook
from barker._settings import SETTINGS

from support import WithReceiver, free_port, run_python

KNOWN = {"BARKER_TIMESTAMP": "1566234234.123456",
         "BARKER_SIGNATURE": "db1541f495c52e2985cd5744441db766"}


class SendTest(WithReceiver):
    def last(self):
        return self.receiver.requests[-1]

    def test_data_as_it_is(self):
        for data in ("", "Grüße", b"", b"\x00\xff", bytearray(b"1234"), memoryview(b"5678"),
                     b"x" * 3_000_000):
            Webhook(self.url, data).send()
            wanted = data.encode() if isinstance(data, str) else bytes(data)
            self.assertEqual(self.last().body, wanted)
        hook = Webhook(self.url, "of the webhook")
        hook.send("of this send")
        self.assertEqual(self.last().body, b"of this send")
        hook.send(b"")
        self.assertEqual(self.last().body, b"")
        hook.send()
        self.assertEqual(self.last().body, b"of the webhook")
        self.assertEqual(hook.data, "of the webhook")
        Webhook(self.url).send()
        self.assertEqual(self.last().body, b"")

    def test_connection_is_kept(self):
        hook = Webhook(self.url)
        for number in range(10):
            hook.headers["X-Number"] = str(number)
            hook.key = f"key {number}"
            hook.timeout = 5 + number
            hook.clone(url=self.receiver.url("/clone")).send("x")
            hook.send("x")
            self.assertEqual(self.last().headers["X-Number"], str(number))
        self.assertEqual(self.receiver.connections, 1)
        hook.close_idle()
        hook.send("x")
        self.assertEqual(self.receiver.connections, 2)

    def test_headers(self):
        given = {"X-One": "1", "content-type": "text/plain", "User-Agent": "kennel"}
        hook = Webhook(self.url, headers=given)
        hook.send("x")
        headers = self.last().headers
        self.assertEqual((headers["X-One"], headers["Content-Type"], headers["User-Agent"]),
                         ("1", "text/plain", "kennel"))
        self.assertEqual(len(given), 3)
        hook.headers = {"X-Two": "2"}
        hook.send("x")
        headers = self.last().headers
        self.assertEqual((headers["X-One"], headers["Content-Type"], headers["X-Two"]),
                         (None, None, "2"))

    def test_response(self):
        hook = Webhook(self.receiver.url("/echo"), '{"a": ["ü"]}')
        hook.headers["X-Answer-Type"] = "application/json"
        response = hook.send()
        self.assertEqual(response.json(), {"a": ["ü"]})
        self.assertEqual(response.json(object_pairs_hook=list), [("a", ["ü"])])
        self.assertEqual(response.headers["x-TWICE"], "one, two")
        self.assertEqual([value for name, value in response.headers.pairs
                          if name.lower() == "x-twice"], ["one", "two"])
        with self.assertRaises(KeyError):
            response.headers["X-None"]
        self.assertEqual((response.timestamp, response.signature, response.id),
                         (hook.headers["BARKER_TIMESTAMP"], hook.headers["BARKER_SIGNATURE"], ""))
        hook.headers["X-Answer-Type"] = "text/plain; charset=of-nowhere"
        self.assertEqual(hook.send("ü\udcff".encode("utf-8", "surrogateescape")).text, "ü\ufffd")
        with self.assertRaises(ValueError):
            hook.response.json()
        response = Webhook(self.receiver.url("/503"), "x").send()
        self.assertFalse(response)
        with self.assertRaisesRegex(barker.HTTPError, "503 Service Unavailable"):
            response.raise_for_status()
        self.assertEqual(Webhook(self.receiver.url("/599"), "x").send().reason, "")

    def test_schemes(self):
        secret = barker.generate_secret()
        for scheme in Scheme:
            hook = Webhook(self.url, secrets={scheme: secret})
            response = hook.send("x" * 100)
            self.assertEqual(hook.headers, {})
            self.assertIsNone(hook.key)
            hook.verify(self.last().headers, self.last().body)
            barker.verify(scheme, secret, self.last().headers, self.last().body)
            self.assertIn(response.signature, self.last().headers.values())
            with self.assertRaises(barker.VerificationError) as caught:
                hook.verify(self.last().headers, b"y" * 100)
            self.assertEqual(caught.exception.status, Status.SIGNATURE)

    def test_several_secrets(self):
        old, new = barker.generate_secret(), barker.generate_secret()
        private, public = barker.generate_key_pair()
        Webhook(self.url, secrets={Scheme.STANDARD: [new, old, private], Scheme.GITHUB: "g"}
                ).send("x")
        for secrets in ({Scheme.STANDARD: old}, {Scheme.STANDARD: [new]},
                        {Scheme.STANDARD: public}, {Scheme.GITHUB: b"g"}):
            Webhook(secrets=secrets).verify(self.last().headers, "x")

    def test_id(self):
        hook = Webhook(self.url, secrets={Scheme.SVIX: barker.generate_secret()})
        first = hook.send("x")
        self.assertEqual(self.last().headers["svix-id"], first.id)
        hook.id = first.id
        hook.send("x")
        self.assertEqual(self.last().headers["svix-id"], first.id)
        hook.id = None
        self.assertNotEqual(hook.send("x").id, first.id)
        self.assertRegex(barker.generate_id(), r"^msg_[0-9a-f]{32}$")
        hook.url = f"http://127.0.0.1:{free_port()}/"
        with self.assertRaises(barker.ConnectError) as caught:
            hook.send("x")
        self.assertRegex(caught.exception.id, "^msg_")

    def test_spelling(self):
        Webhook(self.url, spelling=Spelling.BOTH).send("x")
        names = [name for name in self.last().headers if name.startswith("BARKER")]
        self.assertEqual(sorted(names), ["BARKER-SIGNATURE", "BARKER-TIMESTAMP",
                                         "BARKER_SIGNATURE", "BARKER_TIMESTAMP"])

    def test_clone(self):
        class Kennel(Webhook):
            pass
        hook = Kennel(self.url, "data", 3, headers={"X-One": "1"}, max_body=2)
        hook.room = 7
        clone = hook.clone(url=self.receiver.url("/echo"), key="other", max_body=100)
        self.assertIsInstance(clone, Kennel)
        self.assertEqual((clone.data, clone.timeout, clone.room, clone.response),
                         ("data", 3, 7, None))
        clone.send("more than two")
        self.assertEqual(self.last().headers["X-One"], "1")
        clone.headers["X-One"] = "2"
        self.assertEqual(hook.headers["X-One"], "1")
        barker.verify(Scheme.BARKER, "other", self.last().headers, "more than two")
        hook.url = clone.url
        with self.assertRaises(barker.BadAnswer) as caught:
            hook.send("more than two")
        self.assertEqual(caught.exception.status, Status.TOO_LARGE)
        standard = clone.clone(secrets={Scheme.STANDARD: barker.generate_secret()})
        self.assertIsNone(standard.key)
        standard.clone().send("x")
        self.assertIn("webhook-id", self.last().headers)
        standard.key = "back to the key"
        standard.send("x")
        barker.verify(Scheme.BARKER, "back to the key", self.last().headers, "x")
        for wrong in ({"colour": "brown"}, {"key": "x", "secrets": {Scheme.GITHUB: "x"}}):
            with self.assertRaises(TypeError):
                hook.clone(**wrong)

    def test_copies(self):
        hook = Webhook(self.url, "x")
        copy.copy(hook).send()
        for refused in (copy.deepcopy, pickle.dumps):
            with self.assertRaisesRegex(TypeError, "clone"):
                refused(hook)

    def test_many(self):
        hook = Webhook(self.url, "x", secrets={Scheme.STANDARD: barker.generate_secret()})
        bad = hook.clone(url=f"http://127.0.0.1:{free_port()}/")
        hooks = [hook.clone(url=self.receiver.url(f"/{200 + n}")) for n in range(5)]
        hooks.insert(2, bad)
        told = {}
        outcomes = barker.send_many(hooks, 3, lambda index, outcome: told.update({index: outcome}))
        self.assertEqual([getattr(outcome, "status_code", None) for outcome in outcomes],
                         [200, 201, None, 202, 203, 204])
        self.assertIsInstance(outcomes[2], barker.ConnectError)
        self.assertEqual([told[index] for index in range(6)], outcomes)
        self.assertEqual(hooks[0].response, outcomes[0])
        ids = {request.headers["webhook-id"] for request in self.receiver.requests}
        self.assertEqual(len(ids), 1)  # one message
        self.assertEqual(barker.send_many([]), [])
        plain = Webhook(self.url, "y")
        self.assertEqual([r.status_code for r in barker.send_many([plain, plain])], [204, 204])
        self.assertTrue(plain.verify_hash())
        plain.data = "z"
        barker.send_many((plain,))
        self.assertEqual(self.last().body, b"z")

    def test_many_stopped(self):
        hooks = [Webhook(self.url, str(number)) for number in range(20)]
        outcomes = barker.send_many(hooks, 1, lambda index, outcome: index == 3)
        self.assertEqual([type(outcome).__name__ for outcome in outcomes],
                         4 * ["Response"] + 16 * ["Stopped"])
        with self.assertRaises(ZeroDivisionError):
            barker.send_many(hooks, 1, lambda index, outcome: 1 // 0)
        with self.assertRaises(barker.Unsendable):
            barker.send_many([hooks[0], Webhook(data="x")])
        for wrong in (lambda: barker.send_many(hooks, -1), lambda: barker.send_many(hooks, 2**32)):
            with self.assertRaises(barker.UsageError):
                wrong()
        for wrong in (lambda: barker.send_many(7), lambda: barker.send_many([7]),
                      lambda: barker.send_many(hooks, "one")):
            with self.assertRaises((TypeError, AttributeError)):
                wrong()
        self.assertEqual(len(barker.send_many(hooks)), 20)

    def test_log(self):
        lines = []
        hook = Webhook(self.url, "x", log=lambda *line: lines.append(line),
                       log_level=LogLevel.DEBUG)
        hook.clone().send()
        self.assertEqual({type(level) for level, _ in lines}, {LogLevel})
        self.assertIn((LogLevel.INFO, f"{self.url[7:-1]} answered 204"), lines)
        count = len(lines)
        hook.clone(log=lines.append, log_level=LogLevel.OFF).send()
        self.assertEqual(len(lines), count)
        hook = Webhook(self.url, "x", log=lambda *line: lines.append(line))
        del lines[:]
        gc.collect()
        hook.send()
        self.assertEqual([level for level, _ in lines], [LogLevel.INFO])
        printed = run_python(  # an exception goes where Python shows those of callbacks
            "import sys, barker\n"
            "sys.unraisablehook = lambda what: print(what.exc_type.__name__)\n"
            "print(barker.Webhook(sys.argv[1], log=lambda level, line: 1 // 0).send())", self.url)
        self.assertEqual(printed.split("\n")[:2], ["ZeroDivisionError", "<Response [204]>"])

    def test_policy_and_ports(self):
        port = self.receiver.server_port
        for allowed in ({"address_policy": Addresses.ANY}, {"allow_ports": [port]},
                        {"address_policy": Addresses.LISTED, "allow_networks": ["127.0.0.0/8"]},
                        {"address_policy": Addresses.PUBLIC, "allow_networks": ["127.0.0.1"]}):
            Webhook(self.url, "x", **allowed).send()
        for refused in ({"address_policy": Addresses.PUBLIC}, {"https_only": True},
                        {"deny_networks": ("127.0.0.0/8",)}, {"allow_ports": [port + 1]}):
            with self.assertRaises(PermissionError) as caught:
                Webhook(self.url, "x", **refused).send()
            self.assertEqual(caught.exception.status, Status.REFUSED)

    def test_redirects_and_proxy(self):
        with self.assertRaises(barker.ConnectError) as caught:
            Webhook(self.url, "x", proxy=f"http://127.0.0.1:{free_port()}").send()
        self.assertIn(caught.exception.status, (Status.PROXY, Status.CONNECT))
        environment = dict(os.environ, http_proxy=f"http://127.0.0.1:{free_port()}", no_proxy="")
        printed = run_python(
            "import sys, barker\n"
            "print(barker.Webhook(sys.argv[1]).send())\n"
            "try: barker.Webhook(sys.argv[1], proxy_from_environment=True).send()\n"
            "except barker.ConnectError: print('by the proxy')", self.url, env=environment)
        self.assertEqual(printed, "<Response [204]>\nby the proxy\n")
        Webhook(self.url, "x", redirects=3, redirects_to_other_origins=True,
                idle_limits=(0, 0), max_connection_age=0, lookup_lifetime=0).send()

    def test_every_setting_is_a_parameter(self):
        parameters = {*inspect.signature(Webhook).parameters}
        self.assertEqual(parameters - {"url", "data", "timeout", "key", "headers", "id"},
                         {*SETTINGS})


class VerifyTest(unittest.TestCase):
    def test_known_answer(self):
        hook = Webhook(tolerance=0)
        body = b"hello"
        environ = {"HTTP_" + name: value for name, value in KNOWN.items()}
        lower = {name.lower().replace("_", "-"): value for name, value in KNOWN.items()}
        raw = [(name.encode(), value.encode()) for name, value in KNOWN.items()]
        for headers in (KNOWN, environ, lower, raw, tuple(KNOWN.items()), iter(raw), dict(raw),
                        {**KNOWN, "X-Other": "ü\udcff\ud800"}):
            hook.verify(headers, body)
        for same in ("hello", bytearray(body), memoryview(body)):
            hook.verify(KNOWN, same)
        self.assertEqual(hook.sign("hello", "1566234234.123456"), tuple(KNOWN.values()))
        self.assertEqual(hook.sign_headers("hello", 1566234234.123456), KNOWN)

    def test_refusals(self):
        hook = Webhook()
        cases = {
            Status.TOO_OLD: KNOWN,
            Status.HEADER_MISSING: {},
            Status.HEADER_MALFORMED: {**KNOWN, "BARKER_TIMESTAMP": "today"},
            Status.HEADER_AMBIGUOUS: [*KNOWN.items(), ("BARKER_TIMESTAMP", "1")],
            Status.SIGNATURE: {**KNOWN, "BARKER_SIGNATURE": 32 * "0"},
            Status.TOO_NEW: hook.sign_headers("hello", 2**33),
        }
        for status, headers in cases.items():
            with self.assertRaises(barker.VerificationError) as caught:
                hook.verify(headers, "hello")
            self.assertEqual(caught.exception.status, status)
            self.assertIsInstance(caught.exception, ValueError)
        for smuggled in ({**KNOWN, "BARKER_SIGNATURE": KNOWN["BARKER_SIGNATURE"] + "\0"},
                         {**KNOWN, "BARKER_SIGNATURE\0x": "x"}):
            with self.assertRaises(barker.VerificationError):
                hook.verify(smuggled, "hello")

    def test_replay(self):
        hook = Webhook(replay_limit=1)
        headers = hook.sign_headers("x")
        hook.verify(headers, "x")
        with self.assertRaises(barker.Replayed):
            hook.clone().verify(headers, "x")
        with self.assertRaises(barker.ReplayFull):
            hook.verify(hook.sign_headers("y"), "y")
        hook.forget(headers, "x")
        hook.verify(headers, "x")

    def test_other_key_at_once(self):
        hook = Webhook(key="one")
        headers = hook.sign_headers("x")
        hook.key = b"two"
        with self.assertRaises(barker.VerificationError):
            hook.verify(headers, "x")
        hook.key = "one"
        hook.verify(headers, "x")

    def test_headers_as_received(self):
        """Where the original keeps what was received, there may be some that cannot be sent."""
        hook = Webhook(data="hello", tolerance=0)
        hook.headers = {**KNOWN, "Host": "kennel", "Content-Length": "5"}
        self.assertTrue(hook.verify_hash())
        hook.verify(hook.headers, hook.data)

    def test_verify_hash(self):
        hook = Webhook(data=b"hello")
        hook.headers = dict(KNOWN)
        self.assertTrue(hook.verify_hash())
        hook.headers["BARKER_SIGNATURE"] = ""
        self.assertFalse(hook.verify_hash())
        with self.assertRaises(TypeError):
            Webhook(secrets={Scheme.BARKER: "x"}).verify_hash()

    def test_signing_for_another_client(self):
        secret = barker.generate_secret()
        hook = Webhook(secrets={Scheme.STANDARD: secret}, id="msg_1")
        headers = hook.sign_headers("x")
        self.assertEqual(sorted(headers), ["webhook-id", "webhook-signature", "webhook-timestamp"])
        self.assertEqual(hook.sign("x", headers["webhook-timestamp"]),
                         (headers["webhook-timestamp"], headers["webhook-signature"]))
        hook.id = None
        with self.assertRaises(barker.UsageError) as caught:
            hook.sign("x")
        self.assertEqual(caught.exception.status, Status.ID)


class ErrorTest(WithReceiver):
    def test_every_status_has_its_kind(self):
        for status in Status:
            if status == Status.OK:
                continue
            error = barker._errors.error_of(status)
            self.assertEqual(error.status, status)
            self.assertIsInstance(error.status, Status)
            kind = {1: barker.UsageError, 2: barker.DeliveryError, 3: barker.VerificationError,
                    9: barker.SystemFailure}[status // 100]
            self.assertIsInstance(error, kind)
            self.assertGreater(len(str(error)), 10)
        self.assertEqual(barker._errors.error_of(298).status, 298)
        self.assertIsInstance(barker._errors.error_of(298), barker.DeliveryError)

    def test_delivery(self):
        with self.assertRaises(ConnectionError) as caught:
            Webhook(f"http://127.0.0.1:{free_port()}/").send("x")
        self.assertIn("127.0.0.1", str(caught.exception))
        hook = Webhook(self.receiver.url("/slow"), timeout=0.1)
        with self.assertRaises(TimeoutError) as caught:
            hook.send("x")
        self.assertIsInstance(caught.exception, OSError)
        self.assertIsNone(hook.response)
        self.assertIsNone(caught.exception.response)
        hook.timeout = None
        self.receiver.released.set()
        self.assertTrue(hook.send("x").ok)

    def test_half_an_answer(self):
        hook = Webhook(self.receiver.url("/echo"), "too much", max_body=2)
        with self.assertRaises(barker.BadAnswer) as caught:
            hook.send()
        for error in (caught.exception, *barker.send_many([hook])):
            self.assertEqual(error.status, Status.TOO_LARGE)
            self.assertEqual((error.response.status_code, error.response.content), (200, b""))
            self.assertEqual(error.response.headers["X-Twice"], "one, two")

    def test_tls(self):
        with tempfile.TemporaryDirectory() as directory:
            certificate = os.path.join(directory, "c.pem")
            key = os.path.join(directory, "c.key")
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=test",
                 "-addext", "subjectAltName=IP:127.0.0.1,DNS:kennel.example",
                 "-keyout", key, "-out", certificate],
                check=True, stderr=subprocess.DEVNULL)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self.receiver.socket = context.wrap_socket(self.receiver.socket, server_side=True)
            url = self.url.replace("http:", "https:")
            with open(certificate) as file:
                pem = file.read()
            with open(key) as file:
                key_pem = file.read()
            for trusting in ({"ca": pem}, {"ca_file": certificate, "platform_ca": False},
                             {"ca": pem.encode(), "server_name": "kennel.example"},
                             {"ca": pem, "min_tls": barker.TLS.TLS_1_3},
                             {"ca": pem, "client_certificate": (pem, key_pem)},
                             {"insecure_skip_verify": True}):
                self.assertTrue(Webhook(url, "x", **trusting).send().ok)
            with self.assertRaises(barker.TLSError):
                Webhook(url, "x", platform_ca=False).send()
            with self.assertRaises(barker.TLSError) as caught:
                Webhook(url, "x", ca=pem, server_name="other.example").send()
            self.assertEqual(caught.exception.status, Status.CERTIFICATE_NAME)

    def test_wrong_settings(self):
        """Each is refused with a sentence, and never by the process's end."""
        strangers = [None, 7, -1, 2**32, 2**64, 1.5, float("nan"), float("inf"), "text", b"bytes",
                     "\0", "\ud800", [], [None], {}, object(), (1, 2, 3), {"a": 1}, True]
        parameters = [*inspect.signature(Webhook).parameters]
        refused = 0
        for name in parameters:
            for value in strangers:
                try:
                    hook = Webhook(**{"url": self.url, "data": "x", name: value})
                    hook.send()
                except (barker.Error, TypeError, ValueError) as error:
                    refused += 1
                    self.assertTrue(str(error), (name, value))
        self.assertGreater(refused, 150)

    def test_wrong_arguments(self):
        hook = Webhook(self.url)
        strangers = [7, 1.5, object(), ["list"], {"a": 1}, {1, 2}, hook, True, 0, [], {}, False]
        for value in strangers:
            for call in (
                    lambda v: hook.send(v), lambda v: hook.verify({}, v),
                    lambda v: hook.forget({}, v), lambda v: hook.sign(v),
                    lambda v: hook.sign_headers(v),
                    lambda v: barker.verify(Scheme.BARKER, v, {}, ""),
                    lambda v: hook.verify([(v, v)], ""),
                    lambda v: hook.verify([("a", v)], ""), lambda v: hook.verify({"a": v}, ""),
                    lambda v: hook.verify([("a", "b", "c")], ""),
                    lambda v: barker.verify(v, v, v, v, v)):
                with self.assertRaises((TypeError, barker.Error), msg=repr(value)):
                    call(value)
        for call in (lambda: hook.sign("x", "soon"), lambda: hook.sign("x", float("nan")),
                     lambda: hook.sign("x", "1\x000"), lambda: hook.verify(None, ""),
                     lambda: hook.verify({}, None), lambda: barker.verify(99, "x", {}, ""),
                     lambda: barker.verify(2**31, "x", {}, ""),
                     lambda: barker.verify(0, "x", {}, "", 2**32)):
            with self.assertRaises((TypeError, barker.Error)):
                call()
        hook.key = None
        with self.assertRaises(TypeError):
            hook.send("x")
        hook.key = "back"
        hook.headers = "not a dict"
        with self.assertRaises((TypeError, ValueError)):
            hook.send("x")
        hook.headers = {}
        self.assertTrue(hook.send("x").ok)

    def test_key_is_not_shown(self):
        hook = Webhook("nowhere", "body", key="kept from everyone")
        with self.assertRaises(barker.Unsendable) as caught:
            hook.send()
        self.assertNotIn("kept from", repr(hook) + repr(caught.exception))

    def test_library_not_found(self):
        for path, sentence in (("/nowhere/libbarker.so.0", "BARKER_LIBRARY"),
                               ("libc.so.6", "older than this package")):
            printed = run_python("try: import barker\nexcept ImportError as error: print(error)",
                                 env=dict(os.environ, BARKER_LIBRARY=path))
            self.assertIn(sentence, printed)


if __name__ == "__main__":
    unittest.main()
