//! Verifying with a kept handle allocates nothing, whether the message is right or wrong.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::SystemTime;

use barker::Webhook;
use barker::error::Status;
use barker::signature::{Scheme, Timestamp, generate_pair};

struct Counting;

thread_local!(static ALLOCATIONS: Cell<usize> = const { Cell::new(0) });

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise is the one asked for here.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is the one asked for here.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often verifying a right and a wrong body allocates.
fn count(scheme: Scheme, secret: &str) -> [usize; 2] {
    let mut hook = Webhook::new();
    hook.set_secret(scheme, secret.as_bytes()).unwrap();
    let signed = hook.sign(&Timestamp::at(SystemTime::now()), b"right").unwrap();
    let headers = signed.headers.iter().map(|h| (h.name.as_bytes(), h.value.as_bytes()));
    [(b"right", Ok(())), (b"wrong", Err(Status::Signature))].map(|(body, expected)| {
        let before = ALLOCATIONS.get();
        let result = hook.verify(headers.clone(), body);
        let allocations = ALLOCATIONS.get() - before;
        assert_eq!(result.map_err(|error| error.status), expected);
        allocations
    })
}

#[test]
fn verifying_allocates_nothing() {
    let before = ALLOCATIONS.get();
    drop(Box::new(before));
    assert_eq!(ALLOCATIONS.get(), before + 1, "the count works");
    for scheme in Scheme::ALL {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        assert_eq!(count(scheme, secret), [0, 0], "{scheme:?}");
    }
    let (private, _) = generate_pair().unwrap();
    assert_eq!(count(Scheme::Standard, &private), [0, 0], "Ed25519");
}
