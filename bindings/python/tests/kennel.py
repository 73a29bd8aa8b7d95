"""Applications behind the middleware, for the servers of test_servers.py.

They answer a webhook with the process that served it; but /fail raises, /503 says so, /bark sends a
webhook on, to the URL in $FORWARD, with a handle that was made and used before any fork.
"""
import os
from wsgiref.validate import validator

import barker
import barker.asgi
import barker.wsgi

hook = barker.Webhook(key="kennel", replay_limit=int(os.environ.get("REPLAY_LIMIT", "0")))
forward = barker.Webhook(os.environ.get("FORWARD"), "forwarded")
if forward.url:
    forward.send("before the fork")


def wsgi_kennel(environ, start_response):
    if environ["PATH_INFO"] == "/fail":
        raise RuntimeError("the application failed")
    status = "503 Busy" if environ["PATH_INFO"] == "/503" else "200 OK"
    if environ["PATH_INFO"] == "/bark":
        forward.send()
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    answer = b"%d %d" % (os.getpid(), len(body))
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer]


async def asgi_kennel(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["path"] == "/fail":
        raise RuntimeError("the application failed")
    status = 503 if scope["path"] == "/503" else 200
    if scope["path"] == "/bark":
        await forward.send_async()
    body = (await receive())["body"]
    answer = b"%d %d" % (os.getpid(), len(body))
    await send({"type": "http.response.start", "status": status,
                "headers": [(b"content-length", b"%d" % len(answer))]})
    await send({"type": "http.response.body", "body": answer})


wsgi = validator(barker.wsgi.VerifyWebhooks(validator(wsgi_kennel), hook, max_body=1000))
asgi = barker.asgi.VerifyWebhooks(asgi_kennel, hook, max_body=1000)
