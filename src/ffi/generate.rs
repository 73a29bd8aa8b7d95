//! Generating: new secrets, key pairs and ids.

use super::boundary::without_handle;
use super::buffer::{barker_buffer, emptied};
use super::status::barker_status;
use crate::signature;

/// Makes a secret of 32 random bytes, as text: "whsec_" and base64. This text is a valid secret for
/// every scheme.
///
/// @param secret  receives the text; wipe it if you can, and release it with barker_buffer_free()
/// @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_SYSTEM
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_generate_secret(secret: *mut barker_buffer) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    without_handle(|| unsafe {
        let secret = emptied("secret", secret)?;
        *secret = barker_buffer::from_bytes(signature::generate()?.as_bytes());
        Ok(())
    })
}

/// Makes an Ed25519 key pair for Standard Webhooks, as text: "whsk_" and base64 for the sender, and
/// "whpk_" and base64 for the receivers, which can then verify but not sign.
///
/// @param private_key  receives the text for the sender
/// @param public_key   receives the text for the receivers. Release both with barker_buffer_free().
/// @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_SYSTEM
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_generate_key_pair(
    private_key: *mut barker_buffer,
    public_key: *mut barker_buffer,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    without_handle(|| unsafe {
        let private_key = emptied("private_key", private_key);
        let public_key = emptied("public_key", public_key)?;
        let private_key = private_key?;
        let (private, public) = signature::generate_pair()?;
        *private_key = barker_buffer::from_bytes(private.as_bytes());
        *public_key = barker_buffer::from_bytes(public.as_bytes());
        Ok(())
    })
}

/// Makes a message id: "msg_" and 32 random hexadecimal digits.
///
/// @param id  receives the text; release it with barker_buffer_free()
/// @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_SYSTEM
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_generate_id(id: *mut barker_buffer) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    without_handle(|| unsafe {
        let id = emptied("id", id)?;
        *id = barker_buffer::from_bytes(signature::generate_id()?.as_bytes());
        Ok(())
    })
}
