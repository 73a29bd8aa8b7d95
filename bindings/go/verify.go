package barker

// #include "glue.h"
import "C"

import (
	"net/http"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// Verify checks whether a received message is genuine and current. It is if its header holds a
// signature of this body that was made with one of the webhook's secrets, and a timestamp within the
// tolerance. Pass the body as it came, before anything has parsed it.
//
// The error is ErrHeaderMissing, ErrHeaderMalformed, ErrHeaderAmbiguous, ErrSignature, ErrTooOld or
// ErrTooNew. With WithReplayLimit it may also be ErrReplayed (answer 2xx: the message was accepted
// before) or ErrReplayFull (answer 503).
func (h *Webhook) Verify(header http.Header, body []byte) error {
	return h.check(C.BARKERGO_VERIFY, header, body)
}

// Forget makes a webhook that has WithReplayLimit accept a message once more. Use it when the
// receiver could not process a message that it had verified, and the sender will send it again.
func (h *Webhook) Forget(header http.Header, body []byte) error {
	return h.check(C.BARKERGO_FORGET, header, body)
}

func (h *Webhook) check(check uint32, header http.Header, body []byte) error {
	hook, err := h.use()
	if err != nil {
		return err
	}
	defer h.mu.RUnlock()
	return withFields(header, func(fields *C.char, count C.size_t) C.barker_status {
		p, n := pointer(body)
		return C.barkergo_check(hook, check, fields, count, p, n)
	})
}

// Verify is Webhook.Verify without a Webhook. A Webhook that is kept verifies faster, because it
// prepares its secrets only once.
func Verify(scheme Scheme, secret string, tolerance time.Duration, header http.Header, body []byte) error {
	var c configuration
	seconds := c.whole("tolerance", tolerance, time.Second)
	if c.err != nil {
		return c.err
	}
	return withFields(header, func(fields *C.char, count C.size_t) C.barker_status {
		secretPointer, secretLen := pointer([]byte(secret))
		p, n := pointer(body)
		return C.barkergo_verify(C.int32_t(scheme), secretPointer, secretLen, seconds,
			fields, count, p, n)
	})
}

// maxPooledFields is the size up to which memory is kept for the next message.
const maxPooledFields = 64 << 10

var fieldsPool = sync.Pool{New: func() any { return new([]byte) }}

// withFields passes a header to check, as names and values that each end with a NUL. A text that
// contains a NUL is not a valid HTTP header.
func withFields(header http.Header, check func(fields *C.char, count C.size_t) C.barker_status) error {
	pooled := fieldsPool.Get().(*[]byte)
	fields, count := (*pooled)[:0], 0
	for name, values := range header {
		for _, value := range values {
			if strings.IndexByte(name, 0) >= 0 || strings.IndexByte(value, 0) >= 0 {
				return failure(C.BARKER_ERR_HEADER_MALFORMED)
			}
			fields = append(append(fields, name...), 0)
			fields = append(append(fields, value...), 0)
			count++
		}
	}
	p, _ := pointer(fields)
	status := check((*C.char)(unsafe.Pointer(p)), C.size_t(count))
	if *pooled = fields; cap(fields) <= maxPooledFields {
		fieldsPool.Put(pooled)
	}
	return failure(status)
}
