package barker

// #include <barker.h>
import "C"

import "errors"

// Status is a kind of failure, and an error to compare with:
//
//	if errors.Is(err, barker.ErrTimeout) { … }
//
// The numbers are those of barker_status in barker.h, which says what each means.
type Status int32

// The call was wrong; nothing was changed and nothing was sent.
const (
	ErrNull        Status = C.BARKER_ERR_NULL
	ErrUTF8        Status = C.BARKER_ERR_UTF8
	ErrURL         Status = C.BARKER_ERR_URL
	ErrHeader      Status = C.BARKER_ERR_HEADER
	ErrRange       Status = C.BARKER_ERR_RANGE
	ErrSecret      Status = C.BARKER_ERR_SECRET
	ErrID          Status = C.BARKER_ERR_ID
	ErrCertificate Status = C.BARKER_ERR_CERTIFICATE
)

// No complete answer came from the receiver. After ErrSend, ErrReceive, ErrTimeout, ErrProtocol,
// ErrTooLarge and ErrStopped it may have the webhook; after ErrResolveAgain, try again later.
const (
	ErrResolve               Status = C.BARKER_ERR_RESOLVE
	ErrConnect               Status = C.BARKER_ERR_CONNECT
	ErrTLS                   Status = C.BARKER_ERR_TLS
	ErrSend                  Status = C.BARKER_ERR_SEND
	ErrReceive               Status = C.BARKER_ERR_RECEIVE
	ErrTimeout               Status = C.BARKER_ERR_TIMEOUT
	ErrProtocol              Status = C.BARKER_ERR_PROTOCOL
	ErrTooLarge              Status = C.BARKER_ERR_TOO_LARGE
	ErrStopped               Status = C.BARKER_ERR_STOPPED
	ErrRefused               Status = C.BARKER_ERR_REFUSED
	ErrProxy                 Status = C.BARKER_ERR_PROXY
	ErrResolveAgain          Status = C.BARKER_ERR_RESOLVE_AGAIN
	ErrCertificateExpired    Status = C.BARKER_ERR_CERTIFICATE_EXPIRED
	ErrCertificateName       Status = C.BARKER_ERR_CERTIFICATE_NAME
	ErrCertificateIssuer     Status = C.BARKER_ERR_CERTIFICATE_ISSUER
	ErrCertificateSelfSigned Status = C.BARKER_ERR_CERTIFICATE_SELF_SIGNED
	ErrCertificateRevoked    Status = C.BARKER_ERR_CERTIFICATE_REVOKED
)

// The received message must not be trusted.
const (
	ErrHeaderMissing   Status = C.BARKER_ERR_HEADER_MISSING
	ErrHeaderMalformed Status = C.BARKER_ERR_HEADER_MALFORMED
	ErrHeaderAmbiguous Status = C.BARKER_ERR_HEADER_AMBIGUOUS
	ErrSignature       Status = C.BARKER_ERR_SIGNATURE
	ErrTooOld          Status = C.BARKER_ERR_TOO_OLD
	ErrTooNew          Status = C.BARKER_ERR_TOO_NEW
	ErrReplayed        Status = C.BARKER_ERR_REPLAYED
	ErrReplayFull      Status = C.BARKER_ERR_REPLAY_FULL
)

// The system or the library itself failed.
const (
	ErrInternal Status = C.BARKER_ERR_INTERNAL
	ErrSystem   Status = C.BARKER_ERR_SYSTEM
)

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
