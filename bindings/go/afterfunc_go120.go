//go:build !go1.21

package barker

import (
	"context"
	"sync/atomic"
)

// afterFunc is context.AfterFunc, with a goroutine that waits.
func afterFunc(ctx context.Context, f func()) (stop func() bool) {
	var decided int32
	first := func() bool { return atomic.CompareAndSwapInt32(&decided, 0, 1) }
	over := make(chan struct{})
	go func() {
		select {
		case <-ctx.Done():
			if first() {
				f()
			}
		case <-over:
		}
	}()
	return func() bool {
		close(over)
		return first()
	}
}
