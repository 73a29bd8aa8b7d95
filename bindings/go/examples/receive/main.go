// receive prints each webhook that comes in and whether its signature is right.
//
//	go run ./examples/receive [--key KEY] [--count N] [PORT]
//
// Listens on 127.0.0.1 only, on a port of the kernel's choice unless PORT is given. With --count it
// ends after that many requests. A program that need not show what it refuses puts
// barker.Webhook.Handler in front of its own handler.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"barker.example/barker"
)

const maxBody = 16 << 20

// receiver answers requests one at a time, and tells when it has had enough.
type receiver struct {
	hook   *barker.Webhook
	mu     sync.Mutex
	left   int
	enough chan struct{}
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, maxBody))
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		fmt.Println("refused:", err)
		http.Error(w, err.Error(), http.StatusBadRequest)
	} else {
		w.WriteHeader(r.judge(request.Header, body))
	}
	if r.left--; r.left == 0 {
		close(r.enough)
	}
}

// judge verifies a request, prints it and returns the HTTP status that it deserves.
func (r *receiver) judge(header http.Header, body []byte) int {
	for _, name := range []string{"BARKER_TIMESTAMP", "BARKER-TIMESTAMP", "BARKER_SIGNATURE", "BARKER-SIGNATURE"} {
		for _, value := range header.Values(name) {
			fmt.Printf("%s: %s\n", name, value)
		}
	}
	if err := r.hook.Verify(header, body); err != nil {
		fmt.Printf("%d bytes: %s\n", len(body), strings.TrimPrefix(err.Error(), "barker: "))
		return http.StatusUnauthorized
	}
	fmt.Printf("%d bytes: valid\n", len(body))
	return http.StatusNoContent
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: receive [--key KEY] [--count N] [PORT]")
	os.Exit(2)
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("receive: ")
	flag.Usage = usage
	key := flag.String("key", "BARKER", "")
	count := flag.Int("count", 0, "")
	flag.Parse()
	port := "0"
	if flag.NArg() > 0 {
		port = flag.Arg(0)
	}
	if flag.NArg() > 1 || *count < 0 {
		usage()
	}

	hook := barker.New("", barker.WithKey(*key))
	defer hook.Close()
	if err := hook.Err(); err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/\n", listener.Addr())

	handler := &receiver{hook: hook, left: *count, enough: make(chan struct{})}
	server := &http.Server{Handler: handler, ReadTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		log.Fatal(err)
	case <-handler.enough:
		server.Shutdown(context.Background()) // once the last answer has left
	}
}
