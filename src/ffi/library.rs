//! Library: its version.

use std::ffi::c_char;

/// Returns the version of the library that the program runs with. It may be newer than
/// BARKER_VERSION, the version of the header that the program was compiled with.
///
/// @return NUL-terminated static text, such as "0.1.0"
/// @since 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn barker_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Returns the version of the library that the program runs with as a number, to compare with
/// BARKER_VERSION_NUMBER.
///
/// @return 10000 times the major version, plus 100 times the minor version, plus the patch version:
///         100 for 0.1.0
/// @since 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn barker_version_number() -> u32 {
    VERSION_NUMBER
}

const VERSION_NUMBER: u32 = 10_000 * number(env!("CARGO_PKG_VERSION_MAJOR"))
    + 100 * number(env!("CARGO_PKG_VERSION_MINOR"))
    + number(env!("CARGO_PKG_VERSION_PATCH"));

const fn number(text: &str) -> u32 {
    match u32::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => panic!("cargo sets numbers"),
    }
}

/// Panics.
///
/// cbindgen:ignore
#[cfg(feature = "fault-injection")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_test_panic(
    hook: *mut super::handle::barker_webhook,
) -> super::status::barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { super::handle::on_handle(hook, |_| panic!("injected by a test")) }
}
