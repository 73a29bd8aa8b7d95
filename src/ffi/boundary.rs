//! What exported functions need that know no handle: a status for each failure, and no pointer that
//! gets in unchecked.

use std::ffi::{CStr, c_char, c_void};
use std::slice;

use super::panic::catch;
use super::status::{barker_status, status_of};
use crate::error::{Error, Result, Status};

/// Runs `work` that leaves no sentence behind.
pub(super) fn without_handle(work: impl FnOnce() -> Result<()>) -> barker_status {
    status_of(&catch(work).and_then(|result| result))
}

pub(super) fn null(what: &str) -> Error {
    Error::new(Status::Null, format!("{what} is NULL"))
}

/// Borrows bytes; NULL with length 0 means none.
///
/// # Safety
/// `data` is NULL or points to `len` bytes that do not change while they are borrowed.
pub(super) unsafe fn bytes<'a>(what: &str, data: *const c_void, len: usize) -> Result<&'a [u8]> {
    // SAFETY: the caller's promise is the one asked for here.
    unsafe { array(what, data.cast(), len) }
}

/// Borrows an array; NULL with length 0 is empty.
///
/// # Safety
/// `items` is NULL or points to `len` items that do not change while they are borrowed.
pub(super) unsafe fn array<'a, T>(what: &str, items: *const T, len: usize) -> Result<&'a [T]> {
    if len == 0 {
        return Ok(&[]);
    }
    if items.is_null() {
        return Err(null(what));
    }
    if len > isize::MAX as usize / size_of::<T>() {
        return Err(Error::new(Status::Range, format!("the length of {what} is impossible")));
    }
    // SAFETY: not NULL, not larger than an object can be, and valid by the caller's promise.
    Ok(unsafe { slice::from_raw_parts(items, len) })
}

/// Borrows a NUL-terminated string of any encoding; NULL is none.
///
/// # Safety
/// `text` is NULL or points to a NUL-terminated string that does not change while it is borrowed.
pub(super) unsafe fn c_string<'a>(text: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: not NULL, and NUL-terminated by the caller's promise.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_bytes())
}

/// Borrows a NUL-terminated UTF-8 string.
///
/// # Safety
/// As for [`c_string`].
pub(super) unsafe fn text<'a>(what: &str, text: *const c_char) -> Result<&'a str> {
    // SAFETY: the caller's promise is the one asked for here.
    unsafe { optional_text(what, text) }?.ok_or_else(|| null(what))
}

/// Borrows a NUL-terminated UTF-8 string that may be NULL.
///
/// # Safety
/// As for [`c_string`].
pub(super) unsafe fn optional_text<'a>(what: &str, text: *const c_char) -> Result<Option<&'a str>> {
    // SAFETY: the caller's promise is the one asked for here.
    let utf8 = unsafe { c_string(text) }.map(std::str::from_utf8).transpose();
    utf8.map_err(|_| Error::new(Status::Utf8, format!("{what} is not UTF-8: encode it as UTF-8")))
}
