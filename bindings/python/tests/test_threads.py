"""Threads, processes, signals and asyncio: what else runs during a send, and how one is ended."""
import asyncio
import multiprocessing
import signal
import subprocess
import sys
import threading
import unittest
import warnings

import barker
from barker import Webhook

from support import PATIENCE, WithReceiver

THREADS = 8
SENDS = 100


class ThreadTest(WithReceiver):
    def run_threads(self, *targets):
        threads = [threading.Thread(target=target, daemon=True) for target in targets]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
            self.assertFalse(thread.is_alive())

    def start_slow(self, hook, outcomes):
        """A thread that sends to a receiver that does not answer yet."""
        def send():
            try:
                outcomes.append(hook.send("slow"))
            except barker.Error as error:
                outcomes.append(error)
        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        self.assertTrue(self.receiver.arrived.acquire(timeout=PATIENCE))
        return thread

    def test_others_run_during_a_send(self):
        """The receiver answers from this very process, and only once this thread has worked."""
        outcomes = []
        thread = self.start_slow(Webhook(self.receiver.url("/slow"), timeout=PATIENCE), outcomes)
        self.assertEqual(sum(range(100_000)), 4_999_950_000)
        self.assertEqual(outcomes, [])
        self.receiver.released.set()
        thread.join(PATIENCE)
        self.assertEqual([outcome.ok for outcome in outcomes], [True])

    def test_one_webhook_in_many_threads(self):
        hook = Webhook(self.receiver.url("/echo"), timeout=PATIENCE)
        wrong = []

        def work(name):
            for number in range(SENDS):
                body = f"{name} {number}"
                response = hook.send(body)
                if response.text != body:
                    wrong.append((body, response.text))
                headers = {"BARKER_TIMESTAMP": response.timestamp,
                           "BARKER_SIGNATURE": response.signature}
                hook.verify(headers, body)
        self.run_threads(*(lambda name=name: work(name) for name in range(THREADS)))
        self.assertEqual(wrong, [])
        self.assertEqual(len(self.receiver.requests), THREADS * SENDS)
        self.assertLessEqual(self.receiver.connections, THREADS)

    def test_changes_while_others_send(self):
        hook = Webhook(self.url, "x", timeout=PATIENCE)
        done = threading.Event()
        failures = []

        def guarded(work):
            try:
                work()
            except Exception as error:
                failures.append(error)

        def send():
            for _ in range(SENDS):
                hook.send()

        def change():
            number = 0
            while not done.is_set():
                number += 1
                hook.headers = {"X-Number": str(number)}
                hook.key = str(number)
                hook.url = self.receiver.url(f"/20{number % 7}")
                hook.clone(data=str(number))
                hook.close_idle()

        changer = threading.Thread(target=guarded, args=(change,), daemon=True)
        changer.start()
        self.run_threads(*(lambda: guarded(send) for _ in range(4)))
        done.set()
        changer.join(PATIENCE)
        self.assertEqual(failures, [])
        self.assertEqual(len(self.receiver.requests), 4 * SENDS)

    def test_stop(self):
        hook = Webhook(self.receiver.url("/slow"), timeout=PATIENCE)
        outcomes = []
        threads = [self.start_slow(hook, outcomes) for _ in range(3)]
        hook.stop()
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual([type(outcome) for outcome in outcomes], 3 * [barker.Stopped])
        with self.assertRaises(barker.Stopped):
            hook.send("later")
        with self.assertRaises(barker.Stopped):
            barker.send_many([hook])
        self.assertEqual(len(self.receiver.requests), 3)
        hook.url = self.url
        self.assertTrue(hook.clone().send("x").ok)
        hook.resume()
        for _ in range(3):
            self.assertTrue(hook.send("x").ok)

    def test_stop_in_a_batch(self):
        slow = Webhook(self.receiver.url("/slow"), "x", timeout=PATIENCE)
        outcomes = []
        thread = threading.Thread(daemon=True, target=lambda: outcomes.extend(
            barker.send_many([slow, Webhook(self.url, "y")])))
        thread.start()
        for _ in range(2):
            self.assertTrue(self.receiver.arrived.acquire(timeout=PATIENCE))
        slow.stop()
        thread.join(PATIENCE)
        self.assertEqual([type(outcome).__name__ for outcome in outcomes],
                         ["Stopped", "Response"])


class AsyncTest(WithReceiver):
    def test_send(self):
        async def send():
            hook = Webhook(self.receiver.url("/echo"))
            return await asyncio.gather(*(hook.send_async(str(number)) for number in range(20)))
        responses = asyncio.run(send())
        self.assertEqual([response.text for response in responses], list(map(str, range(20))))

    def test_error(self):
        async def send():
            await Webhook(None, "x").send_async()
        with self.assertRaises(barker.Unsendable):
            asyncio.run(send())

    def test_cancelled(self):
        hook = Webhook(self.receiver.url("/slow"), timeout=PATIENCE)

        async def send():
            task = asyncio.ensure_future(hook.send_async("x"))
            await asyncio.get_running_loop().run_in_executor(None, self.receiver.arrived.acquire)
            others = asyncio.ensure_future(Webhook(self.url).send_async("not cancelled"))
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            return await others
        self.assertTrue(asyncio.run(send()).ok)
        hook.url = self.url
        self.assertTrue(hook.send("x").ok)
        with self.assertRaises(asyncio.TimeoutError):
            hook.url = self.receiver.url("/slow")
            asyncio.run(asyncio.wait_for(hook.send_async("x"), 0.1))


def send_in_child(hook, count):
    for _ in range(count):
        if not hook.send("from the child").ok:
            sys.exit(1)


class ProcessTest(WithReceiver):
    def test_fork(self):
        """Even while other threads are sending."""
        hook = Webhook(self.url, timeout=PATIENCE)
        hook.send("before")
        going_on = threading.Event()
        threads = [threading.Thread(
            target=lambda: [hook.send("meanwhile") for _ in iter(going_on.is_set, True)],
            daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        context = multiprocessing.get_context("fork")
        children = []
        for _ in range(10):
            child = context.Process(target=send_in_child, args=(hook, 10))
            with warnings.catch_warnings():  # about forking with threads, since 3.12
                warnings.simplefilter("ignore", DeprecationWarning)
                child.start()
            children.append(child)
        for child in children:
            child.join(PATIENCE)
            self.assertEqual(child.exitcode, 0)
        going_on.set()
        for thread in threads:
            thread.join(PATIENCE)
        self.assertTrue(hook.send("after").ok)
        sent = [request.body for request in self.receiver.requests]
        self.assertEqual(sent.count(b"from the child"), 100)

    def test_exit_amid_a_send(self):
        process = subprocess.Popen(
            [sys.executable, "-c",
             "import sys, threading, barker\n"
             "hook = barker.Webhook(sys.argv[1], 'x', timeout=60)\n"
             "threading.Thread(target=hook.send, daemon=True).start()\n"
             "sys.stdin.read()", self.receiver.url("/slow")], stdin=subprocess.PIPE)
        self.assertTrue(self.receiver.arrived.acquire(timeout=PATIENCE))
        process.stdin.close()
        self.assertEqual(process.wait(PATIENCE), 0)

    def interrupt(self, code, webhooks=1):
        """What the program prints that is interrupted as by Ctrl-C when its webhooks have come."""
        process = subprocess.Popen([sys.executable, "-c", code, self.receiver.url("/slow")],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            for _ in range(webhooks):
                self.assertTrue(self.receiver.arrived.acquire(timeout=PATIENCE))
            process.send_signal(signal.SIGINT)
            return process.communicate(timeout=PATIENCE)[0]
        finally:
            process.kill()
            process.wait()

    def test_interrupt_waits_for_the_timeout(self):
        printed = self.interrupt(
            "import sys, time, barker\n"
            "start = time.monotonic()\n"
            "try: barker.Webhook(sys.argv[1], 'x', timeout=1).send()\n"
            "except KeyboardInterrupt: print('interrupted', time.monotonic() - start >= 1)\n")
        self.assertEqual(printed, "interrupted True\n")

    def test_interrupt_of_a_thread(self):
        printed = self.interrupt(
            "import sys, barker\n"
            "from concurrent.futures import ThreadPoolExecutor\n"
            "hook = barker.Webhook(sys.argv[1], 'x', timeout=60)\n"
            "with ThreadPoolExecutor(1) as executor:\n"
            "    try:\n"
            "        sending = executor.submit(hook.send)\n"
            "        sending.result()\n"
            "    except KeyboardInterrupt:\n"
            "        hook.stop()\n"
            "print(type(sending.exception()).__name__)\n")
        self.assertEqual(printed, "Stopped\n")

    def test_interrupt_of_a_batch(self):
        for progress in ("None", "lambda index, outcome: told.append(index)"):
            printed = self.interrupt(
                "import sys, barker\n"
                "told = []\n"
                "hooks = [barker.Webhook(sys.argv[1], 'x', timeout) for timeout in (1, 0.5)]\n"
                f"try: barker.send_many(hooks, progress={progress})\n"
                "except KeyboardInterrupt: print('interrupted', len(told))\n", 2)
            self.assertRegex(printed, "^interrupted [01]\n$")

    @unittest.skipIf(sys.version_info < (3, 11), "asyncio.run() ends at once")
    def test_interrupt_of_asyncio(self):
        printed = self.interrupt(
            "import asyncio, sys, barker\n"
            "hook = barker.Webhook(sys.argv[1], 'x', timeout=60)\n"
            "try: asyncio.run(hook.send_async())\n"
            "except KeyboardInterrupt: print('stopped')\n")
        self.assertEqual(printed, "stopped\n")


if __name__ == "__main__":
    unittest.main()
