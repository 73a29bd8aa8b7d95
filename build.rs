//! Writes include/barker.h from the sources, and tells the linker what the shared library needs.

#[path = "tools/header.rs"]
mod header;

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=tools/header.rs");
    println!("cargo::rerun-if-changed=cbindgen.toml");
    println!("cargo::rerun-if-changed=include/barker.h");

    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets this"));
    write_header(&root);

    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        let abi = env::var("CARGO_PKG_VERSION_MAJOR").expect("cargo sets this");
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libbarker.so.{abi}");
        // A lookup may come back long after its call has given up: not into unmapped code.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}

/// Brings include/barker.h up to date. A source tree that cannot be written to, or that cbindgen
/// cannot read, keeps the header it came with.
fn write_header(root: &Path) {
    let path = root.join("include/barker.h");
    let written = header::generate(root).and_then(|header| {
        if fs::read(&path).is_ok_and(|committed| committed == header.as_bytes()) {
            return Ok(());
        }
        Ok(fs::write(&path, &header)?)
    });
    if let Err(error) = written {
        println!("cargo::warning=include/barker.h left as it is: {error}");
    }
}
