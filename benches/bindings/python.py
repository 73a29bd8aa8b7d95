"""Sends with Python and prints what a send costs, for benches/bindings.py.

    python.py URL COUNT METHOD

METHOD is `barker`, the binding; `native`, which is requests with a session, that keeps its
connection; `http.client`, which keeps one too; or `original`, PyPI's barker 0.1. Each signs with
HMAC-MD5.
"""
import hmac
import json
import resource
import sys
import time
import urllib.parse

DATA = "x" * 1024
KEY = "a key of some length"
WARM_UP = 50


def signature():
    timestamp = str(time.time())
    signed = hmac.new(KEY.encode(), f"{timestamp};{DATA}".encode(), "md5").hexdigest()
    return {"BARKER_TIMESTAMP": timestamp, "BARKER_SIGNATURE": signed}


def barker(url):
    from barker import Webhook
    hook = Webhook(url, DATA, key=KEY)
    return lambda: hook.send().status_code


def native(url):
    import requests
    session = requests.Session()
    return lambda: session.post(url, DATA, headers=signature(), timeout=5).status_code


def http_client(url):
    import http.client
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)

    def send():
        connection.request("POST", parts.path, DATA, signature())
        response = connection.getresponse()
        response.read()
        return response.status
    return send


def original(url):
    new = hmac.new  # MD5 was its default when the original was written
    hmac.new = lambda key, msg=None, digestmod="md5": new(key, msg, digestmod)
    import barker
    assert barker.__version__ == "0.1", barker.__file__
    hook = barker.Webhook(url, DATA, key=KEY)
    return lambda: hook.send().status_code


METHODS = {"barker": barker, "native": native, "http.client": http_client, "original": original}


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main():
    url, count, method = sys.argv[1], int(sys.argv[2]), METHODS[sys.argv[3]]
    send = method(url)

    def send_all(number):
        for _ in range(number):
            if not 200 <= send() <= 299:
                raise SystemExit("the receiver refused")

    send_all(WARM_UP)
    wall_before, cpu_before = time.perf_counter(), cpu()
    send_all(count)
    print(json.dumps({
        "wall_us": (time.perf_counter() - wall_before) / count * 1e6,
        "cpu_us": (cpu() - cpu_before) / count * 1e6,
        "rss_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }))


if __name__ == "__main__":
    main()
