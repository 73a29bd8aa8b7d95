//! Headers: their type, for what is received and for what answered.

use std::ffi::{CString, c_char};

/// An HTTP header: one that was received, whose texts are the caller's own, or one of an answer,
/// whose texts the handle lends.
#[repr(C)]
pub struct barker_header {
    /// The name, NUL-terminated. Of a received header, in any case, with dashes or underscores, or
    /// in CGI form, such as HTTP_BARKER_SIGNATURE.
    pub name: *const c_char,
    /// The value, NUL-terminated.
    pub value: *const c_char,
}

impl barker_header {
    pub(super) fn lend((name, value): &(CString, CString)) -> Self {
        Self { name: name.as_ptr(), value: value.as_ptr() }
    }
}
