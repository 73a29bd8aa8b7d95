package barker_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"barker.example/barker"
)

var background = context.Background()

// newHook makes a webhook whose options must be right, for the length of the test. It is patient,
// unless they say otherwise: the machine may be busy.
func newHook(t testing.TB, url string, options ...barker.Option) *barker.Webhook {
	t.Helper()
	hook := barker.New(url, append([]barker.Option{barker.WithTimeout(time.Minute)}, options...)...)
	if err := hook.Err(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(hook.Close)
	return hook
}

func serve(t testing.TB, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func noContent(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	w.WriteHeader(http.StatusNoContent)
}

// serveRaw answers each connection with this text after the first bytes came, and closes it; if there
// is none it reads on for as long as the connection lasts.
func serveRaw(t testing.TB, text string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				connection.Read(make([]byte, 64<<10))
				if text == "" {
					io.Copy(io.Discard, connection)
				}
				io.WriteString(connection, text)
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

// wants fails the test unless err is all of these.
func wants(t testing.TB, err error, targets ...error) {
	t.Helper()
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Errorf("the error is %v, not %v", err, target)
		}
	}
}

// settles waits until a count is no more than it was: what has ended may take a moment to go.
func settles(t testing.TB, what string, count func() int, before int) {
	t.Helper()
	for i := 0; i < 1000 && count() > before; i++ {
		time.Sleep(10 * time.Millisecond)
	}
	if now := count(); now > before {
		t.Errorf("%d %s before, %d now", before, what, now)
	}
}

func goroutines() int {
	return runtime.NumGoroutine()
}

// quiet is for servers whose complaints are expected.
var quiet = log.New(io.Discard, "", 0)
