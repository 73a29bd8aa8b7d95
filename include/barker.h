/**
 * @file barker.h
 * Barker sends signed webhooks and verifies received ones.
 *
 * To send, set a URL and a secret:
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
 *             fprintf(stderr, "not delivered: HTTP %d %s\n",
 *                     (int)barker_webhook_response_status(hook), barker_webhook_error(hook));
 *         barker_webhook_free(hook);
 *         return sent;
 *     }
 *
 * To verify, pass all headers as they came, and the body before anything has parsed it. The result
 * is BARKER_OK if the message was signed with the secret and its timestamp is current. Answer all
 * other messages with 401:
 *
 *     static int is_from_github(const char *secret, const barker_header *headers, size_t count,
 *                               const void *body, size_t len) {
 *         return barker_verify(BARKER_SCHEME_GITHUB, secret, strlen(secret), 300, headers, count,
 *                              body, len) == BARKER_OK;
 *     }
 *
 * Conventions:
 * - A function that can fail returns a barker_status. Check it: BARKER_OK (0) means success. A call
 *   that fails leaves the settings as they were and the out parameters empty. There is one
 *   exception: a handle drops its default secret, which everyone knows, as soon as another one is
 *   set, even if that one is refused. NULL where it is not allowed is a failure, not a crash.
 * - Text is NUL-terminated UTF-8. Bytes are a pointer and a length; NULL with length 0 means none.
 *   Setters copy what they are passed. Other functions use it only during the call.
 * - What a getter returns belongs to the handle. What a function puts into a barker_buffer belongs
 *   to the caller.
 * - Any thread may use the library, but signal handlers may not. The comment on each type says what
 *   threads may share.
 * - The library prints nothing, never exits, and does not touch the program's signals, locale or
 *   environment. (If memory runs out, Rust calls abort().) pthread_cancel() takes effect when the
 *   call has returned.
 * - A callback must return. It must not leave by longjmp(), a C++ exception or pthread_exit(), and
 *   must not free or change the handles that are being sent with.
 *
 * This header is for C99 and later, and for C++98 and later if the compiler has stdint.h. Parsers
 * of declarations, such as LuaJIT's ffi.cdef, PHP's FFI::cdef and Python's cffi, can read the
 * output of `cc -E -P -DBARKER_CDEF barker.h`.
 */
#ifndef BARKER_H
#define BARKER_H

/** The version of this header. barker_version_number() returns that of the running library. */
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

/* The compiler warns if the result of a function with this macro is ignored. */
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

/* The compiler warns if such a function is used, unless BARKER_NO_DEPRECATED is defined. */
#if defined(__GNUC__) && !defined(BARKER_CDEF) && !defined(BARKER_NO_DEPRECATED)
#define BARKER_DEPRECATED(instead) __attribute__((deprecated(instead)))
#else
#define BARKER_DEPRECATED(instead)
#endif

#if defined(__cplusplus) && !defined(BARKER_CDEF)
extern "C" {
#endif

/**
 * The outcome of a call. The values, at the end of barker.h, are part of the ABI: a number never
 * changes and is never used again, but a later version may return new ones.
 *
 * 1xx: the call was wrong; nothing was changed and nothing was sent. 2xx: no complete answer came
 * from the receiver. 3xx: the received message must not be trusted. 9xx: the system or the library
 * itself failed.
 */
typedef int32_t barker_status;

/* ---- Handles: make, copy and free them, and ask why a call failed ---- */

/**
 * A webhook: what to send, to which URL and with which secrets, and the outcome of the last send.
 *
 * Thread-safety: only one thread at a time may use a handle; it need not be the thread that made
 * it. Different handles are independent of each other, and so are a handle and its clones.
 * Functions that take a `const barker_webhook *` only read the handle: any number of threads may
 * call them on one handle at once, as long as no thread changes or frees it. The one function that
 * may be called while another thread sends is barker_webhook_set_stopped().
 *
 * After fork(), the child may keep using its handles, except a handle that another thread was
 * using during the fork. The child shares nothing with the parent: each process has its own
 * connections, TLS sessions and memory of accepted messages, and the child starts with none.
 */
typedef struct barker_webhook barker_webhook;

/**
 * Makes a webhook. It has no URL and no data, signs with the key "BARKER", which everyone knows,
 * and has a timeout of 5000 milliseconds and a tolerance of 300 seconds.
 *
 * @return a handle, which the caller frees with barker_webhook_free(); NULL if it could not be
 *         made
 * @since 0.1.0
 */
barker_webhook *barker_webhook_new(void);

/**
 * Makes a handle with the same settings, which shares the idle connections of the original. To
 * send from several threads, give each thread a clone. The outcome of the last send is not copied.
 *
 * @param hook  the handle to copy
 * @return a handle, which the caller frees with barker_webhook_free(); NULL if hook is NULL
 * @since 0.1.0
 */
barker_webhook *barker_webhook_clone(const barker_webhook *hook);

/**
 * Frees a handle, wipes its secrets, and closes its idle connections unless a clone still shares
 * them. Whatever getters returned for this handle becomes invalid. Buffers that were filled stay
 * valid. If the handle is lent to an engine, its delivery is stopped.
 *
 * @param hook  NULL, or a handle that is not used again
 * @since 0.1.0
 */
void barker_webhook_free(barker_webhook *hook);

/**
 * Returns the status of the last call that could change this handle. During and after
 * barker_send_many(), it is the status of this handle's delivery.
 *
 * @param hook  the handle
 * @return a barker_status; BARKER_ERR_NULL if hook is NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_status(const barker_webhook *hook);

/**
 * Returns a sentence that says why the last call that could change this handle failed and, if the
 * caller can fix it, what to change. The sentence never contains a key or a body.
 *
 * Functions that take a const handle do not change this sentence. If one of them fails, pass its
 * status to barker_status_string().
 *
 * @param hook  the handle
 * @return NUL-terminated text, never NULL, empty if the last call succeeded; it belongs to the
 *         handle and is valid until the next call that changes the handle
 * @since 0.1.0
 */
const char *barker_webhook_error(const barker_webhook *hook);

/* ---- Message: what to send, and to which URL ---- */

/**
 * Sets the receiver's URL. It is parsed strictly: a URL in which other programs might see a
 * different host is refused.
 *
 * @param hook  the handle
 * @param url   an absolute http or https URL of at most 8000 bytes, with spaces percent-encoded;
 *              copied. A user name and password in it are sent as Basic authentication (RFC 7617),
 *              unless an Authorization header was added. The fragment is not sent. For a Unix
 *              socket, write "unix:", the absolute path of the socket, a colon and the path to
 *              request: "unix:/run/app.sock:/hook". For a link-local address, include the
 *              interface: "http://[fe80::1%25eth0]/hook" (RFC 6874). Characters that are not
 *              allowed in a path or query are sent percent-encoded.
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_URL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_url(barker_webhook *hook, const char *url);

/**
 * Returns the URL as it was set.
 *
 * @param hook  the handle
 * @return NUL-terminated text, which belongs to the handle and is valid until the URL is set
 *         again; NULL if no URL was set
 * @since 0.1.0
 */
const char *barker_webhook_url(const barker_webhook *hook);

/**
 * Sets the data that barker_webhook_send() sends. To send data without copying it, use
 * barker_webhook_send_data().
 *
 * @param hook  the handle
 * @param data  any bytes; copied. NULL with length 0 means no data.
 * @param len   number of bytes
 * @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_RANGE
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_data(barker_webhook *hook,
                                      const void *data,
                                      size_t len);

/**
 * Returns the data as it was set.
 *
 * @param hook  the handle
 * @param len   receives the number of bytes
 * @return the bytes, which belong to the handle and are valid until data is set again; NULL if
 *         hook or len is NULL
 * @since 0.1.0
 */
const uint8_t *barker_webhook_data(const barker_webhook *hook, size_t *len);

/**
 * Sets the Content-Type header. By default none is sent, as in the Python package barker.
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
 * Adds a request header, which is sent exactly as spelled here. The same name may be added more
 * than once. User-Agent and Accept replace the ones that barker sends.
 *
 * @param hook   the handle
 * @param name   1 to 256 characters of an HTTP token (RFC 9110 section 5.6.2); copied. These are
 *               refused: Host, Content-Length, Content-Type, Transfer-Encoding, Connection,
 *               Expect, TE, Upgrade and the headers of every signature scheme.
 * @param value  at most 8000 bytes of printable ASCII; copied
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_HEADER
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_add_header(barker_webhook *hook,
                                        const char *name,
                                        const char *value);

/**
 * Removes all headers that were added with barker_webhook_add_header().
 *
 * @param hook  the handle
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_clear_headers(barker_webhook *hook);

/**
 * Sets the message id that Standard Webhooks signs. If you send a message again, keep its id, so
 * that the receiver recognizes the message. If no id is set, each send makes a new one: see
 * barker_webhook_id().
 *
 * @param hook  the handle
 * @param id    1 to 256 printable ASCII characters, without spaces and dots; copied. NULL goes
 *              back to a new id for each send.
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_ID
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_id(barker_webhook *hook, const char *id);

/* ---- Secrets: how messages are signed ---- */

/**
 * How a message is signed. The numbers are part of the ABI.
 */
typedef int32_t barker_scheme;

enum {
    /**
     * The scheme of the Python package barker: HMAC-MD5 over `timestamp;body`, in BARKER_TIMESTAMP
     * and BARKER_SIGNATURE. The secret is any bytes.
     */
    BARKER_SCHEME_BARKER = 0,
    /** The same with HMAC-SHA256. */
    BARKER_SCHEME_BARKER_SHA256 = 1,
    /** The same with HMAC-SHA512. */
    BARKER_SCHEME_BARKER_SHA512 = 2,
    /**
     * Standard Webhooks, in webhook-id, webhook-timestamp and webhook-signature. Verifying also
     * accepts Svix's names of these headers. The secret is text: base64 of at least 16 bytes, alone
     * or after `whsec_`, signs with HMAC-SHA256 (v1); `whsk_` and base64 of an Ed25519 private key
     * signs with that key (v1a); `whpk_` and base64 of the public key can only verify.
     * <https://github.com/standard-webhooks/standard-webhooks>
     */
    BARKER_SCHEME_STANDARD = 10,
    /** The same with the names svix-id, svix-timestamp and svix-signature. */
    BARKER_SCHEME_SVIX = 11,
    /** HMAC-SHA256 over the body, in X-Hub-Signature-256. No timestamp. The secret is text. */
    BARKER_SCHEME_GITHUB = 20,
    /**
     * HMAC-SHA256 over `timestamp.body`, in Stripe-Signature. The secret is the whole text that
     * Stripe shows, including `whsec_`.
     */
    BARKER_SCHEME_STRIPE = 21,
    /**
     * HMAC-SHA256 over `v0:timestamp:body`, in X-Slack-Request-Timestamp and X-Slack-Signature. The
     * secret is text.
     */
    BARKER_SCHEME_SLACK = 22,
    /**
     * HMAC-SHA256 over the body, in X-Shopify-Hmac-SHA256; verifying also accepts
     * Shopify-Hmac-SHA256. No timestamp. The secret is text.
     */
    BARKER_SCHEME_SHOPIFY = 23
};

/**
 * Sets the only secret that signs and verifies; it replaces all secrets that were set before.
 * Until you set one, the secret is "BARKER" under BARKER_SCHEME_BARKER, which everyone knows. Use
 * at least 24 random bytes: see barker_generate_secret().
 *
 * A secret that is refused changes nothing, with one exception: the default secret is dropped. A
 * handle that has no other secret then refuses to sign, send and verify (BARKER_ERR_SECRET) until
 * one is set. So a program that ignores the failure trusts nobody.
 *
 * @param hook    the handle
 * @param scheme  a barker_scheme, which determines what the secret looks like
 * @param secret  the bytes of the secret, or its text without the NUL. The library keeps only what
 *                the algorithm derives from it, and wipes that when the secret is replaced or the
 *                handle is freed.
 * @param len     number of bytes; only the Barker schemes accept 0
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE if there is no such scheme, or
 *         BARKER_ERR_SECRET if the secret is refused: for Standard Webhooks and Svix because it is
 *         not base64 of at least 16 bytes, for the other schemes with text because it begins or
 *         ends with white space
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_secret(barker_webhook *hook,
                                        barker_scheme scheme,
                                        const void *secret,
                                        size_t len);

/**
 * Adds a secret to the ones that were set. The default secret is dropped, even if the new one is
 * refused: see barker_webhook_set_secret().
 *
 * Sending signs under every scheme that has a secret, so that receivers can move from one scheme
 * to another. If the header can hold several signatures (Standard Webhooks, Svix, Stripe), every
 * secret of the scheme signs; otherwise only the first one does. Verifying accepts a message that
 * was signed with any of the secrets, so that secrets can be rotated: put the new one first.
 *
 * @param hook    the handle, which holds at most 16 secrets
 * @param scheme  as for barker_webhook_set_secret()
 * @param secret  as for barker_webhook_set_secret()
 * @param len     number of bytes
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE if there is no such scheme or no room for
 *         another secret, or BARKER_ERR_SECRET
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_add_secret(barker_webhook *hook,
                                        barker_scheme scheme,
                                        const void *secret,
                                        size_t len);

/**
 * Sets the key of the Python package's scheme. This is barker_webhook_set_secret() with
 * BARKER_SCHEME_BARKER. As there, the default secret is dropped even if the key is refused.
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
 * How to spell header names that contain underscores when sending.
 */
typedef int32_t barker_spelling;

enum {
    /** BARKER_SIGNATURE, which the Python package reads and nginx drops by default. */
    BARKER_SPELLING_UNDERSCORE = 0,
    /** BARKER-SIGNATURE, which passes everywhere. */
    BARKER_SPELLING_DASH = 1,
    /** Send both. */
    BARKER_SPELLING_BOTH = 2
};

/**
 * Sets how the names BARKER_TIMESTAMP and BARKER_SIGNATURE are spelled when sending. By default
 * nginx drops names with underscores, but the Python package reads only those. Verifying accepts
 * both.
 *
 * @param hook      the handle
 * @param spelling  a barker_spelling; the default is BARKER_SPELLING_UNDERSCORE
 * @return BARKER_OK, BARKER_ERR_NULL, or BARKER_ERR_RANGE if there is no such spelling
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_spelling(barker_webhook *hook,
                                          barker_spelling spelling);

/* ---- Buffers: bytes that the library allocates and the caller owns ---- */

/**
 * Bytes that the library allocates and the caller owns.
 *
 * Start with zeros, pass the buffer's address to a function that fills it, read `data` and `len`,
 * and release it with barker_buffer_free():
 *
 *     barker_buffer body = {0};
 *     if (barker_webhook_send(hook, NULL, &body) == BARKER_OK)
 *         fwrite(body.data, 1, body.len, stdout);
 *     barker_buffer_free(&body);
 *
 * A NUL, which `len` does not count, follows the last byte. A function that fills a buffer
 * overwrites it without releasing what it held before. If the function fails, the buffer is all
 * zeros.
 */
typedef struct barker_buffer {
    /** The bytes; NULL in a buffer of zeros. */
    uint8_t *data;
    /** Number of bytes. */
    size_t len;
    /** For the library only: do not use it. */
    size_t capacity;
    /** For the library only: do not use it. */
    size_t reserved;
} barker_buffer;

/**
 * Releases what a buffer holds and sets it to zeros, so that freeing it again does nothing.
 *
 * @param buffer  NULL, all zeros, or filled by this library
 * @since 0.1.0
 */
void barker_buffer_free(barker_buffer *buffer);

/* ---- Sending: one message, or many at once ---- */

/**
 * Signs the data that was set with the current time, sends it in a POST request and waits for the
 * answer.
 *
 * An answer with any HTTP status is BARKER_OK: check http_status. Barker never sends a message
 * again on its own if the receiver may already have it. After BARKER_ERR_SEND, BARKER_ERR_RECEIVE,
 * BARKER_ERR_TIMEOUT, BARKER_ERR_PROTOCOL, BARKER_ERR_TOO_LARGE or BARKER_ERR_STOPPED, the caller
 * decides. Redirects are followed only if barker_webhook_set_redirects() was called.
 *
 * @param hook         the handle
 * @param http_status  receives the HTTP status of the answer, such as 204, or 0 if the send fails;
 *                     may be NULL
 * @param body         receives the body of the answer, up to the limit of
 *                     barker_webhook_set_max_body(); release it with barker_buffer_free(). May be
 *                     NULL.
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_URL if no URL was set, BARKER_ERR_SECRET if no
 *         secret can sign, BARKER_ERR_SYSTEM, BARKER_ERR_REFUSED, BARKER_ERR_RESOLVE,
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
 * Like barker_webhook_send(), but sends the data passed here, which it reads during the call and
 * does not copy. The data that was set stays as it is.
 *
 * @param hook         the handle
 * @param data         any bytes; NULL with length 0 means no data
 * @param len          number of bytes
 * @param http_status  as for barker_webhook_send()
 * @param body         as for barker_webhook_send()
 * @return as for barker_webhook_send(), or BARKER_ERR_RANGE
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_send_data(barker_webhook *hook,
                                       const void *data,
                                       size_t len,
                                       uint16_t *http_status,
                                       barker_buffer *body);

/**
 * Called by barker_send_many() each time a delivery has ended.
 *
 * The handle already has the outcome: the function may call barker_webhook_response_status() and
 * the other getters. Until barker_send_many() has returned, do not change or free the handles of
 * the batch, and do not pass them to barker_send_many() again. The function must return: it must
 * not leave by longjmp(), a C++ exception or pthread_exit(), and must not return in a child of
 * fork().
 *
 * @param user    the pointer that was passed to barker_send_many()
 * @param index   the index of the handle in the array, from 0
 * @param status  the status of the delivery, as barker_webhook_status() returns it
 * @return 0 to continue; any other value stops the batch
 */
typedef int32_t (*barker_progress)(void *user, size_t index, barker_status status);

/**
 * Signs and sends the data of many handles at once. It returns when every delivery was answered or
 * has failed. Everything happens on the calling thread, except that other threads look up host
 * names.
 *
 * Each handle then has the outcome of its delivery, as after barker_webhook_send(). The timeout of
 * a handle starts when its delivery starts. To send one body to many receivers, clone a handle and
 * set only the URLs. Clones that have the data and secrets of their original send one message with
 * one id, which is signed at most once a second.
 *
 *     for (size_t i = 0; i < count; i++) {
 *         hooks[i] = barker_webhook_clone(original);
 *         if (barker_webhook_set_url(hooks[i], urls[i]) != BARKER_OK)
 *             fprintf(stderr, "%s: %s\n", urls[i], barker_webhook_error(hooks[i]));
 *     }
 *     if (barker_send_many(hooks, count, 100, NULL, NULL) != BARKER_OK)
 *         fprintf(stderr, "not every delivery was tried\n");
 *     for (size_t i = 0; i < count; i++)
 *         printf("%s: %s\n", urls[i], barker_status_string(barker_webhook_status(hooks[i])));
 *
 * @param hooks          the handles, each only once, which nothing else uses during the call; the
 *                       array is copied
 * @param count          number of handles
 * @param max_in_flight  how many deliveries run at once, each of which needs a file descriptor; 0
 *                       means 64. While the process has no descriptors left, deliveries wait until
 *                       others end.
 * @param progress       called on this thread each time a delivery has ended; may be NULL
 * @param user           passed to progress
 * @return BARKER_OK if every delivery was tried, whether or not it succeeded. BARKER_ERR_NULL, or
 *         BARKER_ERR_RANGE because a handle is in the array twice: nothing was tried.
 *         BARKER_ERR_STOPPED or BARKER_ERR_SYSTEM: deliveries that had not ended have the status
 *         BARKER_ERR_STOPPED
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_send_many(barker_webhook *const *hooks,
                               size_t count,
                               uint32_t max_in_flight,
                               barker_progress progress,
                               void *user);

/**
 * Ends the send that is running with this handle, or the next one, and all sends that follow,
 * until it is called with 0. They fail with BARKER_ERR_STOPPED. Use it to cancel a send, or before
 * the program ends.
 *
 * Any thread may call it at any time between barker_webhook_new() and barker_webhook_free(), even
 * while another thread sends with the handle, alone or in a batch. A signal handler must not call
 * it. It does not wait for the send to end. It does not stop the handle's clones, and a new clone
 * of a stopped handle can send.
 *
 * @param hook     the handle
 * @param stopped  1 stops, 0 allows sending again
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_stopped(const barker_webhook *hook,
                                         int32_t stopped);

/* ---- Engine: sends that do not wait, for programs that have an event loop ---- */

/**
 * Deliveries that run while the program does other things.
 *
 * An engine is one descriptor to watch and one function to call: barker_engine_step(), whenever
 * barker_engine_fd() is readable or barker_engine_timeout() has passed. It calls nothing back, and
 * starts no thread except to look up host names.
 *
 *     void *user;
 *     if (barker_engine_add(engine, hook, order) != BARKER_OK) // lends the handle
 *         fprintf(stderr, "%s\n", barker_webhook_error(hook));
 *     while (barker_engine_count(engine) > 0) {
 *         // Here the program waits, for barker_engine_fd() and for whatever else it serves.
 *         if (barker_engine_step(engine, 0) != BARKER_OK)
 *             fprintf(stderr, "the system lacks memory or descriptors\n");
 *         while ((hook = barker_engine_next(engine, &user)) != NULL) // returns it
 *             printf("%s\n", barker_status_string(barker_webhook_status(hook)));
 *     }
 *
 * Thread-safety: only one thread at a time may use an engine and the handles that are lent to it.
 * Any thread may call barker_engine_wake() and, on a lent handle, barker_webhook_set_stopped().
 *
 * After fork(), the child may keep using its engines. They are empty, and have other descriptors
 * than in the parent. The handles that were lent are the child's own again.
 */
typedef struct barker_engine barker_engine;

/**
 * Makes an engine.
 *
 * @return an engine, which the caller frees with barker_engine_free(); NULL if the system lacks
 *         descriptors or memory
 * @since 0.1.0
 */
barker_engine *barker_engine_new(void);

/**
 * Stops all deliveries and frees the engine. The handles that it had are the caller's again, with
 * the status BARKER_ERR_STOPPED unless they had ended before.
 *
 * @param engine  NULL, or an engine that is not used again. One that is in use is not freed.
 * @since 0.1.0
 */
void barker_engine_free(barker_engine *engine);

/**
 * Sets how many deliveries may run at once. The others wait for their turn; hosts take turns.
 *
 * @param engine    the engine
 * @param in_all    how many in all, each of which needs a file descriptor; 0 means 256. While the
 *                  process has no descriptors left, deliveries wait until others end.
 * @param per_host  how many to one host and port, so that a slow receiver leaves places for
 *                  others; 0 means 64
 * @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_BUSY
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_engine_set_limits(barker_engine *engine,
                                       uint32_t in_all,
                                       uint32_t per_host);

/**
 * Adds a message: the data that was set is signed and sent in the next steps. The handle is lent
 * to the engine until barker_engine_next() returns it. Until then, every call that would change
 * the handle returns BARKER_ERR_BUSY, except barker_webhook_set_stopped(). If the handle is freed,
 * its delivery is stopped and barker_engine_next() does not return it. The handle's timeout starts
 * when it is signed.
 *
 * @param engine  the engine
 * @param hook    the handle; one handle can be lent only once at a time: clone it for more
 *                messages
 * @param user    returned by barker_engine_next(); may be NULL
 * @return BARKER_OK, also if the delivery then fails at once; BARKER_ERR_NULL; BARKER_ERR_URL if
 *         no URL was set; BARKER_ERR_BUSY if the handle is lent already or the engine is in use;
 *         or BARKER_ERR_SYSTEM. Except after BARKER_OK, the handle stays the caller's.
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_engine_add(barker_engine *engine,
                                barker_webhook *hook,
                                void *user);

/**
 * Returns the descriptor that becomes readable when barker_engine_step() has something to do. Watch
 * it for reading with select(), poll(), epoll or kqueue, level-triggered. Do not read from it and
 * do not close it. It stays the same until the engine is freed or the process forks.
 *
 * @param engine  the engine
 * @return a descriptor; -1 if engine is NULL or in use, or the system lacks descriptors
 * @since 0.1.0
 */
int32_t barker_engine_fd(const barker_engine *engine);

/**
 * Returns how long the program may wait before it calls barker_engine_step() even if the descriptor
 * does not become readable. Ask again after each call of barker_engine_add(),
 * barker_engine_step() and barker_engine_next().
 *
 * @param engine  the engine
 * @return milliseconds, 0 for at once, -1 for any time; 0 if the engine is in use
 * @since 0.1.0
 */
int32_t barker_engine_timeout(const barker_engine *engine);

/**
 * Continues the deliveries as far as possible without waiting for any of them, for half a
 * millisecond or a little more: signing a large message and a TLS handshake cannot be interrupted.
 * If nothing can be done at once, it waits.
 *
 * @param engine        the engine
 * @param milliseconds  how long to wait at most; 0 does not wait
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_BUSY or BARKER_ERR_SYSTEM
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_engine_step(barker_engine *engine, uint32_t milliseconds);

/**
 * Returns a handle whose delivery has ended, in the order in which they ended. It has its outcome,
 * as after barker_webhook_send(), and is the caller's again.
 *
 * @param engine  the engine
 * @param user    receives what was passed to barker_engine_add(); may be NULL
 * @return a handle; NULL if no other delivery has ended, or the engine is in use
 * @since 0.1.0
 */
barker_webhook *barker_engine_next(barker_engine *engine, void **user);

/**
 * Returns how many handles are lent to the engine.
 *
 * @param engine  the engine
 * @return those that wait for their turn, those under way, and those that barker_engine_next() has
 *         not returned yet; 0 if the engine is in use
 * @since 0.1.0
 */
size_t barker_engine_count(const barker_engine *engine);

/**
 * Makes a barker_engine_step() that waits return at once, or if none waits, the next one. Any
 * thread may call it, but not a signal handler.
 *
 * @param engine  the engine
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_engine_wake(const barker_engine *engine);

/* ---- Headers: the type of HTTP headers, of received messages and of answers ---- */

/**
 * An HTTP header. In a received message, its texts belong to the caller; in an answer, they belong
 * to the handle.
 */
typedef struct barker_header {
    /**
     * The name, NUL-terminated. In a received message it may be in upper or lower case, with
     * dashes or underscores, or in CGI form, such as HTTP_BARKER_SIGNATURE.
     */
    const char *name;
    /** The value, NUL-terminated. */
    const char *value;
} barker_header;

/* ---- Outcome: what the last send signed, and how the receiver answered ---- */

/**
 * Returns the HTTP status of the answer to the last send. If a status came, it is kept even if the
 * send then fails because the rest of the answer was cut off, was too large or was not HTTP. So
 * are the headers, if all of them came. A receiver that answered 200 has the message.
 *
 * @param hook  the handle
 * @return the status, such as 204; 0 if none came
 * @since 0.1.0
 */
uint16_t barker_webhook_response_status(const barker_webhook *hook);

/**
 * Returns the body of the answer to the last send. It is empty if the send failed.
 *
 * @param hook  the handle
 * @param len   receives the number of bytes
 * @return the bytes, followed by a NUL that len does not count; they belong to the handle and are
 *         valid until the next send. NULL before the first send, if the last one failed before it
 *         signed, or if hook or len is NULL
 * @since 0.1.0
 */
const uint8_t *barker_webhook_response_body(const barker_webhook *hook, size_t *len);

/**
 * Returns the first header with this name in the answer to the last send.
 *
 * @param hook  the handle
 * @param name  the name, in upper or lower case
 * @return the NUL-terminated value, which belongs to the handle and is valid until the next send;
 *         NULL if there is no such header
 * @since 0.1.0
 */
const char *barker_webhook_response_header(const barker_webhook *hook, const char *name);

/**
 * Returns all headers of the answer to the last send, in the order in which they came.
 *
 * @param hook   the handle
 * @param count  receives the number of headers; 0 if there was no answer
 * @return the array, which belongs to the handle, as do its texts, and is valid until the next
 *         send; NULL if count is 0, or if hook or count is NULL
 * @since 0.1.0
 */
const barker_header *barker_webhook_response_headers(const barker_webhook *hook, size_t *count);

/**
 * Returns the message id of the last send, even if that failed. To send the same message again,
 * pass this id to barker_webhook_set_id().
 *
 * @param hook  the handle
 * @return NUL-terminated text, empty if no scheme signs an id, which belongs to the handle and is
 *         valid until the next send; NULL before the first send, or if the last one failed before
 *         it signed
 * @since 0.1.0
 */
const char *barker_webhook_id(const barker_webhook *hook);

/**
 * Returns the timestamp of the last send, even if that failed, as it is written in the header of
 * the first scheme, such as BARKER_TIMESTAMP.
 *
 * @param hook  the handle
 * @return NUL-terminated text, empty if the scheme has no timestamp, which belongs to the handle
 *         and is valid until the next send; NULL before the first send, or if the last one failed
 *         before it signed
 * @since 0.1.0
 */
const char *barker_webhook_timestamp(const barker_webhook *hook);

/**
 * Returns the signature of the last send, even if that failed: the value of the first scheme's
 * header, such as BARKER_SIGNATURE.
 *
 * @param hook  the handle
 * @return NUL-terminated text, which belongs to the handle and is valid until the next send; NULL
 *         before the first send, or if the last one failed before it signed
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

/**
 * Like barker_retry_judge(), for the outcome of a send without its handle: because the program
 * stored it, or sent the message with another HTTP client.
 *
 * @param retry         as for barker_retry_judge()
 * @param status        what the send returned; BARKER_OK if the receiver answered. For another HTTP
 *                      client, BARKER_ERR_TIMEOUT if no answer came in time, BARKER_ERR_RECEIVE if
 *                      it failed otherwise. A number that is not a barker_status is a wrong call:
 *                      BARKER_VERDICT_DEAD.
 * @param http_status   the answer's HTTP status, even if the rest of the answer did not come; 0 if
 *                      there is none
 * @param retry_after   the value of the answer's Retry-After header; NULL if there is none
 * @param tries         as for barker_retry_judge()
 * @param milliseconds  as for barker_retry_judge()
 * @return a barker_verdict
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_verdict barker_retry_judge_outcome(const barker_retry *retry,
                                          barker_status status,
                                          uint16_t http_status,
                                          const char *retry_after,
                                          uint32_t tries,
                                          uint32_t *milliseconds);

/* ---- Verifying: whether to trust a received message ---- */

/**
 * Checks whether a received message is genuine and current. It is if its headers hold a signature
 * of this body that was made with one of the handle's secrets, and a timestamp within the handle's
 * tolerance. Pass all headers as they came, and the body before anything has parsed it:
 *
 *     if (barker_webhook_verify(hook, headers, header_count, body, body_len) != BARKER_OK)
 *         return 401;
 *
 * Signatures are compared in constant time. Nothing is allocated, except to remember a message for
 * barker_webhook_set_replay_limit(). Any number of threads may verify with one handle at once.
 * Within the tolerance, a message that was verified once verifies again, unless a replay limit was
 * set. If the handle has several secrets and none matches, the status is that of the secret that
 * got furthest in the checks.
 *
 * A header may come twice, be joined with a comma, or be split at its commas, in any order, as
 * gateways do: the result is the same. If a header can hold only one value, all its values must be
 * equal.
 *
 * The body is hashed once for each secret. An Ed25519 key hashes it once for each of at most four
 * signatures, and not at all if the timestamp is outside the tolerance. For such a key,
 * BARKER_ERR_TOO_OLD and BARKER_ERR_TOO_NEW do not say whether the signature is right.
 *
 * @param hook     the handle, for its secrets and its tolerance
 * @param headers  the received headers, in any order; headers that the schemes do not use are
 *                 ignored
 * @param count    number of headers
 * @param body     the received body; NULL with length 0 is an empty body
 * @param len      number of bytes of the body
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE, BARKER_ERR_SECRET if the handle has no
 *         secret because one was refused, BARKER_ERR_HEADER_MISSING, BARKER_ERR_HEADER_MALFORMED,
 *         BARKER_ERR_HEADER_AMBIGUOUS, BARKER_ERR_SIGNATURE, BARKER_ERR_TOO_OLD or
 *         BARKER_ERR_TOO_NEW; with a replay limit also BARKER_ERR_REPLAYED (answer 2xx: the
 *         message was accepted before) or BARKER_ERR_REPLAY_FULL (answer 503)
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_verify(const barker_webhook *hook,
                                    const barker_header *headers,
                                    size_t count,
                                    const void *body,
                                    size_t len);

/**
 * Sets how far a received timestamp may be from the current time, in the past or in the future.
 *
 * @param hook     the handle
 * @param seconds  the default is 300; 0 turns the check off, so that old messages can be replayed
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_tolerance(barker_webhook *hook, uint32_t seconds);

/**
 * Returns the tolerance.
 *
 * @param hook  the handle
 * @return seconds; 0 if the check is turned off or hook is NULL
 * @since 0.1.0
 */
uint32_t barker_webhook_tolerance(const barker_webhook *hook);

/**
 * Makes barker_webhook_verify() refuse a message that it accepted before.
 *
 * A message is recognized by its id or, if the scheme has no id, by everything that is signed. It
 * is remembered as long as its timestamp is within the tolerance and, if there is room, for the
 * tolerance again after that. Under a scheme without timestamps, a message is remembered for twice
 * the tolerance, and can be replayed afterwards. If the check of timestamps is turned off, it is
 * remembered for 20 minutes. These times are measured with a clock that nobody can set, so a
 * system clock that jumps does no harm. Clones that are made afterwards share this memory;
 * processes do not. Setting a limit again forgets all messages.
 *
 * @param hook      the handle
 * @param messages  how many messages to remember, in at most 40 bytes each; the default, 0,
 *                  remembers none
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_replay_limit(barker_webhook *hook,
                                              uint32_t messages);

/**
 * Makes a handle that has a replay limit accept a message once more. Use it when the receiver
 * could not process a message that it had verified, and the sender will send it again.
 *
 * @param hook     the handle
 * @param headers  as they were passed to barker_webhook_verify()
 * @param count    number of headers
 * @param body     as it was passed to barker_webhook_verify()
 * @param len      number of bytes of the body
 * @return BARKER_OK, even if the message was not remembered; BARKER_ERR_NULL or BARKER_ERR_RANGE
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_forget(const barker_webhook *hook,
                                    const barker_header *headers,
                                    size_t count,
                                    const void *body,
                                    size_t len);

/**
 * Like barker_webhook_verify(), but without a handle. A handle that is kept verifies faster,
 * because it prepares its secrets only once.
 *
 * @param scheme      a barker_scheme
 * @param secret      as for barker_webhook_set_secret()
 * @param secret_len  number of bytes of the secret
 * @param tolerance   how many seconds the timestamp may be from the current time, in the past or
 *                    in the future; 0 turns the check off
 * @param headers     as for barker_webhook_verify()
 * @param count       number of headers
 * @param body        as for barker_webhook_verify()
 * @param len         number of bytes of the body
 * @return as for barker_webhook_verify(), or BARKER_ERR_SECRET if the secret is refused
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

/* ---- Delivery: timeouts, connections, redirects, proxies and the log ---- */

/**
 * Sets how long a whole send may take: signing, lookup, connection, TLS, request and answer.
 *
 * @param hook          the handle
 * @param milliseconds  at least 1; the default is 5000
 * @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_RANGE
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_timeout(barker_webhook *hook,
                                         uint32_t milliseconds);

/**
 * Returns the timeout.
 *
 * @param hook  the handle
 * @return milliseconds; 0 if hook is NULL
 * @since 0.1.0
 */
uint32_t barker_webhook_timeout(const barker_webhook *hook);

/**
 * Sets which idle connections are kept for reuse. A handle and its clones share them; when a
 * handle sends, it applies its own limits.
 *
 * @param hook         the handle
 * @param connections  how many connections are kept; the default is 32, and 0 keeps none
 * @param seconds      how long a kept connection may be idle; the default is 60. Choose less than
 *                     the receiver's own limit, so that the receiver does not close a connection
 *                     just as it is used again. If a receiver announces its limit (Keep-Alive:
 *                     timeout=...), barker keeps to that as well.
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_idle_limits(barker_webhook *hook,
                                             uint32_t connections,
                                             uint32_t seconds);

/**
 * Sets how old a connection may be when it is used again. An older one is closed and the host is
 * looked up again, so that even a busy handle notices when the host's addresses change.
 *
 * @param hook     the handle
 * @param seconds  the default is 600; 0 allows any age
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
 * Sets how long the addresses of a host are used before the system is asked again. All handles of
 * a process share these addresses. A failed lookup is not remembered. If the system does not
 * answer within 250 milliseconds, or reports a temporary failure, the old addresses are used once
 * more, for at most an hour. If no address of a host accepts a connection, its addresses are
 * forgotten.
 *
 * @param hook     the handle
 * @param seconds  the default is 60; 0 asks each time a connection is opened, and never uses old
 *                 addresses
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_lookup_lifetime(barker_webhook *hook,
                                                 uint32_t seconds);

/**
 * Sets how large the body of an answer may be. If it is larger, the send fails with
 * BARKER_ERR_TOO_LARGE and the connection is closed. Barker does not decompress bodies.
 *
 * @param hook   the handle
 * @param bytes  the default is 1048576
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_max_body(barker_webhook *hook, uint32_t bytes);

/**
 * Sets which redirects are followed, within the timeout. A redirect that is not followed is an
 * answer like any other, with its 3xx status.
 *
 * 301, 302, 307 and 308 send the same message to the new URL. 303 says that the receiver accepted
 * the message and that the answer is at the new URL, so barker fetches that with a GET without
 * data and signature (RFC 9110 section 15.4). A redirect is never followed from https to http, to
 * the URL that was just requested, or to a URL that barker_webhook_set_url() would refuse.
 *
 * @param hook              the handle
 * @param max               how many redirects in a row are followed; the default, 0, follows none
 * @param to_other_origins  0 follows only redirects to the same scheme, host and port as the URL.
 *                          1 follows all: any other server that a receiver names then gets the
 *                          message, its signature and the added headers except Authorization and
 *                          Cookie.
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_redirects(barker_webhook *hook,
                                           uint32_t max,
                                           int32_t to_other_origins);

/**
 * Sets the proxy for all receivers except Unix sockets. Requests over http go through a tunnel
 * too, so the proxy is asked only for a host and a port. The proxy looks up the receiver's host
 * name.
 *
 * @param hook  the handle
 * @param url   "http://user:password@host:port" for HTTP CONNECT (RFC 9110 section 9.3.6) or
 *              "socks5://..." for SOCKS5 (RFC 1928, RFC 1929); user and password are optional.
 *              Copied, and wiped when it is replaced or the handle is freed. NULL, the default,
 *              uses no proxy.
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_URL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_proxy(barker_webhook *hook, const char *url);

/**
 * Uses the proxies that the environment names now: http_proxy for http; https_proxy or HTTPS_PROXY
 * for https; otherwise all_proxy or ALL_PROXY. Without this call, barker does not read the
 * environment for proxies. If a variable does not name a proxy that barker_webhook_set_proxy()
 * would accept, sends that would use it fail with BARKER_ERR_PROXY.
 *
 * no_proxy or NO_PROXY lists what is reached without a proxy, separated by commas or spaces: host
 * names, each of which includes all names below it; addresses; networks such as 10.0.0.0/8; or *
 * for everything. With a port after a colon, as in example.com:8080, an entry applies to that port
 * only.
 *
 * @param hook  the handle
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_proxy_from_environment(barker_webhook *hook);

/**
 * How important a line of the log is. The numbers are part of the ABI.
 */
typedef int32_t barker_log_level;

enum {
    /** Nothing is logged. */
    BARKER_LOG_OFF = 0,
    /** A delivery failed. */
    BARKER_LOG_ERROR = 1,
    /** A delivery was answered. */
    BARKER_LOG_INFO = 2,
    /** A step of a delivery. */
    BARKER_LOG_DEBUG = 3
};

/**
 * Called with each line of the log.
 *
 * It is called on the thread that sends, during the send, with no lock held. It must not use the
 * handles that are being sent with, but may use others. It must return: it must not leave by
 * longjmp(), a C++ exception or pthread_exit(), and must not return in a child of fork().
 *
 * @param user   the pointer that was passed to barker_webhook_set_log()
 * @param level  how important the line is
 * @param line   one NUL-terminated line, valid during the call. It contains no secret, data,
 *               header or password, and no path of a URL. Characters that do not print are
 *               escaped.
 */
typedef void (*barker_log)(void *user, barker_log_level level, const char *line);

/**
 * Sets a function that is called with a line for each event of a delivery. Clones that are made
 * afterwards call it too.
 *
 * @param hook   the handle
 * @param level  a barker_log_level; less important lines are left out
 * @param log    the function; NULL, the default, logs nothing
 * @param user   passed to log; if clones send from several threads, each of these threads uses it
 * @return BARKER_OK, BARKER_ERR_NULL, or BARKER_ERR_RANGE if there is no such level
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_log(barker_webhook *hook,
                                     barker_log_level level,
                                     barker_log log,
                                     void *user);

/* ---- Policy: where messages may be sent ---- */

/**
 * Which addresses a message may be sent to, apart from networks that are explicitly allowed or
 * denied.
 */
typedef int32_t barker_addresses;

enum {
    /** All addresses, and Unix sockets. */
    BARKER_ADDRESSES_ANY = 0,
    /** Addresses of the public internet. Choose this if strangers choose the URLs. */
    BARKER_ADDRESSES_PUBLIC = 1,
    /** Only the networks that were allowed. */
    BARKER_ADDRESSES_LISTED = 2
};

/**
 * Sets which addresses messages may be sent to. If strangers choose the URLs, choose
 * BARKER_ADDRESSES_PUBLIC: otherwise a URL may lead to anything that this machine can reach.
 *
 * Every address is checked after the host was looked up, right before a connection to it is opened
 * or used again, so its spelling in the URL does not matter. The order of the setters does not
 * matter either. The first of these rules that applies decides:
 *
 * 1. an address in a network of barker_webhook_deny_network() is refused;
 * 2. an address in a network of barker_webhook_allow_network() is allowed;
 * 3. BARKER_ADDRESSES_ANY allows all other addresses, and BARKER_ADDRESSES_LISTED refuses them;
 * 4. BARKER_ADDRESSES_PUBLIC refuses everything in the IANA special-purpose address registries
 *    (private use, loopback, link-local, shared, documentation and others), multicast, broadcast,
 *    the metadata services of clouds, and IPv6 outside 2000::/3. It also refuses 6to4, Teredo,
 *    64:ff9b:1::/48 (NAT64 within a network) and IPv4-compatible addresses.
 *
 * An IPv4-mapped address (::ffff:0:0/96) counts as the IPv4 address in it. A NAT64 address
 * (64:ff9b::/96) is checked as the IPv4 address that it leads to; allowed and denied networks
 * match it in either form. If your network has a NAT64 prefix of its own, deny it. Unix sockets
 * are refused unless the policy is BARKER_ADDRESSES_ANY.
 *
 * If only some addresses of a host are refused, the others are tried. If all are refused, the send
 * fails with BARKER_ERR_REFUSED. A clone gets a copy of the policy, which can then be changed on
 * its own.
 *
 * @param hook       the handle
 * @param addresses  a barker_addresses; the default is BARKER_ADDRESSES_ANY
 * @return BARKER_OK, BARKER_ERR_NULL, or BARKER_ERR_RANGE if there is no such policy
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_address_policy(barker_webhook *hook,
                                                barker_addresses addresses);

/**
 * Allows a network that the address policy would refuse: an exception under
 * BARKER_ADDRESSES_PUBLIC, an entry of the list under BARKER_ADDRESSES_LISTED. See
 * barker_webhook_set_address_policy().
 *
 * @param hook     the handle
 * @param network  an IPv4 or IPv6 network, such as "10.0.0.0/8" or "fd00::/8", or a single address
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8, or BARKER_ERR_RANGE if this is not a
 *         network, or is an address within one ("10.1.2.3/8")
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_allow_network(barker_webhook *hook,
                                           const char *network);

/**
 * Denies a network, even if something else allows it. See barker_webhook_set_address_policy().
 *
 * @param hook     the handle
 * @param network  as for barker_webhook_allow_network()
 * @return as for barker_webhook_allow_network()
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_deny_network(barker_webhook *hook,
                                          const char *network);

/**
 * Allows a port. Once a port is allowed, a send to a URL with a port that is not, or to a Unix
 * socket, fails with BARKER_ERR_REFUSED.
 *
 * @param hook  the handle
 * @param port  1 to 65535; by default all ports are allowed
 * @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_RANGE
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_allow_port(barker_webhook *hook, uint32_t port);

/**
 * Sets whether only https URLs are allowed. If so, a send to any other URL, including that of a
 * Unix socket, fails with BARKER_ERR_REFUSED.
 *
 * @param hook        the handle
 * @param https_only  0, the default, allows any URL; any other value allows only https
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_https_only(barker_webhook *hook,
                                            int32_t https_only);

/* ---- TLS: which certificates to trust, and which to show ---- */

/**
 * Trusts the certificate authorities in PEM, in addition to those of the platform: see
 * barker_webhook_set_platform_ca(). A self-signed certificate counts as an authority.
 *
 * TLS settings apply to connections that are opened afterwards; this handle does not use older
 * ones again. Clones copy the settings.
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
 * Like barker_webhook_add_ca(), but reads the certificates from a file, once, during the call.
 *
 * @param hook  the handle
 * @param path  the path of the file
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8, BARKER_ERR_CERTIFICATE, or
 *         BARKER_ERR_SYSTEM if there is no descriptor or memory to read the file with
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_add_ca_file(barker_webhook *hook, const char *path);

/**
 * Sets whether the certificate authorities of the platform are trusted. On Linux these are the
 * ones that OpenSSL would find, or those in the file and directories that SSL_CERT_FILE and
 * SSL_CERT_DIR name. A program that has more rights than its user (setuid, setgid or file
 * capabilities) ignores these variables.
 *
 * The files are read when a connection first needs them. At most once a minute, a new connection
 * checks whether the files have changed and, if so, reads them again. If none can be read then,
 * the authorities that were read before stay trusted.
 *
 * @param hook     the handle
 * @param trusted  1, the default, trusts them; 0 trusts only what was added with
 *                 barker_webhook_add_ca()
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_platform_ca(barker_webhook *hook, int32_t trusted);

/**
 * Reads now what the first connection over TLS would otherwise read: the certificate authorities of
 * the platform. That takes some milliseconds, which a program with an event loop may not want to
 * spend in barker_engine_step(). Call it after the other functions of this family.
 *
 * @param hook  the handle; its clones share what was read, and so do all handles that have no TLS
 *              settings
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_CERTIFICATE, BARKER_ERR_TLS if no authority can
 *         be read, or BARKER_ERR_SYSTEM
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_preload_ca(barker_webhook *hook);

/**
 * Refuses the certificates that these lists revoke, anywhere in a receiver's chain. A certificate
 * whose issuer has no list here is not affected. Barker does not download lists.
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
 * Sets the certificate that is shown to receivers that ask for one (mutual TLS).
 *
 * The TLS library keeps the private key in memory and does not wipe it.
 *
 * @param hook     the handle
 * @param pem      the certificate in PEM, followed by the certificates that lead to an authority;
 *                 copied. NULL with length 0 shows none.
 * @param len      number of bytes
 * @param key      the certificate's private key in PEM, not encrypted: RSA, ECDSA or Ed25519;
 *                 copied
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
 * Sets the name that the receiver's certificate must have and that is sent to the receiver (SNI),
 * if that is not the host of the URL.
 *
 * @param hook  the handle
 * @param name  a DNS name or an IP address; copied. NULL uses the host of the URL.
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_UTF8 or BARKER_ERR_CERTIFICATE
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_server_name(barker_webhook *hook,
                                             const char *name);

/**
 * The oldest version of TLS that is accepted. The numbers are part of the ABI.
 */
typedef int32_t barker_tls;

enum {
    /** TLS 1.2 (RFC 5246). */
    BARKER_TLS_1_2 = 12,
    /** TLS 1.3 (RFC 8446). */
    BARKER_TLS_1_3 = 13
};

/**
 * Sets the oldest version of TLS that is accepted.
 *
 * @param hook     the handle
 * @param version  a barker_tls; the default is BARKER_TLS_1_2
 * @return BARKER_OK, BARKER_ERR_NULL, or BARKER_ERR_RANGE if there is no such version
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_min_tls(barker_webhook *hook, barker_tls version);

/**
 * INSECURE: accepts any certificate, so that anyone on the way to the receiver can read and change
 * what is sent. Use it only in tests. To trust one particular certificate, use
 * barker_webhook_add_ca().
 *
 * @param hook  the handle
 * @param skip  1 accepts any certificate; the default is 0
 * @return BARKER_OK or BARKER_ERR_NULL
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_set_insecure_skip_verify(barker_webhook *hook,
                                                      int32_t skip);

/* ---- Signing: for programs that send with another HTTP client ---- */

/**
 * Signs data without sending it, for programs that have their own HTTP client. It returns the
 * headers to send with the data, each as "Name: value" and a line break (CR LF). Send the names
 * spelled as they are.
 *
 * Any number of threads may sign with one handle at once.
 *
 * @param hook       the handle, for its secrets, spelling and id
 * @param timestamp  the time to sign, in decimal Unix seconds with at most 9 digits of fraction,
 *                   which only the Barker schemes use; NULL is the current time
 * @param data       any bytes; NULL with length 0 means no data. This is not the data that was
 *                   set.
 * @param len        number of bytes
 * @param headers    receives the headers; release it with barker_buffer_free()
 * @return BARKER_OK, BARKER_ERR_NULL, BARKER_ERR_RANGE, BARKER_ERR_SECRET if no secret can sign,
 *         BARKER_ERR_SYSTEM, or BARKER_ERR_HEADER_MALFORMED if the timestamp does not have this
 *         form
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_webhook_sign_headers(const barker_webhook *hook,
                                          const char *timestamp,
                                          const void *data,
                                          size_t len,
                                          barker_buffer *headers);

/**
 * Like barker_webhook_sign_headers(), but returns only the values, under the scheme whose secret
 * was set first. With BARKER_SCHEME_BARKER, send the first value as BARKER_TIMESTAMP and the
 * second as BARKER_SIGNATURE.
 *
 * @param hook           the handle, for its secrets and id
 * @param timestamp      as for barker_webhook_sign_headers()
 * @param data           as for barker_webhook_sign_headers()
 * @param len            number of bytes
 * @param timestamp_out  receives the timestamp as text, empty if the scheme has none
 * @param signature_out  receives the signature as text. Release both with barker_buffer_free().
 * @return as for barker_webhook_sign_headers(), or BARKER_ERR_ID if the scheme signs an id and
 *         none was set
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
 * Makes a secret of 32 random bytes, as text: "whsec_" and base64. This text is a valid secret for
 * every scheme.
 *
 * @param secret  receives the text; wipe it if you can, and release it with barker_buffer_free()
 * @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_SYSTEM
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_generate_secret(barker_buffer *secret);

/**
 * Makes an Ed25519 key pair for Standard Webhooks, as text: "whsk_" and base64 for the sender, and
 * "whpk_" and base64 for the receivers, which can then verify but not sign.
 *
 * @param private_key  receives the text for the sender
 * @param public_key   receives the text for the receivers. Release both with barker_buffer_free().
 * @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_SYSTEM
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_generate_key_pair(barker_buffer *private_key,
                                       barker_buffer *public_key);

/**
 * Makes a message id: "msg_" and 32 random hexadecimal digits.
 *
 * @param id  receives the text; release it with barker_buffer_free()
 * @return BARKER_OK, BARKER_ERR_NULL or BARKER_ERR_SYSTEM
 * @since 0.1.0
 */
BARKER_MUST_USE
barker_status barker_generate_id(barker_buffer *id);

/* ---- Library: its version ---- */

/**
 * Returns the version of the library that the program runs with. It may be newer than
 * BARKER_VERSION, the version of the header that the program was compiled with.
 *
 * @return NUL-terminated static text, such as "0.1.0"
 * @since 0.1.0
 */
const char *barker_version(void);

/**
 * Returns the version of the library that the program runs with as a number, to compare with
 * BARKER_VERSION_NUMBER.
 *
 * @return 10000 times the major version, plus 100 times the minor version, plus the patch version:
 *         100 for 0.1.0
 * @since 0.1.0
 */
uint32_t barker_version_number(void);

/* ---- Statuses: what a call returns ---- */

enum {
    /** Success. */
    BARKER_OK = 0,
    /** A pointer that must not be NULL is NULL. */
    BARKER_ERR_NULL = 100,
    /** A text is not UTF-8. */
    BARKER_ERR_UTF8 = 101,
    /** The URL cannot be used, or none was set before sending. */
    BARKER_ERR_URL = 102,
    /** The name or value of a request header cannot be sent. */
    BARKER_ERR_HEADER = 103,
    /** A number is out of range. */
    BARKER_ERR_RANGE = 104,
    /**
     * The secret does not have the form that its scheme requires; or the handle has no secret that
     * can sign, or no secret at all because one was refused.
     */
    BARKER_ERR_SECRET = 105,
    /** The message id cannot be used, or none was set where one is required. */
    BARKER_ERR_ID = 106,
    /** A certificate, its key or a revocation list cannot be used. */
    BARKER_ERR_CERTIFICATE = 107,
    /**
     * The handle is lent to an engine or a batch; or the engine is in use, by another thread or by
     * the call that runs this callback.
     */
    BARKER_ERR_BUSY = 108,
    /** The receiver's host name does not exist, or has no address. */
    BARKER_ERR_RESOLVE = 200,
    /** No address of the receiver accepted a connection. */
    BARKER_ERR_CONNECT = 201,
    /** The TLS handshake failed for a reason that has no status of its own. */
    BARKER_ERR_TLS = 202,
    /** The connection broke while the request was being sent. The receiver may have the webhook. */
    BARKER_ERR_SEND = 203,
    /** The connection broke before the complete answer came. The receiver may have the webhook. */
    BARKER_ERR_RECEIVE = 204,
    /** The timeout expired. The receiver may have the webhook. */
    BARKER_ERR_TIMEOUT = 205,
    /** The answer is not an HTTP/1.x response. The receiver may have the webhook. */
    BARKER_ERR_PROTOCOL = 206,
    /**
     * The body of the answer is larger than barker_webhook_set_max_body() allows, the rest of the
     * answer is larger than 64 KiB, or it has more than 128 headers or 16 interim (1xx) responses.
     * The receiver may have the webhook.
     */
    BARKER_ERR_TOO_LARGE = 207,
    /**
     * The send or its batch was stopped. If sending had begun, the receiver may have the webhook.
     */
    BARKER_ERR_STOPPED = 208,
    /**
     * The address policy does not allow the receiver's address, port or scheme. Nothing was sent.
     */
    BARKER_ERR_REFUSED = 209,
    /**
     * The proxy could not connect to the receiver, or the environment names a proxy that cannot be
     * used.
     */
    BARKER_ERR_PROXY = 210,
    /**
     * No name server answered for the receiver's host name. The host may exist: try again later.
     */
    BARKER_ERR_RESOLVE_AGAIN = 211,
    /** The receiver's certificate has expired, or is not valid yet. */
    BARKER_ERR_CERTIFICATE_EXPIRED = 220,
    /** The receiver's certificate is not for the host of the URL. */
    BARKER_ERR_CERTIFICATE_NAME = 221,
    /** The receiver's certificate was issued by an authority that is not trusted. */
    BARKER_ERR_CERTIFICATE_ISSUER = 222,
    /** The receiver's certificate is self-signed, and is not trusted itself. */
    BARKER_ERR_CERTIFICATE_SELF_SIGNED = 223,
    /** The receiver's certificate was revoked. */
    BARKER_ERR_CERTIFICATE_REVOKED = 224,
    /** A header that the signature needs is missing. */
    BARKER_ERR_HEADER_MISSING = 300,
    /** A timestamp, message id or signature does not have the form that its scheme requires. */
    BARKER_ERR_HEADER_MALFORMED = 301,
    /** A header that the signature needs has two different values. */
    BARKER_ERR_HEADER_AMBIGUOUS = 302,
    /** The signature does not match this body, this timestamp and this key. */
    BARKER_ERR_SIGNATURE = 303,
    /**
     * The timestamp is further in the past than the tolerance allows. The signature is right,
     * except that Ed25519 signatures are not checked in this case.
     */
    BARKER_ERR_TOO_OLD = 304,
    /**
     * The timestamp is further in the future than the tolerance allows. As above for the signature.
     */
    BARKER_ERR_TOO_NEW = 305,
    /** The message is genuine and current, but was accepted before. */
    BARKER_ERR_REPLAYED = 306,
    /** The message is genuine and current, but there is no room to remember it: answer 503. */
    BARKER_ERR_REPLAY_FULL = 307,
    /** A bug in barker. The handle stays usable. Please report it. */
    BARKER_ERR_INTERNAL = 900,
    /**
     * The system lacks something that the call needs: file descriptors, memory, a thread or random
     * bytes.
     */
    BARKER_ERR_SYSTEM = 901
};

/**
 * Returns a sentence that describes a status.
 *
 * @param status  a barker_status; for any other number the sentence is "unknown status"
 * @return NUL-terminated static text, never NULL
 * @since 0.1.0
 */
const char *barker_status_string(barker_status status);

#if defined(__cplusplus) && !defined(BARKER_CDEF)
}
#endif

#endif /* BARKER_H */
