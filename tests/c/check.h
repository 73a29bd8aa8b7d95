/* check.h: what the C tests say. A program runs its checks, prints how many, and fails if one did. */
#ifndef CHECK_H
#define CHECK_H

#include <barker.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static _Atomic unsigned check_count, check_failures; /* checks may be made in threads */

static inline int check_that(int holds, const char *file, int line, const char *what)
{
    check_count++;
    if (!holds) {
        check_failures++;
        fprintf(stderr, "%s:%d: %s\n", file, line, what);
    }
    return holds;
}

/* A numeric comparison that tells both numbers. */
static inline int check_equal(long long got, long long wanted, const char *file, int line,
                              const char *what)
{
    if (check_that(got == wanted, file, line, what))
        return 1;
    fprintf(stderr, "    is %lld, should be %lld\n", got, wanted);
    return 0;
}

static inline int check_text(const char *got, const char *wanted, const char *file, int line,
                             const char *what)
{
    if (check_that(got != NULL && strcmp(got, wanted) == 0, file, line, what))
        return 1;
    fprintf(stderr, "    is \"%s\", should be \"%s\"\n", got != NULL ? got : "(NULL)", wanted);
    return 0;
}

#define CHECK(condition) check_that((condition) != 0, __FILE__, __LINE__, #condition)
#define CHECK_EQUAL(got, wanted) \
    check_equal((long long)(got), (long long)(wanted), __FILE__, __LINE__, #got " is " #wanted)
#define CHECK_TEXT(got, wanted) check_text((got), (wanted), __FILE__, __LINE__, #got)
#define CHECK_OK(call) CHECK_EQUAL(call, BARKER_OK)

/* A handle's last call must have left this status and a sentence. */
#define CHECK_FAILS(hook, call, status)                       \
    do {                                                      \
        CHECK_EQUAL(call, status);                            \
        CHECK(strlen(barker_webhook_error(hook)) > 0);        \
    } while (0)

#define CHECK_ZEROED(buffer) \
    CHECK((buffer).data == NULL && (buffer).len == 0 && (buffer).capacity == 0)

static inline const uint8_t *bytes_of(const char *text)
{
    return (const uint8_t *)text;
}

/* A handle for http://host:port/ with a timeout in milliseconds. */
static inline barker_webhook *check_hook(const char *host, unsigned port, unsigned timeout)
{
    char url[96];
    snprintf(url, sizeof url, "http://%s:%u/", host, port);
    barker_webhook *hook = barker_webhook_new();
    CHECK_OK(barker_webhook_set_url(hook, url));
    CHECK_OK(barker_webhook_set_timeout(hook, timeout));
    return hook;
}

/* A test that hangs is killed by SIGALRM. */
static inline void check_begin(void)
{
    alarm(500);
}

static inline int check_end(const char *program)
{
    printf("%s: %u checks, %u failed\n", program, check_count, check_failures);
    return check_count == 0 || check_failures != 0;
}

#endif
