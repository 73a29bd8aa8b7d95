//! How a receiver's certificate is verified.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, OtherError, SignatureScheme};

pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The usual verification, except that it distinguishes more reasons, and takes the added
/// certificates even if they say that they are an authority's, as those do that `openssl req -x509`
/// makes.
#[derive(Debug)]
pub(super) struct Verifier {
    pub inner: Arc<WebPkiServerVerifier>,
    pub authorities: Vec<CertificateDer<'static>>,
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
            Err(InvalidCertificate(reason)) => reason,
            other => return other,
        };
        let is_self_signed = is_self_signed(end_entity);
        let is_authority = is_self_signed && is_used_as_end_entity(&reason);
        if is_authority && self.authorities.contains(end_entity) {
            verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
            return Ok(ServerCertVerified::assertion());
        }
        let is_of_other_key = is_signed_by_other_key(&reason);
        let is_unknown =
            is_authority || is_of_other_key || reason == CertificateError::UnknownIssuer;
        Err(InvalidCertificate(if is_self_signed && is_unknown {
            Mistrust::SelfSigned.into()
        } else if is_of_other_key {
            Mistrust::OtherKey.into()
        } else {
            reason
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

/// Whether nothing else is wrong with the certificate: its dates are right, because webpki checks
/// them first.
fn is_used_as_end_entity(reason: &CertificateError) -> bool {
    let CertificateError::Other(OtherError(why)) = reason else { return false };
    matches!(why.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// Whether the signature was not made with the issuer's key, which may even be of another kind.
fn is_signed_by_other_key(reason: &CertificateError) -> bool {
    use CertificateError::{BadSignature, UnsupportedSignatureAlgorithmForPublicKeyContext};
    matches!(reason, BadSignature | UnsupportedSignatureAlgorithmForPublicKeyContext { .. })
}

/// No verification at all.
#[derive(Debug)]
pub(super) struct Unverified;

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

/// A reason of [`Verifier`]'s own.
#[derive(Debug)]
pub(super) enum Mistrust {
    /// The certificate is its own issuer, and was not added.
    SelfSigned,
    /// A certificate names an issuer that is trusted, and was signed by somebody else.
    OtherKey,
}

impl fmt::Display for Mistrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Mistrust {}

impl From<Mistrust> for CertificateError {
    fn from(mistrust: Mistrust) -> Self {
        Self::Other(OtherError(Arc::new(mistrust)))
    }
}
