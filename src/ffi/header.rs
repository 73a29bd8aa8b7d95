//! Headers: the type of HTTP headers, of received messages and of answers.

use std::ffi::{CString, c_char};

/// An HTTP header. In a received message, its texts belong to the caller; in an answer, they belong
/// to the handle.
#[repr(C)]
pub struct barker_header {
    /// The name, NUL-terminated. In a received message it may be in upper or lower case, with
    /// dashes or underscores, or in CGI form, such as HTTP_BARKER_SIGNATURE.
    pub name: *const c_char,
    /// The value, NUL-terminated.
    pub value: *const c_char,
}

impl barker_header {
    pub(super) fn lend((name, value): &(CString, CString)) -> Self {
        Self { name: name.as_ptr(), value: value.as_ptr() }
    }
}
