package barker

// #include <stdlib.h>
// #include "glue.h"
import "C"

import (
	"net/http"
	"strings"
	"unsafe"
)

// SignHeaders signs the data without sending it, for programs that have their own HTTP client, and
// returns the headers to send with it. Keep the spelling of their names, which http.Header.Set would
// change:
//
//	for name, values := range headers {
//		request.Header[name] = values
//	}
//
// The timestamp is the time to sign, in decimal Unix seconds, which only the Barker schemes use. If
// it is empty, it is the current time.
func (h *Webhook) SignHeaders(timestamp string, data []byte) (http.Header, error) {
	var headers C.barker_buffer
	err := h.sign(timestamp, data, func(hook *C.barker_webhook, timestamp *C.char, p *C.uint8_t, n C.size_t) C.barker_status {
		return C.barker_webhook_sign_headers(hook, timestamp, unsafe.Pointer(p), n, &headers)
	})
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	for _, line := range strings.Split(take(&headers), "\r\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			header[name] = append(header[name], value)
		}
	}
	return header, nil
}

// Sign returns only the values, under the scheme whose secret was set first. With SchemeBarker, send
// them as BARKER_TIMESTAMP and BARKER_SIGNATURE. A scheme that signs an id needs WithID.
func (h *Webhook) Sign(timestamp string, data []byte) (signedTimestamp, signature string, err error) {
	var first, second C.barker_buffer
	err = h.sign(timestamp, data, func(hook *C.barker_webhook, timestamp *C.char, p *C.uint8_t, n C.size_t) C.barker_status {
		return C.barker_webhook_sign(hook, timestamp, unsafe.Pointer(p), n, &first, &second)
	})
	return take(&first), take(&second), err
}

type signer func(hook *C.barker_webhook, timestamp *C.char, p *C.uint8_t, n C.size_t) C.barker_status

func (h *Webhook) sign(timestamp string, data []byte, sign signer) error {
	hook, err := h.use()
	if err != nil {
		return err
	}
	defer h.mu.RUnlock()
	if strings.IndexByte(timestamp, 0) >= 0 {
		return failure(C.BARKER_ERR_HEADER_MALFORMED)
	}
	var text *C.char
	if timestamp != "" {
		text = C.CString(timestamp)
		defer C.free(unsafe.Pointer(text))
	}
	p, n := pointer(data)
	return failure(sign(hook, text, p, n))
}

// GenerateSecret makes a secret of 32 random bytes, as text: "whsec_" and base64. It is valid for
// every scheme.
func GenerateSecret() (string, error) {
	var secret C.barker_buffer
	err := failure(C.barker_generate_secret(&secret))
	return take(&secret), err
}

// GenerateKeyPair makes an Ed25519 key pair for Standard Webhooks: "whsk_" and base64 for the
// sender, and "whpk_" and base64 for the receivers, which can then verify but not sign.
func GenerateKeyPair() (private, public string, err error) {
	var first, second C.barker_buffer
	err = failure(C.barker_generate_key_pair(&first, &second))
	return take(&first), take(&second), err
}

// GenerateID makes a message id: "msg_" and 32 random hexadecimal digits.
func GenerateID() (string, error) {
	var id C.barker_buffer
	err := failure(C.barker_generate_id(&id))
	return take(&id), err
}

// Version returns the version of the library that the program runs with, such as "0.1.0".
func Version() string {
	return C.GoString(C.barker_version())
}

// take copies a buffer's text and frees it.
func take(buffer *C.barker_buffer) string {
	text := string(unsafe.Slice((*byte)(buffer.data), buffer.len))
	C.barker_buffer_free(buffer)
	return text
}
