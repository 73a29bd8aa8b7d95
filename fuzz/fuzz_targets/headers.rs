//! The headers of one scheme.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| barker_fuzz::headers(input));
