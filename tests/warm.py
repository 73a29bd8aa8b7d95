"""What a delivery costs, counted: system calls by strace, memory by the kernel's own account. Runs one
program (tests/c/warm.c, given as a command) with different numbers of sends; the difference is theirs.

    warm.py COMMAND...
"""
import collections
import http.server
import re
import statistics
import subprocess
import sys
import tempfile
import threading

FEW, MANY = 10, 110
SPAWNING = "clone", "clone3", "fork", "vfork", "execve", "execveat"
CALL = re.compile(r"^\d+ +(\w+)\(", re.MULTILINE)
# Head and body of 1024 bytes in one call: the two lengths, and what left.
VECTORED = re.compile(r"^\d+ +(?:sendmsg|writev)\(.*\[\{iov_base=\"POST .*iov_len=(\d+)\}, "
                      r"\{iov_base=\"x.*iov_len=1024\}\].* = (\d+)$", re.MULTILINE)
KIB, MIB = 2**10, 2**20


class Receiver(http.server.ThreadingHTTPServer):
    """Answers 204 and keeps the connection, or not."""
    daemon_threads = True

    def __init__(self, keeps=True):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = b"HTTP/1.1 204 No Content\r\n%s\r\n" % (b"" if keeps else b"Connection: close\r\n")
        self.keeps = keeps
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, host):
        return f"http://{host}:{self.server_port}/"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.wfile.write(self.server.answer)
        self.close_connection = not self.server.keeps


def run(url, sends, size, before=()):
    """What the program printed."""
    done = subprocess.run([*before, *sys.argv[1:], url, str(sends), str(size)], timeout=300,
                          stdout=subprocess.PIPE, text=True, check=True)
    return int(done.stdout)


def trace(url, sends):
    """strace's record of a run that sends 1 KiB so many times."""
    with tempfile.NamedTemporaryFile("r") as record:
        run(url, sends, KIB, ("strace", "-f", "-s", "8", "-o", record.name))
        return record.read()


def calls(url):
    """System calls for each delivery by their names, and the record of the longer run."""
    few, many = trace(url, FEW), trace(url, MANY)
    counted = collections.Counter(CALL.findall(many))
    counted.subtract(CALL.findall(few))
    return {name: count / (MANY - FEW) for name, count in counted.items() if count}, many


def spawned(counted):
    return sum(counted.get(name, 0) for name in SPAWNING)


def warm(host):
    """At most sending, receiving and one look at the connection; in one piece, on no other thread.
    The median, since an engine may now and then correct a timer on the socket."""
    counted, record = calls(Receiver().url(host))
    deliveries = [CALL.findall(part) for part in record.split('"POST ')[1:]]
    made = statistics.median(map(len, deliveries))
    vectored = sum(int(head) + KIB == int(sent) for head, sent in VECTORED.findall(record))
    print(f"warm, {host}: {made} system calls for each delivery, on the average {counted}; "
          f"{vectored} of {MANY} left in one vectored write")
    return made <= 3 and spawned(counted) == 0 and vectored == MANY


def remembered():
    """New connections to a name that was looked up: no thread, and the system's files unread."""
    counted, _ = calls(Receiver(keeps=False).url("localhost"))
    print(f"new connections, localhost: for each delivery {counted}")
    return spawned(counted) == 0 and counted.get("openat", 0) == 0


def memory():
    """A large body is not copied."""
    raised = run(Receiver().url("127.0.0.1"), 1, 16 * MIB)
    print(f"a body of 16 MiB raises the peak of memory by {raised} KiB")
    return raised <= 3 * KIB


def main():
    outcomes = {
        "warm, by address": warm("127.0.0.1"),
        "warm, by name": warm("localhost"),
        "lookup remembered": remembered(),
        "memory": memory(),
    }
    for name, ok in outcomes.items():
        print("ok  " if ok else "FAIL", name)
    sys.exit(0 if all(outcomes.values()) else 1)


if __name__ == "__main__":
    main()
