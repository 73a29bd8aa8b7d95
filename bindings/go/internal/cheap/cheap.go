// Package cheap tells how much memory the C library has given out, for tests: they cannot use cgo.
package cheap

// #include <malloc.h>
import "C"

// InUse gives the number of bytes that were allocated and not freed.
func InUse() int64 {
	info := C.mallinfo2()
	return int64(info.uordblks) + int64(info.hblkhd)
}
