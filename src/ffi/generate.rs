//! Generating: new secrets, key pairs and ids.

use super::buffer::{barker_buffer, fill};
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
    unsafe { fill([secret], || Ok([signature::generate()?])) }
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
    unsafe {
        fill([private_key, public_key], || {
            let (private, public) = signature::generate_pair()?;
            Ok([private, public.into()])
        })
    }
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
    unsafe { fill([id], || Ok([signature::generate_id()?])) }
}
