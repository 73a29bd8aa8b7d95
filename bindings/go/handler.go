package barker

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

const defaultMaxRequest = 1 << 20

// Handler calls next for requests whose body is signed as Verify requires; next can read the body as
// usual. It answers all other requests itself, with 401, or
//
//	204 if the message was accepted before (see WithReplayLimit)
//	400 if the body could not be read
//	413 if the body is larger than WithMaxRequest allows
//	500 if the webhook has a wrong option (see Err) or is closed
//	503 if there is no room to remember the message
//
// If next panics or answers 5xx, the message is forgotten, so that it is accepted when it is sent
// again.
func (h *Webhook) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.maxRequest))
		if err != nil {
			refuse(w, statusOfBody(err))
			return
		}
		if err := h.Verify(r.Header, body); err != nil {
			refuse(w, statusOfMessage(err))
			return
		}
		verified := *r
		verified.Body = io.NopCloser(bytes.NewReader(body))
		verified.ContentLength = int64(len(body))
		if h.remembers {
			h.serveOnce(next, w, &verified, body)
		} else {
			next.ServeHTTP(w, &verified)
		}
	})
}

func refuse(w http.ResponseWriter, status int) {
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return
	}
	http.Error(w, http.StatusText(status), status)
}

func statusOfBody(err error) int {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

func statusOfMessage(err error) int {
	var e *Error
	switch {
	case errors.Is(err, ErrReplayed):
		return http.StatusNoContent
	case errors.Is(err, ErrReplayFull):
		return http.StatusServiceUnavailable
	case errors.As(err, &e) && e.Status >= 300 && e.Status <= 399: // it must not be trusted
		return http.StatusUnauthorized
	default:
		return http.StatusInternalServerError
	}
}

// serveOnce forgets the message if it could not be processed.
func (h *Webhook) serveOnce(next http.Handler, w http.ResponseWriter, r *http.Request, body []byte) {
	answer := &answer{ResponseWriter: w}
	header := r.Header.Clone() // next may change it
	processed := false
	defer func() {
		if !processed {
			h.Forget(header, body)
		}
	}()
	next.ServeHTTP(answer, r)
	processed = answer.status < 500
}

// answer remembers the status. 0 means the 200 of a handler that sets none.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	if a.status < 200 { // 1xx are interim
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter {
	return a.ResponseWriter
}

// Flush is for handlers that ask for an http.Flusher.
func (a *answer) Flush() {
	if flusher, ok := a.ResponseWriter.(http.Flusher); ok {
		flusher.Flush()
	}
}
