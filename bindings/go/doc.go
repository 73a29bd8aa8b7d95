// Package barker sends signed webhooks, and verifies those that come in. It is the Go face of the C
// library barker, which must be installed: pkg-config finds it.
//
// A sender makes a Webhook, keeps it, and calls Send. A receiver puts Webhook.Handler in front of
// its own handler, or calls Verify. Both set the same secret, under a Scheme that both know.
//
// What a Webhook is, New or With say once and for all, by options; nothing changes it afterwards. So
// it may be used by any number of goroutines.
package barker
