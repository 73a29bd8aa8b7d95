//! Buffers: bytes that the library allocates and the caller owns.

use std::mem::ManuallyDrop;
use std::ptr;

use super::boundary::without_handle;
use super::panic::catch;
use super::status::barker_status;
use crate::error::{Result, Status};

/// Bytes that the library allocates and the caller owns.
///
/// Start with zeros, pass the buffer's address to a function that fills it, read `data` and `len`,
/// and release it with barker_buffer_free():
///
///     barker_buffer body = {0};
///     if (barker_webhook_send(hook, NULL, &body) == BARKER_OK)
///         fwrite(body.data, 1, body.len, stdout);
///     barker_buffer_free(&body);
///
/// A NUL, which `len` does not count, follows the last byte. A function that fills a buffer
/// overwrites it without releasing what it held before. If the function fails, the buffer is all
/// zeros.
#[repr(C)]
pub struct barker_buffer {
    /// The bytes; NULL in a buffer of zeros.
    pub data: *mut u8,
    /// Number of bytes.
    pub len: usize,
    /// For the library only: do not use it.
    pub capacity: usize,
    /// For the library only: do not use it.
    pub reserved: usize,
}

impl barker_buffer {
    pub(super) const EMPTY: Self = Self { data: ptr::null_mut(), len: 0, capacity: 0, reserved: 0 };

    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let mut owned = Vec::with_capacity(bytes.len() + 1);
        owned.extend_from_slice(bytes);
        owned.push(0);
        let mut owned = ManuallyDrop::new(owned);
        let (data, capacity) = (owned.as_mut_ptr(), owned.capacity());
        Self { data, len: bytes.len(), capacity, reserved: 0 }
    }
}

/// Releases what a buffer holds and sets it to zeros, so that freeing it again does nothing.
///
/// @param buffer  NULL, all zeros, or filled by this library
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_buffer_free(buffer: *mut barker_buffer) {
    // SAFETY: the caller passes NULL or a buffer of its own.
    let Some(buffer) = (unsafe { buffer.as_mut() }) else { return };
    let buffer = std::mem::replace(buffer, barker_buffer::EMPTY);
    if buffer.data.is_null() {
        return;
    }
    // Nothing here panics, and if the allocator did, the caller could do nothing about it.
    let _ = catch(|| {
        // SAFETY: `from_bytes` took these parts from a Vec<u8> holding `len` bytes and a NUL.
        drop(unsafe { Vec::from_raw_parts(buffer.data, buffer.len + 1, buffer.capacity) });
    });
}

/// Fills buffers with what `make` makes; they are empty if the call fails.
///
/// # Safety
/// Each buffer is NULL or may be written to, and nothing else uses it during the call.
pub(super) unsafe fn fill<T: AsRef<[u8]>, const N: usize>(
    buffers: [*mut barker_buffer; N],
    make: impl FnOnce() -> Result<[T; N]>,
) -> barker_status {
    without_handle(|| {
        for buffer in buffers {
            // SAFETY: as the caller promises.
            if let Some(buffer) = unsafe { buffer.as_mut() } {
                *buffer = barker_buffer::EMPTY;
            }
        }
        if buffers.iter().any(|buffer| buffer.is_null()) {
            return Err(Status::Null.into());
        }
        for (buffer, content) in buffers.into_iter().zip(make()?) {
            // SAFETY: not NULL, and as the caller promises.
            unsafe { *buffer = barker_buffer::from_bytes(content.as_ref()) };
        }
        Ok(())
    })
}
