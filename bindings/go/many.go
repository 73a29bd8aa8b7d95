package barker

// #include "glue.h"
import "C"

import (
	"context"
	"errors"
	"runtime/cgo"
	"time"
)

// An Outcome is the result of one delivery of SendMany: a response or an error.
type Outcome struct {
	Response *Response
	Err      error
}

// SendMany sends the data that WithData set, of many webhooks at once. It returns when every
// delivery was answered or has failed. It needs one thread for all of them, while a Send in each of
// as many goroutines needs as many threads.
//
// At most maxInFlight deliveries run at once; 0 means 64. The timeout of a webhook starts when its
// delivery starts. If progress is not nil, it is called each time a delivery has ended.
//
// The outcomes are in the order of the webhooks. The error is nil if every delivery was tried,
// whether or not it succeeded. Once the context is done, deliveries that have not ended fail as in
// Send.
//
// To send one body to many receivers, make all webhooks from one: they hold the data once and, if
// their secrets come from it too, sign it once, under one message id.
func SendMany(ctx context.Context, hooks []*Webhook, maxInFlight uint32,
	progress func(index int, outcome Outcome)) ([]Outcome, error) {
	b := &batch{ctx: ctx, outcomes: make([]Outcome, len(hooks)), progress: progress}
	if err := enter(ctx, time.Time{}); err != nil {
		for i := range b.outcomes {
			b.outcomes[i].Err = err
		}
		return b.outcomes, err
	}
	defer leave()

	for i, hook := range hooks {
		s, err := hook.acquire()
		if err != nil {
			b.outcomes[i].Err = err
			continue
		}
		defer hook.release(s)
		b.add(i, s)
	}
	err := b.send(maxInFlight)
	b.resume()
	return b.outcomes, err
}

// batch is what SendMany works on.
type batch struct {
	ctx      context.Context
	hooks    []*C.barker_webhook // what C sends with
	senders  []*sender           // theirs
	indexes  []int               // their places among the outcomes
	outcomes []Outcome
	progress func(int, Outcome)
	cause    error // the context's, if that ended a delivery
	panicked
}

func (b *batch) add(index int, s *sender) {
	b.hooks = append(b.hooks, s.c.hook)
	b.senders = append(b.senders, s)
	b.indexes = append(b.indexes, index)
}

func (b *batch) send(maxInFlight uint32) error {
	if len(b.hooks) == 0 {
		return nil
	}
	var self cgo.Handle
	if b.progress != nil {
		self = cgo.NewHandle(b)
		defer self.Delete()
	}
	end := stopWhenDone(b.ctx, b.hooks)
	status := C.barkergo_send_many(&b.hooks[0], C.size_t(len(b.hooks)), C.uint32_t(maxInFlight),
		C.uintptr_t(self))
	end()
	for i, s := range b.senders {
		if outcome := &b.outcomes[b.indexes[i]]; *outcome == (Outcome{}) {
			*outcome = b.read(i)
		}
		b.adopt(&s.panicked)
	}
	if b.cause != nil {
		return stopped(b.cause)
	}
	return failure(status)
}

// read copies the outcome of a delivery; i is its number in C.
func (b *batch) read(i int) Outcome {
	C.barkergo_read(b.senders[i].c)
	response, err := b.senders[i].outcome(b.ctx)
	if cause := errors.Unwrap(err); cause != nil {
		b.cause = cause
	}
	return Outcome{response, err}
}

//export barkergoProgress
func barkergoProgress(handle C.uintptr_t, index C.size_t) (stop C.int32_t) {
	b := cgo.Handle(handle).Value().(*batch)
	b.guard(func() {
		i := b.indexes[index]
		b.outcomes[i] = b.read(int(index))
		b.progress(i, b.outcomes[i])
	})
	if b.panic != nil {
		stop = 1
	}
	return stop
}
