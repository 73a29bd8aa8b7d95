package barker_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"barker.example/barker"
)

// post sends the body with these headers through Go's own client, and gives the status; 0 if there is
// no answer.
func post(t *testing.T, url string, headers http.Header, body io.Reader) int {
	t.Helper()
	request, err := http.NewRequest("POST", url, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range headers {
		request.Header[name] = values
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

func signed(t *testing.T, hook *barker.Webhook, body string) http.Header {
	headers, err := hook.SignHeaders("", []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return headers
}

func TestHandlerAnswers(t *testing.T) {
	hook := newHook(t, "", barker.WithKey("key"), barker.WithMaxRequest(100))
	var came []string
	server := serve(t, hook.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		came = append(came, fmt.Sprintf("%s %d %v", body, r.ContentLength, err))
	})).ServeHTTP)
	unsized := func(body string) io.Reader { return io.MultiReader(strings.NewReader(body)) }
	limit := strings.Repeat("x", 100)
	for i, posted := range []struct {
		headers http.Header
		body    io.Reader
		status  int
	}{
		{signed(t, hook, "data"), strings.NewReader("data"), 200},
		{signed(t, hook, "chunked"), unsized("chunked"), 200},
		{signed(t, hook, limit), strings.NewReader(limit), 200},
		{signed(t, hook, ""), nil, 200},
		{signed(t, hook, limit+"x"), strings.NewReader(limit + "x"), 413},
		{signed(t, hook, limit+"x"), unsized(limit + "x"), 413},
		{signed(t, hook, "data"), strings.NewReader("date"), 401},
		{nil, strings.NewReader("data"), 401},
	} {
		if status := post(t, server, posted.headers, posted.body); status != posted.status {
			t.Errorf("%d: answered %d, not %d", i, status, posted.status)
		}
	}
	want := fmt.Sprintf("[data 4 <nil> chunked 7 <nil> %s 100 <nil>  0 <nil>]", limit)
	if fmt.Sprint(came) != want {
		t.Errorf("came: %s", came)
	}
}

func TestHandlerOfBrokenBody(t *testing.T) {
	hook := newHook(t, "", barker.WithKey("key"))
	server := httptest.NewServer(hook.Handler(http.NotFoundHandler()))
	defer server.Close()
	connection, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	io.WriteString(connection, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n")
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil || response.StatusCode != 400 {
		t.Errorf("%v, %v", response, err)
	}
}

func TestHandlerOfUnusableWebhook(t *testing.T) {
	sender := newHook(t, "")
	closed := newHook(t, "")
	closed.Close()
	for _, hook := range []*barker.Webhook{closed, barker.New("", barker.WithSecret(barker.SchemeStandard, "?"))} {
		server := serve(t, hook.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			t.Error("it came through")
		})).ServeHTTP)
		if status := post(t, server, signed(t, sender, ""), nil); status != 500 {
			t.Errorf("answered %d", status)
		}
	}
}

func TestHandlerAndReplays(t *testing.T) {
	hook := newHook(t, "", barker.WithReplayLimit(2))
	server := httptest.NewUnstartedServer(hook.Handler(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/fails":
				w.WriteHeader(http.StatusBadGateway)
			case "/panics":
				r.Header.Del("BARKER_SIGNATURE")
				panic("of the test")
			case "/refuses":
				w.WriteHeader(http.StatusBadRequest)
			case "/flushes":
				w.(http.Flusher).Flush()
				io.WriteString(w, "done")
			}
		})))
	server.Config.ErrorLog = quiet // of the panic
	server.Start()
	defer server.Close()
	headers := map[string]http.Header{}
	for _, body := range []string{"1", "2", "3"} {
		headers[body] = signed(t, hook, body)
	}
	for i, posted := range []struct {
		path, body string
		status     int
	}{
		{"/fails", "1", 502}, {"/panics", "1", 0}, {"/flushes", "1", 200}, {"/fails", "1", 204},
		{"/refuses", "2", 400}, {"/fails", "2", 204}, {"/fails", "3", 503},
	} {
		if status := post(t, server.URL+posted.path, headers[posted.body], strings.NewReader(posted.body)); status != posted.status {
			t.Errorf("%d: answered %d, not %d", i, status, posted.status)
		}
	}
}
