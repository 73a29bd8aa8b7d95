//! From names to addresses, before the deadline: remembered for a while, and asked of the system
//! once for all who want to know.

use std::collections::{HashMap, VecDeque};
use std::fmt::Display;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mio::Waker;

use super::deadline::Deadline;
use super::stop::Awaited;
use super::thread::{lock, spawn};
use crate::error::{Error, Result, barker_status::*};

/// The most lookups that the system is asked at once.
const MAX_LOOKUPS: usize = 16;
/// More names than this are not remembered.
const MAX_NAMES: usize = 1024;

type Answer = Result<Arc<[IpAddr]>>;

#[derive(Default)]
pub(super) struct Resolver {
    book: Arc<Mutex<Book>>,
}

#[derive(Default)]
struct Book {
    known: HashMap<String, Known>,
    /// Asked and not answered.
    open: HashMap<String, Arc<Lookup>>,
    /// Those of the open ones that no thread has begun.
    queue: VecDeque<Arc<Lookup>>,
    threads: usize,
}

struct Known {
    addresses: Arc<[IpAddr]>,
    since: Instant,
}

/// What the resolver says at once.
pub(super) enum Found {
    Addresses(Arc<[IpAddr]>),
    Asked(Arc<Lookup>),
}

/// A question to the system, shared by all who asked it.
pub(super) struct Lookup {
    name: String,
    progress: Mutex<Progress>,
    answered: Condvar,
}

#[derive(Default)]
struct Progress {
    answer: Option<Answer>,
    thread: Option<JoinHandle<()>>,
    wakers: Vec<Arc<Waker>>,
}

impl Resolver {
    /// The addresses of a name, in the order in which they are best tried (RFC 6724), if they were
    /// looked up within the lifetime.
    pub fn find(&self, name: &str, lifetime: Duration) -> Found {
        let mut book = lock(&self.book);
        if let Some(known) = book.known.get(name)
            && known.since.elapsed() < lifetime
        {
            return Found::Addresses(known.addresses.clone());
        }
        if let Some(lookup) = book.open.get(name) {
            return Found::Asked(lookup.clone());
        }
        let lookup = Arc::new(Lookup {
            name: name.to_owned(),
            progress: Mutex::default(),
            answered: Condvar::new(),
        });
        book.open.insert(name.to_owned(), lookup.clone());
        book.queue.push_back(lookup.clone());
        begin_lookups(&self.book, &mut book);
        Found::Asked(lookup)
    }
}

/// Gives queued lookups a thread of their own each, as far as there may be threads: a lookup cannot
/// be given a deadline or be stopped.
fn begin_lookups(shared: &Arc<Mutex<Book>>, book: &mut Book) {
    while book.threads < MAX_LOOKUPS
        && let Some(lookup) = book.queue.pop_front()
    {
        // This reference and that in `open`: nobody waits for it any more.
        if Arc::strong_count(&lookup) == 2 {
            book.open.remove(&lookup.name);
            continue;
        }
        // Held until the handle of the thread is in its place.
        let mut progress = lock(&lookup.progress);
        let (shared, asked) = (shared.clone(), lookup.clone());
        match spawn("barker-lookup", move || look_up(&shared, &asked)) {
            Ok(thread) => {
                progress.thread = Some(thread);
                book.threads += 1;
            }
            Err(error) => {
                book.open.remove(&lookup.name);
                progress.settle(&lookup.answered, Err(no_address(&lookup.name, &error)));
            }
        }
    }
}

/// What the thread of a lookup does.
fn look_up(shared: &Arc<Mutex<Book>>, lookup: &Lookup) {
    let answer = ask_system(&lookup.name);
    let mut book = lock(shared);
    book.open.remove(&lookup.name);
    book.threads -= 1;
    if let Ok(addresses) = &answer {
        if book.known.len() >= MAX_NAMES {
            book.known.clear();
        }
        let known = Known { addresses: addresses.clone(), since: Instant::now() };
        book.known.insert(lookup.name.clone(), known);
    }
    begin_lookups(shared, &mut book);
    drop(book);
    lock(&lookup.progress).settle(&lookup.answered, answer);
}

fn ask_system(name: &str) -> Answer {
    let found = (name, 0).to_socket_addrs().map_err(|error| no_address(name, &error))?;
    let addresses: Arc<[IpAddr]> = found.map(|address| address.ip()).collect();
    if addresses.is_empty() {
        return Err(no_address(name, &"the lookup gave none"));
    }
    Ok(addresses)
}

fn no_address(name: &str, why: &dyn Display) -> Error {
    Error::new(BARKER_ERR_RESOLVE, format!("no address for the host {name}: {why}"))
}

impl Lookup {
    /// The addresses, once they are there.
    pub fn answer(&self) -> Result<Option<Arc<[IpAddr]>>> {
        let mut progress = lock(&self.progress);
        let Some(answer) = progress.answer.clone() else { return Ok(None) };
        let thread = progress.thread.take();
        drop(progress);
        if let Some(thread) = thread {
            // It has nothing left to do, and is not to outlive the call.
            let _ = thread.join();
        }
        answer.map(Some)
    }

    /// Waits for the answer, not longer than until the deadline.
    pub fn wait(self: &Arc<Self>, deadline: &Deadline) {
        let _watch = deadline.watch(Awaited::Lookup(self.clone()));
        let progress = lock(&self.progress);
        let is_open = |progress: &mut Progress| progress.answer.is_none() && !deadline.is_stopped();
        drop(self.answered.wait_timeout_while(progress, deadline.left(), is_open));
    }

    /// Has those who wait look whether they are to go on.
    pub fn wake(&self) {
        let _progress = lock(&self.progress);
        self.answered.notify_all();
    }

    /// Has the waker called when the answer is there, or at once if it is.
    pub fn notify(&self, waker: &Arc<Waker>) -> io::Result<()> {
        let mut progress = lock(&self.progress);
        if progress.answer.is_some() {
            return waker.wake();
        }
        progress.wakers.push(waker.clone());
        Ok(())
    }
}

impl Progress {
    fn settle(&mut self, answered: &Condvar, answer: Answer) {
        self.answer = Some(answer);
        answered.notify_all();
        for waker in self.wakers.drain(..) {
            // It fails only for a batch that is over.
            let _ = waker.wake();
        }
    }
}
