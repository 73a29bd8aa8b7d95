"""What the benchmarks run on and with: the two cores, the receivers, and the programs that count."""
import collections
import json
import os
import re
import select
import shutil
import socket
import subprocess
import tempfile

OUT = "build/bench"
PATIENCE = 900  # seconds for one program
CORES = sorted(os.sched_getaffinity(0))
SENDER, RECEIVER = CORES[0], CORES[1 % len(CORES)]


def real_time_allowed():
    """Whether the programs may run before all others, so that what else goes on stays out."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    except PermissionError:
        return False
    return True


REAL_TIME = len(CORES) > 1 and real_time_allowed()


def on_core(core):
    """For a child that is about to run: puts it on the core, with its priority."""
    def settle():
        os.sched_setaffinity(0, {core})
        if REAL_TIME:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    return settle


def output(command, **options):
    """What the command printed. Its failure is the end of the benchmark."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=PATIENCE, **options)
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(command)} failed with {done.returncode}:\n"
                         f"{done.stdout}{done.stderr}")
    return done


def measured(command, **options):
    """The figures that a program on the sender's core prints as JSON."""
    return json.loads(output(command, preexec_fn=on_core(SENDER), **options).stdout)


def instructions(command):
    done = output(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command])
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])


def system_calls(command):
    """How often each system call was made, by its name."""
    with tempfile.NamedTemporaryFile("r") as log:
        output(["strace", "-f", "-c", "-U", "calls,name", "-o", log.name, *command])
        table = re.findall(r"^\s*(\d+) (\w+)$", log.read(), re.MULTILINE)
    assert table, "strace counted nothing"
    return collections.Counter({name: int(calls) for calls, name in table if name != "total"})


class Receiver:
    """The program `receiver` on its core, for a `with` block."""

    def __init__(self, delay):
        self.process = subprocess.Popen(
            [f"{OUT}/receiver", str(delay)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, preexec_fn=on_core(RECEIVER))
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}/"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        if self.process.wait(60) != 0:
            raise SystemExit("bench: the receiver failed")


NGINX = """
daemon off;
user root;
pid {directory}/pid;
error_log {directory}/error.log error;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    log_format reuse '$ssl_protocol $ssl_session_reused $connection';
    access_log {directory}/access.log reuse;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    keepalive_requests 1000000;
    ssl_certificate server.pem;
    ssl_certificate_key server.key;
{servers}
}}
"""
SERVER = """    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_protocols {protocol};
        ssl_session_cache {cache};
        ssl_session_tickets {tickets};
        location / {{ return 204; }}
    }}"""


def make_certificates(directory):
    """An authority in ca.pem, and its certificate for 127.0.0.1 in server.pem."""
    def openssl(*arguments):
        output(["openssl", *arguments], cwd=directory)
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *new_key, "-days", "2", "-subj", "/CN=bench",
            "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", *new_key, "-subj", "/CN=server", "-keyout", "server.key", "-out", "server.csr")
    with open(f"{directory}/server.ext", "w") as extensions:
        extensions.write("subjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n"
                         "extendedKeyUsage=serverAuth\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", "server.ext", "-out", "server.pem")


class Nginx:
    """nginx over TLS on its core, for a `with` block: a server for each protocol with tickets and
    one without. It inherits the sockets, so that it can be connected to at once."""

    def __init__(self, directory, protocols):
        make_certificates(directory)
        self.directory, self.urls, servers, sockets = directory, {}, [], []
        for protocol in protocols:
            # Over TLS 1.2, libcurl resumes only what nginx keeps in its cache.
            for tickets, cache in (("on", "shared:sessions:1m"), ("off", "off")):
                sockets.append(socket.create_server(("127.0.0.1", 0), backlog=512))
                port = sockets[-1].getsockname()[1]
                self.urls[protocol, tickets] = f"https://127.0.0.1:{port}/"
                servers.append(SERVER.format(
                    port=port, protocol=protocol, tickets=tickets, cache=cache))
        with open(f"{directory}/nginx.conf", "w") as configuration:
            configuration.write(NGINX.format(directory=directory, servers="\n".join(servers)))
        descriptors = [listener.fileno() for listener in sockets]
        program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        self.process = subprocess.Popen(
            [program, "-p", directory, "-e", f"{directory}/error.log",
             "-c", f"{directory}/nginx.conf"],
            env=dict(os.environ, NGINX="".join(f"{fd};" for fd in descriptors)),
            pass_fds=descriptors, stdin=subprocess.DEVNULL, preexec_fn=on_core(RECEIVER))
        for listener in sockets:
            listener.close()
        self.seen = 0

    def logged(self, count):
        """The next `count` lines of the log, as (protocol, reused, connection)."""
        for _ in range(500):
            with open(f"{self.directory}/access.log") as log:
                log.seek(self.seen)
                text = log.read()
            if text.count("\n") >= count:
                break
            select.select([], [], [], 0.01)
        self.seen += len(text)
        lines = [tuple(line.split()) for line in text.splitlines()]
        assert len(lines) == count, f"nginx logged {len(lines)} requests, not {count}"
        return lines

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)
