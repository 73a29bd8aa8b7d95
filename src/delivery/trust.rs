//! Whom a TLS connection trusts, and what it shows of itself.

use std::fmt;
use std::fs;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName, UnixTime,
};
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore,
    SignatureScheme, version,
};

use crate::error::{Error, Result, barker_status::*};

/// The oldest TLS that is spoken. Numbers are part of the ABI.
#[allow(non_camel_case_types)]
#[repr(i32)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum barker_tls {
    /// TLS 1.2 (RFC 5246).
    #[default]
    BARKER_TLS_1_2 = 12,
    /// TLS 1.3 (RFC 8446).
    BARKER_TLS_1_3 = 13,
}

impl TryFrom<i32> for barker_tls {
    type Error = Error;

    fn try_from(number: i32) -> Result<Self> {
        let all = [Self::BARKER_TLS_1_2, Self::BARKER_TLS_1_3];
        let found = all.into_iter().find(|version| *version as i32 == number);
        found.ok_or_else(|| {
            Error::new(BARKER_ERR_RANGE, format!("there is no TLS version {number} to choose"))
        })
    }
}

/// What is trusted and shown, and the configuration made of it once it is needed. Connections made
/// under one serve no other, so it is never changed: a changed one takes its place.
#[derive(Default)]
pub struct Trust {
    options: Options,
    config: OnceLock<Arc<ClientConfig>>,
}

#[derive(Clone, Default)]
struct Options {
    without_platform: bool,
    authorities: Vec<CertificateDer<'static>>,
    revocations: Vec<CertificateRevocationListDer<'static>>,
    identity: Option<Arc<CertifiedKey>>,
    server_name: Option<ServerName<'static>>,
    minimum: barker_tls,
    skips_verification: bool,
    is_changed: bool,
}

impl Trust {
    fn changed(&self, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options { is_changed: true, ..self.options.clone() };
        change(&mut options);
        Self { options, config: OnceLock::new() }
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
        let pem =
            fs::read(path).map_err(|error| refused(format!("cannot read {path}: {error}")))?;
        self.with_authorities(&pem).map_err(|error| refused(format!("{path}: {}", error.sentence)))
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
    pub fn with_minimum(&self, minimum: barker_tls) -> Self {
        self.changed(|options| options.minimum = minimum)
    }

    /// Takes any certificate.
    pub fn with_skipped_verification(&self, is_skipped: bool) -> Self {
        self.changed(|options| options.skips_verification = is_skipped)
    }

    /// Whether nothing was set.
    pub(super) fn is_default(&self) -> bool {
        !self.options.is_changed
    }

    pub(super) fn server_name(&self) -> Option<&ServerName<'static>> {
        self.options.server_name.as_ref()
    }

    /// The configuration, which keeps resumable sessions.
    pub(super) fn config(&self) -> Result<Arc<ClientConfig>> {
        if let Some(config) = self.config.get() {
            return Ok(config.clone());
        }
        let config = Arc::new(self.options.config()?);
        Ok(self.config.get_or_init(|| config).clone())
    }
}

impl Options {
    fn config(&self) -> Result<ClientConfig> {
        let versions = match self.minimum {
            barker_tls::BARKER_TLS_1_2 => &[&version::TLS13, &version::TLS12][..],
            barker_tls::BARKER_TLS_1_3 => &[&version::TLS13][..],
        };
        let builder = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)
            .map_err(unusable)?
            .dangerous()
            .with_custom_certificate_verifier(self.verifier()?);
        Ok(match &self.identity {
            Some(identity) => builder
                .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity.clone()))),
            None => builder.with_no_client_auth(),
        })
    }

    fn verifier(&self) -> Result<Arc<dyn ServerCertVerifier>> {
        if self.skips_verification {
            return Ok(Arc::new(Unverified));
        }
        let mut roots = RootCertStore::empty();
        if !self.without_platform {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        roots.add_parsable_certificates(self.authorities.iter().cloned());
        if roots.is_empty() {
            return Err(Error::new(BARKER_ERR_TLS, self.why_nobody_is_trusted()));
        }
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
            .with_crls(self.revocations.iter().cloned())
            .allow_unknown_revocation_status()
            .build()
            .map_err(unusable)?;
        Ok(Arc::new(Verifier { inner, authorities: self.authorities.clone() }))
    }

    fn why_nobody_is_trusted(&self) -> &'static str {
        if self.without_platform {
            "no certificate authority is trusted: add one, or trust those of the platform"
        } else {
            "this machine trusts no certificate authority: install its CA certificates (on Debian, \
             the package ca-certificates), set SSL_CERT_FILE, or add an authority to the handle"
        }
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
            Err(refused("the client's key is not that of its certificate"))
        }
        _ => Ok(identity),
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn refused(why: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(BARKER_ERR_CERTIFICATE, why)
}

fn unusable(error: impl fmt::Display) -> Error {
    Error::new(BARKER_ERR_TLS, format!("TLS cannot be set up: {error}"))
}

/// The usual verification, but for self-signed certificates: it tells them from those of unknown
/// authorities, and takes the added ones even if they say that they are an authority's, as those do
/// that `openssl req -x509` makes.
#[derive(Debug)]
struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    authorities: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        use rustls::Error::InvalidCertificate;
        let reason = match self.inner.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        ) {
            Err(InvalidCertificate(reason)) if is_self_signed(end_entity) => reason,
            other => return other,
        };
        let is_authority = is_used_as_end_entity(&reason);
        if is_authority && self.authorities.contains(end_entity) {
            verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
            return Ok(ServerCertVerified::assertion());
        }
        Err(InvalidCertificate(match is_authority || reason == CertificateError::UnknownIssuer {
            true => CertificateError::Other(OtherError(Arc::new(SelfSigned))),
            false => reason,
        }))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

fn is_self_signed(certificate: &CertificateDer<'_>) -> bool {
    webpki::EndEntityCert::try_from(certificate)
        .is_ok_and(|certificate| certificate.issuer() == certificate.subject())
}

/// Whether only that is wrong with the certificate: its dates are right, as webpki looks at them
/// first.
fn is_used_as_end_entity(reason: &CertificateError) -> bool {
    let CertificateError::Other(OtherError(why)) = reason else { return false };
    matches!(why.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// No verification at all.
#[derive(Debug)]
struct Unverified;

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

/// The reason of [`Verifier`].
#[derive(Debug)]
struct SelfSigned;

impl fmt::Display for SelfSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is self-signed")
    }
}

impl std::error::Error for SelfSigned {}

/// Why a session is not trusted, with the status that says so and, where there is one, the remedy.
pub(super) fn explain(error: rustls::Error) -> Error {
    use CertificateError::*;
    let rustls::Error::InvalidCertificate(reason) = &error else {
        return Error::new(BARKER_ERR_TLS, format!("TLS failed: {error}"));
    };
    let (status, why) = match reason {
        Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. } => {
            (BARKER_ERR_CERTIFICATE_EXPIRED, reason.to_string())
        }
        NotValidForName | NotValidForNameContext { .. } => {
            (BARKER_ERR_CERTIFICATE_NAME, reason.to_string())
        }
        UnknownIssuer => {
            (BARKER_ERR_CERTIFICATE_ISSUER, "the authority that issued it is unknown".into())
        }
        Revoked => (BARKER_ERR_CERTIFICATE_REVOKED, "it was revoked".into()),
        Other(OtherError(why)) if why.is::<SelfSigned>() => {
            (BARKER_ERR_CERTIFICATE_SELF_SIGNED, why.to_string())
        }
        _ => (BARKER_ERR_TLS, reason.to_string()),
    };
    Error::new(status, format!("the receiver's certificate is not trusted: {why}"))
}
