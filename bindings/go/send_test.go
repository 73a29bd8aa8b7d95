package barker_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"barker.example/barker"
)

func TestWhatArrives(t *testing.T) {
	requests, bodies := make(chan *http.Request, 1), make(chan []byte, 1)
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- r
		bodies <- body
		w.Header().Add("X-Dog", "barks")
		w.Header().Add("X-Dog", "bites")
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, "wau")
	})
	hook := newHook(t, server+"/path?query", barker.WithKey("k\x00y"),
		barker.WithContentType("application/json"), barker.WithHeader("X-Cat", "purrs"),
		barker.WithHeader("x-cat", "scratches"))
	response, err := hook.Send(background, []byte("{\"a\": 1}\x00"))
	if err != nil {
		t.Fatal(err)
	}

	came, body := <-requests, <-bodies
	mac := hmac.New(md5.New, []byte("k\x00y"))
	io.WriteString(mac, came.Header.Get("BARKER_TIMESTAMP")+";")
	mac.Write(body)
	if signature := hex.EncodeToString(mac.Sum(nil)); came.Header.Get("BARKER_SIGNATURE") != signature {
		t.Errorf("the signature is %s, not %s", came.Header.Get("BARKER_SIGNATURE"), signature)
	}
	if string(body) != "{\"a\": 1}\x00" || came.Method != "POST" || came.URL.RequestURI() != "/path?query" ||
		came.Header.Get("Content-Type") != "application/json" ||
		!reflect.DeepEqual(came.Header["X-Cat"], []string{"purrs", "scratches"}) {
		t.Errorf("came: %v %q", came, body)
	}
	if response.Status != 202 || string(response.Body) != "wau" ||
		!reflect.DeepEqual(response.Header["X-Dog"], []string{"barks", "bites"}) ||
		response.Header.Get("content-length") != "3" {
		t.Errorf("answered: %+v", response)
	}
	if response.ID != "" || response.Timestamp != came.Header.Get("BARKER_TIMESTAMP") ||
		response.Signature != came.Header.Get("BARKER_SIGNATURE") {
		t.Errorf("signed: %+v", response)
	}
	if hook.URL() != server+"/path?query" {
		t.Errorf("the URL is %s", hook.URL())
	}
}

func TestStatusesAreAnswers(t *testing.T) {
	for _, status := range []int{200, 204, 301, 401, 404, 500, 503} {
		status := status
		server := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) })
		response, err := newHook(t, server).Send(background, nil)
		if err != nil || response.Status != status || response.Body == nil {
			t.Errorf("%d: %+v, %v", status, response, err)
		}
	}
}

func TestSizes(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Write(body)
	})
	hook := newHook(t, server, barker.WithMaxBody(9<<20))
	for _, size := range []int{0, 1, 1023, 64 << 10, 1<<20 + 1, 9 << 20} {
		data := bytes.Repeat([]byte("0123456"), size/7+1)[:size]
		response, err := hook.Send(background, data)
		if err != nil || !bytes.Equal(response.Body, data) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	_, err := newHook(t, server).Send(background, make([]byte, 1<<20+1))
	wants(t, err, barker.ErrTooLarge)
}

func TestManyAnswerHeaders(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < 100; i++ {
			w.Header().Set(fmt.Sprintf("X-%d", i), fmt.Sprint(i*i))
		}
	})
	hook := newHook(t, server)
	for round := 0; round < 2; round++ {
		response, err := hook.Send(background, nil)
		if err != nil || response.Header.Get("x-99") != "9801" || response.Header.Get("x-0") != "0" {
			t.Errorf("%+v, %v", response, err)
		}
	}
}

func TestFailures(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	hanging := serveRaw(t, "")
	untrusted := httptest.NewTLSServer(http.HandlerFunc(noContent))
	defer untrusted.Close()
	untrusted.Config.ErrorLog = quiet

	for _, failing := range []struct {
		url     string
		status  barker.Status
		options []barker.Option
	}{
		{"", barker.ErrURL, nil},
		{closed.URL, barker.ErrConnect, nil},
		{serveRaw(t, "wau\r\n\r\n"), barker.ErrProtocol, nil},
		{serveRaw(t, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwau"), barker.ErrReceive, nil},
		{serveRaw(t, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 70000)), barker.ErrTooLarge, nil},
		{hanging, barker.ErrTimeout, []barker.Option{barker.WithTimeout(time.Millisecond)}},
		{hanging, barker.ErrRefused, []barker.Option{barker.WithAddressPolicy(barker.AddressesPublic)}},
		{untrusted.URL, barker.ErrCertificateSelfSigned, []barker.Option{barker.WithPlatformCA(false), barker.WithCA(newIdentity(t, 1, nil).pem)}},
		{hanging, barker.ErrSecret, []barker.Option{barker.WithSecret(barker.SchemeStandard, publicKey)}},
	} {
		response, err := newHook(t, failing.url, failing.options...).Send(background, []byte("data"))
		wants(t, err, failing.status)
		var e *barker.Error
		if response != nil || !errors.As(err, &e) || e.Status != failing.status || e.Sentence == "" ||
			!strings.Contains(err.Error(), e.Sentence) {
			t.Errorf("%s: %+v, %#v", failing.url, response, err)
		}
		answered := failing.status == barker.ErrReceive || failing.status == barker.ErrTooLarge
		if (e.Response != nil) != answered {
			t.Errorf("%s: %+v", failing.url, e.Response)
		}
		if errors.Is(err, barker.ErrSend) || errors.Is(err, barker.ErrClosed) {
			t.Errorf("%v is too much", err)
		}
		if os.IsTimeout(err) != (failing.status == barker.ErrTimeout) {
			t.Errorf("%v: is it a timeout or not?", err)
		}
	}
}

func TestFailedMessageHasItsID(t *testing.T) {
	hook := newHook(t, serveRaw(t, "wau\r\n\r\n"), barker.WithSecret(barker.SchemeStandard, secret))
	_, err := hook.Send(background, nil)
	var e *barker.Error
	if !errors.As(err, &e) || !strings.HasPrefix(e.ID, "msg_") {
		t.Errorf("%#v", err)
	}
}

func TestFailedAnswerHasItsStatusAndHeader(t *testing.T) {
	hook := newHook(t, serveRaw(t, "HTTP/1.1 202 Accepted\r\nX-Dog: barks\r\nContent-Length: 9\r\n\r\nwau"))
	_, err := hook.Send(background, nil)
	outcomes, _ := barker.SendMany(background, []*barker.Webhook{hook}, 0, nil)
	for _, err := range []error{err, outcomes[0].Err} {
		var e *barker.Error
		wants(t, err, barker.ErrReceive)
		if !errors.As(err, &e) || e.Response == nil || e.Response.Status != 202 ||
			e.Response.Header.Get("x-dog") != "barks" || len(e.Response.Body) != 0 {
			t.Errorf("%#v", err)
		}
	}
}

func TestWithDiffersInItsOptionsAlone(t *testing.T) {
	keys := make(chan string, 1)
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := newHook(t, "", barker.WithKey(<-keys)).Verify(r.Header, body); err != nil {
			w.WriteHeader(http.StatusUnauthorized)
		}
		fmt.Fprint(w, r.Header["X-Dog"])
	})
	original := newHook(t, server, barker.WithKey("one"), barker.WithHeader("X-Dog", "barks"))
	same := original.With()
	other := original.With(barker.WithKey("two"), barker.WithoutHeaders())
	for _, sending := range []struct {
		hook      *barker.Webhook
		key, want string
		status    int
	}{
		{original, "one", "[barks]", 200}, {same, "one", "[barks]", 200}, {other, "two", "[]", 200},
		{other, "one", "[]", 401}, {original, "two", "[barks]", 401},
	} {
		keys <- sending.key
		response, err := sending.hook.Send(background, []byte("data"))
		if err != nil || response.Status != sending.status || string(response.Body) != sending.want {
			t.Errorf("%+v: %+v, %v", sending, response, err)
		}
	}

	same.Close()
	keys <- "one"
	if _, err := original.Send(background, nil); err != nil {
		t.Errorf("after another was closed: %v", err)
	}
	other.Close()
	wants(t, other.With().Err(), barker.ErrClosed)
}

func TestClosedAndFailed(t *testing.T) {
	closed := barker.New(serve(t, noContent))
	closed.Close()
	closed.Close()
	wrong := barker.New("gopher://example.com")
	defer wrong.Close()
	for hook, want := range map[*barker.Webhook]error{
		closed: barker.ErrClosed, wrong: barker.ErrURL, new(barker.Webhook): barker.ErrClosed,
	} {
		_, sendErr := hook.Send(background, nil)
		_, headersErr := hook.SignHeaders("", nil)
		_, _, signErr := hook.Sign("", nil)
		outcomes, err := barker.SendMany(background, []*barker.Webhook{hook}, 0, nil)
		if err != nil {
			t.Error(err)
		}
		for _, err := range []error{sendErr, headersErr, signErr, outcomes[0].Err,
			hook.Verify(nil, nil), hook.Forget(nil, nil), hook.With().Err()} {
			wants(t, err, want)
		}
		hook.CloseIdleConnections()
		if hook.URL() != "" {
			t.Errorf("the URL is %s", hook.URL())
		}
	}
}

func TestConnectionsAreKept(t *testing.T) {
	var mu sync.Mutex
	addresses := map[string]bool{}
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		addresses[r.RemoteAddr] = true
	})
	connections := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(addresses)
	}
	hook := newHook(t, server)
	for i := 0; i < 10; i++ {
		hook.With(barker.WithKey("another")).Send(background, nil)
	}
	if connections() != 1 {
		t.Errorf("%d connections", connections())
	}
	hook.CloseIdleConnections()
	hook.Send(background, nil)
	if connections() != 2 {
		t.Errorf("%d connections after the idle were closed", connections())
	}
	none := newHook(t, server, barker.WithIdleLimits(0, 0))
	none.Send(background, nil)
	none.Send(background, nil)
	if connections() != 4 {
		t.Errorf("%d connections after two that were not kept", connections())
	}
}

func TestRedirects(t *testing.T) {
	var server string
	server = serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/from" {
			http.Redirect(w, r, "/to", http.StatusTemporaryRedirect)
		}
	})
	for max, want := range map[uint32]int{0: 307, 1: 200} {
		response, err := newHook(t, server+"/from", barker.WithRedirects(max, false)).Send(background, nil)
		if err != nil || response.Status != want {
			t.Errorf("%+v, %v", response, err)
		}
	}
}

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(noContent)}
	go server.Serve(listener)
	defer server.Close()
	response, err := newHook(t, "unix:"+path+":/hook").Send(background, []byte("data"))
	if err != nil || response.Status != 204 {
		t.Errorf("%+v, %v", response, err)
	}
}

func TestProxy(t *testing.T) {
	var opened int32
	tunnels := func() int { return int(atomic.LoadInt32(&opened)) }
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		atomic.AddInt32(&opened, 1)
		there, err := net.Dial("tcp", r.Host)
		if r.Method != http.MethodConnect || err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		here, _, _ := w.(http.Hijacker).Hijack()
		io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { io.Copy(there, here); there.Close() }()
		go func() { io.Copy(here, there); here.Close() }()
	})
	server := serve(t, noContent)
	response, err := newHook(t, server, barker.WithProxy(proxy)).Send(background, nil)
	if err != nil || response.Status != 204 || tunnels() != 1 {
		t.Errorf("%+v, %v, %d tunnels", response, err, tunnels())
	}

	t.Setenv("http_proxy", proxy)
	t.Setenv("no_proxy", "")
	response, err = newHook(t, server, barker.WithProxyFromEnvironment()).Send(background, nil)
	if err != nil || response.Status != 204 || tunnels() != 2 {
		t.Errorf("%+v, %v, %d tunnels", response, err, tunnels())
	}
	host, _ := url.Parse(server)
	t.Setenv("no_proxy", host.Hostname())
	response, err = newHook(t, server, barker.WithProxyFromEnvironment()).Send(background, nil)
	if err != nil || response.Status != 204 || tunnels() != 2 {
		t.Errorf("%+v, %v, %d tunnels", response, err, tunnels())
	}
}
