//! The headers of BARKER_SCHEME_BARKER_SHA256.
#![no_main]
use barker::signature::barker_scheme::BARKER_SCHEME_BARKER_SHA256;

libfuzzer_sys::fuzz_target!(|input: &[u8]| barker_fuzz::headers(
    BARKER_SCHEME_BARKER_SHA256,
    input
));
