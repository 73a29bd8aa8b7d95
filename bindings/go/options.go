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

// An Option is a setting of a webhook that New or With makes. An option that comes twice replaces
// the earlier one, unless its comment says that it adds.
type Option struct {
	set func(*configuration) C.barker_status
}

// configuration is a webhook that is being made.
type configuration struct {
	settings
	hook       *C.barker_webhook
	hasSecrets bool // given in this call of New or With

	err   error
	texts []*C.char
}

// apply returns the error of the first wrong option.
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

// text passes a text to C until the option is set. It refuses a NUL, because C would not see what
// follows it.
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

// whole is units for an option.
func (c *configuration) whole(what string, d, unit time.Duration) C.uint32_t {
	number, ok := units(d, unit)
	if !ok {
		c.fail(ErrRange, "the "+what+" must be from 0 to "+(math.MaxUint32*unit).String())
	}
	return number
}

// units returns the number of units, rounded up, so that a short time does not become 0; and whether C
// can take that many.
func units(d, unit time.Duration) (C.uint32_t, bool) {
	if d < 0 || d > math.MaxUint32*unit {
		return 0, false
	}
	return C.uint32_t((d + unit - 1) / unit), true
}

func flag(set bool) C.int32_t {
	if set {
		return 1
	}
	return 0
}

// Scheme is how a message is signed, and what its secret looks like.
type Scheme int32

// Spelling is how header names that contain underscores are spelled when sending.
type Spelling int32

// Addresses says which addresses a message may be sent to, apart from networks that are explicitly
// allowed or denied.
type Addresses int32

// TLSVersion is a version of TLS.
type TLSVersion int32

// ---- what to send ----

// WithURL sets the receiver's URL: http, https, or "unix:", the path of a socket, ":" and the path
// to request. A user name and password in it are sent as Basic authentication.
func WithURL(url string) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_url(c.hook, c.text(ErrURL, "URL", url))
	}}
}

// WithData sets the data that SendMany sends. It is copied.
func WithData(data []byte) Option {
	return Option{func(c *configuration) C.barker_status {
		p, n := pointer(data)
		return C.barker_webhook_set_data(c.hook, unsafe.Pointer(p), n)
	}}
}

// WithContentType sets the Content-Type, such as "application/json". If it is empty, the default,
// none is sent.
func WithContentType(contentType string) Option {
	return Option{func(c *configuration) C.barker_status {
		text := c.optional(ErrHeader, "content type", contentType)
		return C.barker_webhook_set_content_type(c.hook, text)
	}}
}

// WithHeader adds a request header, which is sent exactly as spelled here.
func WithHeader(name, value string) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_add_header(c.hook, c.text(ErrHeader, "name of a header", name),
			c.text(ErrHeader, "value of a header", value))
	}}
}

// WithoutHeaders removes all headers that WithHeader added before.
func WithoutHeaders() Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_clear_headers(c.hook)
	}}
}

// ---- how messages are signed ----

// WithSecret sets a secret that signs and verifies. There can be several: sending signs under every
// scheme that has a secret, and verifying accepts a message that was signed with any of them. To
// rotate secrets, put the new one first. The secrets of a call of With replace all earlier ones.
//
// The default is the key "BARKER" under SchemeBarker, which everyone knows.
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

// WithSpelling sets how BARKER_TIMESTAMP and BARKER_SIGNATURE are spelled when sending; the default
// is SpellingUnderscore.
func WithSpelling(spelling Spelling) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_spelling(c.hook, C.barker_spelling(spelling))
	}}
}

// WithID sets the message id that Standard Webhooks signs, so that the receiver recognizes a message
// that is sent again. If it is empty, the default, each send makes a new id.
func WithID(id string) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_id(c.hook, c.optional(ErrID, "id", id))
	}}
}

// ---- how messages are delivered ----

// WithTimeout sets how long a whole send may take; the default is 5 seconds.
func WithTimeout(timeout time.Duration) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_timeout(c.hook, c.whole("timeout", timeout, time.Millisecond))
	}}
}

// WithIdleLimits sets how many idle connections are kept, 32 by default, and how long they may be
// idle, 60 seconds by default, in whole seconds.
func WithIdleLimits(connections uint32, age time.Duration) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_idle_limits(c.hook, C.uint32_t(connections),
			c.whole("age of idle connections", age, time.Second))
	}}
}

// WithMaxConnectionAge sets how old a connection may be when it is used again, in whole seconds; the
// default is 10 minutes, and 0 allows any age. An older one is closed, and the host is looked up
// again.
func WithMaxConnectionAge(age time.Duration) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_max_connection_age(c.hook,
			c.whole("age of connections", age, time.Second))
	}}
}

// WithLookupLifetime sets how long the addresses of a host are used before the system is asked
// again, in whole seconds; the default is 60 seconds.
func WithLookupLifetime(lifetime time.Duration) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_lookup_lifetime(c.hook,
			c.whole("lifetime of lookups", lifetime, time.Second))
	}}
}

// WithMaxBody sets how large the body of an answer may be; the default is 1 MiB.
func WithMaxBody(bytes uint32) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_max_body(c.hook, C.uint32_t(bytes))
	}}
}

// WithRedirects sets how many redirects in a row are followed; the default, 0, follows none. Only
// redirects to the same scheme, host and port as the URL are followed, unless toOtherOrigins is
// true. Then any other server that a receiver names gets the message, its signature and the added
// headers except Authorization and Cookie.
func WithRedirects(max uint32, toOtherOrigins bool) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_redirects(c.hook, C.uint32_t(max), flag(toOtherOrigins))
	}}
}

// WithProxy sets the proxy, "http://user:password@host:port" or "socks5://…"; if it is empty, the
// default, there is none.
func WithProxy(url string) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_proxy(c.hook, c.optional(ErrURL, "proxy's URL", url))
	}}
}

// WithProxyFromEnvironment uses the proxies that the environment names now: http_proxy, https_proxy,
// all_proxy and no_proxy.
func WithProxyFromEnvironment() Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_proxy_from_environment(c.hook)
	}}
}

// WithLog sets a log that is called with a line for each event of a delivery; lines that are less
// important than the level are left out. If the log is nil, the default, nothing is logged.
func WithLog(level LogLevel, log Log) Option {
	return Option{func(c *configuration) C.barker_status {
		c.logLevel, c.log = level, log
		return C.barker_webhook_set_log(c.hook, C.barker_log_level(level), nil, nil)
	}}
}

// ---- where messages may be sent ----

// WithAddressPolicy sets which addresses messages may be sent to; the default is AddressesAny.
// Choose AddressesPublic if strangers choose the URLs.
func WithAddressPolicy(addresses Addresses) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_address_policy(c.hook, C.barker_addresses(addresses))
	}}
}

// WithAllowedNetwork adds a network, such as "10.0.0.0/8", that is allowed even if the policy would
// refuse it.
func WithAllowedNetwork(network string) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_allow_network(c.hook, c.text(ErrRange, "network", network))
	}}
}

// WithDeniedNetwork adds a network that is denied even if something else allows it.
func WithDeniedNetwork(network string) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_deny_network(c.hook, c.text(ErrRange, "network", network))
	}}
}

// WithAllowedPort adds a port that is allowed; by default all ports are.
func WithAllowedPort(port uint16) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_allow_port(c.hook, C.uint32_t(port))
	}}
}

// WithHTTPSOnly sets whether only https URLs are allowed.
func WithHTTPSOnly(httpsOnly bool) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_https_only(c.hook, flag(httpsOnly))
	}}
}

// ---- TLS ----

// WithCA adds certificate authorities in PEM, which are trusted in addition to those of the
// platform.
func WithCA(pem []byte) Option {
	return Option{func(c *configuration) C.barker_status {
		p, n := pointer(pem)
		return C.barker_webhook_add_ca(c.hook, unsafe.Pointer(p), n)
	}}
}

// WithCAFile is WithCA with the current contents of a file.
func WithCAFile(path string) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_add_ca_file(c.hook, c.text(ErrCertificate, "path", path))
	}}
}

// WithPlatformCA sets whether the certificate authorities of the platform are trusted, as they are
// by default.
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

// WithClientCertificate sets the certificate that is shown to receivers that ask for one, followed
// by the certificates that lead to an authority, and its private key, all in PEM. If both are empty,
// none is shown.
func WithClientCertificate(pem, key []byte) Option {
	return Option{func(c *configuration) C.barker_status {
		p, n := pointer(pem)
		keyPointer, keyLen := pointer(key)
		return C.barker_webhook_set_client_certificate(c.hook, unsafe.Pointer(p), n,
			unsafe.Pointer(keyPointer), keyLen)
	}}
}

// WithServerName sets the name that the receiver's certificate must have; if it is empty, the
// default, the URL's host.
func WithServerName(name string) Option {
	return Option{func(c *configuration) C.barker_status {
		text := c.optional(ErrCertificate, "server's name", name)
		return C.barker_webhook_set_server_name(c.hook, text)
	}}
}

// WithMinTLS sets the oldest version of TLS that is accepted; the default is TLS12.
func WithMinTLS(version TLSVersion) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_min_tls(c.hook, C.barker_tls(version))
	}}
}

// WithInsecureSkipVerify accepts any certificate, so that anyone on the way to the receiver can read
// and change what is sent. Use it only in tests. To trust one particular certificate, use WithCA.
func WithInsecureSkipVerify(skip bool) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_insecure_skip_verify(c.hook, flag(skip))
	}}
}

// ---- how messages are verified ----

// WithTolerance sets how far a received timestamp may be from the current time, in whole seconds;
// the default is 300 seconds. 0 turns the check off, so that old messages can be replayed.
func WithTolerance(tolerance time.Duration) Option {
	return Option{func(c *configuration) C.barker_status {
		return C.barker_webhook_set_tolerance(c.hook, c.whole("tolerance", tolerance, time.Second))
	}}
}

// WithReplayLimit makes Verify refuse a message that it accepted before, and sets how many messages
// to remember, in at most 40 bytes each; the default, 0, remembers none. Each process remembers its
// own messages. Webhooks that With makes share them, unless they set this option themselves.
func WithReplayLimit(messages uint32) Option {
	return Option{func(c *configuration) C.barker_status {
		c.remembers = messages > 0
		return C.barker_webhook_set_replay_limit(c.hook, C.uint32_t(messages))
	}}
}

// WithMaxRequest sets how large the body of a request to Handler may be; the default is 1 MiB.
func WithMaxRequest(bytes uint32) Option {
	return Option{func(c *configuration) C.barker_status {
		c.maxRequest = int64(bytes)
		return C.BARKER_OK
	}}
}
