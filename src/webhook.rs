//! A webhook: what is sent, to whom and under which key; and sending, signing and verifying it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::delivery::{Agent, Field, Request, Response, Target};
use crate::error::{Error, Result, barker_status::*};
use crate::signature::{
    self, Currency, Keyring, ReplayGuard, Signed, Timestamp, barker_scheme, barker_spelling,
};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);
const DEFAULT_TOLERANCE: Duration = Duration::from_secs(300);
const MAX_ID_LEN: usize = 256;

/// A webhook. A clone shares the connections of its original.
#[derive(Clone)]
pub struct Webhook {
    target: Option<Target>,
    data: Arc<[u8]>,
    keyring: Keyring,
    spelling: barker_spelling,
    id: Option<String>,
    guard: Option<Arc<ReplayGuard>>,
    timeout: Duration,
    tolerance: Duration,
    content_type: Option<Field>,
    headers: Vec<Field>,
    agent: Agent,
}

/// What a send signed, and what the receiver answered.
pub struct Delivery {
    /// The message id; empty if no scheme has one and none was set.
    pub id: String,
    /// What was signed.
    pub signed: Signed,
    /// The receiver's answer, or why there is none.
    pub response: Result<Response>,
}

impl Default for Webhook {
    fn default() -> Self {
        Self {
            target: None,
            data: Arc::default(),
            keyring: Keyring::default(),
            spelling: barker_spelling::default(),
            id: None,
            guard: None,
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

    /// The one secret that signs and verifies.
    pub fn set_secret(&mut self, scheme: barker_scheme, secret: &[u8]) -> Result<()> {
        self.keyring.set(scheme, secret)
    }

    /// One more secret that signs and verifies.
    pub fn add_secret(&mut self, scheme: barker_scheme, secret: &[u8]) -> Result<()> {
        self.keyring.add(scheme, secret)
    }

    /// How names with underscores are spelled when sent.
    pub fn set_spelling(&mut self, spelling: barker_spelling) {
        self.spelling = spelling;
    }

    /// The id of the messages to come; without one, each gets its own.
    pub fn set_id(&mut self, id: Option<&str>) -> Result<()> {
        let fits = |id: &str| {
            (1..=MAX_ID_LEN).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'.')
        };
        if id.is_some_and(|id| !fits(id)) {
            let why = "the id must be 1 to 256 printable ASCII characters without blank and dot";
            return Err(Error::new(BARKER_ERR_ID, why));
        }
        self.id = id.map(str::to_owned);
        Ok(())
    }

    /// Refuses messages that were accepted before, remembering so many; zero remembers none.
    pub fn set_replay_limit(&mut self, limit: usize) {
        self.guard = (limit > 0).then(|| Arc::new(ReplayGuard::new(limit)));
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
        if field.is_reserved() || signature::is_signature_header(name) {
            let why = format!("barker writes the header {name} itself: leave it out");
            return Err(Error::new(BARKER_ERR_HEADER, why));
        }
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

    /// Whether every message gets a new id.
    pub fn makes_ids(&self) -> bool {
        self.id.is_none() && self.keyring.needs_id()
    }

    /// Signs `data` at this time.
    pub fn sign(&self, timestamp: &Timestamp, data: &[u8]) -> Result<Signed> {
        self.sign_as(&self.message_id()?, timestamp, data)
    }

    fn sign_as(&self, id: &str, timestamp: &Timestamp, data: &[u8]) -> Result<Signed> {
        self.keyring.sign(id, timestamp, data, self.spelling)
    }

    /// The id that was set, or a new one if a scheme needs it; else empty.
    fn message_id(&self) -> Result<Cow<'_, str>> {
        match &self.id {
            Some(id) => Ok(Cow::Borrowed(id)),
            None if self.keyring.needs_id() => signature::generate_id().map(Cow::Owned),
            None => Ok(Cow::Borrowed("")),
        }
    }

    /// Whether a received message is correct and current.
    pub fn verify<'a>(
        &self,
        headers: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
        body: &[u8],
    ) -> Result<()> {
        let guard = self.guard.as_deref();
        let currency = Currency { now: SystemTime::now(), tolerance: self.tolerance, guard };
        self.keyring.verify(headers, body, currency)
    }

    /// Lets a message that was accepted be accepted once more.
    pub fn forget<'a>(
        &self,
        headers: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
        body: &[u8],
    ) {
        if let Some(guard) = &self.guard {
            self.keyring.forget(headers, body, guard);
        }
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
        let id = self.message_id()?.into_owned();
        let signed = self.sign_as(&id, &timestamp, data)?;
        let headers = signed.headers.iter().map(|header| (&*header.name, &*header.value));
        let own = self.content_type.iter().chain(&self.headers).map(Field::as_pair);
        let request = Request::post(target, headers.chain(own), data);
        let response = self.agent.send(target, request, self.timeout);
        Ok(Delivery { id, signed, response })
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
