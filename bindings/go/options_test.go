package barker_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
	"time"

	"barker.example/barker"
)

const nul = "a\x00b"

// optionCase is an option with values that are right, and with those that are wrong and their status.
type optionCase struct {
	right []barker.Option
	wrong map[string]barker.Option
	is    barker.Status
}

type options = []barker.Option
type wrongs = map[string]barker.Option

func optionCases(t *testing.T) map[string]optionCase {
	own := newIdentity(t, 1, nil)
	revoking := crl(t, own, own)
	silent := func(barker.LogLevel, string) {}
	return map[string]optionCase{
		"WithURL": {options{barker.WithURL("https://u:p@h.example:1/?q"), barker.WithURL("unix:/s:/")},
			wrongs{"empty": barker.WithURL(""), "ftp": barker.WithURL("ftp://h/"), "nul": barker.WithURL("http://h/" + nul),
				"long": barker.WithURL("http://h/" + strings.Repeat("x", 8000))}, barker.ErrURL},
		"WithData": {options{barker.WithData(nil), barker.WithData([]byte(nul))}, nil, 0},
		"WithContentType": {options{barker.WithContentType("text/plain"), barker.WithContentType("")},
			wrongs{"line": barker.WithContentType("a\r\nb"), "nul": barker.WithContentType(nul)}, barker.ErrHeader},
		"WithHeader": {options{barker.WithHeader("a", "b"), barker.WithHeader("Accept", "")},
			wrongs{"name": barker.WithHeader("a b", "c"), "value": barker.WithHeader("a", "b\nc"),
				"host": barker.WithHeader("Host", "h"), "nul": barker.WithHeader(nul, "c"),
				"nul value": barker.WithHeader("a", nul)}, barker.ErrHeader},
		"WithoutHeaders": {options{barker.WithoutHeaders()}, nil, 0},
		"WithSecret": {options{barker.WithSecret(barker.SchemeGitHub, nul), barker.WithSecret(barker.SchemeSvix, secret)},
			wrongs{"empty": barker.WithSecret(barker.SchemeGitHub, ""), "form": barker.WithSecret(barker.SchemeStandard, "?")},
			barker.ErrSecret},
		"WithKey":      {options{barker.WithKey(""), barker.WithKey(nul)}, nil, 0},
		"WithSpelling": {options{barker.WithSpelling(barker.SpellingBoth)}, wrongs{"none": barker.WithSpelling(9)}, barker.ErrRange},
		"WithID": {options{barker.WithID("a-1"), barker.WithID("")},
			wrongs{"dot": barker.WithID("a.b"), "nul": barker.WithID(nul)}, barker.ErrID},
		"WithTimeout": {options{barker.WithTimeout(1), barker.WithTimeout(1000 * time.Hour)},
			wrongs{"zero": barker.WithTimeout(0), "less": barker.WithTimeout(-1), "long": barker.WithTimeout(1200 * time.Hour)},
			barker.ErrRange},
		"WithIdleLimits":       {options{barker.WithIdleLimits(0, 0)}, wrongs{"less": barker.WithIdleLimits(1, -1)}, barker.ErrRange},
		"WithMaxConnectionAge": {options{barker.WithMaxConnectionAge(0)}, wrongs{"less": barker.WithMaxConnectionAge(-1)}, barker.ErrRange},
		"WithLookupLifetime":   {options{barker.WithLookupLifetime(0)}, wrongs{"less": barker.WithLookupLifetime(-1)}, barker.ErrRange},
		"WithMaxBody":          {options{barker.WithMaxBody(0), barker.WithMaxBody(1<<32 - 1)}, nil, 0},
		"WithRedirects":        {options{barker.WithRedirects(9, true)}, nil, 0},
		"WithProxy": {options{barker.WithProxy("socks5://u:p@h:1"), barker.WithProxy("")},
			wrongs{"scheme": barker.WithProxy("ftp://h"), "nul": barker.WithProxy("http://" + nul)}, barker.ErrURL},
		"WithProxyFromEnvironment": {options{barker.WithProxyFromEnvironment()}, nil, 0},
		"WithLog": {options{barker.WithLog(barker.LogDebug, silent), barker.WithLog(barker.LogOff, nil)},
			wrongs{"level": barker.WithLog(9, silent)}, barker.ErrRange},
		"WithAddressPolicy": {options{barker.WithAddressPolicy(barker.AddressesAny), barker.WithAddressPolicy(barker.AddressesListed)},
			wrongs{"none": barker.WithAddressPolicy(9)}, barker.ErrRange},
		"WithAllowedNetwork": {options{barker.WithAllowedNetwork("10.0.0.0/8"), barker.WithAllowedNetwork("::1")},
			wrongs{"within": barker.WithAllowedNetwork("10.1.2.3/8"), "nul": barker.WithAllowedNetwork("::1\x00")}, barker.ErrRange},
		"WithDeniedNetwork": {options{barker.WithDeniedNetwork("fd00::/8")},
			wrongs{"name": barker.WithDeniedNetwork("localhost"), "nul": barker.WithDeniedNetwork("::1\x00")}, barker.ErrRange},
		"WithAllowedPort": {options{barker.WithAllowedPort(65535)}, wrongs{"none": barker.WithAllowedPort(0)}, barker.ErrRange},
		"WithHTTPSOnly":   {options{barker.WithHTTPSOnly(true), barker.WithHTTPSOnly(false)}, nil, 0},
		"WithCA": {options{barker.WithCA(own.pem)}, wrongs{"none": barker.WithCA(nil), "key": barker.WithCA(own.keyPEM)},
			barker.ErrCertificate},
		"WithCAFile":     {nil, wrongs{"none": barker.WithCAFile("/nowhere"), "nul": barker.WithCAFile(nul)}, barker.ErrCertificate},
		"WithPlatformCA": {options{barker.WithPlatformCA(false), barker.WithPlatformCA(true)}, nil, 0},
		"WithCRL":        {options{barker.WithCRL(revoking)}, wrongs{"none": barker.WithCRL(nil), "other": barker.WithCRL(own.pem)}, barker.ErrCertificate},
		"WithClientCertificate": {options{barker.WithClientCertificate(own.pem, own.keyPEM), barker.WithClientCertificate(nil, nil)},
			wrongs{"no key": barker.WithClientCertificate(own.pem, nil),
				"other key": barker.WithClientCertificate(own.pem, newIdentity(t, 2, nil).keyPEM)}, barker.ErrCertificate},
		"WithServerName": {options{barker.WithServerName("h.example"), barker.WithServerName("")},
			wrongs{"blank": barker.WithServerName("a b"), "nul": barker.WithServerName(nul)}, barker.ErrCertificate},
		"WithMinTLS":             {options{barker.WithMinTLS(barker.TLS13)}, wrongs{"old": barker.WithMinTLS(11)}, barker.ErrRange},
		"WithInsecureSkipVerify": {options{barker.WithInsecureSkipVerify(true)}, nil, 0},
		"WithTolerance": {options{barker.WithTolerance(0), barker.WithTolerance(time.Hour)},
			wrongs{"less": barker.WithTolerance(-time.Second), "long": barker.WithTolerance(1<<63 - 1)}, barker.ErrRange},
		"WithReplayLimit": {options{barker.WithReplayLimit(0), barker.WithReplayLimit(10)}, nil, 0},
		"WithMaxRequest":  {options{barker.WithMaxRequest(0)}, nil, 0},
	}
}

func TestOptions(t *testing.T) {
	cases := optionCases(t)
	for name, of := range cases {
		for i, option := range of.right {
			if err := newHook(t, "", option).Err(); err != nil {
				t.Errorf("%s, %d: %v", name, i, err)
			}
		}
		for what, option := range of.wrong {
			hook := barker.New("", barker.WithKey("key"), option, barker.WithKey("key"))
			wants(t, hook.Err(), of.is)
			wants(t, hook.Verify(nil, nil), of.is)
			var e *barker.Error
			if !errors.As(hook.Err(), &e) || e.Sentence == "" {
				t.Errorf("%s, %s: %#v", name, what, hook.Err())
			}
		}
	}
	for _, name := range exportedOptions(t) {
		if _, ok := cases[name]; !ok {
			t.Errorf("%s is not tested", name)
		}
	}
}

func exportedOptions(t *testing.T) (names []string) {
	file, err := parser.ParseFile(token.NewFileSet(), "options.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, declared := range file.Decls {
		if function, ok := declared.(*ast.FuncDecl); ok && strings.HasPrefix(function.Name.Name, "With") {
			names = append(names, function.Name.Name)
		}
	}
	if len(names) < 30 {
		t.Fatalf("only %v", names)
	}
	return names
}

func TestOfWrongOptionsTheFirstIsTold(t *testing.T) {
	hook := barker.New("ftp://h/", barker.WithTimeout(0))
	wants(t, hook.Err(), barker.ErrURL)
	wants(t, barker.New("", barker.WithSecret(-1, "s")).Err(), barker.ErrRange)
	var tooMany []barker.Option
	for i := 0; i < 17; i++ {
		tooMany = append(tooMany, barker.WithKey("key"))
	}
	wants(t, barker.New("", tooMany...).Err(), barker.ErrRange)
}

// A tolerance of less than a second must not become 0, which would turn the check off.
func TestTimesAreRoundedUp(t *testing.T) {
	hook := newHook(t, "", barker.WithTolerance(time.Nanosecond))
	wants(t, hook.Verify(signedAt(t, hook, "1566234234.5"), nil), barker.ErrTooOld)
}
