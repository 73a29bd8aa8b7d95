"""What programs do with the class of PyPI's barker 0.1, run by test_dropin.py once with that and
once with this package.

    usage.py URL original|binding    prints what was seen, as JSON
"""
import hmac
import json
import sys

if sys.argv[2] == "original":  # MD5 was the default when it was written
    new = hmac.new
    hmac.new = lambda key, msg=None, digestmod="md5": new(key, msg, digestmod)

import barker  # noqa: E402
from barker import Webhook  # noqa: E402

URL = sys.argv[1]
seen = {}


def response(answer):
    return {
        "status_code": answer.status_code, "ok": answer.ok, "reason": answer.reason,
        "true": bool(answer), "text": answer.text, "content": answer.content.decode("latin-1"),
        "one header": answer.headers["X-TWICE"], "no header": answer.headers.get("X-None"),
        "has header": "x-Twice" in answer.headers, "url": answer.url, "repr": repr(answer),
        "lengths": len(answer.headers) - len(dict(answer.headers)),
    }


def kinds(call):
    """Which of Python's own exceptions it raises."""
    try:
        call()
    except Exception as error:
        return [kind.__name__ for kind in (OSError, ValueError, KeyError)
                if isinstance(error, kind)]
    return "nothing"


hook = Webhook()
seen["defaults"] = [hook.url, hook.data, hook.timeout, hook.key, {**hook.headers}, hook.response]
hook.url = URL + "echo/attributes?a=b%20c#fragment"
hook.data = '{"event": "dog.barked"}'
hook.timeout = 2.5
hook.key = "another key"
hook.headers["Content-Type"] = "application/json; charset=utf-8"
hook.headers["User-Agent"] = "kennel/2"
hook.headers["X-Answer-Type"] = "application/json"
seen["attributes"] = response(hook.send())
seen["json"] = hook.response.json()
seen["names"] = sorted(hook.headers)
seen["verifies"] = hook.verify_hash()
hook.data += " "
seen["verifies no longer"] = hook.verify_hash()
first = dict(hook.headers)
del hook.headers["X-Answer-Type"]
seen["again"] = response(hook.send())
seen["signed again"] = first["BARKER_SIGNATURE"] != hook.headers["BARKER_SIGNATURE"]

hook = Webhook(URL + "positional", "data", 3, "key")
returned = hook.send()
seen["positional"] = response(returned)
seen["response"] = hook.response is returned
hook.headers = {"BARKER_TIMESTAMP": "1566234234.123456",
                "BARKER_SIGNATURE": "db1541f495c52e2985cd5744441db766"}
hook.data, hook.key = "hello", "BARKER"
seen["known answer"] = hook.verify_hash()
hook.headers = {}
seen["no headers"] = kinds(hook.verify_hash)

hook = Webhook(url=URL + "echo", data="Hundefänger 🐕\r\n\x00", timeout=5, key="Schlüssel 🔑")
hook.headers["X-Answer-Type"] = "text/plain; charset=UTF-8"
seen["unicode"] = response(hook.send())
seen["unicode verifies"] = hook.verify_hash()
hook.headers["X-Answer-Type"] = 'text/html; charset="latin-1"'
seen["latin-1"] = response(hook.send())

seen["empty"] = response(Webhook(URL, "").send())
seen["user"] = response(Webhook(URL.replace("//", "//dog:w%40f@"), "x", key="").send())
for status in (200, 201, 302, 400, 404, 500, 503):
    hook = Webhook(f"{URL}{status}", "data")
    seen[status] = response(hook.send())
    seen[f"raise {status}"] = kinds(hook.response.raise_for_status)

seen["refused"] = kinds(Webhook("http://127.0.0.1:1/", "x").send)
seen["too slow"] = kinds(Webhook(URL + "slow", "x", timeout=0.2).send)
for url in ("not a URL", "", "htp://127.0.0.1/", None):
    hook = Webhook(url, "x")  # nothing is looked at yet
    seen[f"to {url}"] = kinds(hook.send)
hook = Webhook(URL, "x")
hook.headers["X-Two"] = "one\r\ntwo: three"
seen["bad header"] = kinds(hook.send)
hook = Webhook("http://127.0.0.1:1/", "x")
kinds(hook.send)
seen["signed though not sent"] = hook.verify_hash()

print(json.dumps({"version": barker.__version__, "seen": seen}))
