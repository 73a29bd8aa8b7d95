package barker

// #cgo pkg-config: barker
// #cgo CFLAGS: -std=c99
// #include "glue.h"
import "C"

import (
	"runtime"
	"runtime/cgo"
	"sync"
	"time"
	"unsafe"
)

const (
	maxIdleSenders = 32       // as many as there are idle connections
	maxIdleBody    = 64 << 10 // a sender whose last answer is larger is not kept
)

// A Webhook sends to one receiver, or verifies what one sender sends. Any number of goroutines may
// use it at once.
type Webhook struct {
	mu       sync.RWMutex      // held for writing by Close alone
	original *C.barker_webhook // never changed after New; nil if err is set, and after Close
	idle     chan *sender
	err      error
	settings
}

// settings is the part of the configuration that Go handles itself.
type settings struct {
	timeout    time.Duration
	maxRequest int64
	remembers  bool // what was received
	logLevel   LogLevel
	log        Log
}

// New makes a webhook for the URL, which may be empty if the webhook only verifies.
//
// If an option is wrong, Err returns the error, and every method of the webhook fails with it.
func New(url string, options ...Option) *Webhook {
	if url != "" {
		options = append([]Option{WithURL(url)}, options...)
	}
	return configure(C.barker_webhook_new(), settings{maxRequest: defaultMaxRequest}, options)
}

// With makes a webhook with these options changed. It shares the idle connections and the messages
// remembered for WithReplayLimit.
func (h *Webhook) With(options ...Option) *Webhook {
	original, err := h.use()
	if err != nil {
		return &Webhook{err: err}
	}
	defer h.mu.RUnlock()
	return configure(C.barker_webhook_clone(original), h.settings, options)
}

func configure(hook *C.barker_webhook, inherited settings, options []Option) *Webhook {
	if hook == nil {
		return &Webhook{err: failure(C.BARKER_ERR_SYSTEM)}
	}
	c := &configuration{settings: inherited, hook: hook}
	if err := c.apply(options); err != nil {
		C.barker_webhook_free(hook)
		return &Webhook{err: err}
	}
	c.timeout = time.Duration(C.barker_webhook_timeout(hook)) * time.Millisecond
	h := &Webhook{original: hook, idle: make(chan *sender, maxIdleSenders), settings: c.settings}
	runtime.SetFinalizer(h, (*Webhook).Close)
	return h
}

// Err returns the error of the first wrong option, or nil.
func (h *Webhook) Err() error {
	return h.err
}

// URL returns the URL as it was set; empty if there is none.
func (h *Webhook) URL() string {
	original, err := h.use()
	if err != nil {
		return ""
	}
	defer h.mu.RUnlock()
	return C.GoString(C.barker_webhook_url(original))
}

// Close wipes the secrets, and closes the idle connections unless another webhook made by With
// shares them. Sends that are running are not affected. Later calls fail with ErrClosed.
func (h *Webhook) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.original == nil {
		return
	}
	runtime.SetFinalizer(h, nil)
	C.barker_webhook_free(h.original)
	h.original = nil
	close(h.idle)
	for s := range h.idle {
		s.free()
	}
}

// CloseIdleConnections closes the idle connections, including those of webhooks that share them.
func (h *Webhook) CloseIdleConnections() {
	if s, err := h.acquire(); err == nil {
		C.barker_webhook_close_idle(s.c.hook)
		h.release(s)
	}
}

// use returns the handle to functions that only read it, until they unlock h.mu for reading.
func (h *Webhook) use() (*C.barker_webhook, error) {
	if h.err != nil {
		return nil, h.err
	}
	h.mu.RLock()
	if h.original == nil {
		h.mu.RUnlock()
		return nil, ErrClosed
	}
	return h.original, nil
}

// sender is a clone of a webhook's handle, for one send at a time.
type sender struct {
	c    *C.struct_barkergo_sender
	log  Log        // nil if nothing is logged
	self cgo.Handle // by which C names this sender to the log
	panicked
}

// acquire takes an idle sender, or makes one.
func (h *Webhook) acquire() (*sender, error) {
	original, err := h.use()
	if err != nil {
		return nil, err
	}
	defer h.mu.RUnlock()
	select {
	case s := <-h.idle:
		return s, nil
	default:
	}
	c := C.barkergo_sender_new(original)
	if c == nil {
		return nil, failure(C.BARKER_ERR_SYSTEM)
	}
	s := &sender{c: c}
	if h.log != nil {
		s.attach(h.logLevel, h.log)
	}
	return s, nil
}

// release keeps the sender for the next send, if there is room and the webhook is not closed.
func (h *Webhook) release(s *sender) {
	if _, err := h.use(); err != nil {
		s.free()
		return
	}
	defer h.mu.RUnlock()
	if s.c.body_len > maxIdleBody {
		s.free()
		return
	}
	select {
	case h.idle <- s:
	default:
		s.free()
	}
}

func (s *sender) free() {
	C.barkergo_sender_free(s.c)
	if s.log != nil {
		s.self.Delete()
	}
}

// pointer passes bytes to C, which uses them only during a call.
func pointer(data []byte) (*C.uint8_t, C.size_t) {
	if len(data) == 0 {
		return nil, 0
	}
	return (*C.uint8_t)(unsafe.Pointer(&data[0])), C.size_t(len(data))
}

// copied copies C's bytes; those of a C.int, as C.GoBytes counts, would not be enough.
func copied(data *C.uint8_t, n C.size_t) []byte {
	bytes := make([]byte, n)
	copy(bytes, unsafe.Slice((*byte)(data), n))
	return bytes
}
