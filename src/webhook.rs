//! A webhook: what is sent, to whom and under which key; and sending, signing and verifying it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::delivery::{Agent, Field, Request, Response, Target};
use crate::error::{Error, Result, barker_status::*};
use crate::signature::{Key, SIGNATURE_HEADER, TIMESTAMP_HEADER, Timestamp};

const DEFAULT_KEY: &[u8] = b"BARKER";
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);
const DEFAULT_TOLERANCE: Duration = Duration::from_secs(300);

/// A webhook. A clone shares the connections of its original.
#[derive(Clone)]
pub struct Webhook {
    target: Option<Target>,
    data: Arc<[u8]>,
    key: Key,
    timeout: Duration,
    tolerance: Duration,
    content_type: Option<Field>,
    headers: Vec<Field>,
    agent: Agent,
}

/// What a send signed, and what the receiver answered.
pub struct Delivery {
    /// The time that was signed.
    pub timestamp: Timestamp,
    /// The signature, in hex.
    pub signature: String,
    /// The receiver's answer, or why there is none.
    pub response: Result<Response>,
}

impl Default for Webhook {
    fn default() -> Self {
        Self {
            target: None,
            data: Arc::default(),
            key: Key::new(DEFAULT_KEY),
            timeout: DEFAULT_TIMEOUT,
            tolerance: DEFAULT_TOLERANCE,
            content_type: None,
            headers: Vec::new(),
            agent: Agent::default(),
        }
    }
}

impl Webhook {
    /// A webhook without URL and data, with the protocol's default key, timeout and tolerance.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whom to send to.
    pub fn set_url(&mut self, url: &str) -> Result<()> {
        self.target = Some(Target::parse(url)?);
        Ok(())
    }

    /// What to send.
    pub fn set_data(&mut self, data: &[u8]) {
        self.data = data.into();
    }

    /// The key that signs and verifies.
    pub fn set_key(&mut self, key: &[u8]) {
        self.key = Key::new(key);
    }

    /// How long a send may take in all.
    pub fn set_timeout(&mut self, timeout: Duration) -> Result<()> {
        if timeout.is_zero() {
            return Err(Error::new(BARKER_ERR_RANGE, "the timeout must be at least 1 millisecond"));
        }
        self.timeout = timeout;
        Ok(())
    }

    /// How far a received timestamp may lie from now; zero leaves it unchecked.
    pub fn set_tolerance(&mut self, tolerance: Duration) {
        self.tolerance = tolerance;
    }

    /// The Content-Type to send, if any.
    pub fn set_content_type(&mut self, content_type: Option<&str>) -> Result<()> {
        let field = content_type.map(|value| Field::new("Content-Type", value));
        self.content_type = field.transpose()?;
        Ok(())
    }

    /// One more header to send.
    pub fn add_header(&mut self, name: &str, value: &str) -> Result<()> {
        let field = Field::new(name, value)?;
        field.refuse_reserved()?;
        self.headers.push(field);
        Ok(())
    }

    /// Forgets the headers that were added.
    pub fn clear_headers(&mut self) {
        self.headers.clear();
    }

    /// The data that was set.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The longest that a send may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How far a received timestamp may lie from now.
    pub fn tolerance(&self) -> Duration {
        self.tolerance
    }

    /// The signature of `data` at this time.
    pub fn sign(&self, timestamp: &Timestamp, data: &[u8]) -> String {
        self.key.sign(timestamp, data)
    }

    /// Whether a received message is correct and current.
    pub fn verify<'a>(
        &self,
        headers: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
        body: &[u8],
    ) -> Result<()> {
        self.key.verify(headers, body, SystemTime::now(), self.tolerance)
    }

    /// Signs and sends the data that was set.
    pub fn send(&mut self) -> Result<Delivery> {
        let data = self.data.clone();
        self.send_data(&data)
    }

    /// Signs and sends `data`. Fails at once if the webhook has no URL.
    pub fn send_data(&mut self, data: &[u8]) -> Result<Delivery> {
        let target = self.target.as_ref().ok_or_else(|| {
            Error::new(BARKER_ERR_URL, "there is no URL to send to: set one first")
        })?;
        let timestamp = Timestamp::at(SystemTime::now());
        let signature = self.sign(&timestamp, data);
        let signed = [(TIMESTAMP_HEADER, timestamp.as_str()), (SIGNATURE_HEADER, &signature)];
        let own = self.content_type.iter().chain(&self.headers).map(Field::as_pair);
        let request = Request::post(target, signed.into_iter().chain(own), data);
        let response = self.agent.send(target, &request, self.timeout);
        Ok(Delivery { timestamp, signature, response })
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("timeout", &self.timeout)
            .field("tolerance", &self.tolerance)
            .finish_non_exhaustive()
    }
}
