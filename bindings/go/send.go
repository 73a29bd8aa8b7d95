package barker

// #include "glue.h"
import "C"

import (
	"context"
	"errors"
	"net/http"
	"time"
	"unsafe"
)

// A Response is the receiver's answer, with any HTTP status.
type Response struct {
	Status int // such as 204
	Header http.Header
	Body   []byte

	ID        string // the message's id, empty if nothing signs one
	Timestamp string // as it stands in the header of the first scheme, empty if that has none
	Signature string // likewise
}

// Send signs the data with the current time, sends it in a POST request and waits for the answer. It
// ends at the context's deadline or after the webhook's timeout, whichever comes first, and soon
// after the context is canceled. An answer with any HTTP status is a success.
//
// The error is an *Error, or ErrClosed. If the context was canceled, it is ErrStopped and
// context.Canceled; at the context's deadline, it is ErrTimeout and context.DeadlineExceeded.
func (h *Webhook) Send(ctx context.Context, data []byte) (*Response, error) {
	if h.err != nil {
		return nil, h.err
	}
	deadline, ofContext := h.deadline(ctx)
	if err := enter(ctx, deadline); err != nil {
		return nil, late(err, ofContext)
	}
	defer leave()
	s, err := h.acquire()
	if err != nil {
		return nil, err
	}
	defer h.release(s)

	end := stopWhenDone(ctx, []*C.barker_webhook{s.c.hook})
	p, n := pointer(data)
	C.barkergo_send(s.c, milliseconds(time.Until(deadline)), p, n)
	end()
	s.panicked.resume()

	response, err := s.outcome(ctx)
	return response, late(err, ofContext)
}

// deadline returns when a send that begins now must have ended, and whether that is the context's
// deadline.
func (h *Webhook) deadline(ctx context.Context) (deadline time.Time, ofContext bool) {
	deadline = time.Now().Add(h.timeout)
	if earlier, ok := ctx.Deadline(); ok && earlier.Before(deadline) {
		return earlier, true
	}
	return deadline, false
}

// late marks a timeout that was the context's deadline.
func late(err error, ofContext bool) error {
	var e *Error
	if ofContext && errors.As(err, &e) && e.Status == ErrTimeout {
		e.cause = context.DeadlineExceeded
	}
	return err
}

// milliseconds rounds up, so that C does not give up early. C refuses 0.
func milliseconds(d time.Duration) C.uint32_t {
	if d <= 0 {
		return 1
	}
	return C.uint32_t((d + time.Millisecond - 1) / time.Millisecond)
}

// Each send occupies a thread while it waits, and Go ends a program that has 10,000 threads. So no
// more than this run at once, as in the resolver of package net; others wait.
var places = make(chan struct{}, 500)

// enter waits for a place until the deadline, if there is one.
func enter(ctx context.Context, deadline time.Time) error {
	if err := ctx.Err(); err != nil {
		return stopped(err)
	}
	select {
	case places <- struct{}{}:
		return nil
	default:
	}
	var tooLate <-chan time.Time
	if !deadline.IsZero() {
		timer := time.NewTimer(time.Until(deadline))
		defer timer.Stop()
		tooLate = timer.C
	}
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return stopped(ctx.Err())
	case <-tooLate:
		return failure(C.BARKER_ERR_TIMEOUT)
	}
}

func leave() {
	<-places
}

// stopped is the failure of a call that the context ended before it began.
func stopped(cause error) error {
	status := statusOf(cause)
	return &Error{Status: status, Sentence: status.sentence(), cause: cause}
}

func statusOf(cause error) Status {
	if errors.Is(cause, context.DeadlineExceeded) {
		return ErrTimeout
	}
	return ErrStopped
}

// stopWhenDone stops the sends of the handles once the context is done. When end has returned, the
// handles can be used for something else.
func stopWhenDone(ctx context.Context, hooks []*C.barker_webhook) (end func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	set := func(stopped C.int32_t) {
		C.barkergo_set_stopped(&hooks[0], C.size_t(len(hooks)), stopped)
	}
	ended := make(chan struct{})
	stop := afterFunc(ctx, func() {
		set(1)
		close(ended)
	})
	return func() {
		if !stop() {
			<-ended
			set(0)
		}
	}
}

// outcome copies the outcome of the sender's last send.
func (s *sender) outcome(ctx context.Context) (*Response, error) {
	c := s.c
	if c.status == C.BARKER_OK {
		return s.response(), nil
	}
	e := &Error{Status: Status(c.status), Sentence: C.GoString(c.error), ID: C.GoString(c.id)}
	if c.http_status != 0 {
		e.Response = s.response()
	}
	if cause := ctx.Err(); e.Status == ErrStopped && cause != nil {
		e.Status, e.cause = statusOf(cause), cause
	}
	return nil, e
}

func (s *sender) response() *Response {
	c := s.c
	return &Response{
		Status:    int(c.http_status),
		Header:    s.header(),
		Body:      copied(c.body, c.body_len),
		ID:        C.GoString(c.id),
		Timestamp: C.GoString(c.timestamp),
		Signature: C.GoString(c.signature),
	}
}

func (s *sender) header() http.Header {
	fields := unsafe.Slice(s.c.headers, s.c.header_count)
	header := make(http.Header, len(fields))
	for _, field := range fields {
		header.Add(C.GoString(field.name), C.GoString(field.value))
	}
	return header
}
