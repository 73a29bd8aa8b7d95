//! Replays the committed corpus of the fuzz targets: what they assert holds without a fuzzer too.

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use std::fs;
use std::path::Path;

use barker::signature::Scheme;

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
        ("barker", Scheme::Barker),
        ("barker_sha256", Scheme::BarkerSha256),
        ("barker_sha512", Scheme::BarkerSha512),
        ("standard", Scheme::Standard),
        ("svix", Scheme::Svix),
        ("github", Scheme::Github),
        ("stripe", Scheme::Stripe),
        ("slack", Scheme::Slack),
        ("shopify", Scheme::Shopify),
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
