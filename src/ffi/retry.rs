//! Retrying: when to send again.

use std::ffi::{CStr, c_char};
use std::ptr;
use std::time::Duration;

use super::boundary::{array, c_string, null, without_handle};
use super::constants::Constants;
use super::handle::{barker_webhook, read};
use super::panic::catch;
use super::state::State;
use super::status::{BARKER_OK, barker_status};
use crate::error::{Result, Status};
use crate::queue::{Retry, Try, Verdict};

/// What is to become of a message after a try. Numbers are part of the ABI.
pub type barker_verdict = i32;

/// The receiver answered 2xx: it has the message.
pub const BARKER_VERDICT_DELIVERED: barker_verdict = 0;
/// Send it again, after a while.
pub const BARKER_VERDICT_RETRY: barker_verdict = 1;
/// Do not send it again: the schedule is over, or it is of no use.
pub const BARKER_VERDICT_DEAD: barker_verdict = 2;
/// The receiver answered 410: send it nothing more at all.
pub const BARKER_VERDICT_GONE: barker_verdict = 3;

/// A retry policy: when a message is sent again, and when it is given up.
///
/// A new policy is the one that Standard Webhooks suggests. A message is sent again 5 seconds, 5 and
/// 30 minutes, and 2, 5, 10, 14, 20 and 24 hours after the try before, varied by up to 20 percent.
/// If it then fails once more, it is dead.
///
/// - Any HTTP status of 2xx is success. 410 says that this receiver wants no messages any more.
/// - A Retry-After header of any other answer makes the wait longer, by at most 2 hours.
/// - After 429, 502, 503, 504 and BARKER_ERR_TIMEOUT the wait is a minute or more.
/// - After BARKER_ERR_REFUSED and a wrong call (a barker_status of 1xx) the message is dead: the
///   next try would end in the same way.
/// - Every other failure may pass, of a lookup or a certificate too: the message is sent again.
///
/// A message that is sent again may reach its receiver twice. Whether the receiver has it:
///
/// - It has it if barker_webhook_response_status() is 2xx, whatever the send returned.
/// - It does not have it after a wrong call, BARKER_ERR_RESOLVE, BARKER_ERR_RESOLVE_AGAIN,
///   BARKER_ERR_CONNECT, BARKER_ERR_PROXY, BARKER_ERR_REFUSED, BARKER_ERR_CERTIFICATE_EXPIRED,
///   BARKER_ERR_CERTIFICATE_NAME, BARKER_ERR_CERTIFICATE_ISSUER,
///   BARKER_ERR_CERTIFICATE_SELF_SIGNED and BARKER_ERR_CERTIFICATE_REVOKED: nothing was sent.
/// - It may have it in all other cases: after an HTTP status that is not 2xx, and after
///   BARKER_ERR_TLS, BARKER_ERR_SEND, BARKER_ERR_RECEIVE, BARKER_ERR_TIMEOUT, BARKER_ERR_PROTOCOL,
///   BARKER_ERR_TOO_LARGE, BARKER_ERR_STOPPED, BARKER_ERR_SYSTEM and BARKER_ERR_INTERNAL.
/// - If a redirect was followed, the receiver that redirected the message may have it, too.
///
/// So give a message one id for all its tries: before the first one, make it with
/// barker_generate_id() and set it with barker_webhook_set_id(). A receiver that remembers ids
/// processes the message once.
///
/// Thread-safety: one thread at a time changes or frees a policy. While none does, any number of
/// threads may call barker_retry_judge() with it at once.
pub struct barker_retry(Retry);

/// Makes a retry policy as described at barker_retry.
///
/// @return a policy that the caller frees with barker_retry_free(); NULL if it could not be made
/// @since 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn barker_retry_new() -> *mut barker_retry {
    let make = || Box::into_raw(Box::new(barker_retry(Retry::default())));
    catch(make).unwrap_or(ptr::null_mut())
}

/// Frees a retry policy.
///
/// @param retry  NULL, or a policy that is not used again
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_retry_free(retry: *mut barker_retry) {
    if retry.is_null() {
        return;
    }
    // Nothing here panics; were the allocator to, the caller could do nothing about it.
    let _ = catch(|| {
        // SAFETY: the policy came from Box::into_raw, and the caller gives it up.
        drop(unsafe { Box::from_raw(retry) });
    });
}

/// Sets the schedule: how long to wait after each try that failed. If the try after the last delay
/// fails as well, the message is dead.
///
/// @param retry         the policy
/// @param milliseconds  the delays, copied: the first is the wait after the first try. NULL with
///                      count 0 never sends again.
/// @param count         number of delays, at most 100
/// @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_RANGE
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_retry_set_delays(
    retry: *mut barker_retry,
    milliseconds: *const u32,
    count: usize,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        on_policy(retry, |retry| retry.set_delays(array("milliseconds", milliseconds, count)?))
    }
}

/// Sets how far waits are varied at random, so that messages that failed together are not sent
/// again together. A delay of the schedule becomes up to this much longer or shorter. The overload
/// delay, and the wait that a Retry-After header asks for, only become longer.
///
/// @param retry    the policy
/// @param percent  0 to 100; the default is 20
/// @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_RANGE
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_retry_set_jitter(
    retry: *mut barker_retry,
    percent: u32,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live policy.
    unsafe { on_policy(retry, |retry| retry.set_jitter(percent)) }
}

/// Sets how much longer a Retry-After header may make a wait than it would be without. The header
/// never makes it shorter.
///
/// Every answer that is not 2xx may have one: a number of seconds, or an HTTP date in any of its
/// three forms (RFC 9110 section 5.6.7), which is compared with this machine's clock. A date in the
/// past is ignored, and so is a header that is neither. If there are several, the longest wait
/// counts.
///
/// @param retry    the policy
/// @param seconds  the default is 7200; 0 ignores the header
/// @return BARKER_OK or BARKER_ERR_NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_retry_set_retry_after(
    retry: *mut barker_retry,
    seconds: u32,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live policy.
    unsafe {
        on_policy(retry, |retry| {
            retry.set_retry_after(seconds);
            Ok(())
        })
    }
}

/// Sets the shortest wait if the receiver seems to have too much to do: it answered 429, 502, 503
/// or 504, or nothing in time (BARKER_ERR_TIMEOUT).
///
/// @param retry         the policy
/// @param milliseconds  the default is 60000; 0 waits as after any other failure
/// @return BARKER_OK or BARKER_ERR_NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_retry_set_overload_delay(
    retry: *mut barker_retry,
    milliseconds: u32,
) -> barker_status {
    // SAFETY: the caller passes NULL or a live policy.
    unsafe {
        on_policy(retry, |retry| {
            retry.set_overload_delay(milliseconds);
            Ok(())
        })
    }
}

/// Sets the HTTP statuses after which a message is not sent again, such as 400 and 413, which say
/// that the receiver will never accept it. By default there are none. 410 is always
/// BARKER_VERDICT_GONE.
///
/// @param retry     the policy
/// @param statuses  the statuses, each 300 to 599, copied; NULL with count 0 is none
/// @param count     number of statuses, at most 300
/// @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_RANGE
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_retry_set_final_statuses(
    retry: *mut barker_retry,
    statuses: *const u16,
    count: usize,
) -> barker_status {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        on_policy(retry, |retry| retry.set_final_statuses(array("statuses", statuses, count)?))
    }
}

/// Says what is to become of a message after a send, for programs that keep their messages
/// themselves. Does not wait.
///
/// Call it after each send, before the handle sends again: only the last send is judged. Calls in
/// between that do not send, such as barker_webhook_set_id(), change nothing about that.
///
///     uint32_t tries = 0, wait = 0;
///     do {
///         sleep_for(wait);
///         if (barker_webhook_send(hook, NULL, NULL) != BARKER_OK)
///             complain(barker_webhook_error(hook));
///     } while (barker_retry_judge(NULL, hook, ++tries, &wait) == BARKER_VERDICT_RETRY);
///
/// @param retry         the policy; NULL is that of barker_retry_new()
/// @param hook          the handle that sent the message. One that has sent nothing, such as a new
///                      clone, is BARKER_VERDICT_RETRY as long as there are delays. NULL is a wrong
///                      call: BARKER_VERDICT_DEAD.
/// @param tries         how often the message was sent so far, this time included; 0 counts as 1
/// @param milliseconds  receives how long to wait before the message is sent again, at most
///                      UINT32_MAX; 0 unless BARKER_VERDICT_RETRY is returned. May be NULL.
/// @return a barker_verdict
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_retry_judge(
    retry: *const barker_retry,
    hook: *const barker_webhook,
    tries: u32,
    milliseconds: *mut u32,
) -> barker_verdict {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        let verdict = read(hook, Verdict::Dead, |hook| judge(retry, &last_try(hook), tries));
        told(verdict, milliseconds)
    }
}

/// Like barker_retry_judge(), for the outcome of a send without its handle: because the program
/// stored it, or sent the message with another HTTP client.
///
/// @param retry         as for barker_retry_judge()
/// @param status        what the send returned; BARKER_OK if the receiver answered. For another HTTP
///                      client, BARKER_ERR_TIMEOUT if no answer came in time, BARKER_ERR_RECEIVE if
///                      it failed otherwise. A number that is not a barker_status is a wrong call:
///                      BARKER_VERDICT_DEAD.
/// @param http_status   the answer's HTTP status, even if the rest of the answer did not come; 0 if
///                      there is none
/// @param retry_after   the value of the answer's Retry-After header; NULL if there is none
/// @param tries         as for barker_retry_judge()
/// @param milliseconds  as for barker_retry_judge()
/// @return a barker_verdict
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn barker_retry_judge_outcome(
    retry: *const barker_retry,
    status: barker_status,
    http_status: u16,
    retry_after: *const c_char,
    tries: u32,
    milliseconds: *mut u32,
) -> barker_verdict {
    // SAFETY: the caller passes NULL or what these types promise.
    unsafe {
        let verdict = catch(|| {
            let known = || Status::of(status).unwrap_or(Status::Range);
            let failure = (status != BARKER_OK).then(known);
            let retry_after = c_string(retry_after).into_iter().collect();
            judge(retry, &Try { failure, http_status, retry_after }, tries)
        });
        told(verdict.unwrap_or(Verdict::Dead), milliseconds)
    }
}

/// Judges by this policy, or by a new one if it is NULL.
///
/// # Safety
/// `retry` is NULL or a live policy that no other thread changes during the call.
unsafe fn judge(retry: *const barker_retry, last: &Try<'_>, tries: u32) -> Verdict {
    // SAFETY: as the caller promises.
    match unsafe { retry.as_ref() } {
        Some(retry) => retry.0.judge_now(last, tries),
        None => Retry::default().judge_now(last, tries),
    }
}

/// The verdict as C reads it; how long to wait goes to `milliseconds`.
///
/// # Safety
/// `milliseconds` is NULL or may be written to.
unsafe fn told(verdict: Verdict, milliseconds: *mut u32) -> barker_verdict {
    let (verdict, wait) = match verdict {
        Verdict::Delivered => (BARKER_VERDICT_DELIVERED, Duration::ZERO),
        Verdict::Retry(wait) => (BARKER_VERDICT_RETRY, wait),
        Verdict::Dead => (BARKER_VERDICT_DEAD, Duration::ZERO),
        Verdict::Gone => (BARKER_VERDICT_GONE, Duration::ZERO),
    };
    // SAFETY: as the caller promises.
    if let Some(milliseconds) = unsafe { milliseconds.as_mut() } {
        // Rounded up: the message is never sent too early.
        let wait = wait.as_nanos().div_ceil(1_000_000);
        *milliseconds = u32::try_from(wait).unwrap_or(u32::MAX);
    }
    verdict
}

/// Changes a policy.
///
/// # Safety
/// `retry` is NULL or a live policy that no other thread uses during the call.
unsafe fn on_policy(
    retry: *mut barker_retry,
    change: impl FnOnce(&mut Retry) -> Result<()>,
) -> barker_status {
    without_handle(|| {
        // SAFETY: as the caller promises.
        let retry = unsafe { retry.as_mut() }.ok_or_else(|| null("retry"))?;
        change(&mut retry.0)
    })
}

/// What came of the handle's last send; nothing, if there was none.
fn last_try(hook: &State) -> Try<'_> {
    let Some(sent) = &hook.sent else {
        return Try { failure: hook.failure, ..Try::default() };
    };
    let retry_after = sent.headers_of(b"Retry-After").map(CStr::to_bytes).collect();
    Try { failure: hook.failure, http_status: sent.status, retry_after }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::status::BARKER_ERR_REFUSED;

    #[test]
    fn wrong_calls_and_what_is_refused_are_final() {
        for &(failure, number) in Status::ALL {
            let last = Try { failure: Some(failure), ..Try::default() };
            let is_final = Retry::default().judge_now(&last, 1) == Verdict::Dead;
            let expected = (100..200).contains(&number) || number == BARKER_ERR_REFUSED;
            assert_eq!(is_final, expected, "{number}");
        }
    }
}
