package barker_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"barker.example/barker"
)

func newRetry(t testing.TB, options ...barker.RetryOption) *barker.Retry {
	t.Helper()
	retry, err := barker.NewRetry(options...)
	if err != nil {
		t.Fatal(err)
	}
	return retry
}

// judges checks a verdict, and that the wait is from least to most.
func judges(t *testing.T, retry *barker.Retry, response *barker.Response, err error, tries uint32,
	want barker.Verdict, least, most time.Duration) {
	t.Helper()
	verdict, wait := retry.Judge(response, err, tries)
	if verdict != want || wait < least || wait > most {
		t.Errorf("is %d, %v; should be %d, %v to %v", verdict, wait, want, least, most)
	}
}

func answered(status int, retryAfter string) *barker.Response {
	response := &barker.Response{Status: status, Header: http.Header{}}
	if retryAfter != "" {
		response.Header.Set("Retry-After", retryAfter)
	}
	return response
}

func failed(status barker.Status, response *barker.Response) error {
	return fmt.Errorf("wrapped: %w", &barker.Error{Status: status, Response: response})
}

func TestRetryDefault(t *testing.T) {
	for _, retry := range []*barker.Retry{{}, newRetry(t)} {
		judges(t, retry, answered(204, "100"), nil, 1, barker.VerdictDelivered, 0, 0)
		judges(t, retry, answered(410, ""), nil, 1, barker.VerdictGone, 0, 0)
		judges(t, retry, answered(500, ""), nil, 1, barker.VerdictRetry, 4*time.Second, 6*time.Second)
		judges(t, retry, answered(500, ""), nil, 0, barker.VerdictRetry, 4*time.Second, 6*time.Second)
		judges(t, retry, answered(500, ""), nil, 9, barker.VerdictRetry, 19*time.Hour, 29*time.Hour)
		judges(t, retry, answered(500, ""), nil, 10, barker.VerdictDead, 0, 0)
		judges(t, retry, answered(503, ""), nil, 1, barker.VerdictRetry, 60*time.Second, 72*time.Second)
		judges(t, retry, answered(404, "100"), nil, 1, barker.VerdictRetry, 100*time.Second,
			120*time.Second)
		judges(t, retry, nil, failed(barker.ErrTimeout, nil), 1, barker.VerdictRetry,
			60*time.Second, 72*time.Second)
		judges(t, retry, nil, failed(barker.ErrResolve, nil), 1, barker.VerdictRetry,
			4*time.Second, 6*time.Second)
		judges(t, retry, nil, failed(barker.ErrReceive, answered(200, "")), 1,
			barker.VerdictDelivered, 0, 0)
		judges(t, retry, nil, failed(barker.ErrReceive, answered(500, "100")), 1,
			barker.VerdictRetry, 100*time.Second, 120*time.Second)
		judges(t, retry, nil, failed(barker.ErrRefused, nil), 1, barker.VerdictDead, 0, 0)
		judges(t, retry, nil, failed(barker.ErrURL, nil), 1, barker.VerdictDead, 0, 0)
		judges(t, retry, nil, barker.ErrClosed, 1, barker.VerdictDead, 0, 0)
		judges(t, retry, nil, nil, 1, barker.VerdictDead, 0, 0)
	}
}

func TestRetryOptions(t *testing.T) {
	retry := newRetry(t, barker.RetryJitter(0), barker.RetryDelays(time.Second, 2*time.Second),
		barker.RetryAfterLimit(10*time.Second), barker.RetryOverloadDelay(5*time.Second),
		barker.RetryFinalStatuses(400, 413))
	exactly := func(response *barker.Response, tries uint32, wait time.Duration) {
		t.Helper()
		judges(t, retry, response, nil, tries, barker.VerdictRetry, wait, wait)
	}
	exactly(answered(500, ""), 1, time.Second)
	exactly(answered(500, ""), 2, 2*time.Second)
	exactly(answered(500, "soon"), 1, time.Second)
	exactly(answered(500, "4"), 1, 4*time.Second)
	exactly(answered(500, "100"), 1, 11*time.Second)
	exactly(answered(429, ""), 1, 5*time.Second)
	judges(t, retry, answered(500, ""), nil, 3, barker.VerdictDead, 0, 0)
	judges(t, retry, answered(413, ""), nil, 1, barker.VerdictDead, 0, 0)

	none := newRetry(t, barker.RetryDelays(), barker.RetryFinalStatuses())
	judges(t, none, answered(500, ""), nil, 1, barker.VerdictDead, 0, 0)
	short := newRetry(t, barker.RetryJitter(0), barker.RetryDelays(1))
	judges(t, short, answered(500, ""), nil, 1, barker.VerdictRetry, time.Millisecond, time.Millisecond)

	for name, option := range map[string]barker.RetryOption{
		"many delays":   barker.RetryDelays(make([]time.Duration, 101)...),
		"less":          barker.RetryDelays(-1),
		"long":          barker.RetryDelays(1200 * time.Hour),
		"jitter":        barker.RetryJitter(101),
		"limit":         barker.RetryAfterLimit(-1),
		"overload":      barker.RetryOverloadDelay(-1),
		"small status":  barker.RetryFinalStatuses(299),
		"large status":  barker.RetryFinalStatuses(400, 600),
		"huge status":   barker.RetryFinalStatuses(1<<16 + 400),
		"less status":   barker.RetryFinalStatuses(-1),
		"many statuses": barker.RetryFinalStatuses(make([]int, 301)...),
	} {
		if retry, err := barker.NewRetry(option); retry != nil || !errors.Is(err, barker.ErrRange) {
			t.Errorf("%s: %v, %v", name, retry, err)
		}
	}
}

func TestRetrySends(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "1000")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	hook, retry := newHook(t, url), newRetry(t)
	response, err := hook.Send(background, nil)
	judges(t, retry, response, err, 1, barker.VerdictRetry, 1000*time.Second, 1200*time.Second)

	ctx, cancel := context.WithCancel(background)
	cancel()
	response, err = hook.Send(ctx, nil)
	judges(t, retry, response, err, 1, barker.VerdictRetry, 4*time.Second, 6*time.Second)
	nobody := newHook(t, "http://127.0.0.1:1/", barker.WithAddressPolicy(barker.AddressesPublic))
	response, err = nobody.Send(background, nil)
	judges(t, retry, response, err, 1, barker.VerdictDead, 0, 0)
}

func TestRetryIsShared(t *testing.T) {
	retry := newRetry(t)
	var all sync.WaitGroup
	for i := 0; i < 8; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for i := 0; i < 100; i++ {
				judges(t, retry, answered(500, "1"), nil, 1, barker.VerdictRetry, 4*time.Second,
					6*time.Second)
			}
		}()
	}
	all.Wait()
}
