//! Answers, through real sends.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| barker_fuzz::response(input));
