"""The library and programs of tests/c with ThreadSanitizer.

The sanitizer's runtime is Rust's own. Rust's standard library comes without instrumentation, so
tests/c/tsan.c stands in for some of its functions, by their mangled names.
"""
import functools
import subprocess
from pathlib import Path

from support.build import C_FLAGS, LAYOUT, OUT, ROOT, cargo, host, install_library, once, run

DIRECTORY = OUT / "tsan"


@functools.cache
def _rust_libraries():
    return Path(run(["rustc", "--print", "sysroot"]).strip()) / "lib/rustlib" / host() / "lib"


def _std_symbol(ending):
    """The name of the one function of Rust's std::sync that ends so."""
    std, = _rust_libraries().glob("libstd-*.rlib")
    listed = subprocess.run(["readelf", "-sW", std], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True).stdout  # it warns of other members
    symbols = [line.split() for line in listed.splitlines() if " FUNC " in line]
    name, = {symbol[7] for symbol in symbols if symbol[6] != "UND" and
             "std3sys4sync" in symbol[7] and symbol[7].endswith(ending)}
    return name


def _build():
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    lock = _std_symbol("5Mutex14lock_contended")
    wait = _std_symbol("7Condvar4wait")
    wait_timeout = _std_symbol("7Condvar12wait_timeout")
    run(["cc", *C_FLAGS, "-fPIC", f"-DLOCK_CONTENDED={lock}", f"-DWAIT={wait}",
         f"-DWAIT_TIMEOUT={wait_timeout}", "-c", "tests/c/tsan.c", "-o", DIRECTORY / "tsan.o"])
    cargo("rustc", "--lib", "--crate-type", "cdylib", "--profile", "checked", "--target", host(),
          "--", f"-Clink-arg={DIRECTORY}/tsan.o",
          f"-Clink-arg=-Wl,--wrap={lock},--wrap={wait},--wrap={wait_timeout}",
          env={"RUSTC_BOOTSTRAP": "1",
               "RUSTFLAGS": "-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer"})
    install_library(ROOT / "target" / host() / "checked/libbarker.so", DIRECTORY)


def compile_c(name):
    """Compiles tests/c/NAME.c, and the library before it; returns the program's path."""
    once("library-tsan", _build)
    program = DIRECTORY / name

    def make():
        run(["cc", *C_FLAGS, f"-I{LAYOUT}/include", "-fsanitize=thread", "-c", f"tests/c/{name}.c",
             "-o", f"{program}.o"])
        runtime, = _rust_libraries().glob("librustc-*_rt.tsan.a")
        run(["cc", "-rdynamic", f"{program}.o", "-o", program, f"-L{DIRECTORY}", "-lbarker",
             "-Wl,--whole-archive", runtime, "-Wl,--no-whole-archive", f"-Wl,-rpath,{DIRECTORY}",
             "-lpthread", "-lm", "-ldl"])
    once(f"c-tsan-{name}", make)
    return program
