//! What calls leave on the stack.

use std::hint::black_box;

/// What hashing under a key takes, with SHA-512 most.
pub(super) const HASHING: usize = 2048;
/// What all else that touches keys takes, the curve of Ed25519 most.
pub(super) const ANYTHING: usize = 8 * 1024;

/// Runs `work`, and overwrites the first `BYTES` of the stack that it used: the compiler keeps copies
/// of keys there that nothing else can reach.
pub(super) fn wiped<const BYTES: usize, T>(work: impl FnOnce() -> T) -> T {
    let result = call(work);
    overwrite::<BYTES>();
    result
}

#[inline(never)]
fn call<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// Begins where [`call`] began.
#[inline(never)]
fn overwrite<const BYTES: usize>() {
    black_box(&mut [0u8; BYTES]);
}
