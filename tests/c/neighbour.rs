//! Another static library that is written in Rust, with a panic of its own: for neighbour.c.

/// 1 if a panic was caught.
#[unsafe(no_mangle)]
pub extern "C" fn neighbour() -> i32 {
    std::panic::set_hook(Box::new(|_| ()));
    i32::from(std::panic::catch_unwind(|| panic!("{:?}", std::env::args())).is_err())
}
