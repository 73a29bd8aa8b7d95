"""Sends webhooks through nginx to the example program `receive`, and sees which spellings of the
headers' names arrive: what docs/verifying.md says under "Behind nginx".

    nginx.py DIRECTORY    with lib/libbarker.so.0 and bin/receive, as `make build` lays them out
"""
import ctypes
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

from interop import Receive, load

# As root, the workers stay root so that they may write to the directory; otherwise nginx ignores it.
CONFIGURATION = """
daemon off;
user root;
pid {directory}/pid;
error_log {directory}/log info;
events {{}}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        {setting}
        location / {{ proxy_pass {url}; }}
    }}
}}
"""
UNDERSCORE, DASH, BOTH = 0, 1, 2
EXPECTED = {  # setting: spelling: (the answer, how many of barker's headers arrive, and are dropped)
    "": {UNDERSCORE: (401, 0, 2), DASH: (204, 2, 0), BOTH: (204, 2, 2)},
    "underscores_in_headers on;": {
        UNDERSCORE: (204, 2, 0), DASH: (204, 2, 0), BOTH: (204, 4, 0)},
}
MIB = 2**20
BODIES = [b"", "{\"dog\": \"🐕\"}".encode(), bytes(range(256)), bytes(MIB)]


class Nginx:
    """nginx on a port of the kernel's choice, until it is closed. It inherits its listening socket,
    as from an older nginx that it replaces, so that it can be connected to at once."""

    def __init__(self, directory, setting, url):
        program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        assert program, "nginx is not installed"
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            path = os.path.join(directory, "nginx.conf")
            with open(path, "w") as configuration:
                configuration.write(CONFIGURATION.format(
                    directory=directory, setting=setting, url=url, port=port))
            self.process = subprocess.Popen(
                [program, "-p", directory, "-e", "stderr", "-c", path],
                env=dict(os.environ, NGINX=f"{listener.fileno()};"), pass_fds=[listener.fileno()],
                stdin=subprocess.DEVNULL)
        self.url = f"http://127.0.0.1:{port}/hook"

    def close(self):
        self.process.terminate()
        self.process.wait(60)


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
        nginx = Nginx(directory, setting, receive.url)
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
