package barker_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"barker.example/barker"
)

func TestSendMany(t *testing.T) {
	const count = 300
	ids := make(chan string, count)
	receiving := newHook(t, "", barker.WithSecret(barker.SchemeStandard, secret))
	server := serve(t, receiving.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ids <- r.Header.Get("webhook-id")
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s", r.URL.Path, body)
	})).ServeHTTP)
	message := newHook(t, "", barker.WithSecret(barker.SchemeStandard, secret),
		barker.WithData([]byte("data")))
	var hooks []*barker.Webhook
	for i := 0; i < count; i++ {
		hook := message.With(barker.WithURL(fmt.Sprintf("%s/%d", server, i)))
		defer hook.Close()
		hooks = append(hooks, hook)
	}
	hooks[7] = message // has no URL
	hooks[8] = hooks[9]

	told := map[int]barker.Outcome{}
	outcomes, err := barker.SendMany(background, hooks, 16, func(i int, outcome barker.Outcome) {
		told[i] = outcome
	})
	if err != nil || len(outcomes) != count || len(told) != count {
		t.Fatalf("%v, %d outcomes, %d told", err, len(outcomes), len(told))
	}
	for i, outcome := range outcomes {
		if told[i] != outcome {
			t.Errorf("%d: told was %+v, given %+v", i, told[i], outcome)
		}
		switch want := fmt.Sprintf("/%d data", i); {
		case i == 7:
			wants(t, outcome.Err, barker.ErrURL)
		case i == 8:
			want = "/9 data"
			fallthrough
		default:
			if outcome.Err != nil || string(outcome.Response.Body) != want {
				t.Errorf("%d: %+v", i, outcome)
			}
		}
	}
	first := <-ids
	for i := 2; i < count; i++ {
		if id := <-ids; id != first || id == "" {
			t.Errorf("the ids %q and %q", id, first)
		}
	}
}

func TestSendManyOfNone(t *testing.T) {
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	outcomes, err := barker.SendMany(ctx, nil, 0, nil)
	if len(outcomes) != 0 || err != nil {
		t.Errorf("%v, %v", outcomes, err)
	}
}

func TestSendManyCanceled(t *testing.T) {
	hanging, answering := serveRaw(t, ""), serve(t, noContent)
	canceled, cancel := context.WithCancel(background)
	defer cancel()
	late, cancelLate := context.WithTimeout(background, 100*time.Millisecond)
	defer cancelLate()
	for ctx, want := range map[context.Context][]error{
		canceled: {barker.ErrStopped, context.Canceled},
		late:     {barker.ErrTimeout, context.DeadlineExceeded},
	} {
		hooks := []*barker.Webhook{
			newHook(t, hanging, barker.WithTimeout(time.Hour)), newHook(t, answering),
			newHook(t, hanging, barker.WithTimeout(time.Hour)),
		}
		outcomes, err := barker.SendMany(ctx, hooks, 0, func(i int, outcome barker.Outcome) {
			if i == 1 && ctx == canceled {
				cancel()
			}
		})
		wants(t, err, want...)
		wants(t, outcomes[0].Err, want...)
		wants(t, outcomes[2].Err, want...)
		if outcomes[1].Err != nil || outcomes[1].Response.Status != 204 {
			t.Errorf("%+v", outcomes[1])
		}
		outcomes, err = barker.SendMany(background, hooks[1:2], 0, nil)
		if err != nil || outcomes[0].Err != nil {
			t.Errorf("afterwards: %v, %v", outcomes, err)
		}
	}
}
