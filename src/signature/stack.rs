//! What calls leave on the stack, and in registers that may be written there later.

use std::hint::black_box;

/// The stack that hashing with a key needs; SHA-512 needs most.
pub(super) const HASHING: usize = 2048;
/// The stack that everything else with keys needs; Ed25519 needs most.
pub(super) const ANYTHING: usize = 8 * 1024;

/// Runs `work`, and overwrites the first `BYTES` of the stack that it used, and the vector registers:
/// the compiler keeps copies of keys there that nothing else can reach.
pub(super) fn wiped<const BYTES: usize, T>(work: impl FnOnce() -> T) -> T {
    let result = call(work);
    overwrite_registers();
    overwrite::<BYTES>();
    result
}

#[inline(never)]
fn call<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// Safe code cannot name a register. But each number here is needed once more after all others have
/// been made, so that the compiler fills every register before it resorts to memory.
#[inline(never)]
fn overwrite_registers() {
    let zero = black_box(0.0f64);
    macro_rules! overwrite {
        ($sum:ident) => { $sum };
        ($sum:ident $_:literal $($rest:literal)*) => {{
            let next = $sum + zero;
            next * overwrite!(next $($rest)*)
        }};
    }
    black_box(overwrite!(zero 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20));
}

/// Begins where [`call`] began. The C library copies with registers of its own choice, up to eight at
/// once: copying zeros overwrites them.
#[inline(never)]
fn overwrite<const BYTES: usize>() {
    let mut zeros = [0u8; BYTES];
    black_box(&mut zeros);
    for len in black_box([256, 512, 1024]) {
        zeros.copy_within(..len, BYTES / 2);
    }
    black_box(&mut zeros);
}
