/* log.c: what the host program is told of deliveries: how much, in which order, on which thread,
 * and that none of it gives anything away. */
#define _GNU_SOURCE

#include "check.h"
#include "peer.h"

#define STEP(text) {text, sizeof text - 1, 0}
#define OK "HTTP/1.1 200 OK\r\nX-Answer: a-header\r\nContent-Length: 6\r\n\r\nanswer"
#define MOVED "HTTP/1.1 307 X\r\nLocation: /elsewhere?q\r\nContent-Length: 0\r\n\r\n"
#define CUT "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nmybo"

enum { LINES = 64, LINE_LEN = 200 };

struct heard {
    char lines[LINES][LINE_LEN];
    barker_log_level levels[LINES];
    size_t count;
    pthread_t thread;
    int strangers;         /* lines on other threads */
    barker_webhook *other; /* is sent with amid each line, if there is one */
};

/* None of these may stand in a line. */
static const char *const secrets[] = {
    "hunter2", "am9lOmh1bnRlcjI", "Bearer", "s3cret", "the-path", "the-data", "a-value", "mybody",
    "elsewhere", "a-header", "x-name",
};

/* ASCII that prints, and of the rest neither control characters nor what breaks lines or turns the
 * direction of writing around. */
static void check_printable(const char *line)
{
    static const char *const unprintable[] = {"\xc2\x85", "\xc2\x9b", "\xe2\x80\xa8",
                                              "\xe2\x80\xae"};
    int is_printable = 1;
    for (const char *c = line; *c != '\0'; c++)
        is_printable &= (unsigned char)*c >= ' ' && *c != 0x7f;
    for (size_t i = 0; i < sizeof unprintable / sizeof *unprintable; i++)
        is_printable &= strstr(line, unprintable[i]) == NULL;
    if (!CHECK(is_printable))
        fprintf(stderr, "    \"%s\"\n", line);
}

static void hear(void *user, barker_log_level level, const char *line)
{
    struct heard *heard = user;
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (!CHECK(strstr(line, secrets[i]) == NULL))
            fprintf(stderr, "    \"%s\" holds \"%s\"\n", line, secrets[i]);
    CHECK(strlen(line) > 0);
    check_printable(line);
    heard->strangers += !pthread_equal(heard->thread, pthread_self());
    if (heard->other != NULL)
        CHECK_EQUAL(barker_webhook_send(heard->other, &(uint16_t){0}, NULL), BARKER_ERR_CONNECT);
    if (!CHECK(heard->count < LINES))
        return;
    snprintf(heard->lines[heard->count], LINE_LEN, "%s", line);
    heard->levels[heard->count++] = level;
}

/* Whether the lines heard begin so, in this order, with nothing between. */
static void check_heard(const struct heard *heard, const char *const *starts, size_t count)
{
    CHECK_EQUAL(heard->count, count);
    for (size_t i = 0; i < count && i < heard->count; i++) {
        char told[LINE_LEN + 16];
        snprintf(told, sizeof told, "%d %s", (int)heard->levels[i], heard->lines[i]);
        if (!CHECK(strncmp(told, starts[i], strlen(starts[i])) == 0))
            fprintf(stderr, "    \"%s\" is not \"%s\"\n", told, starts[i]);
    }
    CHECK_EQUAL(heard->strangers, 0);
}

static barker_webhook *hook_for(unsigned port, int32_t level, struct heard *heard)
{
    char url[128];
    barker_webhook *hook = barker_webhook_new();
    *heard = (struct heard){.thread = pthread_self()};
    snprintf(url, sizeof url, "http://joe:hunter2@127.0.0.1:%u/the-path?s3cret#s3cret", port);
    CHECK_OK(barker_webhook_set_url(hook, url));
    CHECK_OK(barker_webhook_set_key(hook, bytes_of("s3cret"), 6));
    CHECK_OK(barker_webhook_set_data(hook, bytes_of("the-data"), 8));
    CHECK_OK(barker_webhook_add_header(hook, "X-Name", "a-value"));
    CHECK_OK(barker_webhook_set_timeout(hook, 60000));
    CHECK_OK(barker_webhook_set_redirects(hook, 1, 1));
    CHECK_OK(barker_webhook_set_log(hook, level, hear, heard));
    return hook;
}

/* Three deliveries: one is redirected, the next is cut off, the last finds nobody. */
static void levels(void)
{
    static const struct peer_step steps[] = {
        STEP(MOVED), STEP(OK), {CUT, sizeof CUT - 1, PEER_CLOSE}};
    static const char *const lines[] = {
        "3 connecting to port ", "3 connected", "3 answered with 307",
        "3 reusing an idle connection", "3 answered with 200", "2 127.0.0.1:",
        "3 reusing an idle connection", "1 127.0.0.1:", "3 connecting to port 1 of",
        "1 127.0.0.1:1: no connection",
    };
    for (int32_t level = BARKER_LOG_OFF; level <= BARKER_LOG_DEBUG; level++) {
        struct heard heard;
        struct peer peer;
        uint16_t http_status;
        const char *expected[sizeof lines / sizeof *lines];
        size_t count = 0;
        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
            if (lines[i][0] - '0' <= level)
                expected[count++] = lines[i];
        peer_start(&peer, steps, 3);
        barker_webhook *hook = hook_for(peer.port, level, &heard);
        CHECK_OK(barker_webhook_send(hook, &http_status, NULL));
        CHECK_EQUAL(http_status, 200);
        CHECK_FAILS(hook, barker_webhook_send(hook, &http_status, NULL), BARKER_ERR_RECEIVE);
        CHECK_OK(barker_webhook_set_url(hook, "http://joe:hunter2@127.0.0.1:1/the-path"));
        CHECK_FAILS(hook, barker_webhook_send(hook, &http_status, NULL), BARKER_ERR_CONNECT);
        check_heard(&heard, expected, count);
        barker_webhook_free(hook);
        CHECK(peer_stop(&peer));
        peer_free(&peer);
    }
}

/* An error's line is its sentence, after the receiver; other calls tell nothing. */
static void only_deliveries(void)
{
    struct heard heard;
    barker_webhook *hook = hook_for(1, BARKER_LOG_DEBUG, &heard);
    barker_buffer headers = {0};
    CHECK_FAILS(hook, barker_webhook_set_url(hook, "ftp://joe:hunter2@a/"), BARKER_ERR_URL);
    CHECK(strstr(barker_webhook_error(hook), "hunter2") == NULL);
    CHECK_OK(barker_webhook_sign_headers(hook, NULL, NULL, 0, &headers));
    barker_buffer_free(&headers);
    CHECK_EQUAL(heard.count, 0);
    CHECK_FAILS(hook, barker_webhook_send(hook, &(uint16_t){0}, NULL), BARKER_ERR_CONNECT);
    CHECK_EQUAL(heard.count, 2);
    CHECK(strncmp(heard.lines[1], "127.0.0.1:1: ", 13) == 0);
    CHECK_TEXT(heard.lines[1] + 13, barker_webhook_error(hook));
    barker_webhook_free(hook);
}

/* Whatever is in a path, it stays on its line, alone and in a batch. */
static void one_line(void)
{
    static const char *const lines[] = {
        "3 connecting to /nowhere/a\\n1 b\\u{1b}[31m\\r\\u{7f}\\u{85}\\u{9b}\\u{2028}\\u{202e}\xc3\xa4",
        "1 localhost: no connection to /nowhere/a\\n1 b\\u{1b}",
    };
    struct heard heard;
    barker_webhook *hook = hook_for(1, BARKER_LOG_DEBUG, &heard);
    CHECK_OK(barker_webhook_set_url(
        hook, "unix:/nowhere/a%0a1%20b%1B[31m%0d%7f%C2%85%c2%9b%E2%80%A8%E2%80%AE%c3%a4:/"));
    for (int batch = 0; batch < 2; batch++) {
        heard.count = 0;
        if (batch)
            CHECK_OK(barker_send_many(&hook, 1, 1, NULL, NULL));
        else
            CHECK_FAILS(hook, barker_webhook_send(hook, &(uint16_t){0}, NULL), BARKER_ERR_CONNECT);
        check_heard(&heard, lines, 2);
        check_printable(barker_webhook_error(hook));
        CHECK(strstr(barker_webhook_error(hook), "/nowhere/a\\n1 b\\u{1b}[31m") != NULL);
    }
    CHECK_FAILS(hook, barker_webhook_add_ca_file(hook, "/nowhere/a\n1 b\x1b[31m\xc2\x9b"),
                BARKER_ERR_CERTIFICATE);
    check_printable(barker_webhook_error(hook));
    CHECK_FAILS(hook, barker_webhook_deny_network(hook, "10.0.0.0\n1 b\x1b[31m\xe2\x80\xae"),
                BARKER_ERR_RANGE);
    check_printable(barker_webhook_error(hook));
    barker_webhook_free(hook);
}

/* Told anew, told to nobody, and not told what there is no level for. */
static void set_again(void)
{
    static const char *const error[] = {"1 127.0.0.1:1: no connection"};
    struct heard first, second = {.thread = pthread_self()};
    barker_webhook *hook = hook_for(1, BARKER_LOG_DEBUG, &first);
    CHECK_OK(barker_webhook_set_log(hook, BARKER_LOG_ERROR, hear, &second));
    const int32_t absurd[] = {-1, 4, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++)
        CHECK_FAILS(hook, barker_webhook_set_log(hook, absurd[i], hear, &first), BARKER_ERR_RANGE);
    CHECK_EQUAL(barker_webhook_send(hook, &(uint16_t){0}, NULL), BARKER_ERR_CONNECT);
    CHECK_OK(barker_webhook_set_log(hook, BARKER_LOG_DEBUG, NULL, &second));
    CHECK_EQUAL(barker_webhook_send(hook, &(uint16_t){0}, NULL), BARKER_ERR_CONNECT);
    check_heard(&second, error, 1);
    CHECK_EQUAL(first.count, 0);
    barker_webhook_free(hook);
}

/* Amid each line, another handle sends and tells of it. */
static void reentrant(void)
{
    static const char *const lines[] = {"3 connecting to port", "1 127.0.0.1:1: no connection"};
    struct heard outer, inner;
    barker_webhook *hook = hook_for(1, BARKER_LOG_DEBUG, &outer);
    outer.other = hook_for(1, BARKER_LOG_ERROR, &inner);
    CHECK_EQUAL(barker_webhook_send(hook, &(uint16_t){0}, NULL), BARKER_ERR_CONNECT);
    check_heard(&outer, lines, 2);
    CHECK_OK(barker_send_many(&hook, 1, 1, NULL, NULL));
    CHECK_EQUAL(outer.count, 4);
    CHECK_EQUAL(inner.count, 4);
    barker_webhook_free(outer.other);
    barker_webhook_free(hook);
}

/* A batch tells of all its handles on the thread that it is called on. */
static void in_a_batch(void)
{
    enum { HOOKS = 8 };
    struct heard heard;
    barker_webhook *hooks[HOOKS] = {hook_for(1, BARKER_LOG_ERROR, &heard)};
    for (int i = 1; i < HOOKS; i++)
        hooks[i] = barker_webhook_clone(hooks[0]);
    CHECK_OK(barker_webhook_set_log(hooks[7], BARKER_LOG_OFF, hear, &heard));
    CHECK_OK(barker_send_many(hooks, HOOKS, 0, NULL, NULL));
    CHECK_EQUAL(heard.count, HOOKS - 1);
    CHECK_EQUAL(heard.strangers, 0);
    for (int i = 0; i < HOOKS; i++)
        barker_webhook_free(hooks[i]);
}

/* In a thread, with a clone that tells the same function of this thread. */
static void *send_clone(void *argument)
{
    barker_webhook *hook = argument;
    for (int i = 0; i < 20; i++)
        if (barker_webhook_send(hook, &(uint16_t){0}, NULL) != BARKER_ERR_CONNECT)
            return NULL;
    return hook;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void count_lines(void *user, barker_log_level level, const char *line)
{
    pthread_mutex_lock(&lock);
    *(int *)user += level == BARKER_LOG_ERROR && line[0] != '\0';
    pthread_mutex_unlock(&lock);
}

static void from_threads(void)
{
    enum { THREADS = 4 };
    int told = 0;
    struct heard heard;
    barker_webhook *hook = hook_for(1, BARKER_LOG_ERROR, &heard), *clones[THREADS];
    pthread_t threads[THREADS];
    CHECK_OK(barker_webhook_set_log(hook, BARKER_LOG_ERROR, count_lines, &told));
    for (int i = 0; i < THREADS; i++) {
        clones[i] = barker_webhook_clone(hook);
        if (pthread_create(&threads[i], NULL, send_clone, clones[i]) != 0)
            abort();
    }
    barker_webhook_free(hook);
    for (int i = 0; i < THREADS; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        CHECK(result == clones[i]);
        barker_webhook_free(clones[i]);
    }
    CHECK_EQUAL(told, THREADS * 20);
    CHECK_EQUAL(heard.count, 0);
}

int main(void)
{
    check_begin();
    levels();
    only_deliveries();
    one_line();
    set_again();
    reentrant();
    in_a_batch();
    from_threads();
    return check_end("log");
}
