//! What is signed, how it is written in headers, and how it is verified.
//!
//! A [`Scheme`](scheme) is a description; each has a small file of its own. A [`Keyring`] holds the
//! secrets of a sender or receiver, each for one scheme, and is the one way to sign and verify.

mod barker;
mod github;
mod headers;
mod hmac;
mod key;
mod keyring;
mod md5;
mod replay;
mod scheme;
mod secret;
mod shopify;
mod slack;
mod stack;
mod standard;
mod stripe;
mod text;
mod timestamp;

pub use keyring::{Currency, Keyring, Signed};
pub use replay::ReplayGuard;
pub use secret::{generate, generate_id, generate_pair};
pub use timestamp::Timestamp;

use std::borrow::Cow;

use scheme::Scheme;

use crate::error::{Error, Result, barker_status::*};

/// How a message is signed. Numbers are part of the ABI.
#[allow(non_camel_case_types)]
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum barker_scheme {
    /// Barker, as the Python package: HMAC-MD5 over `timestamp;body`, in BARKER_TIMESTAMP and
    /// BARKER_SIGNATURE. The secret is any bytes.
    BARKER_SCHEME_BARKER = 0,
    /// The same with HMAC-SHA256.
    BARKER_SCHEME_BARKER_SHA256 = 1,
    /// The same with HMAC-SHA512.
    BARKER_SCHEME_BARKER_SHA512 = 2,
    /// Standard Webhooks, in webhook-id, webhook-timestamp and webhook-signature; when verifying,
    /// under Svix's names as well. The secret is text: base64 of at least 16 bytes, alone or after
    /// `whsec_`, signs with HMAC-SHA256 (v1); `whsk_` and base64 of an Ed25519 private key signs with
    /// that (v1a); `whpk_` and base64 of the public key verifies only.
    /// <https://github.com/standard-webhooks/standard-webhooks>
    BARKER_SCHEME_STANDARD = 10,
    /// The same under the names svix-id, svix-timestamp and svix-signature.
    BARKER_SCHEME_SVIX = 11,
    /// HMAC-SHA256 over the body, in X-Hub-Signature-256. No timestamp. The secret is text.
    BARKER_SCHEME_GITHUB = 20,
    /// HMAC-SHA256 over `timestamp.body`, in Stripe-Signature. The secret is the whole text that
    /// Stripe shows, `whsec_` included.
    BARKER_SCHEME_STRIPE = 21,
    /// HMAC-SHA256 over `v0:timestamp:body`, in X-Slack-Request-Timestamp and X-Slack-Signature.
    /// The secret is text.
    BARKER_SCHEME_SLACK = 22,
    /// HMAC-SHA256 over the body, in X-Shopify-Hmac-SHA256; when verifying, in Shopify-Hmac-SHA256
    /// as well. No timestamp. The secret is text.
    BARKER_SCHEME_SHOPIFY = 23,
}

use barker_scheme::*;
use barker_spelling::*;

/// How each is described.
const SCHEMES: [(barker_scheme, &Scheme); 9] = [
    (BARKER_SCHEME_BARKER, &barker::BARKER),
    (BARKER_SCHEME_BARKER_SHA256, &barker::BARKER_SHA256),
    (BARKER_SCHEME_BARKER_SHA512, &barker::BARKER_SHA512),
    (BARKER_SCHEME_STANDARD, &standard::STANDARD),
    (BARKER_SCHEME_SVIX, &standard::SVIX),
    (BARKER_SCHEME_GITHUB, &github::GITHUB),
    (BARKER_SCHEME_STRIPE, &stripe::STRIPE),
    (BARKER_SCHEME_SLACK, &slack::SLACK),
    (BARKER_SCHEME_SHOPIFY, &shopify::SHOPIFY),
];

/// How names with underscores are spelled when sent.
#[allow(non_camel_case_types)]
#[repr(i32)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum barker_spelling {
    /// BARKER_SIGNATURE, which the Python original reads and nginx drops by default.
    #[default]
    BARKER_SPELLING_UNDERSCORE = 0,
    /// BARKER-SIGNATURE, which passes everywhere.
    BARKER_SPELLING_DASH = 1,
    /// Both.
    BARKER_SPELLING_BOTH = 2,
}

/// A signature's header, to be sent.
pub struct Header {
    /// Spelled as it goes on the wire.
    pub name: Cow<'static, str>,
    /// The value.
    pub value: String,
}

impl barker_scheme {
    /// Every scheme there is.
    pub const ALL: [Self; SCHEMES.len()] = {
        let mut all = [BARKER_SCHEME_BARKER; SCHEMES.len()];
        let mut at = 0;
        while at < all.len() {
            all[at] = SCHEMES[at].0;
            at += 1;
        }
        all
    };

    fn description(self) -> &'static Scheme {
        let found = SCHEMES.iter().find(|(scheme, _)| *scheme == self);
        found.expect("every scheme is in the table").1
    }
}

impl TryFrom<i32> for barker_scheme {
    type Error = Error;

    fn try_from(number: i32) -> Result<Self> {
        let found = SCHEMES.iter().find(|(scheme, _)| *scheme as i32 == number);
        found.map(|(scheme, _)| *scheme).ok_or_else(|| {
            Error::new(BARKER_ERR_RANGE, format!("there is no signature scheme {number}"))
        })
    }
}

impl TryFrom<i32> for barker_spelling {
    type Error = Error;

    fn try_from(number: i32) -> Result<Self> {
        let all = [BARKER_SPELLING_UNDERSCORE, BARKER_SPELLING_DASH, BARKER_SPELLING_BOTH];
        all.into_iter()
            .find(|spelling| *spelling as i32 == number)
            .ok_or_else(|| Error::new(BARKER_ERR_RANGE, format!("there is no spelling {number}")))
    }
}

/// Whether a header of this name belongs to some scheme.
pub fn is_signature_header(name: &str) -> bool {
    let names = SCHEMES.iter().flat_map(|(_, scheme)| scheme.all_names());
    let all = names.flat_map(|names| [names.id, names.timestamp, Some(names.signature)]);
    all.flatten().any(|own| headers::is_same_name(name.as_bytes(), own))
}
