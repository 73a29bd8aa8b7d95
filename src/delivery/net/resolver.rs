//! From names to addresses, before the deadline. Addresses are remembered for a while, and those
//! who ask for the same name share one lookup.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Weak};
use std::time::{Duration, Instant};

use mio::Waker;

use super::cancellation::Interrupt;
use super::deadline::Deadline;
use super::fork::{ForkLock, PutOff};
use super::names::{Refusal, addresses_of};
use super::socket::lack_of_resources;
use super::thread::Thread;
use crate::error::{Error, Result, Status};

/// The most lookups that run at once, including those that nobody waits for any more: they cannot
/// be stopped.
const MAX_LOOKUPS: usize = 256;
/// More names than this are not remembered.
const MAX_NAMES: usize = 1024;
/// More addresses of one name than this are not tried.
const MAX_ADDRESSES: usize = 16;
/// How long a new answer is waited for where an old one is known.
const PATIENCE: Duration = Duration::from_millis(250);
/// Older answers than this are not used.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// The addresses of a name, with port 0, in the order in which they are best tried (RFC 6724).
pub(crate) type Addresses = Arc<[SocketAddr]>;

/// Lives as long as anything uses it, even a lookup that nobody waits for, so that the limit on
/// lookups applies to the process.
#[derive(Default)]
pub(crate) struct Resolver {
    book: ForkLock<Book>,
}

#[derive(Default)]
struct Book {
    known: HashMap<String, Known>,
    /// Lookups that have not ended.
    open: HashMap<String, Arc<Lookup>>,
    /// Those of the open ones that no thread has begun.
    queue: VecDeque<Arc<Lookup>>,
    threads: usize,
}

struct Known {
    addresses: Addresses,
    since: Instant,
}

/// What the resolver returns at once.
pub(crate) enum Found {
    Addresses(Addresses),
    /// The system was asked. Old addresses, if there are any, may be used from that moment on.
    Asked(Arc<Lookup>, Option<(Instant, Addresses)>),
}

/// A lookup, shared by all who asked for the name.
pub(crate) struct Lookup {
    name: String,
    progress: ForkLock<Progress>,
    answered: Condvar,
}

#[derive(Default)]
struct Progress {
    answer: Option<Result<Addresses>>,
    thread: Option<Thread>,
    /// From before the lookup until its thread was joined: also when that ends, the C library takes
    /// locks of its own.
    put_off: Option<PutOff>,
    wakers: Vec<Arc<Waker>>,
}

impl Resolver {
    /// That of the running process.
    pub fn current() -> Arc<Self> {
        static CURRENT: ForkLock<Weak<Resolver>> = ForkLock::new(Weak::new());
        CURRENT.get_or_make()
    }

    /// The addresses of a name, if they were looked up within the lifetime. With a lifetime of zero
    /// old ones are never used.
    pub fn find(self: &Arc<Self>, name: &str, lifetime: Duration) -> Found {
        let mut book = self.book.lock();
        let known = book.known.get(name).map(|known| (known.since.elapsed(), &known.addresses));
        let old = match known {
            Some((age, addresses)) if age < lifetime => {
                return Found::Addresses(addresses.clone());
            }
            Some((age, addresses)) if age < MAX_AGE && !lifetime.is_zero() => {
                Some((Instant::now() + PATIENCE, addresses.clone()))
            }
            _ => None,
        };
        if let Some(lookup) = book.open.get(name) {
            return Found::Asked(lookup.clone(), old);
        }
        let lookup = Arc::new(Lookup {
            name: name.to_owned(),
            progress: ForkLock::default(),
            answered: Condvar::new(),
        });
        book.open.insert(name.to_owned(), lookup.clone());
        book.queue.push_back(lookup.clone());
        self.begin_lookups(&mut book);
        Found::Asked(lookup, old)
    }

    /// Forgets the addresses of a name: none of them took a connection.
    pub fn forget(&self, name: &str) {
        self.book.lock().known.remove(name);
    }

    /// Starts a thread for each queued lookup, as far as there may be threads: a lookup can have no
    /// deadline.
    fn begin_lookups(self: &Arc<Self>, book: &mut Book) {
        while book.threads < MAX_LOOKUPS
            && let Some(lookup) = book.queue.pop_front()
        {
            // This reference and that in `open`: nobody waits for it any more.
            if Arc::strong_count(&lookup) == 2 {
                book.open.remove(&lookup.name);
                continue;
            }
            // Held until the thread is in its place.
            let mut progress = lookup.progress.lock();
            let (resolver, asked) = (self.clone(), lookup.clone());
            match Thread::spawn("barker-lookup", move || resolver.look_up(&asked)) {
                Ok(thread) => {
                    progress.thread = Some(thread);
                    book.threads += 1;
                }
                // A lookup that ends makes room.
                Err(_) if book.threads > 0 => {
                    drop(progress);
                    book.queue.push_front(lookup);
                    return;
                }
                Err(error) => {
                    book.open.remove(&lookup.name);
                    let why = format!("cannot start a thread to look up {}: {error}", lookup.name);
                    let failure = Error::new(Status::System, why);
                    progress.settle(&lookup.answered, Err(failure));
                }
            }
        }
    }

    /// What the thread of a lookup does.
    fn look_up(self: &Arc<Self>, lookup: &Lookup) {
        let put_off = PutOff::new();
        lookup.progress.lock().put_off = Some(put_off);
        let answer = ask_system(&lookup.name);
        let mut book = self.book.lock();
        book.open.remove(&lookup.name);
        book.threads -= 1;
        if let Ok(addresses) = &answer {
            if book.known.len() >= MAX_NAMES {
                book.known.clear();
            }
            let known = Known { addresses: addresses.clone(), since: Instant::now() };
            book.known.insert(lookup.name.clone(), known);
        }
        self.begin_lookups(&mut book);
        drop(book);
        lookup.progress.lock().settle(&lookup.answered, answer);
    }
}

fn ask_system(name: &str) -> Result<Addresses> {
    let addresses = addresses_of(name, MAX_ADDRESSES).map_err(|refusal| explain(name, refusal))?;
    Ok(addresses.into())
}

/// Why there are no addresses. If the system lacks something, its resolver returns misleading
/// errors.
fn explain(name: &str, refusal: Refusal) -> Error {
    if let Some(lack) = lack_of_resources() {
        return Error::new(Status::System, format!("{name} cannot be looked up: {lack}"));
    }
    match refusal {
        Refusal::NoSuchName => {
            Error::new(Status::Resolve, format!("no address for the host {name}: no such name"))
        }
        Refusal::NotNow(code) => {
            let why = format!("no name server answers for {name} ({code}): try again later");
            Error::new(Status::ResolveAgain, why)
        }
    }
}

impl Lookup {
    /// The addresses, when they have come.
    pub fn answer(&self) -> Result<Option<Addresses>> {
        let mut progress = self.progress.lock();
        let Some(answer) = progress.answer.clone() else { return Ok(None) };
        let (thread, put_off) = (progress.thread.take(), progress.put_off.take());
        drop(progress);
        if let Some(thread) = thread {
            // It has nothing left to do, and must not outlive the call.
            thread.join();
        }
        drop(put_off);
        answer.map(Some)
    }

    /// Waits for the answer, no longer than that and no longer than until the deadline.
    pub fn wait(self: &Arc<Self>, longest: Duration, deadline: &Deadline) {
        let _watch = deadline.watch(self.clone());
        let progress = self.progress.lock();
        let is_open =
            |progress: &mut Progress| progress.answer.is_none() && !deadline.is_cancelled();
        drop(self.answered.wait_timeout_while(progress, longest.min(deadline.left()), is_open));
    }

    /// Calls the waker when the answer has come, or at once if it has.
    pub fn notify(&self, waker: &Arc<Waker>) -> io::Result<()> {
        let mut progress = self.progress.lock();
        if progress.answer.is_some() {
            return waker.wake();
        }
        progress.wakers.push(waker.clone());
        Ok(())
    }
}

impl Interrupt for Lookup {
    fn interrupt(&self) {
        let _progress = self.progress.lock();
        self.answered.notify_all();
    }
}

impl Progress {
    fn settle(&mut self, answered: &Condvar, answer: Result<Addresses>) {
        self.answer = Some(answer);
        answered.notify_all();
        self.wakers.drain(..).for_each(|waker| waker.interrupt());
    }
}
