//! One delivery, driven by the thread that waits for it.

use std::time::{Duration, Instant};

use super::delivery::{Delivery, Outcome, Progress};
use super::http::{Incoming, Response};
use super::net::poll;
use crate::error::{Error, Result, Status};

/// Makes this delivery, and returns what came of it.
pub fn deliver(mut delivery: Delivery<'_>) -> Outcome {
    let result = drive(&mut delivery);
    delivery.conclude(result)
}

fn drive(delivery: &mut Delivery<'_>) -> Result<Response> {
    let mut incoming = Incoming::Awaited;
    loop {
        incoming = match delivery.advance(incoming)? {
            Progress::Ended(response) => return Ok(response),
            Progress::TurnOver => Incoming::There,
            Progress::Waits => wait(delivery)?,
        };
    }
}

/// Waits until the delivery can go on, or is due anyway. A delivery that only receives waits by
/// itself when it is advanced: that saves a system call.
fn wait(delivery: &mut Delivery<'_>) -> Result<Incoming> {
    if let Some(error) = delivery.starvation() {
        return Err(error.clone());
    }
    let until = |at: Instant| at.saturating_duration_since(Instant::now());
    let longest = delivery.wakes_at().map_or(Duration::MAX, until);
    if let Some(lookup) = delivery.lookup() {
        lookup.wait(longest, delivery.deadline());
    }
    let Some(events) = delivery.events() else { return Ok(Incoming::Awaited) };
    let mut entries: Vec<_> = delivery.sockets().map(|socket| socket.poll_entry(events)).collect();
    poll(&mut entries, longest, delivery.deadline())
        .map_err(|error| Error::new(Status::System, format!("waiting failed: {error}")))?;
    if events & libc::POLLIN == 0 {
        return Ok(Incoming::Awaited);
    }
    let is_there = entries.iter().any(|entry| entry.revents & !libc::POLLOUT != 0);
    Ok(if is_there { Incoming::There } else { Incoming::NotYet })
}
