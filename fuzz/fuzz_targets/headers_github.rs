//! The headers of Scheme::Github.
#![no_main]
use barker::signature::Scheme;

libfuzzer_sys::fuzz_target!(|input: &[u8]| barker_fuzz::headers(Scheme::Github, input));
