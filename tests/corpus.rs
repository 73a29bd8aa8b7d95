//! Replays the committed corpus of the fuzz targets: what they assert holds without a fuzzer too.

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use std::fs;
use std::path::Path;

use barker::signature::barker_scheme::*;

fn replay(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let inputs: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(inputs.len() > 1, "the corpus of {target} is empty");
    for path in inputs {
        println!("{}", path.display());
        check(&fs::read(path).unwrap());
    }
}

#[test]
fn headers() {
    for (name, scheme) in [
        ("barker", BARKER_SCHEME_BARKER),
        ("barker_sha256", BARKER_SCHEME_BARKER_SHA256),
        ("barker_sha512", BARKER_SCHEME_BARKER_SHA512),
        ("standard", BARKER_SCHEME_STANDARD),
        ("svix", BARKER_SCHEME_SVIX),
        ("github", BARKER_SCHEME_GITHUB),
        ("stripe", BARKER_SCHEME_STRIPE),
        ("slack", BARKER_SCHEME_SLACK),
        ("shopify", BARKER_SCHEME_SHOPIFY),
    ] {
        replay(&format!("headers_{name}"), |input| fuzz::headers(scheme, input));
    }
}

#[test]
fn messages() {
    replay("verify", fuzz::message);
}

#[test]
fn policies() {
    replay("policy", fuzz::policy);
}

#[test]
fn secrets() {
    replay("secret", fuzz::secret);
}

#[test]
fn responses() {
    replay("response", fuzz::response);
}

#[test]
fn requests() {
    replay("request", fuzz::request);
}
