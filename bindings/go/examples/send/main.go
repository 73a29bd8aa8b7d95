// send signs data and posts it to a URL.
//
//	go run ./examples/send URL [--key KEY] [DATA | -]
//
// Exit status: 0 the receiver answered 2xx, 1 it did not or could not be asked, 2 wrong usage.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"barker.example/barker"
)

type arguments struct {
	url, data string
	options   []barker.Option
}

func parse(args []string) (parsed arguments, ok bool) {
	var texts []string
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--key" && i+1 < len(args):
			i++
			parsed.options = append(parsed.options, barker.WithKey(args[i]))
		case strings.HasPrefix(args[i], "--"):
			return parsed, false
		default:
			texts = append(texts, args[i])
		}
	}
	if len(texts) < 1 || len(texts) > 2 {
		return parsed, false
	}
	parsed.url, parsed.data = texts[0], strings.Join(texts[1:], "")
	return parsed, true
}

// load gives the bytes of standard input for "-", else of the text itself.
func load(source string) ([]byte, error) {
	if source == "-" {
		return io.ReadAll(os.Stdin)
	}
	return []byte(source), nil
}

func main() {
	args, ok := parse(os.Args[1:])
	if !ok {
		fmt.Fprintln(os.Stderr, "usage: send URL [--key KEY] [DATA | -]")
		os.Exit(2)
	}
	data, err := load(args.data)
	if err != nil {
		fmt.Fprintln(os.Stderr, "send:", err)
		os.Exit(1)
	}

	// Ctrl-C ends a send that waits.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	hook := barker.New(args.url, args.options...)
	defer hook.Close()
	response, err := hook.Send(ctx, data)
	if err != nil {
		fmt.Fprintln(os.Stderr, "send:", err)
		os.Exit(1)
	}

	fmt.Println("HTTP", response.Status)
	fmt.Println("BARKER_TIMESTAMP:", response.Timestamp)
	fmt.Println("BARKER_SIGNATURE:", response.Signature)
	if len(response.Body) > 0 {
		fmt.Printf("%s\n", response.Body)
	}
	if response.Status < 200 || response.Status > 299 {
		os.Exit(1)
	}
}
