//! Why TLS failed, in plain words.

use std::borrow::Cow;

use rustls::AlertDescription as Alert;
use rustls::CertificateError as Reason;
use rustls::pki_types::UnixTime;
use rustls::{OtherError, PeerIncompatible};

use super::verifier::Mistrust;
use crate::error::{Error, Status};

/// The most names of a certificate that a sentence lists.
const MOST_NAMES: usize = 5;

/// Why the session failed, with its status and, if there is one, the remedy.
pub(super) fn explain(error: rustls::Error) -> Error {
    use rustls::Error::*;
    let (status, sentence): (_, Cow<'static, str>) = match &error {
        InvalidCertificate(reason) => {
            let (status, why) = mistrust(reason);
            (status, format!("the receiver's certificate is not trusted: {why}").into())
        }
        AlertReceived(alert) => {
            let (number, why) = (u8::from(*alert), said(*alert));
            (Status::Tls, format!("the receiver refused TLS: {why} (alert {number})").into())
        }
        PeerIncompatible(lack) => {
            (Status::Tls, format!("no TLS with the receiver: {}", lacking(lack)).into())
        }
        InvalidMessage(_) | PeerSentOversizedRecord => (
            Status::Tls,
            "the receiver's answer is not TLS: check the scheme and port of the URL".into(),
        ),
        InappropriateMessage { .. } | InappropriateHandshakeMessage { .. } | PeerMisbehaved(_) => {
            (Status::Tls, format!("the receiver violated the TLS protocol ({error})").into())
        }
        DecryptError => (
            Status::Tls,
            "what the receiver sent over TLS was damaged or changed on the way".into(),
        ),
        NoCertificatesPresented => {
            (Status::Tls, "the receiver showed no certificate over TLS".into())
        }
        InvalidCertRevocationList(_) => (
            Status::Tls,
            "a revocation list does not fit the receiver's certificate: it is not signed by the \
             authority that it names, or in a way that is not supported"
                .into(),
        ),
        FailedToGetCurrentTime => {
            (Status::System, "this machine's clock is before 1970: set it".into())
        }
        FailedToGetRandomBytes => {
            (Status::System, "the system returned no random bytes for TLS".into())
        }
        _ => (Status::Tls, format!("TLS failed ({error})").into()),
    };
    Error::new(status, sentence)
}

/// The meaning of an alert from the receiver.
fn said(alert: Alert) -> &'static str {
    match alert {
        Alert::HandshakeFailure => {
            "it found no cipher suite or signature that both sides support, or requires a client \
             certificate"
        }
        Alert::ProtocolVersion => "it supports no version of TLS that is allowed here",
        Alert::InsufficientSecurity => "it requires stronger ciphers than this library supports",
        Alert::CertificateRequired | Alert::NoCertificate => {
            "it requires a client certificate, and none was set"
        }
        Alert::BadCertificate => {
            "it requires a client certificate, or does not accept the one that it got"
        }
        Alert::UnsupportedCertificate => "it does not accept a client certificate of this kind",
        Alert::CertificateRevoked => "the client certificate was revoked",
        Alert::CertificateExpired => "the client certificate has expired, or is not valid yet",
        Alert::CertificateUnknown | Alert::AccessDenied => {
            "it does not accept the client certificate"
        }
        Alert::UnknownCA => "it does not know the authority that issued the client certificate",
        Alert::UnrecognisedName => {
            "it serves no host of this name: is the URL's host, or the server name that was set, \
             right?"
        }
        Alert::NoApplicationProtocol => "it does not support HTTP/1.1 on this port",
        Alert::InternalError => "it failed internally: its log may say why",
        Alert::UnexpectedMessage
        | Alert::BadRecordMac
        | Alert::DecryptionFailed
        | Alert::RecordOverflow
        | Alert::DecompressionFailure
        | Alert::IllegalParameter
        | Alert::DecodeError
        | Alert::DecryptError => "it could not decode a message, or considers a signature invalid",
        _ => "it gives no clear reason",
    }
}

/// What the two sides do not have in common.
fn lacking(lack: &PeerIncompatible) -> String {
    use PeerIncompatible::*;
    match lack {
        ServerDoesNotSupportTls12Or13 | ServerTlsVersionIsDisabledByOurConfig => {
            "it supports no version of TLS that is allowed here".into()
        }
        NoCipherSuitesInCommon | NoKxGroupsInCommon | NoSignatureSchemesInCommon => {
            "the two sides have no cipher suite, key exchange or signature in common".into()
        }
        NoCertificateRequestSignatureSchemesInCommon => {
            "it accepts no signature that the client certificate's key can make".into()
        }
        _ => format!("it lacks something that TLS needs here ({lack:?})"),
    }
}

/// Why a certificate is not trusted: "it" or one in its chain.
fn mistrust(reason: &Reason) -> (Status, Cow<'static, str>) {
    match reason {
        Reason::ExpiredContext { time, not_after } => (
            Status::CertificateExpired,
            format!("it expired {} ago", span(*not_after, *time)).into(),
        ),
        Reason::Expired => (Status::CertificateExpired, "it has expired".into()),
        Reason::NotValidYetContext { time, not_before } => {
            let begins = span(*time, *not_before);
            let why = format!(
                "it is not valid yet, but will be in {begins}: is this machine's clock right?"
            );
            (Status::CertificateExpired, why.into())
        }
        Reason::NotValidYet => (Status::CertificateExpired, "it is not valid yet".into()),
        Reason::NotValidForNameContext { expected, presented } => {
            let (name, names) = (expected.to_str(), listed(presented));
            (Status::CertificateName, format!("it is for {names}, not for {name}").into())
        }
        Reason::NotValidForName => (Status::CertificateName, "it is for other names".into()),
        Reason::UnknownIssuer => {
            (Status::CertificateIssuer, "the authority that issued it is unknown".into())
        }
        Reason::Revoked => (Status::CertificateRevoked, "it was revoked".into()),
        Reason::Other(OtherError(why)) => match why.downcast_ref() {
            Some(Mistrust::SelfSigned) => {
                (Status::CertificateSelfSigned, "it is self-signed".into())
            }
            Some(Mistrust::OtherKey) => (
                Status::CertificateIssuer,
                "it names an authority that is trusted, but another key signed it".into(),
            ),
            None => (Status::Tls, why.downcast_ref().map_or_else(|| unknown(reason), flaw)),
        },
        _ => (Status::Tls, defect(reason)),
    }
}

/// What is wrong with a certificate that may be genuine.
#[allow(deprecated)] // rustls may still say so
fn defect(reason: &Reason) -> Cow<'static, str> {
    match reason {
        Reason::BadEncoding => "it is not encoded as a certificate must be".into(),
        Reason::BadSignature => {
            "the receiver has not proved that it has the certificate's key".into()
        }
        Reason::UnsupportedSignatureAlgorithm
        | Reason::UnsupportedSignatureAlgorithmContext { .. }
        | Reason::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "its key or its signature (such as one with SHA-1) is not supported".into()
        }
        Reason::InvalidPurpose | Reason::InvalidPurposeContext { .. } => {
            "it is not for servers: its extended key usage lacks serverAuth".into()
        }
        Reason::UnhandledCriticalExtension => unknown_extension(),
        _ => unknown(reason),
    }
}

/// The same for errors that only webpki distinguishes.
fn flaw(error: &webpki::Error) -> Cow<'static, str> {
    use webpki::Error::*;
    match error {
        UnsupportedCertVersion => "it is not an X.509 version 3 certificate".into(),
        UnsupportedCriticalExtension => unknown_extension(),
        CaUsedAsEndEntity => "it is the certificate of an authority, not of a receiver".into(),
        EndEntityUsedAsCa => "its issuer is not an authority".into(),
        NameConstraintViolation => {
            "an authority in its chain may not issue it for its names (name constraints)".into()
        }
        PathLenConstraintViolated
        | MaximumPathDepthExceeded
        | MaximumPathBuildCallsExceeded
        | MaximumSignatureChecksExceeded
        | MaximumNameConstraintComparisonsExceeded => {
            "its chain of authorities is longer than allowed".into()
        }
        EmptyEkuExtension => "it allows no purpose: its extended key usage is empty".into(),
        _ => format!("it is malformed ({error})").into(),
    }
}

fn unknown_extension() -> Cow<'static, str> {
    "it has an unknown critical extension".into()
}

fn unknown(reason: &Reason) -> Cow<'static, str> {
    format!("it is refused ({reason})").into()
}

/// The time between two moments, in a suitable unit.
fn span(from: UnixTime, until: UnixTime) -> String {
    let seconds = until.as_secs().saturating_sub(from.as_secs());
    let units = [(24 * 60 * 60, "day"), (60 * 60, "hour"), (60, "minute"), (1, "second")];
    let (unit, name) = units.into_iter().find(|(unit, _)| seconds >= *unit).unwrap_or(units[3]);
    let count = seconds / unit;
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

/// The names in a certificate as webpki writes them; only host names count.
fn listed(presented: &[String]) -> String {
    let host = |name: &String| {
        let name = name.strip_prefix("DnsName(").or_else(|| name.strip_prefix("IpAddress("))?;
        Some(name.trim_end_matches(')').trim_matches('"').escape_debug().to_string())
    };
    let mut names: Vec<_> = presented.iter().filter_map(host).take(MOST_NAMES + 1).collect();
    match names.len() {
        0 => "no host at all (a common name does not count)".into(),
        count if count > MOST_NAMES => {
            names.truncate(MOST_NAMES);
            format!("{} and more", names.join(", "))
        }
        _ => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
    }

    /// Most reasons are tested over TLS, with receivers that fail so.
    #[test]
    fn each_failure_is_told_in_plain_words() {
        use rustls::Error::*;
        for (error, status, words) in [
            (InvalidCertificate(Reason::BadSignature), Status::Tls, "the certificate's key"),
            (InvalidCertificate(Reason::Expired), Status::CertificateExpired, "has expired"),
            (InvalidCertificate(Reason::BadEncoding), Status::Tls, "not encoded"),
            (
                InvalidCertRevocationList(rustls::CertRevocationListError::BadSignature),
                Status::Tls,
                "a revocation list",
            ),
            (DecryptError, Status::Tls, "damaged or changed"),
            (FailedToGetRandomBytes, Status::System, "random bytes"),
            (FailedToGetCurrentTime, Status::System, "clock"),
        ] {
            let told = explain(error);
            assert_eq!(told.status, status, "{told}");
            assert!(told.sentence.contains(words), "{told}");
        }
        for number in 0..=u8::MAX {
            let told = explain(AlertReceived(Alert::from(number)));
            assert_eq!(told.status, Status::Tls);
            assert!(told.sentence.ends_with(&format!(" (alert {number})")), "{told}");
        }
    }

    #[test]
    fn time_is_told_in_the_unit_that_suits() {
        for (seconds, words) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (119, "1 minute"),
            (7200, "2 hours"),
            (90_000, "1 day"),
        ] {
            assert_eq!(span(at(1), at(1 + seconds)), words);
        }
        assert_eq!(span(at(2), at(1)), "0 seconds");
    }

    #[test]
    fn names_are_told_without_control_characters_and_not_without_end() {
        let names =
            |names: &[&str]| listed(&names.iter().map(|&name| name.into()).collect::<Vec<_>>());
        assert_eq!(names(&["DnsName(\"a\")", "DirectoryName", "IpAddress(::1)"]), "a, ::1");
        assert_eq!(names(&["DnsName(\"a\nb\u{1b}\")"]), "a\\nb\\u{1b}");
        assert!(names(&["UniformResourceIdentifier(\"x\")"]).starts_with("no host"));
        assert_eq!(names(&["DnsName(\"n\")"; 900]), "n, n, n, n, n and more");
    }
}
