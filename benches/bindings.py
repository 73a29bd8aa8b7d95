"""Runs the benchmarks of the bindings, each beside its language's own HTTP client, and prints their
table, which it also leaves in build/bench/bindings.txt. `make bench` and `make bench-bindings` have
built the programs before. docs/benchmarks.md says how to read the table.

    bindings.py [quick]    quick: fewer rounds
"""
import os

import machine
import run
from run import Samples, aim, doing, say, table

ROUNDS = 3 if run.QUICK else 15
KIB = 2**10
LIBRARIES = os.path.abspath("build/demo/lib")
PYTHON = ["build/venv/bin/python", "benches/bindings/python.py"]
PROGRAMS = {  # language: (command, {method: (what it is, sends of a run)})
    "Go": ([f"{machine.OUT}/send-go"],
           {"barker": ("barker", 2000), "native": ("net/http", 2000)}),
    "Ruby": (["ruby", "-I", "bindings/ruby/lib", "benches/bindings/ruby.rb"],
             {"barker": ("barker", 2000), "native": ("Net::HTTP", 1000)}),
    "Python": (PYTHON,
               {"barker": ("barker", 2000), "native": ("requests", 500),
                "http.client": ("http.client", 2000), "original": ("barker 0.1 of PyPI", 500)}),
}
ENVIRONMENT = dict(os.environ, LD_LIBRARY_PATH=LIBRARIES, NO_PROXY="127.0.0.1",
                   BARKER_LIBRARY=f"{LIBRARIES}/libbarker.so.0", PYTHONDONTWRITEBYTECODE="1")


def environment_of(method):
    """The original is in the environment of build/venv; the binding comes before it."""
    return dict(ENVIRONMENT, PYTHONPATH="bindings/python/src") if method == "barker" \
        else ENVIRONMENT


def measure():
    samples = {language: Samples() for language in PROGRAMS}
    with machine.Receiver(0) as receiver:
        for turn in range(ROUNDS):
            doing(f"bindings, round {turn + 1} of {ROUNDS}")
            for language, (command, methods) in PROGRAMS.items():
                for method, (_, count) in methods.items():
                    samples[language].add(method, machine.measured(
                        [*command, receiver.url, str(count), method], env=environment_of(method)))
    return samples


def rows_of(language, samples):
    for method, (name, _) in PROGRAMS[language][1].items():
        row = [f"{language}: {name}"]
        for field in ("wall_us", "cpu_us"):
            row += [samples.text(method, field, 1), samples.times(method, "native", field)]
        yield [*row, samples.text(method, "rss_kib", KIB)]


def main():
    run.describe()
    versions = [machine.output(command).stdout.split("\n")[0] for command in (
        ["go", "version"], ["ruby", "--version"], [PYTHON[0], "--version"])]
    samples = measure()
    say(f"\nA send in other languages, body of 1 KiB, {ROUNDS} rounds; wall and CPU in us")
    say("; ".join(versions))
    table("", ["", "wall", "/native", "CPU", "/native", "memory MiB"],
          [row for language in PROGRAMS for row in rows_of(language, samples[language])])
    for language, of in samples.items():
        for method in PROGRAMS[language][1]:
            if method not in ("barker", "original"):
                name = PROGRAMS[language][1][method][0]
                for field in ("wall", "cpu"):
                    aim(f"{language}, {field} to that of {name}",
                        of.ratio("barker", method, f"{field}_us"), 1)
    aim("Python, wall to the original's",
        samples["Python"].ratio("barker", "original", "wall_us"), 0.2)
    run.finish("bindings.txt")


if __name__ == "__main__":
    main()
