package barker

// panicked keeps the value with which a callback panicked until C has returned: a panic must not
// pass through the frames of C.
type panicked struct {
	panic any
}

// guard runs the callback, unless an earlier one panicked.
func (p *panicked) guard(callback func()) {
	if p.panic != nil {
		return
	}
	defer func() { p.panic = recover() }()
	callback()
}

// adopt takes the other's panic.
func (p *panicked) adopt(other *panicked) {
	if p.panic == nil {
		p.panic = other.panic
	}
	other.panic = nil
}

// resume continues the panic, if there was one.
func (p *panicked) resume() {
	if value := p.panic; value != nil {
		p.panic = nil
		panic(value)
	}
}
