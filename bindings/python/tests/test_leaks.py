"""100,000 calls leave no memory behind, neither Python's own nor the library's, and no handle."""
import gc
import os
import subprocess
import threading
import tracemalloc
import unittest

import barker
from barker import Scheme, Webhook

from support import PATIENCE, TOP, free_port

RECEIVER = os.path.join(TOP, "build/tests/receiver")  # fast: benches/receiver.c
CALLS = 100_000
KNOWN = {"BARKER_TIMESTAMP": "1566234234.123456",
         "BARKER_SIGNATURE": "db1541f495c52e2985cd5744441db766"}


def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def quietly(call):
    try:
        call()
    except (barker.Error, TypeError):
        return
    raise AssertionError("should have failed")


class LeakTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        os.makedirs(os.path.dirname(RECEIVER), exist_ok=True)
        subprocess.run(["cc", "-std=c11", "-O2", "-I", os.path.join(TOP, "build/demo/include"),
                        os.path.join(TOP, "benches/receiver.c"), "-o", RECEIVER], check=True)
        cls.process = subprocess.Popen([RECEIVER, "0"], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
        cls.url = f"http://127.0.0.1:{int(cls.process.stdout.readline())}/"

    @classmethod
    def tearDownClass(cls):
        cls.process.stdin.close()
        cls.process.stdout.close()
        cls.process.wait(PATIENCE)

    def assert_flat(self, call, calls):
        """After the first rounds, memory stays as it is within a twentieth, and what Python has
        allocated within some KiB."""
        def run(rounds):
            for _ in range(rounds * calls // 8):
                call()
            gc.collect()
        run(2)
        before = resident()
        run(4)
        self.assertLess(resident(), before * 1.05)
        tracemalloc.start()
        try:
            run(1)
            traced = tracemalloc.get_traced_memory()[0]
            run(1)
            self.assertLess(tracemalloc.get_traced_memory()[0] - traced, 8192)
        finally:
            tracemalloc.stop()

    def test_sending(self):
        hook = Webhook(self.url, "x" * 1024)
        self.assert_flat(hook.send, CALLS)
        self.assertEqual((len(hook._idle), len(hook._busy)), (1, 0))

    def test_verifying_and_signing(self):
        hook, headers = Webhook(tolerance=0), {**KNOWN, "Host": "kennel", "Accept": "*/*"}

        def call():
            hook.verify(headers, b"hello")
            quietly(lambda: hook.verify(headers, b"other"))
            hook.sign_headers("hello")
            hook.sign("hello")
        self.assert_flat(call, CALLS // 4)

    def test_making_and_changing(self):
        def call():
            hook = Webhook("http://127.0.0.1/", "data", key="key", headers={"X-One": "1"},
                           log=lambda level, line: None, replay_limit=10)
            hook.headers["X-Two"] = "2"
            hook.verify(hook.clone(tolerance=10).sign_headers("x"), "x")
            quietly(lambda: Webhook(proxy="ftp://kennel"))
            quietly(lambda: Webhook("nowhere").send())
            barker.generate_id(), barker.generate_secret(), barker.generate_key_pair()
        self.assert_flat(call, CALLS // 20)

    def test_failing_and_batches(self):
        dead = Webhook(f"http://127.0.0.1:{free_port()}/", "x")
        hooks = [Webhook(self.url, "x", secrets={Scheme.GITHUB: "g"}), dead]

        def call():
            quietly(dead.send)
            barker.send_many(hooks)
        self.assert_flat(call, CALLS // 20)

    def test_threads(self):
        hook = Webhook(self.url, "x")

        def call():
            threads = [threading.Thread(target=hook.send) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assert_flat(call, CALLS // 100)


if __name__ == "__main__":
    unittest.main()
