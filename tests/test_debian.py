"""The Debian packages: lintian accepts them, and a program is built against them where they are
installed into a folder. As root dpkg itself installs and removes them there."""
import os
import shutil

from support.build import OUT, ROOT, run

FOLDER = OUT / "deb"


def dpkg(*command):
    """Runs dpkg on the folder, which has no libc6 and the like."""
    run(["dpkg", f"--root={FOLDER}", "--log=/dev/null", "--force-depends", *command])


def install(packages):
    shutil.rmtree(FOLDER, ignore_errors=True)
    if os.getuid() != 0:
        for package in packages:
            run(["dpkg", "--extract", package, FOLDER])
        return
    state = FOLDER / "var/lib/dpkg"
    for directory in "info", "updates":
        (state / directory).mkdir(parents=True)
    for file in "available", "status":
        (state / file).touch()
    dpkg("--install", *packages)


def build_an_example():
    """It is linked with the shared library, and verifies."""
    libdir = "/usr/lib/" + run(["cc", "-print-multiarch"]).strip()
    flags = run(["pkg-config", "--cflags", "--libs", "barker"],
                env={"PKG_CONFIG_LIBDIR": f"{FOLDER}{libdir}/pkgconfig",
                     "PKG_CONFIG_SYSROOT_DIR": str(FOLDER)}).split()
    program = FOLDER / "verify"
    run(["cc", "-std=c99", FOLDER / "usr/share/doc/libbarker-dev/examples/verify.c", *flags, "-o",
         program])
    assert "[libbarker.so.0]" in run(["readelf", "-d", program])
    run([program, "--tolerance", "0", "1566234234.123456", "db1541f495c52e2985cd5744441db766",
         "hello"], env={"LD_LIBRARY_PATH": f"{FOLDER}{libdir}"})


def test_debian_packages():
    run(["packaging/deb.sh"])
    runtime, = (ROOT / "build/deb").glob("libbarker0_*.deb")
    development, = (ROOT / "build/deb").glob("libbarker-dev_*.deb")
    run(["lintian", "--allow-root", "--fail-on", "error,warning", runtime, development])
    install([runtime, development])
    triggers = run(["dpkg", "--info", runtime, "triggers"]).splitlines()
    assert "activate-noawait ldconfig" in triggers
    build_an_example()
    if os.getuid() == 0:
        dpkg("--purge", "libbarker-dev", "libbarker0")
        assert not (FOLDER / "usr").exists()
