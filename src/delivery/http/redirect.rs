//! Which redirects are followed, and how (RFC 9110 section 15.4).

use super::request::Request;
use super::response::Response;
use super::target::Target;

/// Which redirects are followed; those that are not are answers like any other.
#[derive(Clone, Copy, Default)]
pub struct Redirects {
    /// How many, one after the other.
    pub max: u32,
    /// Whether other origins, too, get the signed message.
    pub to_other_origins: bool,
}

impl Redirects {
    /// The target of this redirect, and the request for it. A redirect to the URL that was just
    /// requested is an answer: the same request would only bring it again.
    ///
    /// The data goes there as well, except at 303: then the receiver has it, and the answer is to
    /// be fetched. RFC 9110 lets clients turn a POST into a GET at 301 and 302 too, as browsers do;
    /// a webhook would arrive without its data.
    pub(crate) fn follow<'a>(
        &self,
        from: &Target,
        request: &Request<'a>,
        response: &Response,
    ) -> Option<(Target, Request<'a>)> {
        if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let is_location = |(name, _): &&(String, Vec<u8>)| name.eq_ignore_ascii_case("Location");
        let mut locations = response.headers.iter().filter(is_location);
        let (Some((_, location)), None) = (locations.next(), locations.next()) else { return None };
        let target = from.join(location).ok()?;
        let is_same_origin = target.origin() == from.origin();
        let loses_tls = from.origin().secure && !target.origin().secure;
        if loses_tls || !is_same_origin && !self.to_other_origins {
            return None;
        }
        if target.is_same(from) && (response.status != 303 || request.is_get()) {
            return None;
        }
        let request = match response.status {
            303 => request.redirected_get(&target, is_same_origin),
            _ => request.redirected(&target, is_same_origin),
        };
        Some((target, request))
    }
}
