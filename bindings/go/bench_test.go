package barker_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"barker.example/barker"
)

func BenchmarkSend(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	hook := barker.New(server.URL)
	defer hook.Close()
	data := make([]byte, 1024)
	cancellable, cancel := context.WithCancel(context.Background())
	defer cancel()
	for name, ctx := range map[string]context.Context{
		"background": context.Background(), "cancellable": cancellable,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; i < b.N; i++ {
				if _, err := hook.Send(ctx, data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	hook := barker.New("")
	defer hook.Close()
	data := make([]byte, 1024)
	header, err := hook.SignHeaders("", data)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		if err := hook.Verify(header, data); err != nil {
			b.Fatal(err)
		}
	}
}
