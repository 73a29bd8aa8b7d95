//! Policy: where it may go.

use std::ffi::c_char;

use super::boundary::text;
use super::constants::{Constants, constants};
use super::handle::{barker_webhook, on_handle, set};
use super::status::barker_status;
use crate::delivery::AddressPolicy;

/// Which addresses a webhook may be sent to, beside the networks that are allowed and denied.
pub type barker_addresses = i32;

/// All, and Unix sockets.
pub const BARKER_ADDRESSES_ANY: barker_addresses = 0;
/// Those of the public internet. Choose this when strangers choose the URLs.
pub const BARKER_ADDRESSES_PUBLIC: barker_addresses = 1;
/// None but the networks that were allowed.
pub const BARKER_ADDRESSES_LISTED: barker_addresses = 2;

constants! { AddressPolicy, "address policy":
    Any = BARKER_ADDRESSES_ANY,
    Public = BARKER_ADDRESSES_PUBLIC,
    Listed = BARKER_ADDRESSES_LISTED,
}

/// Sets which addresses may be sent to. Choose BARKER_ADDRESSES_PUBLIC when strangers choose the
/// URLs: without it, a URL may lead to whatever this machine reaches.
///
/// Every address is judged right before a connection to it is opened or used again, after the host
/// was looked up, in whatever spelling it came. The order of the setters does not matter. Of the
/// following, the first that applies decides:
/// 1. an address in a network of barker_webhook_deny_network() is refused;
/// 2. one in a network of barker_webhook_allow_network() is allowed;
/// 3. BARKER_ADDRESSES_ANY allows all others, and BARKER_ADDRESSES_LISTED refuses them;
/// 4. BARKER_ADDRESSES_PUBLIC refuses all of the IANA special-purpose address registries (private
///    use, loopback, link-local, shared, documentation and the like), multicast, broadcast, the
///    metadata services of clouds, and IPv6 outside of 2000::/3. Addresses of 6to4, Teredo and
///    64:ff9b:1::/48 (NAT64 within a network) and IPv4-compatible ones are refused.
///
/// An IPv4-mapped address (::ffff:0:0/96) is the IPv4 address itself; one of NAT64 (64:ff9b::/96)
/// is judged as the IPv4 address that it leads to, and is in the networks of both. A network's own
/// NAT64 prefix must be denied by hand. Unless it is BARKER_ADDRESSES_ANY, Unix sockets are
/// refused.
///
/// A host of which some addresses are refused is tried at the others; if all are, the send fails
/// with BARKER_ERR_REFUSED. Clones copy the policy and go on with their own.
///
/// @param hook       the handle
/// @param addresses  a barker_addresses; BARKER_ADDRESSES_ANY if never set
/// @return BARKER_OK, BARKER_ERR_NULL, or BARKER_ERR_RANGE if there is no such policy
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_address_policy(
    hook: *mut barker_webhook,
    addresses: barker_addresses,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe {
        on_handle(hook, |hook| {
            hook.webhook.set_address_policy(AddressPolicy::of(addresses)?);
            Ok(())
        })
    }
}

/// Allows a network that the address policy does not: with BARKER_ADDRESSES_PUBLIC as an exception,
/// with BARKER_ADDRESSES_LISTED as one of the list. See barker_webhook_set_address_policy().
///
/// @param hook     the handle
/// @param network  an IPv4 or IPv6 network, such as "10.0.0.0/8" or "fd00::/8", or an address for
///                 it alone
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8, or BARKER_ERR_RANGE if it is no network, or
///         an address within one ("10.1.2.3/8")
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_allow_network(
    hook: *mut barker_webhook,
    network: *const c_char,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe { on_handle(hook, |hook| hook.webhook.allow_network(text("network", network)?)) }
}

/// Denies a network, whatever else allows it. See barker_webhook_set_address_policy().
///
/// @param hook     the handle
/// @param network  as for barker_webhook_allow_network()
/// @return as barker_webhook_allow_network()
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_deny_network(
    hook: *mut barker_webhook,
    network: *const c_char,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe { on_handle(hook, |hook| hook.webhook.deny_network(text("network", network)?)) }
}

/// Allows a port; once one is, a send to a URL of another port, or to a Unix socket, fails with
/// BARKER_ERR_REFUSED.
///
/// @param hook  the handle
/// @param port  1 to 65535; if none was ever allowed, all are
/// @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_RANGE
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_allow_port(
    hook: *mut barker_webhook,
    port: u32,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { on_handle(hook, |hook| hook.webhook.allow_port(port)) }
}

/// Sets whether a send to a URL that is not https, a Unix socket's too, fails with
/// BARKER_ERR_REFUSED.
///
/// @param hook        the handle
/// @param https_only  0, as if never set, for any; else https alone
/// @return BARKER_OK or BARKER_ERR_NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_webhook_set_https_only(
    hook: *mut barker_webhook,
    https_only: i32,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { set(hook, |hook| hook.webhook.set_https_only(https_only != 0)) }
}
