/**
 * @file barker.h
 * Barker sends signed webhooks and verifies received ones.
 *
 * A sender sets a URL and a secret, and sends:
 *
 *     #include <barker.h>
 *     #include <stdio.h>
 *     #include <string.h>
 *
 *     static int notify(const char *url, const char *secret, const char *json) {
 *         barker_webhook *hook = barker_webhook_new();
 *         int sent = barker_webhook_set_url(hook, url) == BARKER_OK
 *             && barker_webhook_set_secret(hook, BARKER_SCHEME_STANDARD, secret, strlen(secret))
 *                    == BARKER_OK
 *             && barker_webhook_set_content_type(hook, "application/json") == BARKER_OK
 *             && barker_webhook_send_data(hook, json, strlen(json), NULL, NULL) == BARKER_OK
 *             && barker_webhook_response_status(hook) / 100 == 2;
 *         if (!sent)
 *             fprintf(stderr, "not delivered: %s\n", barker_webhook_error(hook));
 *         barker_webhook_free(hook);
 *         return sent;
 *     }
 *
 * A receiver passes all headers as they came, and the body before anything has parsed it. A message
 * that is signed with the secret and current is BARKER_OK; answer all others with 401:
 *
 *     static int is_from_github(const char *secret, const barker_header *headers, size_t count,
 *                               const void *body, size_t len) {
 *         return barker_verify(BARKER_SCHEME_GITHUB, secret, strlen(secret), 300, headers, count,
 *                              body, len) == BARKER_OK;
 *     }
 *
 * Conventions:
 * - A function that can fail returns a barker_status, which is BARKER_OK (0) for success. Look at
 *   it. A failure changes nothing and leaves out parameters empty, with one exception: a handle's
 *   default secret, which everyone knows, goes as soon as another is set, even if that is refused.
 *   NULL where it is not allowed is a failure, not a crash.
 * - Text is NUL-terminated UTF-8. Bytes are a pointer and a length; NULL with length 0 is none.
 *   The library copies what it is passed, except the data of barker_webhook_send_data().
 * - What a getter returns belongs to the handle. What fills a barker_buffer belongs to the caller.
 * - Any thread may use the library. Each type says what threads may share.
 * - The library prints nothing, never exits, and leaves the host's signals, locale and environment
 *   alone. pthread_cancel() takes effect when the call has returned.
 * - A callback must return: it must not leave by longjmp(), a C++ exception or pthread_exit(), and
 *   must not free or change the handles that are being sent with.
 *
 * This header is C99, C++98 with stdint.h, and later. A parser of declarations, such as LuaJIT's
 * ffi.cdef, PHP's FFI::cdef or Python's cffi, reads what `cc -E -P -DBARKER_CDEF barker.h` prints.
 */
#ifndef BARKER_H
#define BARKER_H

/** The version of this header. For the running library's, see barker_version_number(). */
#define BARKER_VERSION "0.1.0"
#define BARKER_VERSION_MAJOR 0
#define BARKER_VERSION_MINOR 1
#define BARKER_VERSION_PATCH 0
#define BARKER_VERSION_NUMBER \
    (BARKER_VERSION_MAJOR * 10000 + BARKER_VERSION_MINOR * 100 + BARKER_VERSION_PATCH)

#ifndef BARKER_CDEF
#include <stddef.h>
#include <stdint.h>
#endif

/* The compiler warns if the result of such a function is not used. */
#if defined(BARKER_CDEF)
#define BARKER_MUST_USE
#elif (defined(__cplusplus) && __cplusplus >= 201703L) \
    || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L)
#define BARKER_MUST_USE [[nodiscard]]
#elif defined(__GNUC__)
#define BARKER_MUST_USE __attribute__((warn_unused_result))
#else
#define BARKER_MUST_USE
#endif

/* The compiler warns if such a function is used. Define BARKER_NO_DEPRECATED to keep it silent. */
#if defined(__GNUC__) && !defined(BARKER_CDEF) && !defined(BARKER_NO_DEPRECATED)
#define BARKER_DEPRECATED(instead) __attribute__((deprecated(instead)))
#else
#define BARKER_DEPRECATED(instead)
#endif

#if defined(__cplusplus) && !defined(BARKER_CDEF)
extern "C" {
#endif

/** What a call returns. The values stand at the end: see "Statuses". */
typedef int32_t barker_status;

/* ---- Handles: made, copied, freed, and asked why a call failed ---- */

/**
 * A webhook: what to send, to whom, under which key; and the outcome of its last send.
 *
 * Thread-safety: a handle is used by one thread at a time, any thread. Different handles are
 * independent, clones among them. The functions that take a `const barker_webhook *` only read:
 * any number of threads may call them on one handle at once, while none changes or frees it.
 * barker_webhook_set_stopped() alone may be called while another thread sends.
 *
 * After fork(), the child may go on using its handles, except one that another thread was using at
 * that moment. Nothing is shared with the parent: connections, sessions of TLS and what is known
 * of replays are each process's own, and the child begins with none.
 */
typedef struct barker_webhook barker_webhook;

/**
 * Makes a webhook without URL and data, with the key "BARKER", a timeout of 5000 milliseconds
 * and a tolerance of 300 seconds.
 *
 * @return a handle that the caller frees with barker_webhook_free(); NULL if it could not be made
 * @since 0.1.0
 */
barker_webhook *barker_webhook_new(void);

/**
 * Makes a handle with the same configuration, which shares the idle connections: the way to send
 * from several threads. The outcome of the last send is not taken over.
 *
 * @param hook  the handle to copy
 * @return a handle that the caller frees with barker_webhook_free(); NULL if hook is NULL
 * @since 0.1.0
 */
barker_webhook *barker_webhook_clone(const barker_webhook *hook);

/**
 * Frees a handle, wipes its secrets, and closes the idle connections if no clone is left. What the
 * getters returned for the handle is gone with it; filled buffers stay.
 *
 * @param hook  NULL, or a handle that is not used again
 * @since 0.1.0
 */
void barker_webhook_free(barker_webhook *hook);

/**
 * Gives the status of the last call that could change this handle; within and after
 * barker_send_many(), that of its delivery.
 *
 * @param hook  the handle
 * @return a barker_status; BARKER_ERR_NULL if hook is NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_status(const barker_webhook *hook);

/**
 * Tells in a sentence why the last call on this handle failed and, where the caller can mend it,
 * what to change. It never holds a key or a body.
 *
 * Calls that take a const handle leave the sentence as it is: for them there is
 * barker_status_string().
 *
 * @param hook  the handle
 * @return a NUL-terminated text, empty if the last call succeeded, never NULL; the handle's own,
 *         valid until the next call that changes the handle
 * @since 0.1.0
 */
const char *barker_webhook_error(const barker_webhook *hook);

/* ---- Message: what is sent ---- */

/**
 * Sets the receiver's URL. It is read strictly: one in which other programs might find another
 * host is refused.
 *
 * @param hook  the handle
 * @param url   an absolute http or https URL, at most 8000 bytes, spaces percent-encoded; copied.
 *              A user name and password are sent as Basic authentication (RFC 7617), unless an
 *              Authorization header was added. A fragment is not sent. For a Unix socket, "unix:",
 *              its absolute path, a colon, and the path to ask for: "unix:/run/app.sock:/hook".
 *              A link-local address has its interface with it: "http://[fe80::1%25eth0]/hook"
 *              (RFC 6874). What may not stand in a path or query is percent-encoded when it is
 *              sent.
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_URL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_url(barker_webhook *hook, const char *url);

/**
 * Gives the URL as it was set.
 *
 * @param hook  the handle
 * @return NUL-terminated text, the handle's own until the URL is set again; NULL if none was set
 * @since 0.1.0
 */
const char *barker_webhook_url(const barker_webhook *hook);

/**
 * Sets the data that barker_webhook_send() sends. To send without a copy, see
 * barker_webhook_send_data().
 *
 * @param hook  the handle
 * @param data  any bytes; copied. NULL with length 0 is no data.
 * @param len   number of bytes
 * @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_RANGE
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_data(barker_webhook *hook,
                                      const void *data,
                                      size_t len);

/**
 * Gives the data as it was set.
 *
 * @param hook  the handle
 * @param len   receives the number of bytes
 * @return the bytes, the handle's own until data is set again; NULL if hook or len is NULL
 * @since 0.1.0
 */
const uint8_t *barker_webhook_data(const barker_webhook *hook, size_t *len);

/**
 * Sets the Content-Type that is sent; as in the Python original, none is unless it is set.
 *
 * @param hook          the handle
 * @param content_type  such as "application/json"; copied. NULL sends none.
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_HEADER
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_content_type(barker_webhook *hook,
                                              const char *content_type);

/**
 * Adds a request header, spelled on the wire as given here. The same name may be added again;
 * User-Agent and Accept take the place of barker's.
 *
 * @param hook   the handle
 * @param name   1 to 256 characters of an HTTP token (RFC 9110 section 5.6.2); copied. Refused
 *               are Host, Content-Length, Content-Type, Transfer-Encoding, Connection, Expect,
 *               TE, Upgrade and those of every signature scheme.
 * @param value  at most 8000 bytes of printable ASCII; copied
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_HEADER
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_add_header(barker_webhook *hook,
                                        const char *name,
                                        const char *value);

/**
 * Removes all headers that barker_webhook_add_header() added.
 *
 * @param hook  the handle
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_clear_headers(barker_webhook *hook);

/**
 * Sets the message id that Standard Webhooks signs. Keep the id when a message is sent again, so
 * that the receiver knows it; unless one is set, each send makes its own: see barker_webhook_id().
 *
 * @param hook  the handle
 * @param id    1 to 256 printable ASCII characters without blank and dot; copied. NULL makes ids
 *              anew for each send.
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_ID
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_id(barker_webhook *hook, const char *id);

/* ---- Secrets: how it is signed ---- */

/**
 * How a message is signed. Numbers are part of the ABI.
 */
typedef int32_t barker_scheme;

enum {
    /**
     * Barker, as the Python package: HMAC-MD5 over `timestamp;body`, in BARKER_TIMESTAMP and
     * BARKER_SIGNATURE. The secret is any bytes.
     */
    BARKER_SCHEME_BARKER = 0,
    /** The same with HMAC-SHA256. */
    BARKER_SCHEME_BARKER_SHA256 = 1,
    /** The same with HMAC-SHA512. */
    BARKER_SCHEME_BARKER_SHA512 = 2,
    /**
     * Standard Webhooks, in webhook-id, webhook-timestamp and webhook-signature; when
     * verifying, under Svix's names as well. The secret is text: base64 of at least 16 bytes,
     * alone or after `whsec_`, signs with HMAC-SHA256 (v1); `whsk_` and base64 of an Ed25519
     * private key signs with that (v1a); `whpk_` and base64 of the public key verifies only.
     * <https://github.com/standard-webhooks/standard-webhooks>
     */
    BARKER_SCHEME_STANDARD = 10,
    /** The same under the names svix-id, svix-timestamp and svix-signature. */
    BARKER_SCHEME_SVIX = 11,
    /** HMAC-SHA256 over the body, in X-Hub-Signature-256. No timestamp. The secret is text. */
    BARKER_SCHEME_GITHUB = 20,
    /**
     * HMAC-SHA256 over `timestamp.body`, in Stripe-Signature. The secret is the whole text that
     * Stripe shows, `whsec_` included.
     */
    BARKER_SCHEME_STRIPE = 21,
    /**
     * HMAC-SHA256 over `v0:timestamp:body`, in X-Slack-Request-Timestamp and X-Slack-Signature.
     * The secret is text.
     */
    BARKER_SCHEME_SLACK = 22,
    /**
     * HMAC-SHA256 over the body, in X-Shopify-Hmac-SHA256; when verifying, in
     * Shopify-Hmac-SHA256 as well. No timestamp. The secret is text.
     */
    BARKER_SCHEME_SHOPIFY = 23
};

/**
 * Sets the one secret that signs and verifies, in place of all that were set before. Until one is
 * set, it is "BARKER" under BARKER_SCHEME_BARKER, which everyone knows. Use at least 24 random
 * bytes; see barker_generate_secret().
 *
 * A secret that is refused changes nothing, with one exception: the default secret does not stay.
 * A handle that has no other then signs, sends and accepts nothing (BARKER_ERR_SECRET) until a
 * secret is set, so that a program that overlooks the failure trusts nobody.
 *
 * @param hook    the handle
 * @param scheme  a barker_scheme, which says what its secret is
 * @param secret  the secret's bytes, or its text without the NUL. The library keeps only what the
 *                algorithm derives from it, and wipes that when it is replaced or freed.
 * @param len     number of bytes; 0 is refused except by the Barker schemes
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE if there is no such scheme, or
 *         BARKER_ERR_SECRET: Standard Webhooks and Svix refuse what is not base64 of at least 16
 *         bytes, and the other schemes of text what begins or ends with white space
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_secret(barker_webhook *hook,
                                        barker_scheme scheme,
                                        const void *secret,
                                        size_t len);

/**
 * Adds a secret beside those that were set. The default secret does not stay beside another; one
 * that is refused takes it away as well: see barker_webhook_set_secret().
 *
 * A send signs under every scheme that has a secret, so that receivers may move from one to
 * another. Where a header holds several signatures (Standard Webhooks, Svix, Stripe), every secret
 * of the scheme signs; in the others, the first. Verifying accepts a message that any of the
 * secrets signed, so that secrets may be rotated: put the new one first.
 *
 * @param hook    the handle, which holds at most 16 secrets
 * @param scheme  as for barker_webhook_set_secret()
 * @param secret  as for barker_webhook_set_secret()
 * @param len     number of bytes
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE if there is no such scheme or no room, or
 *         BARKER_ERR_SECRET
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_add_secret(barker_webhook *hook,
                                        barker_scheme scheme,
                                        const void *secret,
                                        size_t len);

/**
 * Sets the key of the original's scheme: barker_webhook_set_secret() with BARKER_SCHEME_BARKER.
 * As there, a key that is refused takes the default secret away.
 *
 * @param hook  the handle
 * @param key   any bytes; NULL with length 0 is the empty key
 * @param len   number of bytes
 * @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_RANGE
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_key(barker_webhook *hook,
                                     const void *key,
                                     size_t len);

/**
 * How names with underscores are spelled when sent.
 */
typedef int32_t barker_spelling;

enum {
    /** BARKER_SIGNATURE, which the Python original reads and nginx drops by default. */
    BARKER_SPELLING_UNDERSCORE = 0,
    /** BARKER-SIGNATURE, which passes everywhere. */
    BARKER_SPELLING_DASH = 1,
    /** Both. */
    BARKER_SPELLING_BOTH = 2
};

/**
 * Sets how the names BARKER_TIMESTAMP and BARKER_SIGNATURE are spelled when sent. nginx drops
 * names with underscores unless it is told otherwise; the Python original reads no others.
 * Verifying takes either.
 *
 * @param hook      the handle
 * @param spelling  a barker_spelling; BARKER_SPELLING_UNDERSCORE if never set
 * @return BARKER_OK, BARKER_ERR_NULL, or BARKER_ERR_RANGE if there is no such spelling
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_spelling(barker_webhook *hook,
                                          barker_spelling spelling);

/* ---- Buffers: bytes that the library makes and the caller owns ---- */

/**
 * Bytes that the library made and the caller owns.
 *
 * Start from zeros, pass its address to a function that fills it, read `data` and `len`, and
 * release it with barker_buffer_free():
 *
 *     barker_buffer body = {0};
 *     barker_webhook_send(hook, &http_status, &body);
 *     fwrite(body.data, 1, body.len, stdout);
 *     barker_buffer_free(&body);
 *
 * A NUL that `len` does not count follows the last byte. A call that fills a buffer overwrites
 * what was in it without releasing it; if the call fails, the buffer is all zeros.
 */
typedef struct barker_buffer {
    /** The bytes; NULL in a buffer of zeros. */
    uint8_t *data;
    /** Number of bytes. */
    size_t len;
    /** The library's own: leave it alone. */
    size_t capacity;
    /** The library's own: leave it alone. */
    size_t reserved;
} barker_buffer;

/**
 * Releases what a buffer holds and leaves zeros, so that freeing it again does nothing.
 *
 * @param buffer  NULL, all zeros, or filled by this library
 * @since 0.1.0
 */
void barker_buffer_free(barker_buffer *buffer);

/* ---- Sending: one message, or many at once ---- */

/**
 * Signs the data that was set with the present time, POSTs it and waits for the answer.
 *
 * An answer of any HTTP status is BARKER_OK: look at http_status. Barker never sends a message
 * again by itself when the receiver may have it: after BARKER_ERR_SEND, BARKER_ERR_RECEIVE,
 * BARKER_ERR_TIMEOUT, BARKER_ERR_PROTOCOL, BARKER_ERR_TOO_LARGE or BARKER_ERR_STOPPED that is for
 * the caller to decide. A redirect is followed only if barker_webhook_set_redirects() was called.
 *
 * @param hook         the handle
 * @param http_status  receives the answer's status, such as 204; 0 if there is no answer
 * @param body         receives the answer's body, at most 1 MiB, to be released with
 *                     barker_buffer_free(); NULL if it is not wanted
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_URL if none was set, BARKER_ERR_SECRET if none
 *         can sign, BARKER_ERR_SYSTEM, BARKER_ERR_REFUSED, BARKER_ERR_RESOLVE,
 *         BARKER_ERR_RESOLVE_AGAIN, BARKER_ERR_CONNECT, BARKER_ERR_PROXY, BARKER_ERR_TLS,
 *         BARKER_ERR_CERTIFICATE_EXPIRED, BARKER_ERR_CERTIFICATE_NAME,
 *         BARKER_ERR_CERTIFICATE_ISSUER, BARKER_ERR_CERTIFICATE_SELF_SIGNED,
 *         BARKER_ERR_CERTIFICATE_REVOKED, BARKER_ERR_SEND, BARKER_ERR_RECEIVE, BARKER_ERR_TIMEOUT,
 *         BARKER_ERR_PROTOCOL, BARKER_ERR_TOO_LARGE or BARKER_ERR_STOPPED
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_send(barker_webhook *hook,
                                  uint16_t *http_status,
                                  barker_buffer *body);

/**
 * As barker_webhook_send(), but sends this data, which it borrows for the call and does not copy.
 * The data that was set stays as it is.
 *
 * @param hook         the handle
 * @param data         any bytes; NULL with length 0 is no data
 * @param len          number of bytes
 * @param http_status  as for barker_webhook_send()
 * @param body         as for barker_webhook_send()
 * @return as barker_webhook_send(), or BARKER_ERR_RANGE
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_send_data(barker_webhook *hook,
                                       const void *data,
                                       size_t len,
                                       uint16_t *http_status,
                                       barker_buffer *body);

/**
 * Told how a delivery of barker_send_many() ended.
 *
 * The handle has the outcome already: barker_webhook_response_status() and the like may be asked.
 * The handles of the batch must not be changed or freed, nor barker_send_many() be called with
 * them, until it has returned. The function must return: it must not leave by longjmp(), a C++
 * exception or pthread_exit(), nor return in a child of fork().
 *
 * @param user    as it was given to barker_send_many()
 * @param index   which of the handles, from 0
 * @param status  as barker_webhook_status() gives it
 * @return 0 to go on; anything else stops the batch
 */
typedef int32_t (*barker_progress)(void *user, size_t index, barker_status status);

/**
 * Signs and sends the data of many handles at once, and returns when all were answered or have
 * failed. All of it is done on the calling thread; only the names of hosts are looked up on
 * others.
 *
 * The outcome is left in each handle, as barker_webhook_send() leaves it. Each delivery has its
 * handle's timeout, from when it begins. For one body to many receivers, clone a handle and set
 * only the URLs: clones with the data and secrets of their original have one message, with one
 * id, that is signed once a second at most.
 *
 *     for (size_t i = 0; i < count; i++) {
 *         hooks[i] = barker_webhook_clone(original);
 *         barker_webhook_set_url(hooks[i], urls[i]);
 *     }
 *     barker_send_many(hooks, count, 100, NULL, NULL);
 *     for (size_t i = 0; i < count; i++)
 *         printf("%s: %s\n", urls[i], barker_status_string(barker_webhook_status(hooks[i])));
 *
 * @param hooks          the handles, no two the same, used by nobody else meanwhile; the array is
 *                       copied
 * @param count          number of handles
 * @param max_in_flight  how many may be under way at once, each with a descriptor; 0 is 64. While
 *                       the process is out of descriptors, deliveries wait until others end.
 * @param progress       called on this thread whenever a delivery has ended; may be NULL
 * @param user           passed on to it
 * @return BARKER_OK if all were tried, whatever came of them; BARKER_ERR_NULL or BARKER_ERR_RANGE
 *         (a handle is there twice), and nothing was tried; BARKER_ERR_STOPPED or
 *         BARKER_ERR_SYSTEM, and those not ended have the status BARKER_ERR_STOPPED
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_send_many(barker_webhook *const *hooks,
                               size_t count,
                               uint32_t max_in_flight,
                               barker_progress progress,
                               void *user);

/**
 * Ends the send that is under way with this handle, or the next one, and all that follow until it
 * is called with 0: they fail with BARKER_ERR_STOPPED. For cancelling, and for ending a program.
 *
 * Any thread may call it at any time between barker_webhook_new() and barker_webhook_free(), also
 * while another thread sends with the handle, alone or in a batch; but not a signal handler. It
 * does not wait for the send's end. Clones are stopped each by itself, and start unstopped.
 *
 * @param hook     the handle
 * @param stopped  1 stops, 0 lets the handle send again
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_stopped(const barker_webhook *hook,
                                         int32_t stopped);

/* ---- Headers: their type, for what is received and for what answered ---- */

/**
 * An HTTP header: one that was received, whose texts are the caller's own, or one of an answer,
 * whose texts the handle lends.
 */
typedef struct barker_header {
    /**
     * The name, NUL-terminated. Of a received header, in any case, with dashes or underscores, or
     * in CGI form, such as HTTP_BARKER_SIGNATURE.
     */
    const char *name;
    /** The value, NUL-terminated. */
    const char *value;
} barker_header;

/* ---- Outcome: what the last send signed, and what answered it ---- */

/**
 * Gives the HTTP status that answered the last send. One that came is kept even if the send fails
 * later, because the rest of the answer was cut off, too large or not HTTP; and so are the
 * headers, if all of them came. A receiver that said 200 has the message.
 *
 * @param hook  the handle
 * @return such as 204; 0 if no status came
 * @since 0.1.0
 */
uint16_t barker_webhook_response_status(const barker_webhook *hook);

/**
 * Gives the body that answered the last send; it is empty if the send failed.
 *
 * @param hook  the handle
 * @param len   receives the number of bytes
 * @return the bytes and a NUL that len does not count, the handle's own until the next send; NULL
 *         if there was no send, or hook or len is NULL
 * @since 0.1.0
 */
const uint8_t *barker_webhook_response_body(const barker_webhook *hook, size_t *len);

/**
 * Gives the first header of this name of the answer to the last send.
 *
 * @param hook  the handle
 * @param name  the name, in any case
 * @return NUL-terminated value, the handle's own until the next send; NULL if there is none
 * @since 0.1.0
 */
const char *barker_webhook_response_header(const barker_webhook *hook, const char *name);

/**
 * Returns all headers of the answer to the last send, in the order in which they came.
 *
 * @param hook   the handle
 * @param count  receives their number; 0 if there was no answer
 * @return the array and its texts, which the handle lends until the next send; NULL if count is 0,
 *         or if hook or count is NULL
 * @since 0.1.0
 */
const barker_header *barker_webhook_response_headers(const barker_webhook *hook, size_t *count);

/**
 * Gives the message id of the last send, also of one that failed: set it with
 * barker_webhook_set_id() to send the same message again.
 *
 * @param hook  the handle
 * @return NUL-terminated text, empty if nothing signs an id, the handle's own until the next send;
 *         NULL before the first send, and if the last one failed before it signed
 * @since 0.1.0
 */
const char *barker_webhook_id(const barker_webhook *hook);

/**
 * Gives the timestamp of the last send, also of one that failed, as it stands in the header of
 * the first scheme, such as BARKER_TIMESTAMP.
 *
 * @param hook  the handle
 * @return NUL-terminated text, empty if the scheme has none, the handle's own until the next send;
 *         NULL before the first send, and if the last one failed before it signed
 * @since 0.1.0
 */
const char *barker_webhook_timestamp(const barker_webhook *hook);

/**
 * Gives the signature of the last send, also of one that failed: the value of the first scheme's
 * header, such as BARKER_SIGNATURE.
 *
 * @param hook  the handle
 * @return NUL-terminated text, the handle's own until the next send; NULL before the first send,
 *         and if the last one failed before it signed
 * @since 0.1.0
 */
const char *barker_webhook_signature(const barker_webhook *hook);

/* ---- Retrying: when to send again ---- */

/**
 * What is to become of a message after a try. Numbers are part of the ABI.
 */
typedef int32_t barker_verdict;

enum {
    /** The receiver answered 2xx: it has the message. */
    BARKER_VERDICT_DELIVERED = 0,
    /** Send it again, after a while. */
    BARKER_VERDICT_RETRY = 1,
    /** Do not send it again: the schedule is over, or it is of no use. */
    BARKER_VERDICT_DEAD = 2,
    /** The receiver answered 410: send it nothing more at all. */
    BARKER_VERDICT_GONE = 3
};

/**
 * A retry policy: when a message is sent again, and when it is given up.
 *
 * A new policy is the one that Standard Webhooks suggests. A message is sent again 5 seconds, 5 and
 * 30 minutes, and 2, 5, 10, 14, 20 and 24 hours after the try before, varied by up to 20 percent.
 * If it then fails once more, it is dead.
 *
 * - Any HTTP status of 2xx is success. 410 says that this receiver wants no messages any more.
 * - A Retry-After header of any other answer makes the wait longer, by at most 2 hours.
 * - After 429, 502, 503, 504 and BARKER_ERR_TIMEOUT the wait is a minute or more.
 * - After BARKER_ERR_REFUSED and a wrong call (a barker_status of 1xx) the message is dead: the
 *   next try would end in the same way.
 * - Every other failure may pass, of a lookup or a certificate too: the message is sent again.
 *
 * A message that is sent again may reach its receiver twice. Whether the receiver has it:
 *
 * - It has it if barker_webhook_response_status() is 2xx, whatever the send returned.
 * - It does not have it after a wrong call, BARKER_ERR_RESOLVE, BARKER_ERR_RESOLVE_AGAIN,
 *   BARKER_ERR_CONNECT, BARKER_ERR_PROXY, BARKER_ERR_REFUSED, BARKER_ERR_CERTIFICATE_EXPIRED,
 *   BARKER_ERR_CERTIFICATE_NAME, BARKER_ERR_CERTIFICATE_ISSUER,
 *   BARKER_ERR_CERTIFICATE_SELF_SIGNED and BARKER_ERR_CERTIFICATE_REVOKED: nothing was sent.
 * - It may have it in all other cases: after an HTTP status that is not 2xx, and after
 *   BARKER_ERR_TLS, BARKER_ERR_SEND, BARKER_ERR_RECEIVE, BARKER_ERR_TIMEOUT, BARKER_ERR_PROTOCOL,
 *   BARKER_ERR_TOO_LARGE, BARKER_ERR_STOPPED, BARKER_ERR_SYSTEM and BARKER_ERR_INTERNAL.
 * - If a redirect was followed, the receiver that redirected the message may have it, too.
 *
 * So give a message one id for all its tries: before the first one, make it with
 * barker_generate_id() and set it with barker_webhook_set_id(). A receiver that remembers ids
 * processes the message once.
 *
 * Thread-safety: one thread at a time changes or frees a policy. While none does, any number of
 * threads may call barker_retry_judge() with it at once.
 */
typedef struct barker_retry barker_retry;

/**
 * Makes a retry policy as described at barker_retry.
 *
 * @return a policy that the caller frees with barker_retry_free(); NULL if it could not be made
 * @since 0.1.0
 */
barker_retry *barker_retry_new(void);

/**
 * Frees a retry policy.
 *
 * @param retry  NULL, or a policy that is not used again
 * @since 0.1.0
 */
void barker_retry_free(barker_retry *retry);

/**
 * Sets the schedule: how long to wait after each try that failed. If the try after the last delay
 * fails as well, the message is dead.
 *
 * @param retry         the policy
 * @param milliseconds  the delays, copied: the first is the wait after the first try. NULL with
 *                      count 0 never sends again.
 * @param count         number of delays, at most 100
 * @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_RANGE
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_retry_set_delays(barker_retry *retry,
                                      const uint32_t *milliseconds,
                                      size_t count);

/**
 * Sets how far waits are varied at random, so that messages that failed together are not sent
 * again together. A delay of the schedule becomes up to this much longer or shorter. The overload
 * delay, and the wait that a Retry-After header asks for, only become longer.
 *
 * @param retry    the policy
 * @param percent  0 to 100; the default is 20
 * @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_RANGE
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_retry_set_jitter(barker_retry *retry, uint32_t percent);

/**
 * Sets how much longer a Retry-After header may make a wait than it would be without. The header
 * never makes it shorter.
 *
 * Every answer that is not 2xx may have one: a number of seconds, or an HTTP date in any of its
 * three forms (RFC 9110 section 5.6.7), which is compared with this machine's clock. A date in the
 * past is ignored, and so is a header that is neither. If there are several, the longest wait
 * counts.
 *
 * @param retry    the policy
 * @param seconds  the default is 7200; 0 ignores the header
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_retry_set_retry_after(barker_retry *retry, uint32_t seconds);

/**
 * Sets the shortest wait if the receiver seems to have too much to do: it answered 429, 502, 503
 * or 504, or nothing in time (BARKER_ERR_TIMEOUT).
 *
 * @param retry         the policy
 * @param milliseconds  the default is 60000; 0 waits as after any other failure
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_retry_set_overload_delay(barker_retry *retry,
                                              uint32_t milliseconds);

/**
 * Sets the HTTP statuses after which a message is not sent again, such as 400 and 413, which say
 * that the receiver will never accept it. By default there are none. 410 is always
 * BARKER_VERDICT_GONE.
 *
 * @param retry     the policy
 * @param statuses  the statuses, each 300 to 599, copied; NULL with count 0 is none
 * @param count     number of statuses, at most 300
 * @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_RANGE
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_retry_set_final_statuses(barker_retry *retry,
                                              const uint16_t *statuses,
                                              size_t count);

/**
 * Says what is to become of a message after a send, for programs that keep their messages
 * themselves. Does not wait.
 *
 * Call it after each send, before the handle sends again: only the last send is judged. Calls in
 * between that do not send, such as barker_webhook_set_id(), change nothing about that.
 *
 *     uint32_t tries = 0, wait = 0;
 *     do {
 *         sleep_for(wait);
 *         if (barker_webhook_send(hook, NULL, NULL) != BARKER_OK)
 *             complain(barker_webhook_error(hook));
 *     } while (barker_retry_judge(NULL, hook, ++tries, &wait) == BARKER_VERDICT_RETRY);
 *
 * @param retry         the policy; NULL is that of barker_retry_new()
 * @param hook          the handle that sent the message. One that has sent nothing, such as a new
 *                      clone, is BARKER_VERDICT_RETRY as long as there are delays. NULL is a wrong
 *                      call: BARKER_VERDICT_DEAD.
 * @param tries         how often the message was sent so far, this time included; 0 counts as 1
 * @param milliseconds  receives how long to wait before the message is sent again, at most
 *                      UINT32_MAX; 0 unless BARKER_VERDICT_RETRY is returned. May be NULL.
 * @return a barker_verdict
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_verdict barker_retry_judge(const barker_retry *retry,
                                  const barker_webhook *hook,
                                  uint32_t tries,
                                  uint32_t *milliseconds);

/* ---- Verifying: whether to trust what was received ---- */

/**
 * Tells whether a received message is correct and current: whether its headers hold a signature
 * of this body by one of the handle's secrets, and a timestamp within the handle's tolerance. Give
 * all the headers as they came, and the body before anything has parsed it:
 *
 *     if (barker_webhook_verify(hook, headers, header_count, body, body_len) != BARKER_OK)
 *         answer(401);
 *
 * Signatures are compared in constant time, and nothing is allocated except for a message to
 * remember. Any number of threads may verify with one handle at once. Within the tolerance, a
 * message that was verified once verifies again, unless barker_webhook_set_replay_limit() was
 * called. If several secrets fail, the status is that of the one that came furthest.
 *
 * A header may come twice, be joined with a comma, or be split at its commas, in any order, as
 * gateways do it: the outcome is the same. Where a header has room for one value, it must say the
 * same each time.
 *
 * A message is hashed once for each secret, except for an Ed25519 key: once for each of at most
 * four signatures, and not at all if its timestamp does not pass, so that BARKER_ERR_TOO_OLD and
 * BARKER_ERR_TOO_NEW then do not tell whether the signature is right.
 *
 * @param hook     the handle, for its secrets and tolerance
 * @param headers  the received headers, in any order; other headers are ignored
 * @param count    number of headers
 * @param body     the received body; NULL with length 0 is empty
 * @param len      number of bytes of the body
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE, BARKER_ERR_SECRET if the handle has none
 *         because one was refused, BARKER_ERR_HEADER_MISSING, BARKER_ERR_HEADER_MALFORMED,
 *         BARKER_ERR_HEADER_AMBIGUOUS, BARKER_ERR_SIGNATURE, BARKER_ERR_TOO_OLD or
 *         BARKER_ERR_TOO_NEW; with a replay limit also BARKER_ERR_REPLAYED
 *         (answer 2xx: it was accepted already) or BARKER_ERR_REPLAY_FULL (answer 503)
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_verify(const barker_webhook *hook,
                                    const barker_header *headers,
                                    size_t count,
                                    const void *body,
                                    size_t len);

/**
 * Sets how far a received timestamp may lie from now, in the past or in the future.
 *
 * @param hook     the handle
 * @param seconds  300 if never set; 0 turns the check off, and old messages can be replayed
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_tolerance(barker_webhook *hook, uint32_t seconds);

/**
 * Gives the tolerance.
 *
 * @param hook  the handle
 * @return seconds; 0 if the check is turned off or hook is NULL
 * @since 0.1.0
 */
uint32_t barker_webhook_tolerance(const barker_webhook *hook);

/**
 * Has barker_webhook_verify() refuse a message that it accepted before.
 *
 * A message is known by its id, or by what is signed where the scheme has no id, and is remembered
 * as long as its timestamp passes, and while there is room for the tolerance longer. Under a
 * scheme without timestamp it is remembered for twice the tolerance, and can be replayed after
 * that. If timestamps are not checked, it is remembered for 20 minutes. That time is measured by a
 * clock that nobody sets: it does not matter if the system's clock jumps and comes back. Clones
 * made afterwards share what is remembered; processes do not. Setting a limit again forgets
 * everything.
 *
 * @param hook      the handle
 * @param messages  how many to remember, of at most 40 bytes each; 0, the default, is none
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_replay_limit(barker_webhook *hook,
                                              uint32_t messages);

/**
 * Lets a message be accepted once more by a handle with a replay limit: for a receiver that could
 * not process what it had verified, and whose sender will send it again.
 *
 * @param hook     the handle
 * @param headers  as they were given to barker_webhook_verify()
 * @param count    number of headers
 * @param body     as it was given to barker_webhook_verify()
 * @param len      number of bytes of the body
 * @return BARKER_OK, also if the message was not remembered; BARKER_ERR_NULL or BARKER_ERR_RANGE
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_forget(const barker_webhook *hook,
                                    const barker_header *headers,
                                    size_t count,
                                    const void *body,
                                    size_t len);

/**
 * As barker_webhook_verify(), for a program that holds no handle. A handle that is kept verifies
 * faster, because its secrets are prepared once.
 *
 * @param scheme      a barker_scheme
 * @param secret      as for barker_webhook_set_secret()
 * @param secret_len  number of bytes of the secret
 * @param tolerance   seconds that the timestamp may lie from now, either way; 0 for no check
 * @param headers     as for barker_webhook_verify()
 * @param count       number of headers
 * @param body        as for barker_webhook_verify()
 * @param len         number of bytes of the body
 * @return as barker_webhook_verify(), or BARKER_ERR_SECRET if the secret is refused
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_verify(barker_scheme scheme,
                            const void *secret,
                            size_t secret_len,
                            uint32_t tolerance,
                            const barker_header *headers,
                            size_t count,
                            const void *body,
                            size_t len);

/* ---- Delivery: how it reaches the receiver ---- */

/**
 * Sets how long a send may take in all: signing, lookup, connection, TLS, request and answer.
 *
 * @param hook          the handle
 * @param milliseconds  at least 1; 5000 if never set
 * @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_RANGE
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_timeout(barker_webhook *hook,
                                         uint32_t milliseconds);

/**
 * Gives the timeout.
 *
 * @param hook  the handle
 * @return milliseconds; 0 if hook is NULL
 * @since 0.1.0
 */
uint32_t barker_webhook_timeout(const barker_webhook *hook);

/**
 * Sets which idle connections are kept to be used again. A handle shares them with its clones,
 * and each keeps to its own limits when it sends.
 *
 * @param hook         the handle
 * @param connections  how many are kept; 32 if never set; 0 keeps none
 * @param seconds      for how long one may have been idle; 60 if never set. Choose less than the
 *                     receiver's own limit, so that it does not close one that is about to be
 *                     used. A receiver that tells its limit (Keep-Alive: timeout=...) is heeded
 *                     anyway.
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_idle_limits(barker_webhook *hook,
                                             uint32_t connections,
                                             uint32_t seconds);

/**
 * Sets how old a connection may be that is used again. An older one is closed, and the host is
 * looked up anew, so that a change of its addresses is followed however busy the handle is.
 *
 * @param hook     the handle
 * @param seconds  600 if never set; 0 is any age
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_max_connection_age(barker_webhook *hook,
                                                    uint32_t seconds);

/**
 * Closes the idle connections that the handle shares with its clones.
 *
 * @param hook  the handle
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_close_idle(barker_webhook *hook);

/**
 * Sets for how long the addresses of a host are used before the system is asked again. All handles
 * of a process share what is known; a lookup that failed is not remembered. If the system does not
 * answer within 250 milliseconds, or has no answer for now, the old addresses serve once more, for
 * at most an hour. If none of a host's addresses takes a connection, they are forgotten.
 *
 * @param hook     the handle
 * @param seconds  60 if never set; 0 asks each time that a connection is opened, and uses no old
 *                 addresses
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_lookup_lifetime(barker_webhook *hook,
                                                 uint32_t seconds);

/**
 * Sets how large the body of an answer may be. More is BARKER_ERR_TOO_LARGE, and the connection
 * is closed. Bodies are given as they come: a compressed one is not unpacked.
 *
 * @param hook   the handle
 * @param bytes  1048576 if never set
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_max_body(barker_webhook *hook, uint32_t bytes);

/**
 * Sets which redirects are followed, within the timeout. One that is not followed is an answer
 * like any other, with its 3xx status.
 *
 * 301, 302, 307 and 308 send the same message to where they lead; for 303, which says that the
 * message was taken and the answer lies elsewhere, that is fetched with a GET without data and
 * signature (RFC 9110 section 15.4). None is followed from https to http, to what was just asked
 * for, or to what barker_webhook_set_url() would refuse.
 *
 * @param hook              the handle
 * @param max               how many, one after the other; 0, the default, follows none
 * @param to_other_origins  0 stays with the URL's scheme, host and port. 1 sends the message, with
 *                          its signature and the added headers, to whatever other receiver the
 *                          first one names, but for Authorization and Cookie.
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_redirects(barker_webhook *hook,
                                           uint32_t max,
                                           int32_t to_other_origins);

/**
 * Sets the proxy that leads to every receiver but Unix sockets. Also http goes through a tunnel,
 * so that the proxy sees no more than host and port; names of receivers are looked up by the
 * proxy.
 *
 * @param hook  the handle
 * @param url   "http://user:password@host:port" for HTTP CONNECT (RFC 9110 section 9.3.6), or
 *              "socks5://..." for SOCKS5 (RFC 1928, RFC 1929), user and password as needed;
 *              copied, and wiped when it is replaced or freed. NULL, the default, is no proxy.
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_URL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_proxy(barker_webhook *hook, const char *url);

/**
 * Takes the proxies that the environment names at this moment: http_proxy, https_proxy and
 * HTTPS_PROXY, else all_proxy or ALL_PROXY. Without this call the environment is not read. If a
 * variable does not name a proxy as barker_webhook_set_proxy() takes it, the sends that would use
 * it fail with BARKER_ERR_PROXY.
 *
 * no_proxy or NO_PROXY lists, with commas or blanks between them, what is reached directly: names,
 * each with all names below it; addresses; networks such as 10.0.0.0/8; or * for everything. A
 * port may follow after a colon, as in example.com:8080: then it holds for that port alone.
 *
 * @param hook  the handle
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_proxy_from_environment(barker_webhook *hook);

/**
 * How much a message of the log matters. Numbers are part of the ABI.
 */
typedef int32_t barker_log_level;

enum {
    /** Nothing is told. */
    BARKER_LOG_OFF = 0,
    /** A delivery failed. */
    BARKER_LOG_ERROR = 1,
    /** A delivery was answered. */
    BARKER_LOG_INFO = 2,
    /** Each step on the way. */
    BARKER_LOG_DEBUG = 3
};

/**
 * Told what happens in a delivery.
 *
 * Called on the thread that sends, in the middle of that, without any lock held. Must not use the
 * handles that are being sent with; others may be used as usual. It must return: not leave by
 * longjmp(), a C++ exception or pthread_exit(), nor return in a child of fork().
 *
 * @param user   as it was given to barker_webhook_set_log()
 * @param level  how much it matters
 * @param line   one line, NUL-terminated, which lives as long as the call. Holds no secret, data,
 *               header or password, nor a URL's path. What does not print is escaped.
 */
typedef void (*barker_log)(void *user, barker_log_level level, const char *line);

/**
 * Sets who is told what happens in deliveries. Clones made afterwards tell the same.
 *
 * @param hook   the handle
 * @param level  a barker_log_level: what matters less is not told
 * @param log    the function; NULL, the default, is told nothing
 * @param user   passed on to it; if clones send from several threads, it is used from all of them
 * @return BARKER_OK, BARKER_ERR_NULL, or BARKER_ERR_RANGE if there is no such level
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_log(barker_webhook *hook,
                                     barker_log_level level,
                                     barker_log log,
                                     void *user);

/* ---- Policy: where it may go ---- */

/**
 * Which addresses a webhook may be sent to, beside the networks that are allowed and denied.
 */
typedef int32_t barker_addresses;

enum {
    /** All, and Unix sockets. */
    BARKER_ADDRESSES_ANY = 0,
    /** Those of the public internet. Choose this when strangers choose the URLs. */
    BARKER_ADDRESSES_PUBLIC = 1,
    /** None but the networks that were allowed. */
    BARKER_ADDRESSES_LISTED = 2
};

/**
 * Sets which addresses may be sent to. Choose BARKER_ADDRESSES_PUBLIC when strangers choose the
 * URLs: without it, a URL may lead to whatever this machine reaches.
 *
 * Every address is judged right before a connection to it is opened or used again, after the host
 * was looked up, in whatever spelling it came. The order of the setters does not matter. Of the
 * following, the first that applies decides:
 * 1. an address in a network of barker_webhook_deny_network() is refused;
 * 2. one in a network of barker_webhook_allow_network() is allowed;
 * 3. BARKER_ADDRESSES_ANY allows all others, and BARKER_ADDRESSES_LISTED refuses them;
 * 4. BARKER_ADDRESSES_PUBLIC refuses all of the IANA special-purpose address registries (private
 *    use, loopback, link-local, shared, documentation and the like), multicast, broadcast, the
 *    metadata services of clouds, and IPv6 outside of 2000::/3. Addresses of 6to4, Teredo and
 *    64:ff9b:1::/48 (NAT64 within a network) and IPv4-compatible ones are refused.
 *
 * An IPv4-mapped address (::ffff:0:0/96) is the IPv4 address itself; one of NAT64 (64:ff9b::/96)
 * is judged as the IPv4 address that it leads to, and is in the networks of both. A network's own
 * NAT64 prefix must be denied by hand. Unless it is BARKER_ADDRESSES_ANY, Unix sockets are
 * refused.
 *
 * A host of which some addresses are refused is tried at the others; if all are, the send fails
 * with BARKER_ERR_REFUSED. Clones copy the policy and go on with their own.
 *
 * @param hook       the handle
 * @param addresses  a barker_addresses; BARKER_ADDRESSES_ANY if never set
 * @return BARKER_OK, BARKER_ERR_NULL, or BARKER_ERR_RANGE if there is no such policy
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_address_policy(barker_webhook *hook,
                                                barker_addresses addresses);

/**
 * Allows a network that the address policy does not: with BARKER_ADDRESSES_PUBLIC as an exception,
 * with BARKER_ADDRESSES_LISTED as one of the list. See barker_webhook_set_address_policy().
 *
 * @param hook     the handle
 * @param network  an IPv4 or IPv6 network, such as "10.0.0.0/8" or "fd00::/8", or an address for
 *                 it alone
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8, or BARKER_ERR_RANGE if it is no network, or
 *         an address within one ("10.1.2.3/8")
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_allow_network(barker_webhook *hook,
                                           const char *network);

/**
 * Denies a network, whatever else allows it. See barker_webhook_set_address_policy().
 *
 * @param hook     the handle
 * @param network  as for barker_webhook_allow_network()
 * @return as barker_webhook_allow_network()
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_deny_network(barker_webhook *hook,
                                          const char *network);

/**
 * Allows a port; once one is, a send to a URL of another port, or to a Unix socket, fails with
 * BARKER_ERR_REFUSED.
 *
 * @param hook  the handle
 * @param port  1 to 65535; if none was ever allowed, all are
 * @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_RANGE
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_allow_port(barker_webhook *hook, uint32_t port);

/**
 * Sets whether a send to a URL that is not https, a Unix socket's too, fails with
 * BARKER_ERR_REFUSED.
 *
 * @param hook        the handle
 * @param https_only  0, as if never set, for any; else https alone
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_https_only(barker_webhook *hook,
                                            int32_t https_only);

/* ---- TLS: whom to trust ---- */

/**
 * Trusts the certificate authorities in PEM too, beside those of the platform: see
 * barker_webhook_set_platform_ca(). A certificate that is its own issuer is such an authority.
 *
 * The settings of TLS hold for connections made afterwards; older ones are not used again by this
 * handle. Clones take them over.
 *
 * @param hook  the handle
 * @param pem   one or more certificates in PEM (RFC 7468); copied
 * @param len   number of bytes
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE or BARKER_ERR_CERTIFICATE
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_add_ca(barker_webhook *hook,
                                    const void *pem,
                                    size_t len);

/**
 * As barker_webhook_add_ca(), from a file, which is read once, now.
 *
 * @param hook  the handle
 * @param path  the file's path
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8, BARKER_ERR_CERTIFICATE, or
 *         BARKER_ERR_SYSTEM if there is no descriptor or memory to read it with
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_add_ca_file(barker_webhook *hook, const char *path);

/**
 * Sets whether the platform's certificate authorities are trusted: on Linux those that OpenSSL
 * would find, or those in the file and directories that SSL_CERT_FILE and SSL_CERT_DIR name. A
 * program with more rights than its user has (setuid, setgid, file capabilities) ignores these
 * variables.
 *
 * They are read when a connection needs them first. Once a minute at most a new connection looks
 * whether the files are others now, and if so, reads them again. As long as none can be read then,
 * those read before stay trusted.
 *
 * @param hook     the handle
 * @param trusted  0 trusts only what barker_webhook_add_ca() added; 1 if never set
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_platform_ca(barker_webhook *hook, int32_t trusted);

/**
 * Refuses the certificates that these lists revoke, in a receiver's whole chain. A certificate
 * whose issuer has no list here is not affected; nothing is fetched from anywhere.
 *
 * @param hook  the handle
 * @param pem   one or more certificate revocation lists in PEM (RFC 5280 section 5); copied
 * @param len   number of bytes
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE or BARKER_ERR_CERTIFICATE
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_add_crl(barker_webhook *hook,
                                     const void *pem,
                                     size_t len);

/**
 * Sets the certificate that is shown to a receiver who asks for one (mutual TLS).
 *
 * The private key is kept in memory as the TLS library holds it, which does not wipe it.
 *
 * @param hook     the handle
 * @param pem      the certificate in PEM, and after it those that lead to an authority; copied.
 *                 NULL with length 0 shows none.
 * @param len      number of bytes
 * @param key      its private key in PEM, not encrypted: RSA, ECDSA or Ed25519; copied
 * @param key_len  number of bytes of the key
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE or BARKER_ERR_CERTIFICATE
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_client_certificate(barker_webhook *hook,
                                                    const void *pem,
                                                    size_t len,
                                                    const void *key,
                                                    size_t key_len);

/**
 * Sets the name that the receiver's certificate must have, and that is asked for (SNI), where that
 * is not the URL's host.
 *
 * @param hook  the handle
 * @param name  a DNS name or an IP address; copied. NULL is the URL's host.
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_CERTIFICATE
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_server_name(barker_webhook *hook,
                                             const char *name);

/**
 * The oldest TLS that is spoken. Numbers are part of the ABI.
 */
typedef int32_t barker_tls;

enum {
    /** TLS 1.2 (RFC 5246). */
    BARKER_TLS_1_2 = 12,
    /** TLS 1.3 (RFC 8446). */
    BARKER_TLS_1_3 = 13
};

/**
 * Sets the oldest version of TLS that is spoken.
 *
 * @param hook     the handle
 * @param version  a barker_tls; BARKER_TLS_1_2 if never set
 * @return BARKER_OK, BARKER_ERR_NULL, or BARKER_ERR_RANGE if there is no such version
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_min_tls(barker_webhook *hook, barker_tls version);

/**
 * INSECURE: takes any certificate of a receiver, so that anyone on the way can read and change
 * what is sent. For tests alone; to trust one certificate, use barker_webhook_add_ca().
 *
 * @param hook  the handle
 * @param skip  1 takes any certificate; 0 if never set
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_insecure_skip_verify(barker_webhook *hook,
                                                      int32_t skip);

/* ---- Signing: for those who send by other means ---- */

/**
 * Signs data without sending it, for programs with an HTTP client of their own: gives the headers
 * to send with it, each as "Name: value" and a line break (CR LF), names spelled as they must be.
 *
 * Any number of threads may sign with one handle at once.
 *
 * @param hook       the handle, for its secrets, spelling and id
 * @param timestamp  the time to sign, decimal Unix seconds with at most 9 digits of fraction,
 *                   which only the Barker schemes use; NULL is now
 * @param data       any bytes; NULL with length 0 is no data. Not the data that was set.
 * @param len        number of bytes
 * @param headers    receives the headers; release it with barker_buffer_free()
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE, BARKER_ERR_SECRET if no secret can sign,
 *         BARKER_ERR_SYSTEM, or BARKER_ERR_HEADER_MALFORMED for a timestamp not of that form
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_sign_headers(const barker_webhook *hook,
                                          const char *timestamp,
                                          const void *data,
                                          size_t len,
                                          barker_buffer *headers);

/**
 * As barker_webhook_sign_headers(), but gives the values alone, under the scheme whose secret was
 * set first: with BARKER_SCHEME_BARKER, send the first text as BARKER_TIMESTAMP and the second as
 * BARKER_SIGNATURE.
 *
 * @param hook           the handle, for its secrets and id
 * @param timestamp      as for barker_webhook_sign_headers()
 * @param data           as for barker_webhook_sign_headers()
 * @param len            number of bytes
 * @param timestamp_out  receives the timestamp's text, empty if the scheme has none
 * @param signature_out  receives the signature's text. Release both with barker_buffer_free().
 * @return as barker_webhook_sign_headers(), or BARKER_ERR_ID if the scheme signs an id and none
 *         was set
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_sign(const barker_webhook *hook,
                                  const char *timestamp,
                                  const void *data,
                                  size_t len,
                                  barker_buffer *timestamp_out,
                                  barker_buffer *signature_out);

/* ---- Generating: new secrets, key pairs and ids ---- */

/**
 * Makes a secret of 32 random bytes, as text: "whsec_" and base64. As it stands it is a secret for
 * every scheme.
 *
 * @param secret  receives the text; wipe it if you can, and release it with barker_buffer_free()
 * @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_SYSTEM
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_generate_secret(barker_buffer *secret);

/**
 * Makes an Ed25519 key pair for Standard Webhooks, as text: "whsk_" and base64 for the sender,
 * "whpk_" and base64 for receivers, who can then verify but not sign.
 *
 * @param private_key  receives the sender's text
 * @param public_key   receives the receivers' text. Release both with barker_buffer_free().
 * @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_SYSTEM
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_generate_key_pair(barker_buffer *private_key,
                                       barker_buffer *public_key);

/**
 * Makes a message id: "msg_" and 32 random hex digits.
 *
 * @param id  receives the text; release it with barker_buffer_free()
 * @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_SYSTEM
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_generate_id(barker_buffer *id);

/* ---- Library: its version ---- */

/**
 * Gives the version of the library that the program runs with, which may be newer than the
 * header's BARKER_VERSION that it was compiled with.
 *
 * @return NUL-terminated static text, such as "0.1.0"
 * @since 0.1.0
 */
const char *barker_version(void);

/**
 * Returns the version of the library that the program runs with as a number, to compare with
 * BARKER_VERSION_NUMBER.
 *
 * @return 10000 times the major version, plus 100 times the minor one, plus the patch: 100 for
 *         0.1.0
 * @since 0.1.0
 * @since 0.1.0
 */
uint32_t barker_version_number(void);

/* ---- Statuses: what a call returns ---- */

enum {
    /** The call did what it was asked. */
    BARKER_OK = 0,
    /** A pointer that must not be NULL was NULL. */
    BARKER_ERR_NULL = 100,
    /** A text is not UTF-8. */
    BARKER_ERR_UTF8 = 101,
    /** The URL cannot be used, or none was set before a send. */
    BARKER_ERR_URL = 102,
    /** A request header's name or value cannot be sent. */
    BARKER_ERR_HEADER = 103,
    /** A number is outside its limits. */
    BARKER_ERR_RANGE = 104,
    /**
     * The secret is not of the form that its scheme wants; or the handle has none that can
     * sign, or none at all because the one that was given was refused.
     */
    BARKER_ERR_SECRET = 105,
    /** The message id cannot be used, or none was set where one is needed. */
    BARKER_ERR_ID = 106,
    /** A certificate, its key or a revocation list cannot be used. */
    BARKER_ERR_CERTIFICATE = 107,
    /** The receiver's host name does not exist, or has no address. */
    BARKER_ERR_RESOLVE = 200,
    /** No address of the receiver accepted a connection. */
    BARKER_ERR_CONNECT = 201,
    /** The TLS handshake failed, for a reason that has no status of its own. */
    BARKER_ERR_TLS = 202,
    /** The connection broke while the request was being sent. */
    BARKER_ERR_SEND = 203,
    /** The connection broke before the whole answer had come. The receiver may have the webhook. */
    BARKER_ERR_RECEIVE = 204,
    /** The timeout passed first. The receiver may have the webhook. */
    BARKER_ERR_TIMEOUT = 205,
    /** What came back is not an HTTP/1.x response. The receiver may have the webhook. */
    BARKER_ERR_PROTOCOL = 206,
    /**
     * The answer's body is larger than barker_webhook_set_max_body() allows, the rest of it is
     * larger than 64 KiB, or there are more than 128 headers or 16 interim (1xx) responses. The
     * receiver may have the webhook.
     */
    BARKER_ERR_TOO_LARGE = 207,
    /**
     * The send, or the batch that it belonged to, was stopped first. If sending had begun, the
     * receiver may have the webhook.
     */
    BARKER_ERR_STOPPED = 208,
    /**
     * The address policy does not allow the receiver's address, port or scheme. Nothing was
     * sent.
     */
    BARKER_ERR_REFUSED = 209,
    /**
     * The proxy does not lead to the receiver, or the environment names one that cannot be
     * used.
     */
    BARKER_ERR_PROXY = 210,
    /** No name server answered for the receiver's host name. It may exist: try again later. */
    BARKER_ERR_RESOLVE_AGAIN = 211,
    /** The receiver's certificate has expired, or is not valid yet. */
    BARKER_ERR_CERTIFICATE_EXPIRED = 220,
    /** The receiver's certificate is for other names than the URL's host. */
    BARKER_ERR_CERTIFICATE_NAME = 221,
    /** The receiver's certificate comes from an authority that is not trusted. */
    BARKER_ERR_CERTIFICATE_ISSUER = 222,
    /** The receiver's certificate is self-signed, and is not trusted itself. */
    BARKER_ERR_CERTIFICATE_SELF_SIGNED = 223,
    /** The receiver's certificate was revoked. */
    BARKER_ERR_CERTIFICATE_REVOKED = 224,
    /** A header that the signature needs is not among those given. */
    BARKER_ERR_HEADER_MISSING = 300,
    /** A timestamp, message id or signature is not written as its scheme says. */
    BARKER_ERR_HEADER_MALFORMED = 301,
    /** A header that the signature needs has two different values. */
    BARKER_ERR_HEADER_AMBIGUOUS = 302,
    /** The signature is not that of this body, this timestamp and this key. */
    BARKER_ERR_SIGNATURE = 303,
    /**
     * The timestamp is further in the past than the tolerance. The signature is right, unless
     * it is one of Ed25519, which is not looked at then.
     */
    BARKER_ERR_TOO_OLD = 304,
    /** The timestamp is further in the future than the tolerance. The signature as above. */
    BARKER_ERR_TOO_NEW = 305,
    /** The message is right and current, but it was accepted before. */
    BARKER_ERR_REPLAYED = 306,
    /** The message is right and current, but there is no room to remember it: answer 503. */
    BARKER_ERR_REPLAY_FULL = 307,
    /** A defect in barker itself. The handle stays usable. Please report it. */
    BARKER_ERR_INTERNAL = 900,
    /** The system lacks what the call takes: descriptors, memory, a thread or random bytes. */
    BARKER_ERR_SYSTEM = 901
};

/**
 * Gives the sentence of a status.
 *
 * @param status  a barker_status; any other number gives "unknown status"
 * @return NUL-terminated static text, never NULL
 * @since 0.1.0
 */
const char *barker_status_string(barker_status status);

#if defined(__cplusplus) && !defined(BARKER_CDEF)
}
#endif

#endif /* BARKER_H */
