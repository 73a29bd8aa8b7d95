//! Policy: where messages may be sent.

use std::ffi::c_char;

use super::boundary::text;
use super::constants::{Constants, constants};
use super::handle::{barker_webhook, on_handle, set};
use super::status::barker_status;
use crate::delivery::AddressPolicy;

/// Which addresses a message may be sent to, apart from networks that are explicitly allowed or
/// denied.
pub type barker_addresses = i32;

/// All addresses, and Unix sockets.
pub const BARKER_ADDRESSES_ANY: barker_addresses = 0;
/// Addresses of the public internet. Choose this if strangers choose the URLs.
pub const BARKER_ADDRESSES_PUBLIC: barker_addresses = 1;
/// Only the networks that were allowed.
pub const BARKER_ADDRESSES_LISTED: barker_addresses = 2;

constants! { AddressPolicy, "address policy":
    Any = BARKER_ADDRESSES_ANY,
    Public = BARKER_ADDRESSES_PUBLIC,
    Listed = BARKER_ADDRESSES_LISTED,
}

/// Sets which addresses messages may be sent to. If strangers choose the URLs, choose
/// BARKER_ADDRESSES_PUBLIC: otherwise a URL may lead to anything that this machine can reach.
///
/// Every address is checked after the host was looked up, right before a connection to it is opened
/// or used again, so its spelling in the URL does not matter. The order of the setters does not
/// matter either. The first of these rules that applies decides:
///
/// 1. an address in a network of barker_webhook_deny_network() is refused;
/// 2. an address in a network of barker_webhook_allow_network() is allowed;
/// 3. BARKER_ADDRESSES_ANY allows all other addresses, and BARKER_ADDRESSES_LISTED refuses them;
/// 4. BARKER_ADDRESSES_PUBLIC refuses everything in the IANA special-purpose address registries
///    (private use, loopback, link-local, shared, documentation and others), multicast, broadcast,
///    the metadata services of clouds, and IPv6 outside 2000::/3. It also refuses 6to4, Teredo,
///    64:ff9b:1::/48 (NAT64 within a network) and IPv4-compatible addresses.
///
/// An IPv4-mapped address (::ffff:0:0/96) counts as the IPv4 address in it. A NAT64 address
/// (64:ff9b::/96) is checked as the IPv4 address that it leads to; allowed and denied networks
/// match it in either form. If your network has a NAT64 prefix of its own, deny it. Unix sockets
/// are refused unless the policy is BARKER_ADDRESSES_ANY.
///
/// If only some addresses of a host are refused, the others are tried. If all are refused, the send
/// fails with BARKER_ERR_REFUSED. A clone gets a copy of the policy, which can then be changed on
/// its own.
///
/// @param hook       the handle
/// @param addresses  a barker_addresses; the default is BARKER_ADDRESSES_ANY
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

/// Allows a network that the address policy would refuse: an exception under
/// BARKER_ADDRESSES_PUBLIC, an entry of the list under BARKER_ADDRESSES_LISTED. See
/// barker_webhook_set_address_policy().
///
/// @param hook     the handle
/// @param network  an IPv4 or IPv6 network, such as "10.0.0.0/8" or "fd00::/8", or a single address
/// @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8, or BARKER_ERR_RANGE if this is not a
///         network, or is an address within one ("10.1.2.3/8")
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

/// Denies a network, even if something else allows it. See barker_webhook_set_address_policy().
///
/// @param hook     the handle
/// @param network  as for barker_webhook_allow_network()
/// @return as for barker_webhook_allow_network()
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

/// Allows a port. Once a port is allowed, a send to a URL with a port that is not, or to a Unix
/// socket, fails with BARKER_ERR_REFUSED.
///
/// @param hook  the handle
/// @param port  1 to 65535; by default all ports are allowed
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

/// Sets whether only https URLs are allowed. If so, a send to any other URL, including that of a
/// Unix socket, fails with BARKER_ERR_REFUSED.
///
/// @param hook        the handle
/// @param https_only  0, the default, allows any URL; any other value allows only https
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
