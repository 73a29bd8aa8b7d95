//! The schemes that there are, each described in a file of its own.

use super::description::Description;
use super::headers::is_same_name;
use super::{barker, github, shopify, slack, standard, stripe};

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

/// The description of each scheme.
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

    pub(super) fn description(self) -> &'static Description {
        let found = SCHEMES.iter().find(|(scheme, _)| *scheme == self);
        found.expect("every scheme is in the table").1
    }
}

/// Whether a header of this name belongs to some scheme.
pub fn is_signature_header(name: &str) -> bool {
    let names = SCHEMES.iter().flat_map(|(_, scheme)| scheme.all_names());
    let all = names.flat_map(|names| [names.id, names.timestamp, Some(names.signature)]);
    all.flatten().any(|own| is_same_name(name.as_bytes(), own))
}
