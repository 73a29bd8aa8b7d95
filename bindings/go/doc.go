// Package barker sends signed webhooks and verifies received ones. It is a binding to the C library
// barker, which must be installed so that pkg-config finds it.
//
// A sender makes a Webhook, keeps it, and calls Send. A receiver puts Webhook.Handler in front of
// its own handler, or calls Verify. Both set the same secret, under a Scheme that both know.
//
// The options of New and With set up a Webhook, and nothing changes it afterwards. So any number of
// goroutines may use it at once.
package barker
