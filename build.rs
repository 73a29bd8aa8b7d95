//! Writes include/barker.h from the sources, and tells the linker what the shared library needs.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=src");
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

/// The header, with the package's version.
fn generate(root: &Path) -> Result<cbindgen::Bindings, Box<dyn Error>> {
    let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml"))?;
    let number = |part: &str| env::var(format!("CARGO_PKG_VERSION{part}"));
    config.after_includes = Some(format!(
        "\n/** The version of this header; for the running library's, see barker_version(). */\n\
         #define BARKER_VERSION \"{}\"\n\
         #define BARKER_VERSION_MAJOR {}\n\
         #define BARKER_VERSION_MINOR {}\n\
         #define BARKER_VERSION_PATCH {}",
        number("")?,
        number("_MAJOR")?,
        number("_MINOR")?,
        number("_PATCH")?,
    ));
    let builder = cbindgen::Builder::new().with_crate(root).with_config(config);
    Ok(builder.generate()?)
}

/// Gives each family of functions its heading: a comment of its own, where the comment of the
/// family's first function begins with `# Heading`.
fn with_headings(header: &str) -> String {
    let mut parts = header.split("/**\n * # ");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (heading, rest) = part.split_once("\n *\n").expect("text follows a heading");
        result += &format!("/* ---- {heading} ---- */\n\n/**\n{rest}");
    }
    result
}

/// Brings include/barker.h up to date. A source tree that cannot be written to, or that cbindgen
/// cannot read, keeps the header it came with.
fn write_header(root: &Path) {
    let path = root.join("include/barker.h");
    let mut written = Vec::new();
    match generate(root) {
        Ok(bindings) => bindings.write(&mut written),
        Err(error) => {
            println!("cargo::warning=include/barker.h left as it is: {error}");
            return;
        }
    }
    let header = with_headings(&String::from_utf8_lossy(&written));
    if fs::read(&path).is_ok_and(|committed| committed == header.as_bytes()) {
        return;
    }
    if let Err(error) = fs::write(&path, &header) {
        println!("cargo::warning=include/barker.h left as it is: {error}");
    }
}
