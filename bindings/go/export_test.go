package barker

// What the tests need of the inside.

// Places is how many may send at once.
var Places = int32(cap(places))

// OccupyPlaces leaves no place to send.
func OccupyPlaces() (leaveAll func()) {
	for i := 0; i < cap(places); i++ {
		places <- struct{}{}
	}
	return func() {
		for i := 0; i < cap(places); i++ {
			leave()
		}
	}
}
