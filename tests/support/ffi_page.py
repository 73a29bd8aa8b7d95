"""The programs of docs/ffi.md, as they stand there: they send and receive in PHP, LuaJIT, Perl and
Node.js."""
import contextlib
import os
import pwd
import re
import socket
import subprocess
import tempfile
import time

from support.build import LAYOUT, ROOT
from support.proxies import reserve_port
from support.receivers import end, find_program

NAMED = re.compile(r"\A.*?([\w.]+\.(?:php|lua|p[lm]|psgi|mjs|conf)):")  # in a block's first line
SENDERS = {
    "PHP": ["php", "send.php"],
    "LuaJIT": ["luajit", "send.lua"],
    "Perl": ["perl", "-I.", "send.pl"],
    "Node.js": ["node", "send.mjs"],
}


def text():
    return (ROOT / "docs/ffi.md").read_text(encoding="utf-8")


def extract(directory):
    """Writes the page's files to the directory, and makes barker.cdef as it says."""
    os.symlink(LAYOUT / "include/barker.h", os.path.join(directory, "barker.h"))
    os.symlink(ROOT / "build/node_modules", os.path.join(directory, "node_modules"))
    for language, code in re.findall(r"^```(\w*)\n(.*?)^```$", text(), re.MULTILINE | re.DOTALL):
        if language == "sh":
            subprocess.run(["sh", "-ec", code], cwd=directory, check=True, timeout=60)
            continue
        name = NAMED.match(code)[1]
        with open(os.path.join(directory, name), "x", encoding="utf-8") as file:
            file.write(code)


def environment(**more):
    return dict(os.environ, BARKER_LIBRARY=str(LAYOUT / "lib/libbarker.so.0"), **more)


def run(command, data=b"", **options):
    """Exit status, output and errors."""
    done = subprocess.run(command, input=data, capture_output=True, timeout=60, **options)
    return done.returncode, done.stdout, done.stderr.decode()


# ---- receivers: contexts with a URL ----

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
            end(process)


def php(directory, key, *settings):
    user = pwd.getpwuid(os.getuid()).pw_name  # as root, PHP preloads only if it is told for whom
    defines = [f"-d{setting}" for setting in (*settings, f"opcache.preload_user={user}")]
    return running(["php", *defines, "-S", "127.0.0.1:0", "receive.php"],
                   r"\((http://\S+)\) started", directory, env=environment(BARKER_KEY=key))


def php_enabled(directory, key):
    return php(directory, key, "ffi.enable=1")


def php_preloaded(directory, key):
    return php(directory, key, "enable_post_data_reading=0", "opcache.enable_cli=1",
               f"opcache.preload={os.path.join(directory, 'barker.php')}")


@contextlib.contextmanager
def perl(directory, key):
    with reserve_port() as reserved:
        command = ["plackup", "-I.", "--host", "127.0.0.1", "--port",
                   str(reserved.getsockname()[1]), "receive.psgi"]
        with running(command, r"at (http://\S+)", directory,
                     env=environment(BARKER_KEY=key)) as url:
            yield url


def node(directory, key):
    return running(["node", "receive.mjs"], r"listening on (\S+)", directory,
                   env=environment(BARKER_KEY=key))


@contextlib.contextmanager
def nginx(directory, key):
    """Inherits its listening socket, as from an older nginx, so that it can be reached at once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = "127.0.0.1:%d" % listener.getsockname()[1]
        path = configure_nginx(directory, address)
        process = subprocess.Popen(
            [find_program("nginx"), "-p", directory, "-e", "stderr", "-c", path,
             "-g", f"daemon off; pid {directory}/nginx.pid; {'user root;' * (os.getuid() == 0)}"],
            env=environment(BARKER_KEY=key, NGINX=f"{listener.fileno()};"),
            pass_fds=[listener.fileno()], stdin=subprocess.DEVNULL)
    try:
        yield f"http://{address}/"
    finally:
        end(process)


def configure_nginx(directory, address):
    """The page's configuration, for this address and directory; returns its path."""
    with open(os.path.join(directory, "nginx.conf"), encoding="utf-8") as configuration:
        text = configuration.read()
    for old, new in {"127.0.0.1:8080": address, "/srv/hooks": directory,
                     "http {": "http { access_log off; client_body_temp_path body;"}.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = os.path.join(directory, "nginx.test.conf")
    with open(path, "w", encoding="utf-8") as configuration:
        configuration.write(text)
    return path


RECEIVERS = {
    "PHP": php_enabled,
    "PHP, preloaded": php_preloaded,
    "LuaJIT in nginx": nginx,
    "Perl": perl,
    "Node.js": node,
}
