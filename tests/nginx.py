"""Sends webhooks through nginx to the example program `receive`, and sees which spellings of the
headers' names arrive: what docs/verifying.md says under "Behind nginx".

    nginx.py DIRECTORY    with lib/libbarker.so.0 and bin/receive, as `make build` lays them out
"""
import ctypes
import os
import re
import sys
import tempfile

from interop import Receive, load
from receivers import Nginx

UNDERSCORE, DASH, BOTH = 0, 1, 2
EXPECTED = {  # setting: spelling: (the answer, how many of barker's headers arrive, and are dropped)
    "": {UNDERSCORE: (401, 0, 2), DASH: (204, 2, 0), BOTH: (204, 2, 2)},
    "underscores_in_headers on;": {
        UNDERSCORE: (204, 2, 0), DASH: (204, 2, 0), BOTH: (204, 4, 0)},
}
MIB = 2**20
BODIES = [b"", "{\"dog\": \"🐕\"}".encode(), bytes(range(256)), bytes(MIB)]


def send(library, url, spelling, body):
    """The HTTP status that answers."""
    hook = library.barker_webhook_new()
    http_status = ctypes.c_uint16()
    status = library.barker_webhook_set_url(hook, url.encode())
    status = status or library.barker_webhook_set_spelling(hook, spelling)
    status = status or library.barker_webhook_send_data(
        hook, body, len(body), ctypes.byref(http_status), None)
    error = library.barker_webhook_error(hook)
    library.barker_webhook_free(hook)
    assert status == 0, error
    return http_status.value


def check(layout, library, setting, spelling):
    """Prints what came of each body under this setting in this spelling; whether it is right."""
    receive = Receive(layout, "BARKER", len(BODIES))
    with tempfile.TemporaryDirectory() as directory:
        nginx = Nginx(directory, f"{setting} location / {{ proxy_pass {receive.url}; }}")
        try:
            answers = [send(library, nginx.url, spelling, body) for body in BODIES]
            # More than nginx takes by default; `receive` never sees it.
            too_large = send(library, nginx.url, spelling, bytes(MIB + 1))
            _, output = receive.finish()
        finally:
            nginx.close()
            receive.kill()
        with open(os.path.join(directory, "log")) as log:
            dropped = log.read().count('client sent invalid header line: "BARKER_')
    arrived = len(re.findall(rb"^BARKER[_-]", output, re.MULTILINE))
    print(f"{setting or 'by default'} spelling {spelling}: answers {answers} and {too_large}, "
          f"{arrived} headers arrived, {dropped} dropped")
    answer, arriving, dropping = EXPECTED[setting][spelling]
    count = len(BODIES)
    return (answers == [answer] * count and too_large == 413 and arrived == arriving * count and
            dropped == dropping * (count + 1))


def main():
    library = load(sys.argv[1])
    library.barker_webhook_set_spelling.argtypes = [ctypes.c_void_p, ctypes.c_int32]
    results = [check(sys.argv[1], library, setting, spelling)
               for setting, spellings in EXPECTED.items() for spelling in spellings]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
