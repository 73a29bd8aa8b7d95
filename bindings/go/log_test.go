package barker_test

import (
	"fmt"
	"testing"

	"barker.example/barker"
)

func TestLog(t *testing.T) {
	server := serve(t, noContent)
	counts := map[barker.LogLevel]int{}
	for _, level := range []barker.LogLevel{barker.LogOff, barker.LogError, barker.LogInfo, barker.LogDebug} {
		hook := newHook(t, server, barker.WithLog(level, func(of barker.LogLevel, line string) {
			counts[level]++
			if of > level || line == "" {
				t.Errorf("%d: %q", of, line)
			}
		}))
		if _, err := hook.Send(background, nil); err != nil {
			t.Error(err)
		}
		if _, err := hook.With(barker.WithLog(level, nil)).Send(background, nil); err != nil {
			t.Error(err)
		}
	}
	if counts[barker.LogError] != 0 || counts[barker.LogInfo] != 1 || counts[barker.LogDebug] < 2 {
		t.Errorf("told: %v", counts)
	}
}

// panics returns the value with which the call panicked.
func panics(call func()) (value any) {
	defer func() { value = recover() }()
	call()
	return nil
}

func TestCallbacksThatPanic(t *testing.T) {
	server := serve(t, noContent)
	shy := true
	hook := newHook(t, server, barker.WithLog(barker.LogDebug, func(_ barker.LogLevel, line string) {
		if !shy {
			panic("log")
		}
	}))
	calm := []*barker.Webhook{newHook(t, server), newHook(t, server)}
	send := func() { hook.Send(background, nil) }
	sendMany := func() { barker.SendMany(background, []*barker.Webhook{hook, calm[0]}, 0, nil) }
	sendManyTold := func() {
		barker.SendMany(background, calm, 0, func(int, barker.Outcome) { panic("progress") })
	}
	descriptors := 0
	for i := 0; i < 50; i++ {
		if i == 10 {
			descriptors = countDescriptors(t)
		}
		got := fmt.Sprintln(panics(send), panics(sendMany), panics(sendManyTold))
		if got != "<nil> <nil> progress\n" {
			t.Errorf("while the log is shy: %s", got)
		}
		shy = false
		got = fmt.Sprintln(panics(send), panics(sendMany))
		if got != "log log\n" {
			t.Errorf("while it is not: %s", got)
		}
		shy = true
	}
	if now := countDescriptors(t); now > descriptors+10 {
		t.Errorf("%d descriptors after 10 rounds, %d in the end", descriptors, now)
	}
}
