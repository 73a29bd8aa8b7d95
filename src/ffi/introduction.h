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
