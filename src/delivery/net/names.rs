//! Numbers for names, as the system knows them: the addresses of hosts and the numbers of network
//! interfaces.
//!
//! The system's resolver is called so that a name that does not exist differs from an answer that
//! did not come, and so that a link-local address keeps its interface. The standard library's call
//! does neither.

use std::ffi::CString;
use std::net::SocketAddr;
use std::{io, mem, ptr};

use socket2::{SockAddr, SockAddrStorage};

/// Why the system has no address for a name.
pub(super) enum Refusal {
    NoSuchName,
    /// With the number of getaddrinfo().
    NotNow(i32),
}

/// The addresses of a name, at least one and at most `most`, with port 0. Waits for the answer.
pub(super) fn addresses_of(name: &str, most: usize) -> Result<Vec<SocketAddr>, Refusal> {
    let name = CString::new(name).map_err(|_| Refusal::NoSuchName)?;
    let list = List::ask(&name)?;
    let addresses: Vec<_> = list.addresses().take(most).collect();
    if addresses.is_empty() { Err(Refusal::NoSuchName) } else { Ok(addresses) }
}

/// What getaddrinfo() allocated.
struct List(*mut libc::addrinfo);

impl List {
    fn ask(name: &CString) -> Result<Self, Refusal> {
        // SAFETY: plain data, for which zeros stand for anything.
        let mut hints: libc::addrinfo = unsafe { mem::zeroed() };
        hints.ai_socktype = libc::SOCK_STREAM;
        let mut first = ptr::null_mut();
        // SAFETY: the name ends with a NUL, and the hints and the place for the list are there.
        let code = unsafe {
            libc::getaddrinfo(name.as_ptr(), ptr::null(), &raw const hints, &raw mut first)
        };
        match code {
            0 => Ok(Self(first)),
            libc::EAI_NONAME | libc::EAI_NODATA | EAI_ADDRFAMILY => Err(Refusal::NoSuchName),
            code => Err(Refusal::NotNow(code)),
        }
    }

    fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        let mut next = self.0;
        let entries = std::iter::from_fn(move || {
            // SAFETY: NULL, or an entry of the list, which lives as long as `self`.
            let entry = unsafe { next.as_ref() }?;
            next = entry.ai_next;
            Some(entry)
        });
        entries.filter_map(address_of)
    }
}

/// glibc has it; the libc crate does not.
const EAI_ADDRFAMILY: i32 = -9;

fn address_of(entry: &libc::addrinfo) -> Option<SocketAddr> {
    let mut storage = SockAddrStorage::zeroed();
    let len = entry.ai_addrlen;
    if entry.ai_addr.is_null() || len > storage.size_of() {
        return None;
    }
    // SAFETY: the entry's address has `len` bytes, and the storage has room for them.
    unsafe {
        ptr::copy_nonoverlapping(
            entry.ai_addr.cast::<u8>(),
            (&raw mut storage).cast::<u8>(),
            len as usize,
        );
        SockAddr::new(storage, len).as_socket()
    }
}

impl Drop for List {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: the list came from getaddrinfo(), and nothing borrows from it any more.
            unsafe { libc::freeaddrinfo(self.0) };
        }
    }
}

/// The number of a network interface, by its name or from its number as text.
pub(crate) fn interface_number(zone: &str) -> io::Result<Option<u32>> {
    let name = CString::new(zone)?;
    // SAFETY: the name ends with a NUL, and is only read.
    let number = unsafe { libc::if_nametoindex(name.as_ptr()) };
    if number != 0 {
        return Ok(Some(number));
    }
    match io::Error::last_os_error() {
        error if error.raw_os_error() != Some(libc::ENODEV) => Err(error),
        _ if !zone.bytes().all(|byte| byte.is_ascii_digit()) => Ok(None),
        _ => Ok(zone.parse().ok().filter(|number| *number != 0)),
    }
}
