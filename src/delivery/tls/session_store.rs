//! TLS sessions that may be resumed.

use std::fmt;

use rustls::NamedGroup;
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use rustls::pki_types::ServerName;

use crate::delivery::net::ForkLock;

/// How many receivers' tickets are kept: as many as rustls itself would.
const MOST: usize = 256;

/// The sessions made under one configuration. The lock is around each use of what rustls has, whose
/// own lock is therefore free whenever this one is.
#[derive(Default)]
pub(super) struct SessionStore(ForkLock<Memory>);

struct Memory(ClientSessionMemoryCache);

impl Default for Memory {
    fn default() -> Self {
        Self(ClientSessionMemoryCache::new(MOST))
    }
}

impl fmt::Debug for SessionStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionStore")
    }
}

impl SessionStore {
    fn with<T>(&self, work: impl FnOnce(&ClientSessionMemoryCache) -> T) -> T {
        work(&self.0.lock().0)
    }
}

impl ClientSessionStore for SessionStore {
    fn set_kx_hint(&self, name: ServerName<'static>, group: NamedGroup) {
        self.with(|memory| memory.set_kx_hint(name, group));
    }

    fn kx_hint(&self, name: &ServerName<'_>) -> Option<NamedGroup> {
        self.with(|memory| memory.kx_hint(name))
    }

    fn set_tls12_session(&self, name: ServerName<'static>, session: Tls12ClientSessionValue) {
        self.with(|memory| memory.set_tls12_session(name, session));
    }

    fn tls12_session(&self, name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.with(|memory| memory.tls12_session(name))
    }

    fn remove_tls12_session(&self, name: &ServerName<'static>) {
        self.with(|memory| memory.remove_tls12_session(name));
    }

    fn insert_tls13_ticket(&self, name: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        self.with(|memory| memory.insert_tls13_ticket(name, ticket));
    }

    fn take_tls13_ticket(&self, name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.with(|memory| memory.take_tls13_ticket(name))
    }
}
