package barker_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"net/http"

	"barker.example/barker"
)

func TestCanceled(t *testing.T) {
	hook := newHook(t, serveRaw(t, ""), barker.WithTimeout(time.Hour))
	before := goroutines()
	for i := 0; i < 20; i++ {
		ctx, cancel := context.WithCancel(background)
		time.AfterFunc(time.Duration(i)*time.Millisecond, cancel)
		_, err := hook.Send(ctx, []byte("data"))
		wants(t, err, context.Canceled, barker.ErrStopped)
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, barker.ErrTimeout) {
			t.Errorf("%v is a timeout", err)
		}
	}
	settles(t, "goroutines", goroutines, before)
}

func TestContextDeadline(t *testing.T) {
	hook := newHook(t, serveRaw(t, ""), barker.WithTimeout(time.Hour))
	for i := 0; i < 20; i++ {
		ctx, cancel := context.WithTimeout(background, time.Duration(i)*time.Millisecond)
		_, err := hook.Send(ctx, []byte("data"))
		wants(t, err, context.DeadlineExceeded, barker.ErrTimeout)
		if errors.Is(err, context.Canceled) || errors.Is(err, barker.ErrStopped) {
			t.Errorf("%v was canceled", err)
		}
		cancel()
	}
}

func TestOwnTimeoutIsNotTheContexts(t *testing.T) {
	ctx, cancel := context.WithTimeout(background, time.Hour)
	defer cancel()
	hook := newHook(t, serveRaw(t, ""), barker.WithTimeout(5*time.Millisecond))
	_, err := hook.Send(ctx, []byte("data"))
	wants(t, err, barker.ErrTimeout)
	if errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		t.Errorf("%v is the context's", err)
	}
}

func TestDoneBeforeItBegan(t *testing.T) {
	came := int32(0)
	server := serve(t, func(http.ResponseWriter, *http.Request) { atomic.AddInt32(&came, 1) })
	hook := newHook(t, server, barker.WithData(nil))
	canceled, cancel := context.WithCancel(background)
	cancel()
	late, cancel := context.WithDeadline(background, time.Unix(0, 0))
	defer cancel()
	for ctx, want := range map[context.Context][]error{
		canceled: {context.Canceled, barker.ErrStopped},
		late:     {context.DeadlineExceeded, barker.ErrTimeout},
	} {
		_, err := hook.Send(ctx, nil)
		wants(t, err, want...)
		outcomes, err := barker.SendMany(ctx, []*barker.Webhook{hook}, 0, nil)
		wants(t, err, want...)
		wants(t, outcomes[0].Err, want...)
	}
	if n := atomic.LoadInt32(&came); n != 0 {
		t.Errorf("%d came", n)
	}
}

// Some of these end before they are canceled: what one was told must not end the next.
func TestCanceledAmongOthers(t *testing.T) {
	hook := newHook(t, serve(t, noContent))
	before := goroutines()
	var senders sync.WaitGroup
	var answered, stopped int64
	for i := 0; i < 8; i++ {
		senders.Add(1)
		go func(i int) {
			defer senders.Done()
			for n := 0; n < 300; n++ {
				ctx, cancel := context.WithCancel(background)
				if n%2 == 0 {
					time.AfterFunc(time.Duration(n*i%7)*50*time.Microsecond, cancel)
				}
				_, err := hook.Send(ctx, []byte("data"))
				switch {
				case err == nil:
					atomic.AddInt64(&answered, 1)
				case n%2 == 0 && errors.Is(err, context.Canceled):
					atomic.AddInt64(&stopped, 1)
				default:
					t.Error(err)
				}
				cancel()
			}
		}(i)
	}
	senders.Wait()
	if answered < 8*150 || stopped == 0 {
		t.Errorf("%d answered, %d stopped", answered, stopped)
	}
	hook.CloseIdleConnections()
	settles(t, "goroutines", goroutines, before)
}
