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
#define BARKER_VERSION "@VERSION@"
#define BARKER_VERSION_MAJOR @VERSION_MAJOR@
#define BARKER_VERSION_MINOR @VERSION_MINOR@
#define BARKER_VERSION_PATCH @VERSION_PATCH@
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
