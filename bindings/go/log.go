package barker

// #include "glue.h"
import "C"

import "runtime/cgo"

// LogLevel says how much a line of the log matters.
type LogLevel int32

// A Log is told in lines what happens in a webhook's deliveries, on the goroutine that sends. A line
// holds no secret, data, header or password, nor a URL's path.
type Log func(level LogLevel, line string)

// attach has the sender's deliveries told to the log.
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
