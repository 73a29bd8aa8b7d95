"""When to send again."""
import copy
import math
import pickle
import threading
import unittest

import barker
from barker import Retry, Status, Verdict, Webhook

from support import WithReceiver


def answered(status, retry_after=None):
    pairs = [] if retry_after is None else [("Retry-AFTER", retry_after)]
    return barker.Response(status, pairs, b"", "", "", "", "")


def failed(kind, status, response=None):
    error = kind("failed")
    error.status = status
    if response is not None:
        error.response = response
    return error


class RetryTest(WithReceiver):
    def judged(self, verdict, least, most, outcome, tries=1, retry=None):
        judgement = (retry or Retry()).judge(outcome, tries)
        self.assertIs(judgement.verdict, verdict)
        self.assertTrue(least <= judgement.wait <= most, judgement)

    def test_default_policy(self):
        self.judged(Verdict.DELIVERED, 0, 0, answered(204, "100"))
        self.judged(Verdict.GONE, 0, 0, answered(410))
        self.judged(Verdict.RETRY, 4, 6, answered(500))
        self.judged(Verdict.RETRY, 4, 6, answered(500), 0)
        self.judged(Verdict.RETRY, 19 * 3600, 29 * 3600, answered(500), 9)
        self.judged(Verdict.DEAD, 0, 0, answered(500), 10)
        self.judged(Verdict.RETRY, 60, 72, answered(503))
        self.judged(Verdict.RETRY, 100, 120, answered(404, "100"))
        self.judged(Verdict.RETRY, 4, 6, answered(404, "soon"))
        self.judged(Verdict.RETRY, 4, 6, answered(404, "\xe9"))
        self.judged(Verdict.RETRY, 60, 72, failed(barker.Timeout, Status.TIMEOUT))
        self.judged(Verdict.RETRY, 4, 6, failed(barker.ConnectError, Status.RESOLVE))
        self.judged(Verdict.DEAD, 0, 0, failed(barker.Refused, Status.REFUSED))
        self.judged(Verdict.DEAD, 0, 0, failed(barker.Unsendable, Status.URL))
        cut_off = failed(barker.BrokenConnection, Status.RECEIVE, answered(500, "100"))
        self.judged(Verdict.RETRY, 100, 120, cut_off)
        cut_off = failed(barker.BrokenConnection, Status.RECEIVE, answered(200))
        self.judged(Verdict.DELIVERED, 0, 0, cut_off)

    def test_settings(self):
        retry = Retry([1, 2.5], jitter=0, retry_after=10, overload_delay=5,
                      final_statuses=[400, 413])
        self.assertEqual(retry.judge(answered(500), 1), (Verdict.RETRY, 1))
        self.assertEqual(retry.judge(answered(500), 2), (Verdict.RETRY, 2.5))
        self.assertEqual(retry.judge(answered(500), 3), (Verdict.DEAD, 0))
        self.assertEqual(retry.judge(answered(429), 1), (Verdict.RETRY, 5))
        self.assertEqual(retry.judge(answered(500, "100"), 1), (Verdict.RETRY, 11))
        self.assertEqual(retry.judge(answered(413), 1), (Verdict.DEAD, 0))
        self.judged(Verdict.DEAD, 0, 0, answered(500), retry=Retry([], final_statuses=()))

    def test_wrong_settings(self):
        for settings in ({"delays": [1] * 101}, {"delays": [-1]}, {"delays": [5_000_000]},
                         {"delays": [math.nan]}, {"jitter": 101}, {"jitter": -1},
                         {"retry_after": 2**32}, {"overload_delay": -1},
                         {"overload_delay": math.inf}, {"final_statuses": [299]},
                         {"final_statuses": [400, 600]}, {"final_statuses": [65936]},
                         {"final_statuses": [-1]}, {"final_statuses": [400] * 301}):
            with self.assertRaises(barker.UsageError, msg=settings) as caught:
                Retry(**settings)
            self.assertEqual(caught.exception.status, Status.RANGE)
        for settings in ({"delays": ["1"]}, {"delays": [None]}, {"delays": 1}, {"jitter": 1.5},
                         {"final_statuses": ["400"]}, {"nonsense": 1}):
            with self.assertRaises(TypeError, msg=settings):
                Retry(**settings)

    def test_wrong_outcomes(self):
        for outcome in (None, 500, "500", ValueError(), barker.HTTPError("500")):
            with self.assertRaises(TypeError, msg=outcome):
                Retry().judge(outcome, 1)
        for tries, error in ((None, TypeError), (-1, barker.UsageError),
                             (2**32, barker.UsageError)):
            with self.assertRaises(error):
                Retry().judge(answered(500), tries)
        for duplicate in (copy.copy, copy.deepcopy, pickle.dumps):
            with self.assertRaises(TypeError):
                duplicate(Retry())

    def test_outcomes_of_sends(self):
        self.judged(Verdict.DELIVERED, 0, 0, Webhook(self.url, "x").send())
        self.judged(Verdict.RETRY, 60, 72, Webhook(self.receiver.url("/503"), "x").send())
        for policy, verdict, most in ((barker.Addresses.PUBLIC, Verdict.DEAD, 0),
                                      (barker.Addresses.ANY, Verdict.RETRY, 6)):
            with self.assertRaises(barker.DeliveryError) as caught:
                Webhook("http://127.0.0.1:1/", "x", address_policy=policy).send()
            self.judged(verdict, 0, most, caught.exception)

    def test_threads_share_a_policy(self):
        retry, verdicts = Retry(), []

        def judge():
            verdicts.extend(retry.judge(answered(500), 1).verdict for _ in range(100))

        threads = [threading.Thread(target=judge) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(verdicts, [Verdict.RETRY] * 800)


if __name__ == "__main__":
    unittest.main()
