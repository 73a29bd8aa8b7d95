package barker

// #include <stdlib.h>
// #include <barker.h>
import "C"

import (
	"errors"
	"math"
	"runtime"
	"time"
	"unsafe"
)

// Verdict is what to do with a message after a try.
type Verdict int32

// A Retry is a retry policy: when a message is sent again, and when it is given up. The zero value is
// the policy that Standard Webhooks suggests; barker_retry in barker.h says what that is, and after
// which outcomes the receiver may have the message. Any number of goroutines may use it at once.
type Retry struct {
	policy *C.barker_retry // NULL is the default policy
}

// A RetryOption is a setting of a Retry.
type RetryOption struct {
	set func(*C.barker_retry) C.barker_status
}

// NewRetry makes a retry policy. The error says that an option is wrong: ErrRange.
func NewRetry(options ...RetryOption) (*Retry, error) {
	r := &Retry{policy: C.barker_retry_new()}
	if r.policy == nil {
		return nil, failure(C.BARKER_ERR_SYSTEM)
	}
	runtime.SetFinalizer(r, func(r *Retry) { C.barker_retry_free(r.policy) })
	for _, option := range options {
		if err := failure(option.set(r.policy)); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// RetryDelays sets the schedule: how long to wait after each try that failed. There may be at most
// 100 delays. If the try after the last delay fails as well, the message is dead.
func RetryDelays(delays ...time.Duration) RetryOption {
	return RetryOption{func(policy *C.barker_retry) C.barker_status {
		numbers := make([]C.uint32_t, len(delays)+1) // one more, so that there is a first
		for i, delay := range delays {
			number, ok := units(delay, time.Millisecond)
			if !ok {
				return C.BARKER_ERR_RANGE
			}
			numbers[i] = number
		}
		return C.barker_retry_set_delays(policy, &numbers[0], C.size_t(len(delays)))
	}}
}

// RetryJitter sets how far waits are varied at random: 0 to 100 percent; the default is 20. A delay of
// the schedule becomes up to this much longer or shorter. The overload delay, and the wait that a
// Retry-After header asks for, only become longer.
func RetryJitter(percent uint32) RetryOption {
	return RetryOption{func(policy *C.barker_retry) C.barker_status {
		return C.barker_retry_set_jitter(policy, C.uint32_t(percent))
	}}
}

// RetryAfterLimit sets how much longer a Retry-After header may make a wait; the default is 2 hours,
// and 0 ignores the header.
func RetryAfterLimit(limit time.Duration) RetryOption {
	return RetryOption{func(policy *C.barker_retry) C.barker_status {
		seconds, ok := units(limit, time.Second)
		if !ok {
			return C.BARKER_ERR_RANGE
		}
		return C.barker_retry_set_retry_after(policy, seconds)
	}}
}

// RetryOverloadDelay sets the shortest wait after 429, 502, 503, 504 and ErrTimeout; the default is a
// minute.
func RetryOverloadDelay(delay time.Duration) RetryOption {
	return RetryOption{func(policy *C.barker_retry) C.barker_status {
		milliseconds, ok := units(delay, time.Millisecond)
		if !ok {
			return C.BARKER_ERR_RANGE
		}
		return C.barker_retry_set_overload_delay(policy, milliseconds)
	}}
}

// RetryFinalStatuses sets the HTTP statuses after which a message is not sent again, such as 400 and
// 413: at most 300, each from 300 to 599. By default there are none. 410 is always VerdictGone.
func RetryFinalStatuses(statuses ...int) RetryOption {
	return RetryOption{func(policy *C.barker_retry) C.barker_status {
		numbers := make([]C.uint16_t, len(statuses)+1) // one more, so that there is a first
		for i, status := range statuses {
			if status < 0 || status > math.MaxUint16 {
				return C.BARKER_ERR_RANGE
			}
			numbers[i] = C.uint16_t(status)
		}
		return C.barker_retry_set_final_statuses(policy, &numbers[0], C.size_t(len(statuses)))
	}}
}

// Judge says what to do with a message after Send returned this, or SendMany did for it. tries is how
// often the message was sent so far, this time included. The duration says how long to wait before
// the message is sent again; it is 0 unless the verdict is VerdictRetry.
//
// An error that is not an *Error, such as ErrClosed, is VerdictDead.
func (r *Retry) Judge(response *Response, err error, tries uint32) (Verdict, time.Duration) {
	status := C.barker_status(C.BARKER_OK)
	var e *Error
	switch {
	case errors.As(err, &e):
		status, response = C.barker_status(e.Status), e.Response
	case err != nil || response == nil:
		return VerdictDead, 0
	}
	var httpStatus C.uint16_t
	var retryAfter *C.char
	if response != nil {
		httpStatus = C.uint16_t(response.Status)
		if value := response.Header.Get("Retry-After"); value != "" {
			retryAfter = C.CString(value)
			defer C.free(unsafe.Pointer(retryAfter))
		}
	}
	var wait C.uint32_t
	verdict := C.barker_retry_judge_outcome(r.policy, status, httpStatus, retryAfter,
		C.uint32_t(tries), &wait)
	runtime.KeepAlive(r)
	return Verdict(verdict), time.Duration(wait) * time.Millisecond
}
