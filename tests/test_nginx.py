"""Sends webhooks through nginx to the example program `receive`, and sees which spellings of the
headers' names arrive: what docs/verifying.md says under "Behind nginx"."""
import re

import pytest

from support.library import Webhook
from support.receivers import Nginx, Receive

UNDERSCORE, DASH, BOTH = 0, 1, 2
MIB = 2**20
BODIES = [b"", "{\"dog\": \"🐕\"}".encode(), bytes(range(256)), bytes(MIB)]


@pytest.mark.parametrize("setting, spelling, answer, arrive, drop", [
    ("", UNDERSCORE, 401, 0, 2),
    ("", DASH, 204, 2, 0),
    ("", BOTH, 204, 2, 2),
    ("underscores_in_headers on;", UNDERSCORE, 204, 2, 0),
    ("underscores_in_headers on;", DASH, 204, 2, 0),
    ("underscores_in_headers on;", BOTH, 204, 4, 0),
])
def test_spelling(start, tmp_path, setting, spelling, answer, arrive, drop):
    """The answer, and how many of barker's headers arrive and are dropped."""
    receive = start(Receive("BARKER", len(BODIES)))
    hook = start(Webhook())
    hook.set_spelling(spelling)
    with Nginx(tmp_path, f"{setting} location / {{ proxy_pass {receive.url}; }}") as nginx:
        hook.set_url(nginx.url)
        assert [hook.send(body) for body in BODIES] == [answer] * len(BODIES)
        # More than nginx takes by default; `receive` never sees it.
        assert hook.send(bytes(MIB + 1)) == 413
        output = receive.finish()
    dropped = (tmp_path / "log").read_text().count('client sent invalid header line: "BARKER_')
    assert len(re.findall(rb"^BARKER[_-]", output, re.MULTILINE)) == arrive * len(BODIES)
    assert dropped == drop * (len(BODIES) + 1)
