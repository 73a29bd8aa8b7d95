//! What is signed, how it is written in headers, and how it is verified.
//!
//! A [`Scheme`] is described by data, in a small file of its own. A [`Keyring`] holds the
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

use scheme::Description;

/// How a message is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Barker, as the Python package: HMAC-MD5 over `timestamp;body`, in BARKER_TIMESTAMP and
    /// BARKER_SIGNATURE. The secret is any bytes.
    Barker,
    /// The same with HMAC-SHA256.
    BarkerSha256,
    /// The same with HMAC-SHA512.
    BarkerSha512,
    /// Standard Webhooks, in webhook-id, webhook-timestamp and webhook-signature; when verifying,
    /// under Svix's names as well. The secret is text: base64 of at least 16 bytes, alone or after
    /// `whsec_`, signs with HMAC-SHA256 (v1); `whsk_` and base64 of an Ed25519 private key signs with
    /// that (v1a); `whpk_` and base64 of the public key verifies only.
    /// <https://github.com/standard-webhooks/standard-webhooks>
    Standard,
    /// The same under the names svix-id, svix-timestamp and svix-signature.
    Svix,
    /// HMAC-SHA256 over the body, in X-Hub-Signature-256. No timestamp. The secret is text.
    Github,
    /// HMAC-SHA256 over `timestamp.body`, in Stripe-Signature. The secret is the whole text that
    /// Stripe shows, `whsec_` included.
    Stripe,
    /// HMAC-SHA256 over `v0:timestamp:body`, in X-Slack-Request-Timestamp and X-Slack-Signature.
    /// The secret is text.
    Slack,
    /// HMAC-SHA256 over the body, in X-Shopify-Hmac-SHA256; when verifying, in Shopify-Hmac-SHA256
    /// as well. No timestamp. The secret is text.
    Shopify,
}

/// How each is described.
const SCHEMES: [(Scheme, &Description); 9] = [
    (Scheme::Barker, &barker::BARKER),
    (Scheme::BarkerSha256, &barker::BARKER_SHA256),
    (Scheme::BarkerSha512, &barker::BARKER_SHA512),
    (Scheme::Standard, &standard::STANDARD),
    (Scheme::Svix, &standard::SVIX),
    (Scheme::Github, &github::GITHUB),
    (Scheme::Stripe, &stripe::STRIPE),
    (Scheme::Slack, &slack::SLACK),
    (Scheme::Shopify, &shopify::SHOPIFY),
];

/// How names with underscores are spelled when sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spelling {
    /// BARKER_SIGNATURE, which the Python original reads and nginx drops by default.
    #[default]
    Underscore,
    /// BARKER-SIGNATURE, which passes everywhere.
    Dash,
    /// Both.
    Both,
}

/// A signature's header, to be sent.
pub struct Header {
    /// Spelled as it goes on the wire.
    pub name: Cow<'static, str>,
    /// The value.
    pub value: String,
}

impl Scheme {
    /// Every scheme there is.
    pub const ALL: [Self; SCHEMES.len()] = {
        let mut all = [Scheme::Barker; SCHEMES.len()];
        let mut at = 0;
        while at < all.len() {
            all[at] = SCHEMES[at].0;
            at += 1;
        }
        all
    };

    fn description(self) -> &'static Description {
        let found = SCHEMES.iter().find(|(scheme, _)| *scheme == self);
        found.expect("every scheme is in the table").1
    }
}

/// Whether a header of this name belongs to some scheme.
pub fn is_signature_header(name: &str) -> bool {
    let names = SCHEMES.iter().flat_map(|(_, scheme)| scheme.all_names());
    let all = names.flat_map(|names| [names.id, names.timestamp, Some(names.signature)]);
    all.flatten().any(|own| headers::is_same_name(name.as_bytes(), own))
}
