//! The TLS configuration: whom to trust, and what to show.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore, version};

use super::platform::{Authorities, Store, unreadable};
use super::session_store::SessionStore;
use super::verifier::{Unverified, Verifier, provider};
use crate::delivery::net::ForkLock;
use crate::error::{Error, Result, Status};

/// How often the platform's authorities are checked for changes.
const INTERVAL: Duration = Duration::from_secs(60);

/// The oldest TLS that is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    #[default]
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

/// The TLS settings, and the configuration that is made from them when it is needed. A connection
/// belongs to one configuration, so that is never changed but replaced.
#[derive(Default)]
pub struct TlsConfig {
    options: Options,
    kept: ForkLock<Option<Kept>>,
}

/// A configuration, and the sessions made under it.
#[derive(Clone)]
struct Kept {
    config: Arc<ClientConfig>,
    /// The platform's authorities, if they are trusted.
    store: Option<Arc<Store>>,
    /// That of the store, if all of it could be read.
    stamp: Option<u64>,
    /// When the store was looked at last.
    looked: Instant,
}

impl Kept {
    fn is_due(&self, now: Instant) -> bool {
        self.store.is_some() && now.saturating_duration_since(self.looked) >= INTERVAL
    }
}

#[derive(Clone, Default)]
struct Options {
    without_platform: bool,
    authorities: Vec<CertificateDer<'static>>,
    revocations: Vec<CertificateRevocationListDer<'static>>,
    identity: Option<Arc<CertifiedKey>>,
    server_name: Option<ServerName<'static>>,
    minimum: TlsVersion,
    skips_verification: bool,
    is_changed: bool,
}

impl TlsConfig {
    fn changed(&self, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options { is_changed: true, ..self.options.clone() };
        change(&mut options);
        Self { options, kept: ForkLock::default() }
    }

    /// Trusts these authorities too.
    pub fn with_authorities(&self, pem: &[u8]) -> Result<Self> {
        let read: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let found = read.ok().filter(|found| !found.is_empty());
        let is_usable = |certificate| RootCertStore::empty().add(certificate).is_ok();
        let found = found.filter(|found| found.iter().cloned().all(is_usable));
        let found = found.ok_or_else(|| refused("the authorities must be certificates in PEM"))?;
        Ok(self.changed(|options| options.authorities.extend(found)))
    }

    /// Trusts the authorities in this file too.
    pub fn with_authority_file(&self, path: &str) -> Result<Self> {
        let pem = fs::read(path).map_err(|error| unreadable(Path::new(path), &error))?;
        self.with_authorities(&pem)
            .map_err(|error| refused(format!("{path:?}: {}", error.sentence)))
    }

    /// Trusts the platform's authorities, or only those that were added.
    pub fn with_platform(&self, is_trusted: bool) -> Self {
        self.changed(|options| options.without_platform = !is_trusted)
    }

    /// Refuses the certificates on these lists.
    pub fn with_revocations(&self, pem: &[u8]) -> Result<Self> {
        let read: std::result::Result<Vec<_>, _> =
            CertificateRevocationListDer::pem_slice_iter(pem).collect();
        let found = read.ok().filter(|found| !found.is_empty());
        let is_usable = |list: &CertificateRevocationListDer<'_>| {
            webpki::BorrowedCertRevocationList::from_der(list).is_ok()
        };
        let found = found.filter(|found| found.iter().all(is_usable));
        let found = found.ok_or_else(|| refused("the revocation lists must be CRLs in PEM"))?;
        Ok(self.changed(|options| options.revocations.extend(found)))
    }

    /// Shows this certificate, with the chain behind it, if the receiver asks for one.
    pub fn with_identity(&self, identity: Option<(&[u8], &[u8])>) -> Result<Self> {
        let identity = identity.map(|(chain, key)| read_identity(chain, key)).transpose()?;
        Ok(self.changed(|options| options.identity = identity.map(Arc::new)))
    }

    /// Expects this name in place of the URL's host.
    pub fn with_server_name(&self, name: Option<&str>) -> Result<Self> {
        let name = name.map(|name| ServerName::try_from(name.to_owned())).transpose();
        let name = name.map_err(|_| refused("the server name must be a DNS name or an address"))?;
        Ok(self.changed(|options| options.server_name = name))
    }

    /// Speaks no older TLS than this.
    pub fn with_minimum(&self, minimum: TlsVersion) -> Self {
        self.changed(|options| options.minimum = minimum)
    }

    /// Takes any certificate.
    pub fn with_skipped_verification(&self, is_skipped: bool) -> Self {
        self.changed(|options| options.skips_verification = is_skipped)
    }

    /// Whether nothing was set.
    pub(crate) fn is_default(&self) -> bool {
        !self.options.is_changed
    }

    /// Reads what is needed now.
    pub(crate) fn preload(&self) -> Result<()> {
        self.client_config().map(drop)
    }

    pub(super) fn server_name(&self) -> Option<&ServerName<'static>> {
        self.options.server_name.as_ref()
    }

    /// The configuration, with its resumable sessions. Soon after the platform's authorities were
    /// replaced, it is a new one; as long as those cannot be read, the old one stays.
    pub(super) fn client_config(&self) -> Result<Arc<ClientConfig>> {
        self.client_config_at(Instant::now(), Store::find)
    }

    fn client_config_at(
        &self,
        now: Instant,
        find: impl FnOnce() -> Store,
    ) -> Result<Arc<ClientConfig>> {
        let before = match &mut *self.kept() {
            Some(kept) if !kept.is_due(now) => return Ok(kept.config.clone()),
            // Other threads use this one in the meantime.
            Some(kept) => {
                kept.looked = now;
                Some(kept.clone())
            }
            None => None,
        };
        match (self.options.renewed(before.as_ref(), now, find), before) {
            (Ok(made), before) => Ok(self.keep(made, before)),
            (Err(_), Some(before)) => Ok(before.config),
            (Err(error), None) => Err(error),
        }
    }

    /// Replaces the configuration, or takes the one that another thread has put there.
    fn keep(&self, made: Kept, before: Option<Kept>) -> Arc<ClientConfig> {
        let mut kept = self.kept();
        match &*kept {
            Some(kept) if before.is_none_or(|old| !Arc::ptr_eq(&old.config, &kept.config)) => {
                kept.config.clone()
            }
            _ => kept.insert(made).config.clone(),
        }
    }

    /// Not to be held for longer than a moment.
    fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
        self.kept.lock()
    }
}

impl Options {
    /// A new one, or the old one if the platform's authorities have not changed or cannot be read.
    fn renewed(
        &self,
        before: Option<&Kept>,
        now: Instant,
        find: impl FnOnce() -> Store,
    ) -> Result<Kept> {
        let store = match before {
            Some(before) => before.store.clone(),
            None if self.without_platform || self.skips_verification => None,
            None => Some(Arc::new(find())),
        };
        // First the stamp: what changes during the reading is seen the next time.
        let stamp = store.as_ref().map(|store| store.stamp());
        if let Some(before) = before
            && before.stamp.is_some()
            && before.stamp == stamp
        {
            return Ok(before.clone());
        }
        let platform = store.as_ref().map_or_else(|| Ok(Authorities::none()), |s| s.read())?;
        if let Some(before) = before
            && platform.roots.is_empty()
        {
            return Ok(before.clone());
        }
        let stamp = stamp.filter(|_| platform.failure.is_none());
        let config = Arc::new(self.client_config(platform)?);
        Ok(Kept { config, store, stamp, looked: now })
    }

    fn client_config(&self, platform: Authorities) -> Result<ClientConfig> {
        let versions = match self.minimum {
            TlsVersion::Tls12 => &[&version::TLS13, &version::TLS12][..],
            TlsVersion::Tls13 => &[&version::TLS13][..],
        };
        let builder = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)
            .map_err(unusable)?
            .dangerous()
            .with_custom_certificate_verifier(self.verifier(platform)?);
        let mut config = match &self.identity {
            Some(identity) => builder
                .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity.clone()))),
            None => builder.with_no_client_auth(),
        };
        config.resumption = Resumption::store(Arc::new(SessionStore::default()));
        Ok(config)
    }

    fn verifier(&self, platform: Authorities) -> Result<Arc<dyn ServerCertVerifier>> {
        if self.skips_verification {
            return Ok(Arc::new(Unverified));
        }
        let mut roots = platform.roots;
        roots.add_parsable_certificates(self.authorities.iter().cloned());
        if roots.is_empty() {
            let why = self.why_nobody_is_trusted(platform.failure);
            return Err(Error::new(Status::Tls, why));
        }
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
            .with_crls(self.revocations.iter().cloned())
            .allow_unknown_revocation_status()
            .build()
            .map_err(unusable)?;
        Ok(Arc::new(Verifier { inner, authorities: self.authorities.clone() }))
    }

    fn why_nobody_is_trusted(&self, failure: Option<String>) -> String {
        if self.without_platform {
            return "no certificate authority is trusted: add one, or trust those of the platform"
                .into();
        }
        let why = failure.map(|failure| format!(" ({failure})")).unwrap_or_default();
        format!(
            "this machine trusts no certificate authority{why}: install its CA certificates (on \
             Debian, the package ca-certificates), set SSL_CERT_FILE (which a setuid program \
             ignores), or add an authority to the handle"
        )
    }
}

fn read_identity(chain: &[u8], key: &[u8]) -> Result<CertifiedKey> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
        .collect::<std::result::Result<_, _>>()
        .unwrap_or_default();
    let is_usable = |certificate| webpki::EndEntityCert::try_from(certificate).is_ok();
    if chain.is_empty() || !chain.iter().all(is_usable) {
        return Err(refused("the client certificate must be in PEM, with its chain after it"));
    }
    let key = PrivateKeyDer::from_pem_slice(key)
        .ok()
        .and_then(|key| provider().key_provider.load_private_key(key).ok())
        .ok_or_else(|| {
            refused("the client's key must be RSA, ECDSA or Ed25519, in PEM, unencrypted")
        })?;
    let identity = CertifiedKey::new(chain, key);
    match identity.keys_match() {
        Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch)) => {
            Err(refused("the client's key does not belong to its certificate"))
        }
        _ => Ok(identity),
    }
}

fn refused(why: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Status::Certificate, why)
}

fn unusable(error: impl fmt::Display) -> Error {
    Error::new(Status::Tls, format!("TLS cannot be set up: {error}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::{env, process};

    use super::*;

    /// An authority that nobody has the key of.
    const AUTHORITY: &str = "\
-----BEGIN CERTIFICATE-----
MIIBODCB66ADAgECAhRGkK08yfqHSTWjln06DbKaObO0IzAFBgMrZXAwETEPMA0G
A1UEAwwGbm9ib2R5MCAXDTI2MTEyNTE3MDY1M1oYDzIxMjYxMTAxMTcwNjUzWjAR
MQ8wDQYDVQQDDAZub2JvZHkwKjAFBgMrZXADIQB/SvFyHRlPxkK1/8ObrOQ9EOzP
wIU5ayITDvyRgVou4KNTMFEwHQYDVR0OBBYEFKoFAR3MI2xlBA89KR8YY/P04x+O
MB8GA1UdIwQYMBaAFKoFAR3MI2xlBA89KR8YY/P04x+OMA8GA1UdEwEB/wQFMAMB
Af8wBQYDK2VwA0EA/o9rjsYDCeLbrOH63S45SpIKLgQEINzXnQpILDmD1hoLHLho
smWVuy0Zuk+NNTch/mY5LEj0gBWmm3UUofL7Dg==
-----END CERTIFICATE-----
";

    /// A directory for one test, with a file of certificates and a directory of such files in it.
    struct Files(PathBuf);

    impl Files {
        fn new() -> Self {
            static COUNT: AtomicUsize = AtomicUsize::new(0);
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let files =
                env::temp_dir().join(format!("barker-tls-config-{}-{number}", process::id()));
            fs::create_dir_all(files.join("directory")).unwrap();
            let files = Self(files);
            files.write("file", AUTHORITY);
            files.write("directory/file", AUTHORITY);
            files
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.join(name)
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.path(name), text).unwrap();
        }

        /// As an administrator does who wants no moment without it.
        fn replace(&self, name: &str, text: &str) {
            self.write("new", text);
            fs::rename(self.path("new"), self.path(name)).unwrap();
        }

        fn file(&self) -> Store {
            Store { file: Some(self.path("file")), directories: Vec::new() }
        }

        fn directory(&self) -> Store {
            Store { file: None, directories: vec![self.path("directory")] }
        }
    }

    impl Drop for Files {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// Asks for the configuration again and again, as time passes.
    struct Asking<S: Fn() -> Store> {
        config: TlsConfig,
        find: S,
        now: Instant,
    }

    impl<S: Fn() -> Store> Asking<S> {
        fn new(config: TlsConfig, find: S) -> Self {
            Self { config, find, now: Instant::now() }
        }

        fn after(&mut self, seconds: u64) -> Result<Arc<ClientConfig>> {
            self.now += Duration::from_secs(seconds);
            self.config.client_config_at(self.now, &self.find)
        }

        /// Whether the configuration is another one after these seconds.
        fn is_other_after(&mut self, seconds: u64) -> bool {
            let before = self.after(0).unwrap();
            !Arc::ptr_eq(&before, &self.after(seconds).unwrap())
        }
    }

    #[test]
    fn a_replaced_file_is_noticed_within_a_minute() {
        let files = Files::new();
        let mut asking = Asking::new(TlsConfig::default(), || files.file());
        assert!(!asking.is_other_after(1000));
        files.replace("file", AUTHORITY);
        assert!(!asking.is_other_after(59));
        assert!(asking.is_other_after(1));
        assert!(!asking.is_other_after(60));
        files.write("file", &AUTHORITY.repeat(2));
        assert!(asking.is_other_after(60));
    }

    #[test]
    fn what_changes_in_a_directory_is_noticed() {
        let files = Files::new();
        files.write("elsewhere", AUTHORITY);
        symlink(files.path("elsewhere"), files.path("directory/link")).unwrap();
        symlink(files.path("nowhere"), files.path("directory/broken")).unwrap();
        let mut asking = Asking::new(TlsConfig::default(), || files.directory());
        assert!(!asking.is_other_after(60));
        for name in ["directory/file", "directory/another", "elsewhere", "nowhere"] {
            files.replace(name, AUTHORITY);
            assert!(asking.is_other_after(60), "{name}");
            assert!(!asking.is_other_after(60), "{name}");
        }
        fs::remove_file(files.path("directory/link")).unwrap();
        assert!(asking.is_other_after(60));
    }

    #[test]
    fn as_long_as_there_is_none_to_read_the_old_ones_are_trusted() {
        let files = Files::new();
        let mut asking = Asking::new(TlsConfig::default(), || files.file());
        asking.after(0).unwrap();
        let unusable = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n";
        for text in ["", "no certificates", AUTHORITY.split_at(100).0, unusable] {
            files.replace("file", text);
            assert!(!asking.is_other_after(60), "{text}");
        }
        fs::remove_file(files.path("file")).unwrap();
        assert!(!asking.is_other_after(60));
        files.write("file", AUTHORITY);
        assert!(asking.is_other_after(60));
    }

    #[test]
    fn nothing_is_kept_of_a_failure() {
        let files = Files::new();
        fs::remove_file(files.path("file")).unwrap();
        let mut asking = Asking::new(TlsConfig::default(), || files.file());
        let error = asking.after(0).unwrap_err();
        assert_eq!(error.status, Status::Tls);
        assert!(error.sentence.contains("No such file"), "{error}");
        files.write("file", AUTHORITY);
        asking.after(0).unwrap();
    }

    #[test]
    fn a_store_with_a_file_that_cannot_be_read_is_read_once_a_minute() {
        let files = Files::new();
        symlink("loop", files.path("directory/loop")).unwrap();
        let mut asking = Asking::new(TlsConfig::default(), || files.directory());
        assert!(!asking.is_other_after(59));
        assert!(asking.is_other_after(1));
        fs::remove_file(files.path("directory/loop")).unwrap();
        assert!(asking.is_other_after(60));
        assert!(!asking.is_other_after(60));
    }

    #[test]
    fn who_does_not_trust_the_platform_does_not_look_at_it() {
        let own = TlsConfig::default().with_authorities(AUTHORITY.as_bytes()).unwrap();
        for config in
            [own.with_platform(false), TlsConfig::default().with_skipped_verification(true)]
        {
            let mut asking = Asking::new(config, || panic!("it looks"));
            assert!(!asking.is_other_after(1000));
        }
    }

    #[test]
    fn a_thread_that_comes_second_uses_what_the_first_one_made() {
        let files = Files::new();
        let mut asking = Asking::new(TlsConfig::default(), || files.file());
        let make = |asking: &Asking<_>, before: Option<&Kept>| {
            asking.config.options.renewed(before, asking.now, || files.file()).unwrap()
        };
        let (one, other) = (make(&asking, None), make(&asking, None));
        let first = asking.config.keep(one.clone(), None);
        assert!(Arc::ptr_eq(&first, &asking.config.keep(other, None)));
        files.replace("file", AUTHORITY);
        asking.now += INTERVAL;
        let (newer, newest) = (make(&asking, Some(&one)), make(&asking, Some(&one)));
        let second = asking.config.keep(newer, Some(one.clone()));
        assert!(!Arc::ptr_eq(&first, &second));
        assert!(Arc::ptr_eq(&second, &asking.config.keep(newest, Some(one))));
    }
}
