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

// Verify tells whether a received message is correct and current: whether its header holds a
// signature of this body by one of the webhook's secrets, and a timestamp within the tolerance. The
// body must be as it came, before anything has parsed it.
//
// The error is ErrHeaderMissing, ErrHeaderMalformed, ErrHeaderAmbiguous, ErrSignature, ErrTooOld or
// ErrTooNew; with WithReplayLimit also ErrReplayed, for a message that was accepted before and is to
// be answered 2xx, and ErrReplayFull, to be answered 503.
func (h *Webhook) Verify(header http.Header, body []byte) error {
	return h.check(C.BARKERGO_VERIFY, header, body)
}

// Forget lets a message be accepted once more by a webhook with WithReplayLimit: for a receiver that
// could not process what it had verified, and whose sender will send it again.
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

// Verify is Webhook.Verify for a program that holds no Webhook. One that is kept verifies faster,
// because its secrets are prepared once.
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

// maxPooledFields is how large the memory is at most that is kept for the next message.
const maxPooledFields = 64 << 10

var fieldsPool = sync.Pool{New: func() any { return new([]byte) }}

// withFields lets C check a header, which it gets as names and values that each end with a NUL. What
// has a NUL itself is no HTTP header.
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
