package barker_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"barker.example/barker"
)

const (
	privateKey = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
	publicKey  = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
)

func TestKnownAnswers(t *testing.T) {
	for _, known := range []struct{ key, timestamp, data, signature string }{
		{"BARKER", "1566234234.123456", "hello", "db1541f495c52e2985cd5744441db766"},
		{"BARKER", "1566234234.5", `{"café": 1}`, "4eddce360a964bbb9295a96a5293820b"},
		{"", "0", "", "49bec43e94cd7f64a7c1e895751027a7"},
	} {
		hook := newHook(t, "", barker.WithKey(known.key), barker.WithTolerance(0))
		timestamp, signature, err := hook.Sign(known.timestamp, []byte(known.data))
		if err != nil || timestamp != known.timestamp || signature != known.signature {
			t.Errorf("%+v: %s, %s, %v", known, timestamp, signature, err)
		}
		headers, err := hook.SignHeaders(known.timestamp, []byte(known.data))
		if err != nil || fmt.Sprint(headers) !=
			fmt.Sprintf("map[BARKER_SIGNATURE:[%s] BARKER_TIMESTAMP:[%s]]", signature, timestamp) {
			t.Errorf("%+v: %v, %v", known, headers, err)
		}
		if err := hook.Verify(headers, []byte(known.data)); err != nil {
			t.Errorf("%+v: %v", known, err)
		}
	}
	_, err := newHook(t, "").SignHeaders("noon", nil)
	wants(t, err, barker.ErrHeaderMalformed)
	_, _, err = newHook(t, "").Sign("1\x00", nil)
	wants(t, err, barker.ErrHeaderMalformed)
}

func TestSchemes(t *testing.T) {
	data := []byte("data\x00")
	schemes := regexp.MustCompile(`BARKER_SCHEME_\w+ = (\d+)`).FindAllStringSubmatch(header(t), -1)
	if len(schemes) < 9 {
		t.Fatalf("the header has only the schemes %v", schemes)
	}
	for _, match := range schemes {
		number, _ := strconv.Atoi(match[1])
		scheme := barker.Scheme(number)
		hook := newHook(t, "", barker.WithSecret(scheme, secret))
		headers, err := hook.SignHeaders("", data)
		if err != nil {
			t.Fatal(scheme, err)
		}
		if err := hook.Verify(headers, data); err != nil {
			t.Error(scheme, err)
		}
		wants(t, hook.Verify(headers, data[:4]), barker.ErrSignature)
		wants(t, hook.Verify(http.Header{}, data), barker.ErrHeaderMissing)
		if err := barker.Verify(scheme, secret, time.Minute, headers, data); err != nil {
			t.Error(scheme, err)
		}
		wants(t, barker.Verify(scheme, secret, time.Minute, headers, nil), barker.ErrSignature)
	}
	wants(t, barker.Verify(-1, secret, 0, nil, nil), barker.ErrRange)
	wants(t, barker.Verify(barker.SchemeStandard, "?", 0, nil, nil), barker.ErrSecret)
	wants(t, barker.Verify(barker.SchemeBarker, "", -1, nil, nil), barker.ErrRange)
}

func TestSecretsOfSeveralSchemes(t *testing.T) {
	both := newHook(t, "", barker.WithSecret(barker.SchemeStandard, privateKey),
		barker.WithSecret(barker.SchemeStandard, secret), barker.WithKey("key"))
	headers, err := both.SignHeaders("", []byte("data"))
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []barker.Option{barker.WithSecret(barker.SchemeStandard, publicKey),
		barker.WithSecret(barker.SchemeSvix, secret), barker.WithKey("key")} {
		if err := newHook(t, "", one).Verify(headers, []byte("data")); err != nil {
			t.Error(err)
		}
	}
	wants(t, both.With(barker.WithKey("other")).Verify(headers, []byte("data")), barker.ErrSignature)
}

func TestHeaders(t *testing.T) {
	hook := newHook(t, "")
	_, signature, _ := hook.Sign("1566234234.5", nil)
	for want, header := range map[barker.Status]http.Header{
		barker.ErrTooOld:          {"Barker_timestamp": {"1566234234.5"}, "Barker-Signature": {signature}},
		barker.ErrTooNew:          signedAt(t, hook, "99999999999"),
		barker.ErrHeaderMissing:   {"Barker_timestamp": {}, "Barker_signature": nil},
		barker.ErrHeaderMalformed: {"Barker_timestamp": {"noon"}, "Barker_signature": {signature}},
		barker.ErrHeaderAmbiguous: {"Barker_timestamp": {"1", "2"}, "Barker_signature": {signature}},
		barker.ErrSignature:       {"Barker_timestamp": {"1"}, "Barker_signature": {signature}},
	} {
		wants(t, hook.Verify(header, nil), want)
	}

	valid := signedAt(t, hook, "")
	for i := 0; i < 10000; i++ {
		valid.Add(fmt.Sprintf("X-%d", i%1000), strings.Repeat("x", i%100))
	}
	if err := hook.Verify(valid, nil); err != nil {
		t.Error(err)
	}
	cut := signedAt(t, hook, "")
	for name, values := range cut {
		cut[name] = []string{values[0] + "\x00"}
	}
	wants(t, hook.Verify(cut, nil), barker.ErrHeaderMalformed)
	wants(t, hook.Verify(http.Header{"A\x00": {"b"}}, nil), barker.ErrHeaderMalformed)
}

func signedAt(t *testing.T, hook *barker.Webhook, timestamp string) http.Header {
	headers, err := hook.SignHeaders(timestamp, nil)
	if err != nil {
		t.Fatal(err)
	}
	return headers
}

func TestReplays(t *testing.T) {
	hook := newHook(t, "", barker.WithReplayLimit(1))
	same := hook.With()
	defer same.Close()
	first, second := signedAt(t, hook, ""), signedAt(t, hook, "")
	if err := hook.Verify(first, nil); err != nil {
		t.Fatal(err)
	}
	wants(t, hook.Verify(first, nil), barker.ErrReplayed)
	wants(t, same.Verify(first, nil), barker.ErrReplayed)
	wants(t, hook.Verify(second, nil), barker.ErrReplayFull)
	if err := hook.Forget(first, nil); err != nil {
		t.Error(err)
	}
	if err := same.Verify(second, nil); err != nil {
		t.Error(err)
	}
}

func TestVerifyInParallel(t *testing.T) {
	hook := newHook(t, "", barker.WithSecret(barker.SchemeStandard, secret))
	headers := signedAt(t, hook, "")
	inParallel(8, func(int) {
		for n := 0; n < 500; n++ {
			if err := hook.Verify(headers, nil); err != nil {
				t.Error(err)
			}
			if _, err := hook.SignHeaders("", nil); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestGenerated(t *testing.T) {
	private, public, err := barker.GenerateKeyPair()
	if err != nil {
		t.Fatal(err)
	}
	sending := newHook(t, "", barker.WithSecret(barker.SchemeStandard, private))
	receiving := newHook(t, "", barker.WithSecret(barker.SchemeStandard, public))
	if err := receiving.Verify(signedAt(t, sending, ""), nil); err != nil {
		t.Error(err)
	}
	_, err = receiving.SignHeaders("", nil)
	wants(t, err, barker.ErrSecret)

	one, err := barker.GenerateID()
	other, otherErr := barker.GenerateID()
	if err != nil || otherErr != nil || one == other || len(one) != 36 {
		t.Errorf("%s, %v, %s, %v", one, err, other, otherErr)
	}
	_, _, err = sending.Sign("", nil)
	wants(t, err, barker.ErrID)
	if barker.Version() == "" {
		t.Error("no version")
	}
}
