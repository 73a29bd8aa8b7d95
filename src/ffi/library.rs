//! What concerns the library as a whole: its version and its statuses.

use std::ffi::c_char;

use super::boundary::catch;
use crate::error::barker_status;

/// # Library: versions, statuses and buffers
///
/// Gives the version of the library that the program runs with, which may be newer than the
/// header's BARKER_VERSION that it was compiled with.
///
/// @return NUL-terminated static text, such as "0.1.0"
#[unsafe(no_mangle)]
pub extern "C" fn barker_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Gives the sentence of a status.
///
/// @param status  a barker_status; any other number gives "unknown status"
/// @return NUL-terminated static text, never NULL
#[unsafe(no_mangle)]
pub extern "C" fn barker_status_string(status: i32) -> *const c_char {
    let sentence = catch(|| barker_status::sentence(status)).unwrap_or("unknown status\0");
    sentence.as_ptr().cast()
}

/// Panics.
///
/// cbindgen:ignore
#[cfg(feature = "fault-injection")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_test_panic(
    hook: *mut super::handle::barker_webhook,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { super::boundary::on_handle(hook, |_| panic!("injected by a test")) }
}
