// The Go row of the bindings' benchmark: sends COUNT webhooks of 1 KiB over one warm connection,
// one after the other, and prints what each took as a line of JSON.
//
//	go URL COUNT barker    with the binding
//	go URL COUNT native    with net/http and crypto/hmac, which do the same work
package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"time"

	"barker.example/barker"
)

const (
	warmUp  = 50
	key     = "BARKER"
	timeout = 5 * time.Second
)

// A sender sends once, and gives the HTTP status.
type sender func(ctx context.Context, data []byte) (int, error)

func withBarker(url string) sender {
	hook := barker.New(url, barker.WithKey(key), barker.WithTimeout(timeout))
	return func(ctx context.Context, data []byte) (int, error) {
		response, err := hook.Send(ctx, data)
		if err != nil {
			return 0, err
		}
		return response.Status, nil
	}
}

func sign(timestamp string, data []byte) string {
	mac := hmac.New(md5.New, []byte(key))
	io.WriteString(mac, timestamp)
	mac.Write([]byte{';'})
	mac.Write(data)
	return hex.EncodeToString(mac.Sum(nil))
}

func withNetHTTP(url string) sender {
	client := &http.Client{Timeout: timeout}
	return func(ctx context.Context, data []byte) (int, error) {
		request, err := http.NewRequestWithContext(ctx, "POST", url, bytes.NewReader(data))
		if err != nil {
			return 0, err
		}
		now := time.Now()
		timestamp := fmt.Sprintf("%d.%06d", now.Unix(), now.Nanosecond()/1000)
		request.Header["BARKER_TIMESTAMP"] = []string{timestamp}
		request.Header["BARKER_SIGNATURE"] = []string{sign(timestamp, data)}
		response, err := client.Do(request)
		if err != nil {
			return 0, err
		}
		defer response.Body.Close()
		_, err = io.ReadAll(response.Body)
		return response.StatusCode, err
	}
}

func sendAll(ctx context.Context, send sender, data []byte, count int) {
	for i := 0; i < count; i++ {
		status, err := send(ctx, data)
		if err != nil || status < 200 || status > 299 {
			log.Fatalf("HTTP %d, %v", status, err)
		}
	}
}

func usage() (cpu time.Duration, peak int64) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), usage.Maxrss
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: go URL COUNT barker|native")
	}
	count, err := strconv.Atoi(os.Args[2])
	makeSender, ok := map[string]func(string) sender{
		"barker": withBarker, "native": withNetHTTP,
	}[os.Args[3]]
	if err != nil || count < 1 || !ok {
		log.Fatal("usage: go URL COUNT barker|native")
	}

	// As in a server, where each request has a context that can be canceled.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	send, data := makeSender(os.Args[1]), bytes.Repeat([]byte{'x'}, 1024)
	sendAll(ctx, send, data, warmUp)
	started := time.Now()
	cpuBefore, _ := usage()
	sendAll(ctx, send, data, count)
	wall := time.Since(started)
	cpu, peak := usage()

	each := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 / float64(count) }
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"wall_us": each(wall), "cpu_us": each(cpu - cpuBefore), "rss_kib": peak,
	})
}
