//! The headers of Scheme::BarkerSha512.
#![no_main]
use barker::signature::Scheme;

libfuzzer_sys::fuzz_target!(|input: &[u8]| barker_fuzz::headers(
    Scheme::BarkerSha512,
    input
));
