package barker_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"barker.example/barker"
)

// inParallel runs count goroutines, and returns when all have ended.
func inParallel(count int, work func(i int)) {
	var running sync.WaitGroup
	for i := 0; i < count; i++ {
		running.Add(1)
		go func(i int) {
			defer running.Done()
			work(i)
		}(i)
	}
	running.Wait()
}

func TestManyGoroutines(t *testing.T) {
	receiving := newHook(t, "", barker.WithKey("key"))
	server := serve(t, receiving.Handler(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })).ServeHTTP)
	hook := newHook(t, server, barker.WithKey("key"))
	inParallel(50, func(i int) {
		for n := 0; n < 60; n++ {
			data := fmt.Sprintf("%d of %d", n, i)
			response, err := hook.Send(background, []byte(data))
			if err != nil || response.Status != 200 || string(response.Body) != data {
				t.Errorf("%s: %+v, %v", data, response, err)
			}
		}
	})
}

// More sends at once than there are places, which are fewer than the threads that Go allows.
func TestMoreThanPlaces(t *testing.T) {
	const count = 600
	var waiting int32
	all := make(chan struct{})
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if atomic.AddInt32(&waiting, 1) == barker.Places {
			close(all)
		}
		<-all
	})
	hook := newHook(t, server)
	inParallel(count, func(int) {
		if _, err := hook.Send(background, nil); err != nil {
			t.Error(err)
		}
	})
}

func TestCloseAmidSends(t *testing.T) {
	server := serve(t, noContent)
	for round := 0; round < 20; round++ {
		hook := newHook(t, server)
		inParallel(8, func(i int) {
			for n := 0; n < 20; n++ {
				if i == 0 && n == 10 {
					hook.Close()
				}
				_, err := hook.Send(background, []byte("data"))
				if err == nil {
					err = hook.Verify(http.Header{}, nil)
				}
				if !errors.Is(err, barker.ErrClosed) && !errors.Is(err, barker.ErrHeaderMissing) {
					t.Error(err)
				}
			}
		})
	}
}

func TestNoPlace(t *testing.T) {
	defer barker.OccupyPlaces()()
	hook := newHook(t, serve(t, noContent), barker.WithTimeout(5*time.Millisecond))
	_, err := hook.Send(background, nil)
	wants(t, err, barker.ErrTimeout)
	if errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v is the context's", err)
	}

	patient := hook.With(barker.WithTimeout(time.Hour))
	defer patient.Close()
	ctx, cancel := context.WithTimeout(background, 5*time.Millisecond)
	defer cancel()
	_, err = patient.Send(ctx, nil)
	wants(t, err, barker.ErrTimeout, context.DeadlineExceeded)
	canceled, cancel := context.WithCancel(background)
	time.AfterFunc(5*time.Millisecond, cancel)
	_, err = patient.Send(canceled, nil)
	wants(t, err, barker.ErrStopped, context.Canceled)
}
