//! URLs and headers, set and sent through the C interface.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| barker_fuzz::request(input));
