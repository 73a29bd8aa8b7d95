"""Runs the programs of docs/ffi.md as they stand there: PHP, LuaJIT (also within nginx), Perl and
Node.js send to `receive` and to a server that answers with bytes of every value, receive what
`send` sends, and call the library many thousand times without growing.

    ffi.py DIRECTORY    as `make build` lays it out
"""
import concurrent.futures
import contextlib
import http.server
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

TESTS = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(TESTS, "../docs/ffi.md")
NODE_MODULES = os.path.abspath(os.path.join(TESTS, "../build/node_modules"))
NAMED = re.compile(r"\A.*?([\w.]+\.(?:php|lua|p[lm]|psgi|mjs|conf)):")  # in a block's first line
KEY = "kéy & key"
ALL_BYTES = bytes(range(256))
ROUNDS = 10000
GROWTH = 1.08  # a handle or a buffer of each round that is not freed comes to more

SENDERS = {
    "PHP": ["php", "send.php"],
    "LuaJIT": ["luajit", "send.lua"],
    "Perl": ["perl", "-I.", "send.pl"],
    "Node.js": ["node", "send.mjs"],
}
CALLERS = {
    "PHP": ["php", "calls.php"],
    "LuaJIT": ["luajit", "calls.lua"],
    "Perl": ["perl", "-I.", "calls.pl"],
    "Node.js": ["node", "--expose-gc", "--max-semi-space-size=1", "calls.mjs"],
}


# ---- the page ----

def extract(layout, directory):
    """Writes the page's files, makes barker.cdef as it says, and gives the page's text."""
    with open(PAGE, encoding="utf-8") as page:
        text = page.read()
    os.symlink(os.path.abspath(os.path.join(layout, "include/barker.h")),
               os.path.join(directory, "barker.h"))
    os.symlink(NODE_MODULES, os.path.join(directory, "node_modules"))
    for language, code in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if language == "sh":
            subprocess.run(["sh", "-ec", code], cwd=directory, check=True, timeout=60)
            continue
        name = NAMED.match(code)[1]
        assert not os.path.exists(os.path.join(directory, name)), name
        with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
            file.write(code)
    return text


def environment(layout, **more):
    library = os.path.abspath(os.path.join(layout, "lib/libbarker.so.0"))
    return dict(os.environ, BARKER_LIBRARY=library, **more)


def check_against_header(layout, text):
    """Whether the page has the names and numbers of the header."""
    with open(os.path.join(layout, "include/barker.h"), encoding="utf-8") as header:
        header = header.read()
    schemes = dict(re.findall(r"BARKER_SCHEME_(\w+) = (\d+)", header))
    tables = re.findall(r"\bSCHEMES?\b = [{(](.*?)[)}];", text, re.DOTALL)
    wrong = [table for table in tables
             if dict(re.findall(r"(\w+)(?:: | => )(\d+)", table)) != schemes]
    known = set(re.findall(r"\bbarker_\w+", header))
    unknown = set(re.findall(r"\bbarker_\w+(?=\()", text)) - known
    print(f"header: {len(tables)} tables of schemes, wrong {wrong}, unknown functions {unknown}")
    return len(tables) == 2 and not wrong and not unknown


# ---- receivers ----

def printed(log):
    with open(log.name, encoding="utf-8") as file:
        return file.read()


@contextlib.contextmanager
def running(command, announcement, directory, **options):
    """The URL that a server prints, or is known to have, once it can be reached."""
    with tempfile.NamedTemporaryFile(dir=directory) as log:
        process = subprocess.Popen(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log, **options)
        try:
            deadline = time.monotonic() + 60
            while not (found := re.search(announcement, printed(log))):
                ended = process.poll() is not None or time.monotonic() > deadline
                assert not ended, f"{command} printed:\n{printed(log)}"
                time.sleep(0.02)
            yield found[1]
        finally:
            process.terminate()
            process.wait(60)


def php(layout, directory, key, *settings):
    user = pwd.getpwuid(os.getuid()).pw_name  # as root, PHP preloads only if it is told for whom
    defines = [f"-d{setting}" for setting in (*settings, f"opcache.preload_user={user}")]
    return running(["php", *defines, "-S", "127.0.0.1:0", "receive.php"],
                   r"\((http://\S+)\) started", directory, env=environment(layout, BARKER_KEY=key))


def php_enabled(layout, directory, key):
    return php(layout, directory, key, "ffi.enable=1")


def php_preloaded(layout, directory, key):
    return php(layout, directory, key, "enable_post_data_reading=0", "opcache.enable_cli=1",
               f"opcache.preload={os.path.join(directory, 'barker.php')}")


def perl(layout, directory, key):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    return running(["plackup", "-I.", "--host", "127.0.0.1", "--port", port, "receive.psgi"],
                   r"at (http://\S+)", directory, env=environment(layout, BARKER_KEY=key))


def node(layout, directory, key):
    return running(["node", "receive.mjs"], r"listening on (\S+)", directory,
                   env=environment(layout, BARKER_KEY=key))


@contextlib.contextmanager
def nginx(layout, directory, key):
    """Inherits its listening socket, as from an older nginx, so that it can be reached at once."""
    program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = "127.0.0.1:%d" % listener.getsockname()[1]
        with open(os.path.join(directory, "nginx.conf"), encoding="utf-8") as configuration:
            text = configuration.read()
        for old, new in {"127.0.0.1:8080": address, "/srv/hooks": directory,
                         "http {": "http { access_log off; client_body_temp_path body;"}.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        path = os.path.join(directory, "nginx.test.conf")
        with open(path, "w", encoding="utf-8") as configuration:
            configuration.write(text)
        process = subprocess.Popen(
            [program, "-p", directory, "-e", "stderr", "-c", path,
             "-g", f"daemon off; pid {directory}/nginx.pid; {'user root;' * (os.getuid() == 0)}"],
            env=environment(layout, BARKER_KEY=key, NGINX=f"{listener.fileno()};"),
            pass_fds=[listener.fileno()], stdin=subprocess.DEVNULL)
    try:
        yield f"http://{address}/"
    finally:
        process.terminate()
        process.wait(60)


RECEIVERS = {
    "PHP": php_enabled,
    "PHP, preloaded": php_preloaded,
    "LuaJIT in nginx": nginx,
    "Perl": perl,
    "Node.js": node,
}
FORM = "multipart/form-data; boundary=dog"
WITHOUT_FORMS = ["PHP"]  # unless it is set up as under php_preloaded()


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with the body."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


# ---- sending, receiving, and many calls ----

def run(command, data=b"", **options):
    done = subprocess.run(command, input=data, capture_output=True, timeout=60, **options)
    return done.returncode, done.stdout, done.stderr.decode()


def check(what, got, expected):
    """Whether the exit status and output are so, and the error matches."""
    status, output, error = expected
    right = got[:2] == (status, output) and re.fullmatch(error, got[2], re.DOTALL) is not None
    if not right:
        print(f"{what}: {got} instead of {expected}")
    return right


def check_sender(language, layout, directory, receive, echo):
    def send(*arguments, data=b""):
        return run([*SENDERS[language], *arguments], data, cwd=directory, env=environment(layout))

    right = (0, b"HTTP 204\n", "")
    sizes = b"", "höund".encode(), ALL_BYTES, ALL_BYTES * 4096
    results = [
        *[check(f"{language}, {len(data)} bytes",
                send(receive, "--key", KEY, "-", data=data), right) for data in sizes],
        check(f"{language}, no data", send(receive, "--key", KEY), right),
        check(f"{language}, text", send(receive, "--key", KEY, "höund"), right),
        check(f"{language}, other key", send(receive, "höund"), (1, b"HTTP 401\n", "")),
        check(f"{language}, answer", send(echo, "-", data=ALL_BYTES),
              (0, b"HTTP 200\n" + ALL_BYTES, "")),
        check(f"{language}, no URL", send("dog"),
              (1, b"", r"send\.\w+: the URL must begin with .+\n")),
        check(f"{language}, nobody there", send("http://127.0.0.1:1/"),
              (1, b"", r"send\.\w+: no connection to 127\.0\.0\.1:1: .+\n")),
        check(f"{language}, usage", send(), (2, b"", r"usage: send\.\w+ URL .+\n")),
    ]
    print(f"{language} sends: {sum(results)} of {len(results)}")
    return all(results)


def check_receiver(name, layout, directory):
    send = [os.path.join(layout, "bin/send")]
    refusal = b"the signature does not match"

    def sends(url, *arguments, data=b""):
        status, output, error = run([*send, url, *arguments], data)
        return status, b"\n".join([output.split(b"\n")[0], *output.split(b"\n")[3:]]).strip(), error

    results = []
    with RECEIVERS[name](layout, directory, KEY) as url:
        for data in b"", "höund".encode(), ALL_BYTES, ALL_BYTES * 2048:
            results += [
                check(f"{name}, {len(data)} bytes", sends(url, "--key", KEY, "-", data=data),
                      (0, b"HTTP 204", "")),
                check(f"{name}, other key", sends(url, "--key", "other", "-", data=data),
                      (1, b"HTTP 401\n" + refusal, "")),
            ]
        results += [
            check(f"{name}, no signature", unsigned(url), (401, b"", "")),
            check(f"{name}, form", sends(url, "--key", KEY, "--type", FORM, "dog"),
                  (1, b"HTTP 401\n" + refusal, "") if name in WITHOUT_FORMS else
                  (0, b"HTTP 204", "")),
        ]
    print(f"{name} receives: {sum(results)} of {len(results)}")
    return all(results)


def unsigned(url):
    """The status that answers a request without headers of barker's."""
    port = int(re.search(r":(\d+)", url)[1])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/", b"dog")
        return connection.getresponse().status, b"", ""
    finally:
        connection.close()


def resident(process):
    with open(f"/proc/{process.pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])


def check_memory(language, layout, directory, url):
    """Whether a program that has made its calls needs no more memory to make as many again."""
    process = subprocess.Popen([*CALLERS[language], url, str(ROUNDS)], cwd=directory,
                               env=environment(layout), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    try:
        sizes = []
        while process.stdout.readline() == b"done\n":
            sizes.append(resident(process))
            process.stdin.write(b"\n")
            process.stdin.flush()
        status = process.wait(60)
    finally:
        process.kill()
        process.wait()
    print(f"{language}: {sizes} KiB after each {ROUNDS} rounds, exit status {status}")
    return status == 0 and len(sizes) == 3 and sizes[2] < GROWTH * sizes[1]


@contextlib.contextmanager
def draining(scratch):
    """The URL of the benchmarks' receiver, which answers 204 to all as fast as can be."""
    program = os.path.join(scratch, "receiver")
    subprocess.run(["cc", "-O2", os.path.join(TESTS, "../benches/receiver.c"), "-o", program],
                   check=True)
    process = subprocess.Popen([program, "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield "http://127.0.0.1:%d/" % int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(60)


def main():
    layout = os.path.abspath(sys.argv[1])
    echo = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    echo.daemon_threads = True
    threading.Thread(target=echo.serve_forever, daemon=True).start()
    echo_url = f"http://127.0.0.1:{echo.server_port}/"
    with tempfile.TemporaryDirectory() as directory:
        results = [check_against_header(layout, extract(layout, directory))]
        for name in os.listdir(os.path.join(TESTS, "ffi")):
            shutil.copy(os.path.join(TESTS, "ffi", name), directory)
        receive = running([os.path.join(layout, "bin/receive"), "--key", KEY], r"(http://\S+)",
                          directory)
        with receive as url:
            results += [check_sender(language, layout, directory, url, echo_url)
                        for language in SENDERS]
        results.append(check("Node.js, overlapping", run(["node", "overlap.mjs"], cwd=directory,
                                                         env=environment(layout)), (0, b"", "")))
        results += [check_receiver(name, layout, directory) for name in RECEIVERS]
        with draining(directory) as url, concurrent.futures.ThreadPoolExecutor() as pool:
            results += pool.map(lambda language: check_memory(language, layout, directory, url),
                                CALLERS)
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
