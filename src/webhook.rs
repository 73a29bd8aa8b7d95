//! A webhook: what to send, to which URL and with which secrets; and how to send, sign and verify.

use std::borrow::Cow;
use std::fmt;
use std::ptr;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use crate::delivery::{
    self, AddressPolicy, Agent, Body, Cancellation, Deadline, Delivery, Field, Network, Outcome,
    Request, Settings, Target, TlsConfig,
};
use crate::error::{Error, Result, Status};
use crate::signature::{
    self, Freshness, Keyring, ReplayGuard, Scheme, Signed, Spelling, Timestamp,
};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);
const DEFAULT_TOLERANCE: Duration = Duration::from_secs(300);
const MAX_ID_LEN: usize = 256;
/// Of many messages that are equal, the next one after this time is signed again.
const SIGNATURE_LIFETIME: Duration = Duration::from_secs(1);

/// A webhook. A clone shares the connections of its original.
#[derive(Clone)]
pub struct Webhook {
    target: Option<Arc<Target>>,
    data: Arc<[u8]>,
    keyring: Arc<Keyring>,
    spelling: Spelling,
    id: Option<String>,
    guard: Option<Arc<ReplayGuard>>,
    timeout: Duration,
    tolerance: Duration,
    content_type: Option<Field>,
    headers: Vec<Field>,
    agent: Agent,
}

/// A message that was sent.
pub struct SentMessage {
    /// What was signed.
    pub signed: Arc<Signed>,
    /// What came of its delivery.
    pub outcome: Outcome,
}

impl Default for Webhook {
    fn default() -> Self {
        Self {
            target: None,
            data: Arc::default(),
            keyring: Arc::default(),
            spelling: Spelling::default(),
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

    /// The receiver's URL.
    pub fn set_url(&mut self, url: &str) -> Result<()> {
        self.target = Some(Arc::new(Target::parse(url)?));
        Ok(())
    }

    /// What to send.
    pub fn set_data(&mut self, data: &[u8]) {
        self.data = data.into();
    }

    /// The only secret that signs and verifies.
    pub fn set_secret(&mut self, scheme: Scheme, secret: &[u8]) -> Result<()> {
        Arc::make_mut(&mut self.keyring).set(scheme, secret)
    }

    /// The default secret does not stay once another was set, even if that one is refused.
    pub fn drop_default_secret(&mut self) {
        Arc::make_mut(&mut self.keyring).drop_default();
    }

    /// Another secret that signs and verifies.
    pub fn add_secret(&mut self, scheme: Scheme, secret: &[u8]) -> Result<()> {
        Arc::make_mut(&mut self.keyring).add(scheme, secret)
    }

    /// How to spell header names that contain underscores when sending.
    pub fn set_spelling(&mut self, spelling: Spelling) {
        self.spelling = spelling;
    }

    /// The id of the next messages; without one, each gets a new id.
    pub fn set_id(&mut self, id: Option<&str>) -> Result<()> {
        let fits = |id: &str| {
            (1..=MAX_ID_LEN).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'.')
        };
        if id.is_some_and(|id| !fits(id)) {
            let why = "the id must be 1 to 256 printable ASCII characters without spaces and dots";
            return Err(Error::new(Status::Id, why));
        }
        self.id = id.map(str::to_owned);
        Ok(())
    }

    /// Refuses messages that were accepted before, remembering `limit` of them; zero remembers
    /// none.
    pub fn set_replay_limit(&mut self, limit: usize) {
        self.guard = (limit > 0).then(|| Arc::new(ReplayGuard::new(limit)));
    }

    /// How long a whole send may take.
    pub fn set_timeout(&mut self, timeout: Duration) -> Result<()> {
        if timeout.is_zero() {
            return Err(Error::new(Status::Range, "the timeout must be at least 1 millisecond"));
        }
        self.timeout = timeout;
        Ok(())
    }

    /// How far a received timestamp may be from the current time; zero turns the check off.
    pub fn set_tolerance(&mut self, tolerance: Duration) {
        self.tolerance = tolerance;
    }

    /// The Content-Type to send, if any.
    pub fn set_content_type(&mut self, content_type: Option<&str>) -> Result<()> {
        let field = content_type.map(|value| Field::new("Content-Type", value));
        self.content_type = field.transpose()?;
        Ok(())
    }

    /// Another header to send.
    pub fn add_header(&mut self, name: &str, value: &str) -> Result<()> {
        let field = Field::new(name, value)?;
        if field.is_reserved() || signature::is_signature_header(name) {
            let why = format!("barker writes the header {name} itself: leave it out");
            return Err(Error::new(Status::Header, why));
        }
        self.headers.push(field);
        Ok(())
    }

    /// Removes the headers that were added.
    pub fn clear_headers(&mut self) {
        self.headers.clear();
    }

    /// How its messages will be delivered.
    pub fn settings_mut(&mut self) -> &mut Settings {
        self.agent.settings_mut()
    }

    /// Puts another configuration of TLS in the place of the present one.
    pub fn change_tls(
        &mut self,
        change: impl FnOnce(&TlsConfig) -> Result<TlsConfig>,
    ) -> Result<()> {
        let changed = change(&self.agent.settings().tls)?;
        self.settings_mut().tls = Arc::new(changed);
        Ok(())
    }

    /// Reads what the first connection over TLS needs.
    pub fn preload_tls(&mut self) -> Result<()> {
        self.agent.preload_tls()
    }

    /// Which addresses may be sent to, except for the networks allowed and denied.
    pub fn set_address_policy(&mut self, addresses: AddressPolicy) {
        self.settings_mut().policy.addresses = addresses;
    }

    /// Allows a network that the address policy would refuse.
    pub fn allow_network(&mut self, network: &str) -> Result<()> {
        let network = Network::parse(network)?;
        self.settings_mut().policy.allowed.push(network);
        Ok(())
    }

    /// Denies a network, even if something else allows it.
    pub fn deny_network(&mut self, network: &str) -> Result<()> {
        let network = Network::parse(network)?;
        self.settings_mut().policy.denied.push(network);
        Ok(())
    }

    /// Allows a port. Once one is allowed, all others are refused.
    pub fn allow_port(&mut self, port: u32) -> Result<()> {
        match u16::try_from(port) {
            Ok(port @ 1..) => self.settings_mut().policy.ports.push(port),
            _ => return Err(Error::new(Status::Range, "the port must be 1 to 65535")),
        }
        Ok(())
    }

    /// Whether only https URLs are allowed.
    pub fn set_https_only(&mut self, https_only: bool) {
        self.settings_mut().policy.https_only = https_only;
    }

    /// Stops its sends from another thread.
    pub fn cancellation(&self) -> &Arc<Cancellation> {
        self.agent.cancellation()
    }

    /// Closes the idle connections.
    pub fn close_idle(&mut self) {
        self.agent.close_idle();
    }

    /// Who receives its messages.
    pub fn target(&self) -> Result<&Arc<Target>> {
        self.target.as_ref().ok_or_else(no_target)
    }

    /// The data that was set.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The longest that a send may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How far a received timestamp may be from the current time.
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

    /// The id that was set, or a new one if a scheme needs it; otherwise empty.
    fn message_id(&self) -> Result<Cow<'_, str>> {
        match &self.id {
            Some(id) => Ok(Cow::Borrowed(id)),
            None if self.keyring.needs_id() => signature::generate_id().map(Cow::Owned),
            None => Ok(Cow::Borrowed("")),
        }
    }

    /// Whether a received message is genuine and current.
    pub fn verify<'a>(
        &self,
        headers: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
        body: &[u8],
    ) -> Result<()> {
        let guard = self.guard.as_deref();
        let freshness = Freshness { now: SystemTime::now(), tolerance: self.tolerance, guard };
        self.keyring.verify(headers, body, freshness)
    }

    /// Makes it accept a message once more that it accepted before.
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
    pub fn send(&mut self) -> Result<SentMessage> {
        let (signed, delivery) = self.begin(&mut Signer::default())?;
        Ok(SentMessage { signed, outcome: delivery::deliver(delivery) })
    }

    /// Signs and sends `data`. Fails at once if the webhook has no URL.
    pub fn send_data(&mut self, data: &[u8]) -> Result<SentMessage> {
        let deadline = self.start()?;
        let signed = Arc::new(self.sign(&Timestamp::at(SystemTime::now()), data)?);
        let delivery = self.begin_signed(&signed, Body::Borrowed(data), deadline)?;
        Ok(SentMessage { signed, outcome: delivery::deliver(delivery) })
    }

    /// Signs the data that was set, for a delivery that is about to start.
    pub fn begin(&mut self, signer: &mut Signer) -> Result<(Arc<Signed>, Delivery<'static>)> {
        let deadline = self.start()?;
        let signed = signer.sign(self)?;
        let delivery = self.begin_signed(&signed, Body::Shared(self.data.clone()), deadline)?;
        Ok((signed, delivery))
    }

    /// The deadline of a send that starts now, including signing, if there is a URL.
    fn start(&self) -> Result<Deadline> {
        self.target()?;
        Ok(Deadline::after(self.timeout, self.cancellation().clone()))
    }

    fn begin_signed<'d>(
        &mut self,
        signed: &Signed,
        data: Body<'d>,
        deadline: Deadline,
    ) -> Result<Delivery<'d>> {
        let target = self.target.as_ref().ok_or_else(no_target)?;
        let signature = signed.headers.iter().map(|header| (&*header.name, &*header.value));
        let own = self.content_type.iter().chain(&self.headers).map(Field::as_pair);
        let request = Request::post(target, signature, own, data);
        Ok(self.agent.begin(target, request, deadline))
    }
}

fn no_target() -> Error {
    Error::new(Status::Url, "there is no URL to send to: set one first")
}

/// Signs one message after the other; the same one only once, as clones have it to which nothing
/// else was set.
#[derive(Default)]
pub struct Signer {
    last: Option<(Message, SystemTime, Arc<Signed>)>,
}

/// What a signature depends on, except the time. It keeps neither data nor secrets alive.
struct Message {
    data: Weak<[u8]>,
    keyring: Weak<Keyring>,
    spelling: Spelling,
    id: Option<String>,
}

impl Message {
    fn of(webhook: &Webhook) -> Self {
        Self {
            data: Arc::downgrade(&webhook.data),
            keyring: Arc::downgrade(&webhook.keyring),
            spelling: webhook.spelling,
            id: webhook.id.clone(),
        }
    }

    fn is_that_of(&self, webhook: &Webhook) -> bool {
        ptr::addr_eq(self.data.as_ptr(), Arc::as_ptr(&webhook.data))
            && ptr::eq(self.keyring.as_ptr(), Arc::as_ptr(&webhook.keyring))
            && self.spelling == webhook.spelling
            && self.id == webhook.id
    }
}

impl Signer {
    fn sign(&mut self, webhook: &Webhook) -> Result<Arc<Signed>> {
        let now = SystemTime::now();
        let is_fresh =
            |at: &SystemTime| now.duration_since(*at).is_ok_and(|age| age < SIGNATURE_LIFETIME);
        let id = match &self.last {
            Some((message, at, signed)) if message.is_that_of(webhook) => {
                if is_fresh(at) {
                    return Ok(signed.clone());
                }
                Cow::Owned(signed.id.clone())
            }
            _ => webhook.message_id()?,
        };
        let signed = Arc::new(webhook.sign_as(&id, &Timestamp::at(now), &webhook.data)?);
        self.last = Some((Message::of(webhook), now, signed.clone()));
        Ok(signed)
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
