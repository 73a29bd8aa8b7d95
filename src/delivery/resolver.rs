//! From a host to its addresses, before the deadline.

use std::net::{IpAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;

use url::Host;

use super::deadline::Deadline;
use super::target::Origin;
use crate::error::{Error, Result, barker_status::*};

const PHASE: &str = "looking up the host name";

/// The addresses of the origin's host, in the order in which they are best tried (RFC 6724).
pub(super) fn resolve(origin: &Origin, deadline: &Deadline) -> Result<Vec<IpAddr>> {
    match &origin.host {
        Host::Ipv4(address) => Ok(vec![(*address).into()]),
        Host::Ipv6(address) => Ok(vec![(*address).into()]),
        Host::Domain(name) => look_up(name, deadline),
    }
}

/// Asks the system, on a thread of its own: a lookup cannot be given a deadline or be stopped. The
/// thread of a lookup that came too late ends when the system answers.
fn look_up(name: &str, deadline: &Deadline) -> Result<Vec<IpAddr>> {
    let failed = |why: &dyn std::fmt::Display| {
        Error::new(BARKER_ERR_RESOLVE, format!("no address for the host {name}: {why}"))
    };
    let (answer, answered) = mpsc::sync_channel(1);
    let asked = name.to_owned();
    let lookup = thread::Builder::new()
        .name("barker-lookup".into())
        .spawn(move || {
            let addresses = (asked.as_str(), 0)
                .to_socket_addrs()
                .map(|found| found.map(|address| address.ip()).collect::<Vec<_>>());
            // The asker may have given up; then nobody wants the answer.
            let _ = answer.send(addresses);
        })
        .map_err(|error| failed(&error))?;
    let answer = answered.recv_timeout(deadline.remaining(PHASE)?);
    if !matches!(answer, Err(mpsc::RecvTimeoutError::Timeout)) {
        // It has nothing left to do, and is not to outlive the call.
        let _ = lookup.join();
    }
    match answer {
        Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
        Ok(Ok(_)) => Err(failed(&"the lookup gave none")),
        Ok(Err(error)) => Err(failed(&error)),
        Err(mpsc::RecvTimeoutError::Timeout) => Err(deadline.passed(PHASE)),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(failed(&"the lookup was cut off")),
    }
}
