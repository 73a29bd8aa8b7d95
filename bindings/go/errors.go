package barker

// #include <barker.h>
import "C"

import "errors"

// Status is a kind of failure, and an error to compare with:
//
//	if errors.Is(err, barker.ErrTimeout) { … }
//
// The numbers are those of barker_status in barker.h, which says what each means. 1xx: the call was
// wrong; nothing was changed and nothing was sent. 2xx: no complete answer came from the receiver.
// 3xx: the received message must not be trusted. 9xx: the system or the library itself failed.
type Status int32

// ErrClosed is the error of a webhook after Close.
var ErrClosed = errors.New("barker: the webhook is closed")

func (s Status) sentence() string {
	return C.GoString(C.barker_status_string(C.barker_status(s)))
}

func (s Status) Error() string {
	return "barker: " + s.sentence()
}

// Error says why a call failed. errors.Is finds its Status in it, and the context's error if that
// ended the call.
type Error struct {
	Status   Status
	Sentence string // what went wrong and, where the caller can mend it, what to change
	ID       string // the id of the message that was sent, if it has one: see WithID

	// The part of the answer that came before it broke off or became too large: its status, its header
	// if that was complete, no body. A receiver that answered 200 has the message. Nil if no status
	// came.
	Response *Response

	cause error
}

func (e *Error) Error() string {
	if e.cause != nil {
		return "barker: " + e.Sentence + ": " + e.cause.Error()
	}
	return "barker: " + e.Sentence
}

// Is reports whether target is the error's status.
func (e *Error) Is(target error) bool {
	return target == e.Status
}

// Unwrap returns the context's error if that ended the call.
func (e *Error) Unwrap() error {
	return e.cause
}

// Timeout reports whether the time was up, as in net.Error.
func (e *Error) Timeout() bool {
	return e.Status == ErrTimeout
}

// failure makes the error of a status, nil for success, for calls that leave no sentence.
func failure(status C.barker_status) error {
	if status == C.BARKER_OK {
		return nil
	}
	return &Error{Status: Status(status), Sentence: Status(status).sentence()}
}
