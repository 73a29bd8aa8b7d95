//! The way to a receiver: what has to be equal for two requests to share a connection.

use std::sync::Arc;

use super::http::Target;
use super::proxy::Choice;
use super::tls::TlsConfig;

/// Requests with equal routes may share a connection.
#[derive(Clone)]
pub(super) struct Route {
    pub target: Arc<Target>,
    pub tls: Arc<TlsConfig>,
    pub proxy: Option<Choice>,
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        let is_same_proxy = match (&self.proxy, &other.proxy) {
            (Some(Ok(proxy)), Some(Ok(other))) => Arc::ptr_eq(proxy, other),
            (proxy, other) => proxy.is_none() && other.is_none(),
        };
        let tls_matters = self.target.origin().secure;
        is_same_proxy
            && self.target.origin() == other.target.origin()
            && (!tls_matters || Arc::ptr_eq(&self.tls, &other.tls))
    }
}
