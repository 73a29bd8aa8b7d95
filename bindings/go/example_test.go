package barker_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"barker.example/barker"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// A receiver on this machine, in the place of another's.
func receiver(options ...barker.Option) *httptest.Server {
	hook := barker.New("", options...)
	return httptest.NewServer(hook.Handler(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "thanks for %s", body)
		})))
}

func Example() {
	server := receiver(barker.WithKey("a shared secret"))
	defer server.Close()
	url, ctx := server.URL, context.Background()

	hook := barker.New(url, barker.WithKey("a shared secret"))
	defer hook.Close()
	response, err := hook.Send(ctx, []byte(`{"event": "dog.barked"}`))
	if err != nil {
		log.Fatal(err) // no complete answer came
	}
	fmt.Println(response.Status, string(response.Body))

	// Output: 200 thanks for {"event": "dog.barked"}
}

// What a receiver does: the handler is called for what has the right signature only.
func ExampleWebhook_Handler() {
	hook := barker.New("", barker.WithSecret(barker.SchemeStandard, secret))
	if err := hook.Err(); err != nil {
		log.Fatal(err)
	}
	handler := hook.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Printf("verified: %s\n", body)
	}))
	server := httptest.NewServer(handler)
	defer server.Close()

	response, err := http.Post(server.URL, "text/plain", strings.NewReader("not signed"))
	fmt.Println(response.StatusCode, err)

	sender := barker.New(server.URL, barker.WithSecret(barker.SchemeStandard, secret))
	defer sender.Close()
	answer, err := sender.Send(context.Background(), []byte("signed"))
	fmt.Println(answer.Status, err)

	// Output:
	// 401 <nil>
	// verified: signed
	// 200 <nil>
}

// For frameworks that are not built on http.Handler.
func ExampleWebhook_Verify() {
	header := http.Header{}
	header.Set("BARKER_TIMESTAMP", "1566234234.123456")
	header.Set("BARKER_SIGNATURE", "db1541f495c52e2985cd5744441db766")

	hook := barker.New("", barker.WithKey("BARKER"))
	defer hook.Close()
	err := hook.Verify(header, []byte("hello"))
	fmt.Println(errors.Is(err, barker.ErrTooOld), err)

	// Output: true barker: the timestamp is too old
}

// Errors say what to do.
func ExampleError() {
	server := httptest.NewServer(http.NotFoundHandler())
	url, ctx := server.URL, context.Background()
	server.Close()

	hook := barker.New(url, barker.WithSecret(barker.SchemeStandard, secret))
	defer hook.Close()
	_, err := hook.Send(ctx, []byte("data"))

	var failure *barker.Error
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Println("canceled")
	case errors.Is(err, barker.ErrTimeout):
		fmt.Println("the receiver may or may not have it")
	case errors.As(err, &failure):
		fmt.Println(int(failure.Status), failure.Status)
	}

	// Output: 201 barker: no connection to the receiver
}

// A message that is sent again keeps its id, so that the receiver recognizes it.
func ExampleWithID() {
	server := receiver(barker.WithSecret(barker.SchemeStandard, secret), barker.WithReplayLimit(1000))
	defer server.Close()
	ctx := context.Background()
	hook := barker.New(server.URL, barker.WithSecret(barker.SchemeStandard, secret))
	defer hook.Close()

	first, _ := hook.Send(ctx, []byte("data"))
	fmt.Println(first.Status, strings.HasPrefix(first.ID, "msg_"))

	again := hook.With(barker.WithID(first.ID))
	defer again.Close()
	second, _ := again.Send(ctx, []byte("data"))
	fmt.Println(second.Status, second.ID == first.ID)

	// Output:
	// 200 true
	// 204 true
}

func ExampleWebhook_SignHeaders() {
	server := receiver(barker.WithKey("a shared secret"))
	defer server.Close()
	hook := barker.New("", barker.WithKey("a shared secret"))
	defer hook.Close()

	headers, err := hook.SignHeaders("", []byte("data"))
	if err != nil {
		log.Fatal(err)
	}
	request, _ := http.NewRequest("POST", server.URL, strings.NewReader("data"))
	for name, values := range headers {
		request.Header[name] = values
	}
	response, err := http.DefaultClient.Do(request)
	fmt.Println(response.Status, err)

	// Output: 200 OK <nil>
}

func ExampleSendMany() {
	one, two := receiver(barker.WithKey("key")), receiver(barker.WithKey("another"))
	defer one.Close()
	defer two.Close()
	urls, ctx := []string{one.URL, two.URL}, context.Background()

	message := barker.New("", barker.WithKey("key"), barker.WithData([]byte("data")))
	defer message.Close()
	var hooks []*barker.Webhook
	for _, url := range urls {
		hooks = append(hooks, message.With(barker.WithURL(url), barker.WithTimeout(time.Minute)))
	}
	outcomes, err := barker.SendMany(ctx, hooks, 100, nil)
	for i, outcome := range outcomes {
		fmt.Println(i, outcome.Response.Status, outcome.Err)
		hooks[i].Close()
	}
	fmt.Println(err)

	// Output:
	// 0 200 <nil>
	// 1 401 <nil>
	// <nil>
}

func ExampleGenerateSecret() {
	secret, err := barker.GenerateSecret()
	fmt.Println(secret[:6], len(secret), err)

	// Output: whsec_ 50 <nil>
}

func ExampleWithLog() {
	server := receiver(barker.WithKey("key"))
	defer server.Close()

	lines := 0
	hook := barker.New(server.URL, barker.WithKey("key"),
		barker.WithLog(barker.LogInfo, func(level barker.LogLevel, line string) { lines++ }))
	defer hook.Close()
	_, err := hook.Send(context.Background(), nil)
	fmt.Println(lines, err)

	// Output: 1 <nil>
}

func ExampleRetry() {
	answers := []int{http.StatusServiceUnavailable, http.StatusNotFound, http.StatusNoContent}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(answers[0])
		answers = answers[1:]
	}))
	defer server.Close()
	url, ctx, data := server.URL, context.Background(), []byte("data")

	retry, err := barker.NewRetry(
		barker.RetryDelays(time.Millisecond, 10*time.Millisecond, time.Minute),
		barker.RetryOverloadDelay(0),
		barker.RetryFinalStatuses(http.StatusBadRequest, http.StatusRequestEntityTooLarge))
	if err != nil {
		log.Fatal(err)
	}
	id, err := barker.GenerateID()
	if err != nil {
		log.Fatal(err)
	}
	hook := barker.New(url, barker.WithSecret(barker.SchemeStandard, secret), barker.WithID(id))
	defer hook.Close()
	for tries := uint32(1); ; tries++ {
		response, err := hook.Send(ctx, data)
		verdict, wait := retry.Judge(response, err, tries)
		if verdict != barker.VerdictRetry {
			fmt.Println(verdict == barker.VerdictDelivered, tries)
			break
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			log.Fatal(ctx.Err())
		}
	}

	// Output: true 3
}
