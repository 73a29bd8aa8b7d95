package barker_test

import (
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"barker.example/barker"
	"barker.example/barker/internal/cheap"
)

// inUse returns the number of bytes that C and Go have allocated and not freed.
func inUse() int64 {
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	return cheap.InUse() + int64(memory.HeapAlloc)
}

// grows runs a warm-up of a tenth of the rounds and then all of them, and fails the test if more
// memory is in use afterwards: 16 bytes a round, which is less than the C library gives out at a
// time, and 64 KiB for what comes and goes.
func grows(t *testing.T, rounds int, work func()) {
	t.Helper()
	repeat := func(count int) int64 {
		for i := 0; i < count; i++ {
			work()
		}
		return inUse()
	}
	before := repeat(rounds / 10)
	after := repeat(rounds)
	t.Logf("%d rounds: %d bytes in use before, %d after", rounds, before, after)
	if after > before+16*int64(rounds)+64<<10 {
		t.Errorf("%d rounds: %d bytes in use before, %d after", rounds, before, after)
	}
}

func rounds(t *testing.T, count int) int {
	if testing.Short() {
		return count / 20
	}
	return count
}

func TestSendsDoNotLeak(t *testing.T) {
	hook := newHook(t, serve(t, noContent), barker.WithSecret(barker.SchemeStandard, secret),
		barker.WithLog(barker.LogInfo, func(barker.LogLevel, string) {}))
	data := make([]byte, 100)
	descriptors := countDescriptors(t)
	grows(t, rounds(t, 20000), func() {
		if _, err := hook.Send(background, data); err != nil {
			t.Fatal(err)
		}
	})
	if now := countDescriptors(t); now > descriptors+10 {
		t.Errorf("%d descriptors before, %d now", descriptors, now)
	}
}

func countDescriptors(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestCallsDoNotLeak(t *testing.T) {
	hook := newHook(t, "http://127.0.0.1:9/", barker.WithSecret(barker.SchemeStandard, secret),
		barker.WithReplayLimit(1000), barker.WithAddressPolicy(barker.AddressesPublic))
	data := make([]byte, 100)
	grows(t, rounds(t, 100000), func() {
		headers, err := hook.SignHeaders("", data)
		if err != nil {
			t.Fatal(err)
		}
		if err := hook.Verify(headers, data); err != nil {
			t.Fatal(err)
		}
		hook.Forget(headers, data)
		wants(t, hook.Verify(http.Header{}, data), barker.ErrHeaderMissing)
		_, err = hook.Send(background, data)
		wants(t, err, barker.ErrRefused)
	})
}

func TestHandlesDoNotLeak(t *testing.T) {
	own, server := newIdentity(t, 1, nil), serve(t, noContent)
	grows(t, rounds(t, 2000), func() {
		hook := barker.New(server, barker.WithCA(own.pem), barker.WithHeader("A", "b"),
			barker.WithLog(barker.LogDebug, func(barker.LogLevel, string) {}))
		other := hook.With(barker.WithKey("key"))
		hooks := []*barker.Webhook{hook, other, hook}
		barker.SendMany(background, hooks, 0, func(_ int, outcome barker.Outcome) {
			if outcome.Err != nil || len(outcome.Response.Header) == 0 {
				t.Errorf("%+v", outcome)
			}
		})
		hook.Close()
		other.Close()
		wants(t, barker.New("", barker.WithHeader("A", "b"), barker.WithTimeout(0)).Err(), barker.ErrRange)
		barker.GenerateSecret()
		barker.GenerateID()
	})
}

// Close is the plan; a webhook that nobody closed goes with Go's garbage.
func TestForgottenHandles(t *testing.T) {
	const count = 2000
	hook := barker.New("http://127.0.0.1:9/", barker.WithAddressPolicy(barker.AddressesPublic),
		barker.WithLog(barker.LogDebug, func(barker.LogLevel, string) {}))
	hook.Send(background, nil)
	before := cheap.InUse()
	percent := debug.SetGCPercent(-1)
	for i := 0; i < count; i++ {
		forgotten := hook.With()
		forgotten.Send(background, nil)
	}
	most := cheap.InUse()
	debug.SetGCPercent(percent)
	for i := 0; i < 500 && cheap.InUse() > before+(most-before)/10; i++ {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	if now := cheap.InUse(); now > before+(most-before)/10 {
		t.Errorf("%d bytes in use before, %d with %d webhooks, %d without", before, most, count, now)
	}
	hook.Close()
}
