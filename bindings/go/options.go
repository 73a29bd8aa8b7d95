package barker

// #include <stdlib.h>
// #include "glue.h"
import "C"

import (
	"math"
	"strings"
	"time"
	"unsafe"
)

// An Option sets something of a webhook that New or With makes. One that is given again replaces
// the earlier, unless it says that it adds.
type Option struct {
	set func(*configuration) C.barker_status
}

// configuration is a webhook in the making.
type configuration struct {
	settings
	hook       *C.barker_webhook
	hasSecrets bool // given in this call of New or With

	err   error
	texts []*C.char
}

// apply gives the error of the first option that is wrong.
func (c *configuration) apply(options []Option) error {
	for _, option := range options {
		status := option.set(c)
		if c.err == nil && status != C.BARKER_OK {
			c.err = &Error{Status: Status(status), Sentence: C.GoString(C.barker_webhook_error(c.hook))}
		}
		for _, text := range c.texts {
			C.free(unsafe.Pointer(text))
		}
		c.texts = nil
		if c.err != nil {
			break
		}
	}
	return c.err
}

func (c *configuration) fail(status Status, sentence string) {
	if c.err == nil {
		c.err = &Error{Status: status, Sentence: sentence}
	}
}

// text gives C a text until the option is set. C would not see what comes after a NUL.
func (c *configuration) text(wrong Status, what, text string) *C.char {
	if strings.IndexByte(text, 0) >= 0 {
		c.fail(wrong, "the "+what+" must not contain a NUL")
		return nil
	}
	c.texts = append(c.texts, C.CString(text))
	return c.texts[len(c.texts)-1]
}

// optional is text, but NULL for an empty one.
func (c *configuration) optional(wrong Status, what, text string) *C.char {
	if text == "" {
		return nil
	}
	return c.text(wrong, what, text)
}

// whole gives the number of units, rounded up: what is short must not become 0.
func (c *configuration) whole(what string, d, unit time.Duration) C.uint32_t {
	if d < 0 || d > math.MaxUint32*unit {
		c.fail(ErrRange, "the "+what+" must be from 0 to "+(math.MaxUint32*unit).String())
		return 0
	}
	return C.uint32_t((d + unit - 1) / unit)
}

func flag(set bool) C.int32_t {
	if set {
		return 1
	}
	return 0
}

// Scheme is how a message is signed, and says what its secret is.
type Scheme int32

// Spelling is how names with underscores are spelled when sent.
type Spelling int32

// Addresses says which addresses may be sent to, beside the networks allowed and denied.
type Addresses int32

// TLSVersion is a version of TLS.
type TLSVersion int32

// ---- what is sent ----

// WithURL sets the receiver's URL: http, https, or "unix:", the path of a socket, ":" and the path
// to ask for. A user name and password in it are sent as Basic authentication.
func WithURL(url string) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_url(c.hook, c.text(ErrURL, "URL", url))
	}}
}

// WithData sets what SendMany sends; it is copied.
func WithData(data []byte) Option {
	return Option{func(c *configuration) C.barker_status {
		p, n := pointer(data)
		return C.barker_webhook_set_data(c.hook, unsafe.Pointer(p), n)
	}}
}

// WithContentType sets the Content-Type, such as "application/json"; none is sent if it is empty,
// as without this option.
func WithContentType(contentType string) Option {
	return Option{func(c *configuration) C.barker_status {
		text := c.optional(ErrHeader, "content type", contentType)
		return C.barker_webhook_set_content_type(c.hook, text)
	}}
}

// WithHeader adds a request header, spelled as given here.
func WithHeader(name, value string) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_add_header(c.hook, c.text(ErrHeader, "name of a header", name),
			c.text(ErrHeader, "value of a header", value))
	}}
}

// WithoutHeaders takes away all headers that WithHeader added before.
func WithoutHeaders() Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_clear_headers(c.hook)
	}}
}

// ---- how it is signed ----

// WithSecret sets a secret that signs and verifies, in any number of options: a send signs under
// every scheme that has one, and what any of them signed verifies. To rotate secrets, put the new
// one first. Those given in a call of With take the place of all that were there.
//
// Without any, it is the key "BARKER" under SchemeBarker, which everyone knows.
func WithSecret(scheme Scheme, secret string) Option {
	return Option{func(c *configuration) C.barker_status {
		p, n := pointer([]byte(secret))
		if c.hasSecrets {
			return C.barker_webhook_add_secret(c.hook, C.barker_scheme(scheme), unsafe.Pointer(p), n)
		}
		c.hasSecrets = true
		return C.barker_webhook_set_secret(c.hook, C.barker_scheme(scheme), unsafe.Pointer(p), n)
	}}
}

// WithKey is WithSecret for SchemeBarker.
func WithKey(key string) Option {
	return WithSecret(SchemeBarker, key)
}

// WithSpelling sets how BARKER_TIMESTAMP and BARKER_SIGNATURE are spelled when sent;
// SpellingUnderscore if it is not given.
func WithSpelling(spelling Spelling) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_spelling(c.hook, C.barker_spelling(spelling))
	}}
}

// WithID sets the message id that Standard Webhooks signs, so that the receiver knows a message that
// is sent again. Each send makes its own if it is empty, as without this option.
func WithID(id string) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_id(c.hook, c.optional(ErrID, "id", id))
	}}
}

// ---- how it is delivered ----

// WithTimeout sets how long a send may take in all; 5 seconds if it is not given.
func WithTimeout(timeout time.Duration) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_timeout(c.hook, c.whole("timeout", timeout, time.Millisecond))
	}}
}

// WithIdleLimits sets how many idle connections are kept, 32 if it is not given, and for how long
// one may have been idle, 60 seconds if it is not given, in whole seconds.
func WithIdleLimits(connections uint32, age time.Duration) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_idle_limits(c.hook, C.uint32_t(connections),
			c.whole("age of idle connections", age, time.Second))
	}}
}

// WithMaxConnectionAge sets how old a connection may be that is used again, in whole seconds; 10
// minutes if it is not given, and any age if it is 0. An older one is closed, and the host is looked
// up anew.
func WithMaxConnectionAge(age time.Duration) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_max_connection_age(c.hook,
			c.whole("age of connections", age, time.Second))
	}}
}

// WithLookupLifetime sets for how long the addresses of a host are used before the system is asked
// again, in whole seconds; 60 seconds if it is not given.
func WithLookupLifetime(lifetime time.Duration) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_lookup_lifetime(c.hook,
			c.whole("lifetime of lookups", lifetime, time.Second))
	}}
}

// WithMaxBody sets how large the body of an answer may be; 1 MiB if it is not given.
func WithMaxBody(bytes uint32) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_max_body(c.hook, C.uint32_t(bytes))
	}}
}

// WithRedirects has so many redirects followed, one after the other; 0 if it is not given. They stay
// with the URL's scheme, host and port, unless toOtherOrigins says that the message, with its
// signature and headers, may go to whatever other receiver the first one names.
func WithRedirects(max uint32, toOtherOrigins bool) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_redirects(c.hook, C.uint32_t(max), flag(toOtherOrigins))
	}}
}

// WithProxy sets the proxy, "http://user:password@host:port" or "socks5://…"; none if it is empty, as
// without this option.
func WithProxy(url string) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_proxy(c.hook, c.optional(ErrURL, "proxy's URL", url))
	}}
}

// WithProxyFromEnvironment takes the proxies that the environment names at this moment: http_proxy,
// https_proxy, all_proxy and no_proxy.
func WithProxyFromEnvironment() Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_proxy_from_environment(c.hook)
	}}
}

// WithLog has what happens in deliveries told to the log, but for what matters less than the level.
// A nil log is told nothing, as without this option.
func WithLog(level LogLevel, log Log) Option {
	return Option{func(c *configuration) C.barker_status {
		c.logLevel, c.log = level, log
		return C.barker_webhook_set_log(c.hook, C.barker_log_level(level), nil, nil)
	}}
}

// ---- where it may go ----

// WithAddressPolicy sets which addresses may be sent to; AddressesAny if it is not given. Choose
// AddressesPublic when strangers choose the URLs.
func WithAddressPolicy(addresses Addresses) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_address_policy(c.hook, C.barker_addresses(addresses))
	}}
}

// WithAllowedNetwork adds a network, such as "10.0.0.0/8", that is allowed where the policy does not.
func WithAllowedNetwork(network string) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_allow_network(c.hook, c.text(ErrRange, "network", network))
	}}
}

// WithDeniedNetwork adds a network that is denied, whatever else allows it.
func WithDeniedNetwork(network string) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_deny_network(c.hook, c.text(ErrRange, "network", network))
	}}
}

// WithAllowedPort adds a port that may be sent to; without any, all may.
func WithAllowedPort(port uint16) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_allow_port(c.hook, C.uint32_t(port))
	}}
}

// WithHTTPSOnly refuses URLs that are not https.
func WithHTTPSOnly(httpsOnly bool) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_https_only(c.hook, flag(httpsOnly))
	}}
}

// ---- whom to trust over TLS ----

// WithCA adds certificate authorities in PEM, which are trusted beside those of the platform.
func WithCA(pem []byte) Option {
	return Option{func(c *configuration) C.barker_status {
		p, n := pointer(pem)
		return C.barker_webhook_add_ca(c.hook, unsafe.Pointer(p), n)
	}}
}

// WithCAFile is WithCA with what a file holds now.
func WithCAFile(path string) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_add_ca_file(c.hook, c.text(ErrCertificate, "path", path))
	}}
}

// WithPlatformCA sets whether the platform's certificate authorities are trusted, as they are if it
// is not given.
func WithPlatformCA(trusted bool) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_platform_ca(c.hook, flag(trusted))
	}}
}

// WithCRL adds certificate revocation lists in PEM.
func WithCRL(pem []byte) Option {
	return Option{func(c *configuration) C.barker_status {
		p, n := pointer(pem)
		return C.barker_webhook_add_crl(c.hook, unsafe.Pointer(p), n)
	}}
}

// WithClientCertificate sets the certificate, and those that lead to an authority, that is shown to a
// receiver who asks for one, and its private key; all in PEM. Without bytes none is shown.
func WithClientCertificate(pem, key []byte) Option {
	return Option{func(c *configuration) C.barker_status {
		p, n := pointer(pem)
		keyPointer, keyLen := pointer(key)
		return C.barker_webhook_set_client_certificate(c.hook, unsafe.Pointer(p), n,
			unsafe.Pointer(keyPointer), keyLen)
	}}
}

// WithServerName sets the name that the receiver's certificate must have; the URL's host if it is
// empty, as without this option.
func WithServerName(name string) Option {
	return Option{func(c *configuration) C.barker_status {
		text := c.optional(ErrCertificate, "server's name", name)
		return C.barker_webhook_set_server_name(c.hook, text)
	}}
}

// WithMinTLS sets the oldest version of TLS that is spoken; TLS12 if it is not given.
func WithMinTLS(version TLSVersion) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_min_tls(c.hook, C.barker_tls(version))
	}}
}

// WithInsecureSkipVerify takes any certificate of a receiver, so that anyone on the way can read and
// change what is sent. For tests alone; to trust one certificate, there is WithCA.
func WithInsecureSkipVerify(skip bool) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_insecure_skip_verify(c.hook, flag(skip))
	}}
}

// ---- how it is verified ----

// WithTolerance sets how far a received timestamp may lie from now, in whole seconds; 300 seconds if
// it is not given. 0 turns the check off, and old messages can be replayed.
func WithTolerance(tolerance time.Duration) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_tolerance(c.hook, c.whole("tolerance", tolerance, time.Second))
	}}
}

// WithReplayLimit has Verify refuse a message that it accepted before, and says how many to remember,
// of at most 40 bytes each; 0 is none, as without this option. What is remembered is this process's,
// and shared with webhooks that With makes, unless they have this option of their own.
func WithReplayLimit(messages uint32) Option {
	return Option{func(c *configuration) C.barker_status {
		c.remembers = messages > 0
		return C.barker_webhook_set_replay_limit(c.hook, C.uint32_t(messages))
	}}
}

// WithMaxRequest sets how large the body of a request may be that Handler takes; 1 MiB if it is not
// given.
func WithMaxRequest(bytes uint32) Option {
	return Option{func(c *configuration) C.barker_status {
		c.maxRequest = int64(bytes)
		return C.BARKER_OK
	}}
}
