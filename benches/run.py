"""Runs the benchmarks and prints their tables, which it also leaves in build/bench/report.txt.
`make bench` has built the programs before. docs/benchmarks.md says how to read the tables.

    run.py [quick]    quick: fewer rounds, and not all of it
"""
import collections
import glob
import os
import platform
import re
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import machine
from machine import OUT, measured, output

QUICK = sys.argv[1:] == ["quick"]
ROUNDS = 3 if QUICK else 15
FANOUT_ROUNDS = 1 if QUICK else 5
LOADS = 21
KIB, MIB = 2**10, 2**20
KILO, MILLION = 1e3, 1e6

SENDERS = {  # digest of the HMAC: who sends
    "MD5": ["raw", "curl", "ureq", "barker"],
    "SHA256": ["raw", "curl", "barker"],
}
BODIES = {  # name: (bytes, deliveries of a run, of the two runs that count instructions and calls)
    "1 KiB": (KIB, 2000, (20, 120)),
    "64 KiB": (64 * KIB, 800, (4, 24)),
    "1 MiB": (MIB, 60, (1, 5)),
    "16 MiB": (16 * MIB, 6, (1, 2)),
}
COUNTED = list(BODIES)[:2] if QUICK else list(BODIES)
PROTOCOLS = ["TLSv1.3"] if QUICK else ["TLSv1.3", "TLSv1.2"]
TLS_CASES = {  # name: (tickets, deliveries of a run, further arguments)
    "new connection": ("off", 100, ["new"]),
    "resumed session": ("on", 100, ["new"]),
    "warm connection": ("on", 1000, []),
}
WARM_UP = 3  # deliveries, as in deliver.c
IN_FLIGHT = {32: 96, 1000: 4000, 5000: 20000}  # in flight: deliveries of a run
DELAY = 500  # milliseconds that the receiver takes in the fan-out

started = time.monotonic()
report = []
aims = []


def say(text=""):
    print(text, flush=True)
    report.append(text)


def doing(what):
    print(f"bench: {what}", file=sys.stderr, flush=True)


def sending(sender, digest, url, size, count, *more):
    """The command by which a sender delivers `count` bodies of this size."""
    program = [f"{OUT}/deliver-ureq"] if sender == "ureq" else [f"{OUT}/deliver", sender, digest]
    return [*program, url, str(size), str(count), *more]


# ---- samples and their summary ----

class Samples:
    """What each sender measured, one sample a round. Ratios compare within a round."""

    def __init__(self):
        self.of = collections.defaultdict(list)

    def add(self, sender, sample):
        self.of[sender].append(sample)

    def values(self, sender, field):
        return [sample[field] for sample in self.of[sender]]

    def ratio(self, sender, base, field):
        pairs = zip(self.values(sender, field), self.values(base, field))
        return statistics.median(value / of for value, of in pairs)

    def text(self, sender, field, unit, digits=1):
        """Median (min-max)."""
        values = [value / unit for value in self.values(sender, field)]
        middle, low, high = statistics.median(values), min(values), max(values)
        return f"{middle:,.{digits}f} ({low:,.{digits}f}-{high:,.{digits}f})"

    def times(self, sender, base, field):
        return "" if sender == base or base not in self.of else \
            f"{self.ratio(sender, base, field):.2f}"


def table(title, columns, rows):
    say(f"\n{title}" if title else "")
    cells = [columns, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    for row in cells:
        first, rest = row[0].ljust(widths[0]), zip(row[1:], widths[1:])
        say(("  " + "  ".join([first, *(cell.rjust(width) for cell, width in rest)])).rstrip())


def aim(what, value, limit, at_least=False):
    reached = value >= limit if at_least else value <= limit
    bound = "at least" if at_least else "at most"
    aims.append(f"  {'reached' if reached else 'MISSED '}  {what}: {value:.2f}, "
                f"to be {bound} {limit:.2f}")


# ---- 1. deliveries over a warm connection ----

def count_one(url, sender, body):
    """Instructions and system calls of one delivery: start-up is in both runs and cancels out."""
    size, _, (fewer, more) = BODIES[body]
    short, long = (sending(sender, "MD5", url, size, count) for count in (fewer, more))
    deliveries = more + min(WARM_UP, more) - fewer - min(WARM_UP, fewer)
    counted = (machine.instructions(long) - machine.instructions(short)) / deliveries
    calls = machine.system_calls(long)
    calls.subtract(machine.system_calls(short))
    per_delivery = {name: calls[name] / deliveries for name in sorted(calls)}
    return counted, {name: n for name, n in per_delivery.items() if n >= 0.05}


def deliveries():
    samples = collections.defaultdict(Samples)
    with machine.Receiver(0) as receiver:
        for turn in range(ROUNDS):
            doing(f"deliveries, round {turn + 1} of {ROUNDS}")
            for digest, senders in SENDERS.items():
                for body, (size, count, _) in BODIES.items():
                    for sender in senders:
                        samples[digest, body].add(sender, measured(
                            sending(sender, digest, receiver.url, size, count)))
        doing("counting instructions and system calls")
        pairs = [(body, sender) for body in reversed(COUNTED) for sender in SENDERS["MD5"]]
        with ThreadPoolExecutor(len(machine.CORES)) as pool:
            counts = dict(zip(pairs, pool.map(
                lambda pair: count_one(receiver.url, pair[1], pair[0]), pairs)))
    say(f"\n1. One delivery over a warm connection, {ROUNDS} rounds; wall and CPU in us")
    for (digest, body), of in samples.items():
        delivery_table(digest, body, of, counts if digest == "MD5" else {})
        delivery_aims(digest, body, of)


def delivery_table(digest, body, samples, counts):
    """The columns of what was counted are left out where nothing was."""
    columns = ["", "wall", "/raw", "/curl", "CPU", "/raw", "/curl", "memory KiB"]
    rows = []
    for sender in SENDERS[digest]:
        rows.append([
            sender,
            samples.text(sender, "wall", KILO), samples.times(sender, "raw", "wall"),
            samples.times(sender, "curl", "wall"),
            samples.text(sender, "cpu", KILO), samples.times(sender, "raw", "cpu"),
            samples.times(sender, "curl", "cpu"),
            samples.text(sender, "memory", KIB, 0),
        ])
        if (body, sender) in counts:
            counted, calls = counts[body, sender]
            rows[-1] += [f"{counted / 1000:,.1f}", f"{sum(calls.values()):.1f}"]
    if len(rows[0]) > len(columns):
        columns += ["1000 instr.", "calls"]
    table(f"Body of {body}, HMAC-{digest}", columns, rows)
    for sender in SENDERS[digest]:
        if (body, sender) in counts:
            calls = counts[body, sender][1]
            say(f"    {sender}: " + ", ".join(f"{name} {n:.3g}" for name, n in calls.items()))


def delivery_aims(digest, body, samples):
    """The md-5 crate is slower than OpenSSL's assembly, and a large body is mostly its digest."""
    to_curl, to_floor = {"SHA256": (1, 1.08), "MD5": (1.2, 1.25)}[digest]
    if (digest, body) == ("MD5", "1 KiB"):
        to_curl, to_floor = 0.75, 1.08
    what = f"{body}, HMAC-{digest}"
    aim(f"{what}, CPU to libcurl's", samples.ratio("barker", "curl", "cpu"), to_curl)
    aim(f"{what}, wall to the floor's", samples.ratio("barker", "raw", "wall"), to_floor)
    if body == "16 MiB":
        if digest == "SHA256":
            aim(f"{what}, wall to libcurl's", samples.ratio("barker", "curl", "wall"), 1)
        above = statistics.median(samples.values("barker", "memory")) / MIB
        aim(f"{what}, MiB of memory above the body", above, 3)


# ---- 2. TLS ----

def check_log(lines, protocol, case):
    """The log must show what the case says: who resumed, and how many connections there were."""
    assert all(line[0] == protocol for line in lines), lines[:3]
    resumed = sum(line[1] == "r" for line in lines)
    connections = len({line[2] for line in lines})
    wanted = {
        "new connection": (0, len(lines)),
        "resumed session": (len(lines) - 1, len(lines)),  # the first has nothing to resume
        "warm connection": (0, 1),
    }[case]
    assert (resumed, connections) == wanted, \
        f"{case}: {resumed} of {len(lines)} resumed, on {connections} connections"
    return resumed, connections


def tls():
    samples = collections.defaultdict(Samples)
    proof = {}
    with tempfile.TemporaryDirectory() as directory, \
            machine.Nginx(directory, PROTOCOLS) as nginx:
        trusting = dict(os.environ, SSL_CERT_FILE=f"{directory}/ca.pem")
        for turn in range(ROUNDS):
            doing(f"TLS, round {turn + 1} of {ROUNDS}")
            for protocol in PROTOCOLS:
                for case, (tickets, count, more) in TLS_CASES.items():
                    url = nginx.urls[protocol, tickets]
                    for sender in ("curl", "barker"):
                        samples[protocol, case].add(sender, measured(
                            sending(sender, "MD5", url, KIB, count, *more), env=trusting))
                        lines = nginx.logged(count + WARM_UP)
                        proof[protocol, case, sender] = \
                            (*check_log(lines, protocol, case), len(lines))
    say(f"\n2. TLS with nginx, body of 1 KiB, {ROUNDS} rounds; wall and CPU in us")
    for protocol in PROTOCOLS:
        tls_table(protocol, samples, proof)


def tls_table(protocol, samples, proof):
    rows = []
    for case in TLS_CASES:
        of = samples[protocol, case]
        aim(f"{protocol}, {case}, CPU to libcurl's", of.ratio("barker", "curl", "cpu"), 1)
        for sender in ("curl", "barker"):
            resumed, connections, requests = proof[protocol, case, sender]
            rows.append([
                f"{case}: {sender}",
                of.text(sender, "wall", KILO), of.times(sender, "curl", "wall"),
                of.text(sender, "cpu", KILO), of.times(sender, "curl", "cpu"),
                f"{resumed} of {requests}", str(connections),
            ])
    table(protocol, ["", "wall", "/curl", "CPU", "/curl", "resumed in nginx's log",
                     "connections"], rows)


# ---- 3. many at once ----

def fanout():
    samples = collections.defaultdict(Samples)
    with machine.Receiver(DELAY) as receiver:
        for turn in range(FANOUT_ROUNDS):
            doing(f"fan-out, round {turn + 1} of {FANOUT_ROUNDS}")
            for in_flight, total in IN_FLIGHT.items():
                for sender in ("curl", "barker"):
                    samples[in_flight].add(sender, measured(
                        [f"{OUT}/fanout", sender, receiver.url, str(in_flight), str(total)]))
    say(f"\n3. Many at once to a receiver that answers after {DELAY} ms, body of 1 KiB, "
        f"{FANOUT_ROUNDS} rounds")
    rows = []
    for in_flight, of in samples.items():
        aim(f"{in_flight} in flight, rate to libcurl's", of.ratio("barker", "curl", "rate"), 0.99,
            at_least=True)
        aim(f"{in_flight} in flight, CPU to libcurl's", of.ratio("barker", "curl", "cpu"), 1)
        for sender in ("curl", "barker"):
            rows.append([
                f"{in_flight} of {IN_FLIGHT[in_flight]}: {sender}",
                of.text(sender, "rate", 1, 0), of.times(sender, "curl", "rate"),
                of.text(sender, "cpu", KILO), of.times(sender, "curl", "cpu"),
                of.text(sender, "handle", KIB), of.text(sender, "memory", KIB),
            ])
    table("", ["in flight", "deliveries/s", "/curl", "CPU us each", "/curl", "KiB a handle",
               "KiB in flight each"], rows)


# ---- 4. size and load ----

def relocations(path):
    listed = output(["readelf", "--wide", "--relocs", path]).stdout
    return sum(map(int, re.findall(r"contains (\d+) entr", listed)))


def load():
    doing("loading the libraries")
    libraries = {"libcurl.so.4": "libcurl.so.4",
                 "libbarker.so.0": os.path.abspath("build/demo/lib/libbarker.so.0")}
    samples, loaded = Samples(), {}
    for _ in range(LOADS):
        for name, library in libraries.items():
            sample = measured([f"{OUT}/load", library])
            samples.add(name, sample)
            # Those that are mapped for themselves; not the loader's cache.
            loaded[name] = [path for path in sample["files"] if ".so" in os.path.basename(path)]
    rows = []
    for name, paths in loaded.items():
        itself = next(path for path in paths if os.path.basename(path).startswith(name))
        own = os.path.getsize(itself)
        rows.append([
            name, f"{own / KIB:,.0f}", str(len(paths) - 1),
            f"{sum(map(os.path.getsize, paths)) / KIB:,.0f}",
            f"{relocations(itself):,}", samples.text(name, "time", KILO, 0),
            samples.text(name, "memory", KIB, 0),
        ])
    aim("size of the stripped library in MB", own / MILLION, 2.2)
    say(f"\n4. Size and load, {LOADS} processes each")
    table("", ["", "KiB", "further libraries", "KiB of all", "its relocations", "dlopen us",
               "resident KiB"], rows)


# ---- all of it ----

def describe():
    with open("/proc/cpuinfo") as cpus:
        model = next(line.split(":")[1].strip() for line in cpus if line.startswith("model name"))
    pinned = f"sender on core {machine.SENDER}, receiver on core {machine.RECEIVER}" \
        if len(machine.CORES) > 1 else "sender and receiver on the only core"
    priority = "real-time priority" if machine.REAL_TIME else "ordinary priority"
    versions = ", ".join([output(["curl-config", "--version"]).stdout.strip(),
                          " ".join(output(["openssl", "version"]).stdout.split()[:2])])
    with open("/proc/sys/net/ipv4/tcp_congestion_control") as setting:
        congestion = setting.read().strip()
    say(f"{model}, {len(machine.CORES)} cores, Linux {platform.release()} with TCP {congestion}, "
        f"{time.strftime('%Y-%m-%d')}; {versions}")
    say(f"{pinned}, {priority}. Medians (min-max); ratios are medians of those within a round.")


def other_tables():
    """The programs that print a table of their own, a shorter one with --quick."""
    programs = {os.path.basename(path)[:-2] for path in glob.glob("benches/*.c")}
    for number, name in enumerate(sorted(programs - {"receiver", "deliver", "fanout", "load"}), 5):
        doing(name)
        say(f"\n{number}. {name}\n")
        say(output([f"{OUT}/{name}", *(["--quick"] if QUICK else [])],
                   preexec_fn=machine.on_core(machine.SENDER)).stdout.rstrip())


def finish(name):
    """Says how the aims were met, and leaves all that was said in a file of this name."""
    say("\nAims")
    for line in aims:
        say(line)
    say(f"\nTook {(time.monotonic() - started) / 60:.1f} minutes.")
    with open(f"{OUT}/{name}", "w") as file:
        file.write("\n".join(report) + "\n")


def main():
    describe()
    deliveries()
    tls()
    fanout()
    load()
    other_tables()
    finish("report.txt")


if __name__ == "__main__":
    main()
