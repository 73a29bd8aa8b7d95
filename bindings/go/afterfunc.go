//go:build go1.21

package barker

import "context"

// afterFunc runs f on a goroutine of its own once the context is done, unless stop comes first and
// gives true. It needs no goroutine until then.
func afterFunc(ctx context.Context, f func()) (stop func() bool) {
	return context.AfterFunc(ctx, f)
}
