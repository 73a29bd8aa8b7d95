//! Replays the committed corpus of the fuzz targets: what they assert holds without a fuzzer too.

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use std::fs;
use std::path::Path;

use barker::signature::Scheme;

fn replay(target: &str, mut check: impl FnMut(&[u8])) {
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
    let mut missing = Scheme::ALL.to_vec();
    replay("headers", |input| {
        let (scheme, _) = fuzz::scheme_before(input).unwrap();
        missing.retain(|other| *other != scheme);
        fuzz::headers(input);
    });
    assert!(missing.is_empty(), "the corpus has no headers of {missing:?}");
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
