//! Networks, and the verdict of the address policy.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| barker_fuzz::policy(input));
