package barker

// #include "glue.h"
import "C"

import "runtime/cgo"

// LogLevel says how important a line of the log is.
type LogLevel int32

// A Log is called with a line for each event of a webhook's deliveries, on the goroutine that sends.
// A line contains no secret, data, header or password, and no path of a URL.
type Log func(level LogLevel, line string)

// attach sets the log of the sender's deliveries.
func (s *sender) attach(level LogLevel, log Log) {
	s.log = log
	s.self = cgo.NewHandle(s)
	C.barkergo_set_log(s.c.hook, C.int32_t(level), C.uintptr_t(s.self))
}

//export barkergoLog
func barkergoLog(handle C.uintptr_t, level C.barker_log_level, line *C.char) {
	s := cgo.Handle(handle).Value().(*sender)
	s.guard(func() { s.log(LogLevel(level), C.GoString(line)) })
}
