package barker

// #include "glue.h"
import "C"

import (
	"context"
	"errors"
	"runtime/cgo"
	"time"
)

// An Outcome is what came of one delivery of SendMany: a response or an error.
type Outcome struct {
	Response *Response
	Err      error
}

// SendMany sends what WithData set, of many webhooks at once, and returns when all were answered or
// have failed. It needs one thread for all of them, where a Send in each of as many goroutines
// needs as many threads.
//
// At most maxInFlight are under way at once; 0 is 64. Each has its webhook's timeout, from when it
// begins. The function progress, if there is one, is told of each as it ends.
//
// There is an outcome for each webhook, in the same order. The error is nil if all were tried,
// whatever came of them. Once the context is done, those that have not ended fail as Send does.
//
// For one body to many receivers, make them from one webhook: they hold the data once and, if they
// have their secrets from it too, sign it once, under one message id.
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

// read copies what came of a delivery, counted as C does.
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
