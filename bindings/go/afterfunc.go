//go:build go1.21

package barker

import "context"

// afterFunc runs f in its own goroutine once the context is done, unless stop is called first and
// returns true. It needs no goroutine until then.
func afterFunc(ctx context.Context, f func()) (stop func() bool) {
	return context.AfterFunc(ctx, f)
}
