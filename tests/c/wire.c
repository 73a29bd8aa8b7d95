/* wire.c: what a send puts on the wire, byte for byte, and what it makes of what comes back. */
#define _GNU_SOURCE

#include "check.h"
#include "hmac_md5.h"
#include "peer.h"
#include "process.h"
#include "signing.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#define STEP(text, flags) {text, sizeof text - 1, flags}
#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"
#define OK_CLOSED "HTTP/1.1 200 OK\r\n\r\n"
#define MIB (1024 * 1024)
#define FLOOD 20000 /* chunks; more than 64 KiB of what is around them */

static const uint8_t default_key[] = "BARKER";

static barker_webhook *new_hook(const struct peer *peer)
{
    barker_webhook *hook = barker_webhook_new();
    CHECK_OK(barker_webhook_set_url(hook, peer->url));
    CHECK_OK(barker_webhook_set_timeout(hook, 60000));
    return hook;
}

static void send_expecting(barker_webhook *hook, const void *data, size_t len, int http_status)
{
    uint16_t answered = 0;
    if (!CHECK_OK(barker_webhook_send_data(hook, data, len, &answered, NULL)))
        fprintf(stderr, "    %s\n", barker_webhook_error(hook));
    CHECK_EQUAL(answered, http_status);
    CHECK_EQUAL(barker_webhook_response_status(hook), http_status);
}

/* ---- the request ---- */

/* The value of a header that must be there once, spelled exactly so. Free the result. */
static char *header_of(const struct peer_request *request, const char *name)
{
    char start[300];
    snprintf(start, sizeof start, "\r\n%s: ", name);
    const char *found = strstr(request->bytes, start);
    if (!CHECK(found != NULL && found < request->body))
        return strdup("");
    CHECK(strstr(found + 2, start) == NULL || strstr(found + 2, start) > request->body);
    found += strlen(start);
    return strndup(found, strcspn(found, "\r"));
}

static int has_header(const struct peer_request *request, const char *name, const char *value)
{
    char *got = header_of(request, name);
    int same = CHECK_TEXT(got, value);
    free(got);
    return same;
}

static int is_timestamp(const char *text)
{
    size_t seconds = strspn(text, "0123456789");
    return seconds > 0 && text[seconds] == '.' && strlen(text + seconds + 1) == 6 &&
           strspn(text + seconds + 1, "0123456789") == 6;
}

/* The request's body must be the data, and its two headers sign it, by the tests' own HMAC. */
static void check_signed(const struct peer_request *request, const uint8_t *key, size_t key_len,
                         const void *data, size_t len)
{
    char *timestamp = header_of(request, "BARKER_TIMESTAMP");
    char *signature = header_of(request, "BARKER_SIGNATURE");
    char expected[33];
    barker_signature(key, key_len, timestamp, data, len, expected);
    CHECK(is_timestamp(timestamp));
    CHECK_TEXT(signature, expected);
    CHECK(request->body_len == len && (len == 0 || memcmp(request->body, data, len) == 0));
    free(timestamp);
    free(signature);
}

static void request_as_sent(void)
{
    static const struct peer_step steps[] = {STEP(NO_CONTENT, 0), STEP(NO_CONTENT, 0)};
    struct peer peer;
    peer_start(&peer, steps, 2);
    barker_webhook *hook = new_hook(&peer);
    char url[96], host[32];
    snprintf(host, sizeof host, "127.0.0.1:%u", peer.port);
    snprintf(url, sizeof url, "http://%s/hook/a%%20b?id=1&x=%%C3%%A9#fragment", host);
    CHECK_OK(barker_webhook_set_url(hook, url));
    CHECK_OK(barker_webhook_set_data(hook, bytes_of("hello"), 5));
    CHECK_OK(barker_webhook_set_content_type(hook, "text/plain"));
    CHECK_OK(barker_webhook_add_header(hook, "X-Event_name", "created; really"));
    CHECK_OK(barker_webhook_add_header(hook, "AUTHORIZATION", "Bearer t0ken"));
    uint16_t http_status = 0;
    CHECK_OK(barker_webhook_send(hook, &http_status, NULL));
    CHECK_EQUAL(http_status, 204);
    char *timestamp = strdup(barker_webhook_timestamp(hook));
    char *signature = strdup(barker_webhook_signature(hook));

    CHECK_OK(barker_webhook_clear_headers(hook));
    CHECK_OK(barker_webhook_set_content_type(hook, NULL));
    send_expecting(hook, NULL, 0, 204);
    CHECK(peer_stop(&peer));

    const struct peer_request *full = &peer.requests[0], *bare = &peer.requests[1];
    static const char line[] = "POST /hook/a%20b?id=1&x=%C3%A9 HTTP/1.1\r\n";
    CHECK(strncmp(full->bytes, line, strlen(line)) == 0);
    has_header(full, "Host", host);
    has_header(full, "User-Agent", "barker/" BARKER_VERSION);
    has_header(full, "Accept", "*/*");
    has_header(full, "Content-Type", "text/plain");
    has_header(full, "X-Event_name", "created; really");
    has_header(full, "AUTHORIZATION", "Bearer t0ken");
    has_header(full, "Content-Length", "5");
    has_header(full, "BARKER_TIMESTAMP", timestamp);
    has_header(full, "BARKER_SIGNATURE", signature);
    check_signed(full, default_key, 6, "hello", 5);

    has_header(bare, "Content-Length", "0");
    size_t lines = 0;
    for (const char *p = bare->bytes; (p = strstr(p, "\r\n")) != NULL; p += 2)
        lines++;
    CHECK_EQUAL(lines, 8); /* the request line, six headers and the empty line: nothing else */
    check_signed(bare, default_key, 6, NULL, 0);
    free(timestamp);
    free(signature);
    barker_webhook_free(hook);
    peer_free(&peer);
}

/* Keys of 0 to 200 bytes over bodies of as many, all on one connection. */
static void every_key_length(void)
{
    enum { COUNT = 201 };
    static struct peer_step steps[COUNT];
    static uint8_t bytes[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        steps[i] = (struct peer_step)STEP(NO_CONTENT, 0);
        bytes[i] = (uint8_t)(i * 167 + 13);
    }
    struct peer peer;
    peer_start(&peer, steps, COUNT);
    barker_webhook *hook = new_hook(&peer);
    for (size_t len = 0; len < COUNT; len++) {
        CHECK_OK(barker_webhook_set_key(hook, bytes, len));
        send_expecting(hook, bytes + COUNT - len, len, 204);
    }
    CHECK(peer_stop(&peer));
    for (size_t len = 0; len < COUNT; len++)
        check_signed(&peer.requests[len], bytes, len, bytes + COUNT - len, len);
    CHECK_EQUAL(peer.connections, 1);
    barker_webhook_free(hook);
    peer_free(&peer);
}

static void every_body(void)
{
    enum { LARGE = 3 * MIB };
    uint8_t *large = malloc(LARGE);
    for (size_t i = 0; i < LARGE; i++)
        large[i] = (uint8_t)(i * 31 + (i >> 8));
    const struct {
        const void *data;
        size_t len;
    } bodies[] = {{NULL, 0}, {"", 0}, {"\0", 1}, {"a\0b\r\n\r\nc", 9}, {large, 256}, {large, LARGE}};
    enum { COUNT = sizeof bodies / sizeof *bodies };
    static struct peer_step steps[2 * COUNT];
    for (size_t i = 0; i < 2 * COUNT; i++)
        steps[i] = (struct peer_step)STEP(NO_CONTENT, 0);

    struct peer peer;
    peer_start(&peer, steps, 2 * COUNT);
    barker_webhook *hook = new_hook(&peer);
    for (size_t i = 0; i < COUNT; i++) {
        uint16_t http_status = 0;
        CHECK_OK(barker_webhook_set_data(hook, bodies[i].data, bodies[i].len));
        CHECK_OK(barker_webhook_send(hook, &http_status, NULL));
        CHECK_EQUAL(http_status, 204);
        send_expecting(hook, bodies[i].data, bodies[i].len, 204);
    }
    CHECK(peer_stop(&peer));
    for (size_t i = 0; i < 2 * COUNT; i++)
        check_signed(&peer.requests[i], default_key, 6, bodies[i / 2].data, bodies[i / 2].len);
    barker_webhook_free(hook);
    peer_free(&peer);
    free(large);
}

/* ---- the answer ---- */

static void answer_is_read(void)
{
    static const struct peer_step steps[] = {
        STEP("HTTP/1.1 418 I'm a teapot\r\nContent-Type: text/plain\r\nX-Twice: one\r\n"
             "x-twice: two\r\nX-Empty:\r\nContent-Length: 5\r\n\r\nab\0cd", 0),
        STEP(NO_CONTENT, 0),
    };
    static const char *const expected[][2] = {{"Content-Type", "text/plain"}, {"X-Twice", "one"},
                                              {"x-twice", "two"}, {"X-Empty", ""},
                                              {"Content-Length", "5"}};
    struct peer peer;
    peer_start(&peer, steps, 2);
    barker_webhook *hook = new_hook(&peer);
    barker_buffer body = {0};
    uint16_t http_status = 0;
    size_t len = 0;
    CHECK_OK(barker_webhook_send(hook, &http_status, &body));
    CHECK_EQUAL(http_status, 418);
    CHECK_EQUAL(barker_webhook_response_status(hook), 418);
    CHECK(body.len == 5 && memcmp(body.data, "ab\0cd\0", 6) == 0);
    const uint8_t *kept = barker_webhook_response_body(hook, &len);
    CHECK(len == 5 && kept != body.data && memcmp(kept, "ab\0cd", 5) == 0);
    const barker_header *headers = barker_webhook_response_headers(hook, &len);
    CHECK_EQUAL(len, 5);
    for (size_t i = 0; i < len; i++) {
        CHECK_TEXT(headers[i].name, expected[i][0]);
        CHECK_TEXT(headers[i].value, expected[i][1]);
    }
    CHECK_TEXT(barker_webhook_response_header(hook, "X-TWICE"), "one");
    CHECK_TEXT(barker_webhook_response_header(hook, "x-empty"), "");
    CHECK(barker_webhook_response_header(hook, "X-None") == NULL);

    CHECK_OK(barker_webhook_send(hook, NULL, NULL));
    CHECK_EQUAL(barker_webhook_response_status(hook), 204);
    CHECK(barker_webhook_response_headers(hook, &len) == NULL && len == 0);
    CHECK(barker_webhook_response_body(hook, &len) != NULL && len == 0);
    CHECK(peer_stop(&peer));
    barker_webhook_free(hook); /* the buffer outlives the handle */
    CHECK(memcmp(body.data, "ab\0cd", 5) == 0);
    barker_buffer_free(&body);
    peer_free(&peer);
}

/* Answers of every framing and status are completed sends. A NULL body is not looked at. */
static void every_framing(void)
{
    static const struct {
        struct peer_step step;
        int http_status;
        const char *body;
    } answers[] = {
        {STEP("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
              "5\r\nhello\r\n1;ext=1\r\n \r\nA\r\nchunked wo\r\n03\r\nrld\r\n0\r\n\r\n", 0),
         200, "hello chunked world"},
        {STEP("HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n"
              "4\r\nslow\r\n0\r\nTrailer: x\r\n\r\n", PEER_TRICKLE), 200, "slow"},
        {STEP("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nslow!", PEER_TRICKLE), 200, "slow!"},
        {STEP("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
              "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok", 0), 201, "ok"},
        {STEP("HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 0),
         301, ""},
        {STEP("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", 0), 304, ""},
        {STEP("HTTP/1.1 404 \r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\ngone", 0), 404, "gone"},
        {STEP("HTTP/1.1 599 x\r\nConnection: close\r\nContent-Length: 1\r\n\r\n!", PEER_CLOSE),
         599, "!"},
        {STEP("HTTP/1.0 200 OK\r\n\r\nuntil the end", PEER_CLOSE), 200, "until the end"},
        {STEP("HTTP/1.1 500 x\r\n\r\n", PEER_CLOSE | PEER_TRICKLE), 500, ""},
        {STEP("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
              PEER_HEAD_ONLY), 413, ""},
    };
    enum { COUNT = sizeof answers / sizeof *answers };
    struct peer_step steps[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        steps[i] = answers[i].step;
    struct peer peer;
    peer_start(&peer, steps, COUNT);
    barker_webhook *hook = new_hook(&peer);
    for (size_t i = 0; i < COUNT; i++) {
        barker_buffer body = {0};
        uint16_t http_status = 0;
        CHECK_OK(barker_webhook_send(hook, &http_status, &body));
        CHECK_EQUAL(http_status, answers[i].http_status);
        CHECK_TEXT((char *)body.data, answers[i].body);
        CHECK_EQUAL(body.len, strlen(answers[i].body));
        barker_buffer_free(&body);
        peer_wait(&peer);
    }
    CHECK(peer_stop(&peer));
    barker_webhook_free(hook);
    peer_free(&peer);
}

/* An answer of so many bytes: a head, then filler. Free the answer. */
static struct peer_step filled(const char *head, size_t filler, int flags)
{
    size_t head_len = strlen(head);
    char *answer = malloc(head_len + filler);
    memcpy(answer, head, head_len);
    memset(answer + head_len, 'f', filler);
    return (struct peer_step){answer, head_len + filler, flags};
}

struct failure {
    struct peer_step step;
    barker_status status;
    int http_status; /* which came before what failed, as did `headers` */
    size_t headers;
};

/* A failure has its status, tells what had come, and leaves nothing else behind. */
static void fail(barker_webhook *hook, const struct failure *failure, uint8_t *data, size_t len,
                 int in_batch)
{
    barker_buffer body = {data, 1, 1, 0};
    uint16_t http_status = 200;
    size_t body_len = 1;
    if (in_batch) {
        CHECK_OK(barker_webhook_set_data(hook, data, len));
        CHECK_OK(barker_send_many(&hook, 1, 0, NULL, NULL));
    } else {
        CHECK_EQUAL(barker_webhook_send_data(hook, data, len, &http_status, &body),
                    failure->status);
        CHECK_EQUAL(http_status, 0);
        CHECK_ZEROED(body);
    }
    CHECK_FAILS(hook, barker_webhook_status(hook), failure->status);
    int told = barker_webhook_response_status(hook);
    /* What a deadline cuts off may not have come at all. */
    if (told != 0 || failure->status != BARKER_ERR_TIMEOUT) {
        CHECK_EQUAL(told, failure->http_status);
        size_t count;
        (void)barker_webhook_response_headers(hook, &count);
        CHECK_EQUAL(count, failure->headers);
    }
    CHECK(barker_webhook_response_body(hook, &body_len) != NULL && body_len == 0);
    CHECK(is_timestamp(barker_webhook_timestamp(hook)));
}

/* Each failure, alone and in a batch if there are two ways; the handle works right afterwards. */
static void play_failures(const struct failure *failures, size_t count, int ways,
                          uint32_t timeout, size_t len)
{
    size_t played = count * (size_t)ways;
    struct peer_step *steps = calloc(2 * played, sizeof *steps);
    uint8_t *data = calloc(1, len);
    unsigned patience = timeout + 4 * signing_time(data, len);
    for (size_t i = 0; i < played; i++) {
        steps[2 * i] = failures[i % count].step;
        steps[2 * i + 1] = (struct peer_step)STEP(OK_CLOSED, PEER_CLOSE);
    }
    struct peer peer;
    peer_start(&peer, steps, 2 * played);
    barker_webhook *hook = new_hook(&peer);
    for (size_t i = 0; i < played; i++) {
        CHECK_OK(barker_webhook_set_timeout(hook, patience));
        fail(hook, &failures[i % count], data, len, i >= count);
        peer_wait(&peer);
        CHECK_OK(barker_webhook_set_timeout(hook, 60000));
        send_expecting(hook, "after", 5, 200);
        CHECK_TEXT(barker_webhook_error(hook), "");
        peer_wait(&peer);
    }
    CHECK(peer_stop(&peer));
    barker_webhook_free(hook);
    peer_free(&peer);
    free(data);
    free(steps);
}

#define HEAD(fields) "HTTP/1.1 200 OK\r\n" fields "\r\n"

#define CHUNKED "Transfer-Encoding: chunked\r\n"
#define BREAKS(answer, flags, ...) {STEP(answer, flags), __VA_ARGS__}
#define IS_REFUSED(fields, headers) \
    BREAKS(HEAD(fields), PEER_SILENT, BARKER_ERR_PROTOCOL, 200, headers)

static void failures(void)
{
    static const struct failure broken[] = {
        BREAKS("", PEER_CLOSE, BARKER_ERR_RECEIVE, 0, 0),
        BREAKS("HTTP/1.1 200 O", PEER_CLOSE, BARKER_ERR_RECEIVE, 0, 0),
        BREAKS("HTTP/1.1 200 OK\r\nContent-Le", PEER_CLOSE, BARKER_ERR_RECEIVE, 200, 0),
        BREAKS(HEAD("Content-Length: 10\r\n") "abc", PEER_CLOSE, BARKER_ERR_RECEIVE, 200, 1),
        BREAKS(HEAD(CHUNKED) "5\r\nab", PEER_CLOSE, BARKER_ERR_RECEIVE, 200, 1),
        BREAKS(HEAD(CHUNKED "A: b\r\n") "2\r\nab\r\n", PEER_CLOSE, BARKER_ERR_RECEIVE, 200, 2),
        BREAKS(HEAD(CHUNKED) "2\r\nab", PEER_RESET, BARKER_ERR_RECEIVE, 200, 1),
        BREAKS("HTTP/1.1 100 Continue\r\n\r\n", PEER_CLOSE, BARKER_ERR_RECEIVE, 0, 0),
        BREAKS("SSH-2.0-OpenSSH_9.2\r\n", PEER_SILENT, BARKER_ERR_PROTOCOL, 0, 0),
        BREAKS("HTTP/2 200\r\n\r\n", PEER_SILENT, BARKER_ERR_PROTOCOL, 0, 0),
        BREAKS("HTTP/1.1 abc\r\n\r\n", PEER_SILENT, BARKER_ERR_PROTOCOL, 0, 0),
        BREAKS("HTTP/1.1 101 Switching\r\n\r\n", PEER_SILENT, BARKER_ERR_PROTOCOL, 0, 0),
        BREAKS("HTTP/1.1 099 x\r\n\r\n", PEER_SILENT, BARKER_ERR_PROTOCOL, 0, 0),
        BREAKS(HEAD(CHUNKED) "xyz\r\n", PEER_SILENT, BARKER_ERR_PROTOCOL, 200, 1),
        BREAKS(HEAD(CHUNKED) "1\r\nabc\r\n", PEER_SILENT, BARKER_ERR_PROTOCOL, 200, 1),
        BREAKS(HEAD("Content-Length: 1048577\r\n"), PEER_SILENT, BARKER_ERR_TOO_LARGE, 200, 1),
        /* What two parsers read in two ways. */
        IS_REFUSED("Content-Length: -1\r\n", 1),
        IS_REFUSED("Content-Length: 1x\r\n", 1),
        IS_REFUSED("Content-Length: 1\r\nContent-Length: 2\r\n", 2),
        IS_REFUSED("Content-Length : 1\r\nContent-Length: 2\r\n", 2),
        IS_REFUSED("Content-Length: 1, 2\r\n", 1),
        IS_REFUSED("Content-Length: 1,\r\n", 1),
        IS_REFUSED("Content-Length: 1\r\n 1\r\n", 1),
        IS_REFUSED("Content-Length: 1\r\n" CHUNKED, 2),
        IS_REFUSED("Transfer-Encoding : chunked\r\nContent-Length: 1\r\n", 2),
        IS_REFUSED("Transfer-Encoding:\r\n chunked\r\nContent-Length: 1\r\n", 2),
        IS_REFUSED("Transfer-Encoding: gzip\r\n", 1),
        IS_REFUSED("Transfer-Encoding: chunked,\r\n gzip\r\n", 1),
        IS_REFUSED("Bad Header\r\n", 0),
        IS_REFUSED("Bad Header: x\r\n", 0),
        IS_REFUSED(" Folded: first\r\n", 0),
        IS_REFUSED("Bare: a\rContent-Length: 1\r\n", 0),
        IS_REFUSED("Bare: a\r\n b\rContent-Length: 1\r\n", 0),
        IS_REFUSED("Null: a\0b\r\n", 0),
    };
    play_failures(broken, sizeof broken / sizeof *broken, 2, 60000, 100);

    static const struct failure slow[] = {
        BREAKS("", PEER_SILENT, BARKER_ERR_TIMEOUT, 0, 0),
        BREAKS("HTTP/1.1 2", PEER_SILENT, BARKER_ERR_TIMEOUT, 0, 0),
        BREAKS(HEAD("Content-Length: 10\r\n") "abc", PEER_SILENT, BARKER_ERR_TIMEOUT, 200, 1),
    };
    play_failures(slow, sizeof slow / sizeof *slow, 1, 2000, 100);
    static const struct failure deaf[] = {BREAKS("", PEER_DEAF, BARKER_ERR_TIMEOUT, 0, 0)};
    play_failures(deaf, 1, 1, 2000, 32 * MIB);
}

/* Answers as old or careless receivers write them have one meaning all the same. X is the value of
 * that header; where there is none, the answer announces a body that must not be. */
static void old_forms(void)
{
    static const struct {
        const char *answer, *x, *body;
        int http_status;
    } answers[] = {
        {HEAD("X: a;\r\n \t b\r\nContent-Length: 2\r\n") "ok", "a; b", "ok", 200},
        {HEAD("X:\r\n a \r\n \r\n\tb\r\nContent-Length: 0\r\n"), "a b", "", 200},
        {HEAD("Content-Length:\r\n 2\r\nX: a\r\n  \r\n") "ok", "a", "ok", 200},
        {HEAD("X : a\r\nContent-Length \t: 2\r\n") "ok", "a", "ok", 200},
        {HEAD("X: a\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n") "ok", "a", "ok", 200},
        {HEAD("X: a\r\nTransfer-Encoding : chunked\r\n") "2 ;x\r\nok\r\n0\r\nT : t\r\n u\r\n\r\n",
         "a", "ok", 200},
        {"HTTP/1.1 204 No\r\nContent-Length:\r\n\r\n", NULL, "", 204},
        {"HTTP/1.1 204 No\r\nContent-Length: 2\r\n" CHUNKED "\r\n", NULL, "", 204},
        {"HTTP/1.1 304 No\r\nContent-Length: -1\r\n\r\n", NULL, "", 304},
        {"HTTP/1.1 304 No\r\nContent-Length: 1, 2\r\n\r\n", NULL, "", 304},
    };
    enum { COUNT = sizeof answers / sizeof *answers, ROUNDS = 4 };
    static struct peer peers[COUNT];
    static struct peer_step steps[COUNT][ROUNDS];
    barker_webhook *hooks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        for (int round = 0; round < ROUNDS; round++)
            steps[i][round] = (struct peer_step){answers[i].answer, strlen(answers[i].answer),
                                                 round % 2 != 0 ? PEER_TRICKLE : 0};
        peer_start(&peers[i], steps[i], ROUNDS);
        hooks[i] = new_hook(&peers[i]);
    }
    for (int round = 0; round < ROUNDS; round++) {
        if (round >= ROUNDS / 2)
            CHECK_OK(barker_send_many(hooks, COUNT, 0, NULL, NULL));
        for (size_t i = 0; i < COUNT; i++) {
            size_t len = 0;
            if (round < ROUNDS / 2)
                send_expecting(hooks[i], "x", 1, answers[i].http_status);
            CHECK_OK(barker_webhook_status(hooks[i]));
            CHECK_EQUAL(barker_webhook_response_status(hooks[i]), answers[i].http_status);
            CHECK_TEXT((const char *)barker_webhook_response_body(hooks[i], &len),
                       answers[i].body);
            const char *x = barker_webhook_response_header(hooks[i], "X");
            CHECK(answers[i].x == NULL ? x == NULL : CHECK_TEXT(x, answers[i].x));
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        CHECK(peer_stop(&peers[i]));
        CHECK_EQUAL(peers[i].connections, answers[i].x != NULL ? 1 : ROUNDS);
        barker_webhook_free(hooks[i]);
        peer_free(&peers[i]);
    }
}

/* So many chunks, and the last. Free the answer. */
static struct peer_step flood(const char *chunk, int flags)
{
    static const char head[] = HEAD(CHUNKED), last[] = "0\r\n\r\n";
    size_t len = strlen(chunk), total = strlen(head) + FLOOD * len + strlen(last);
    char *answer = malloc(total + 1), *end = stpcpy(answer, head);
    for (int i = 0; i < FLOOD; i++)
        end = stpcpy(end, chunk);
    stpcpy(end, last);
    return (struct peer_step){answer, total, flags};
}

static void sizes(void)
{
    struct failure large[] = {
        {filled("HTTP/1.1 200 OK\r\nX: ", 65 * 1024, PEER_SILENT), BARKER_ERR_TOO_LARGE, 200, 0},
        {filled(HEAD(), MIB + 1, PEER_CLOSE), BARKER_ERR_TOO_LARGE, 200, 0},
        {filled(HEAD(CHUNKED) "100001\r\n", MIB + 1, PEER_SILENT), BARKER_ERR_TOO_LARGE, 200, 1},
        {filled(HEAD(CHUNKED) "1;", 65 * 1024, PEER_SILENT), BARKER_ERR_TOO_LARGE, 200, 1},
        {filled(HEAD(CHUNKED) "0\r\nX: ", 65 * 1024, PEER_SILENT), BARKER_ERR_TOO_LARGE, 200, 1},
        {flood("000000001\r\nx\r\n", PEER_SILENT), BARKER_ERR_TOO_LARGE, 200, 1},
        {flood("1         \r\nx\r\n", PEER_SILENT), BARKER_ERR_TOO_LARGE, 200, 1},
        {flood("1;a=b;c=d\r\nx\r\n", PEER_SILENT), BARKER_ERR_TOO_LARGE, 200, 1},
    };
    enum { LARGE = sizeof large / sizeof *large };
    play_failures(large, LARGE, 2, 60000, 100);

    struct peer_step fitting[] = {
        filled(HEAD("Content-Length: 1048576\r\n"), MIB, 0),
        filled(HEAD(), MIB, PEER_CLOSE),
        flood("1\r\nx\r\n", 0),
    };
    const size_t expected[] = {MIB, MIB, FLOOD};
    struct peer peer;
    peer_start(&peer, fitting, 3);
    barker_webhook *hook = new_hook(&peer);
    for (int i = 0; i < 3; i++) {
        barker_buffer body = {0};
        uint16_t http_status = 0;
        CHECK_OK(barker_webhook_send(hook, &http_status, &body));
        CHECK_EQUAL(body.len, expected[i]);
        barker_buffer_free(&body);
    }
    CHECK(peer_stop(&peer));
    barker_webhook_free(hook);
    peer_free(&peer);
    for (size_t i = 0; i < LARGE; i++)
        free((char *)large[i].step.answer);
    for (int i = 0; i < 3; i++)
        free((char *)fitting[i].answer);
}

/* ---- connections ---- */

static void connections(void)
{
    static const struct peer_step steps[] = {
        STEP(NO_CONTENT, 0),                                         /* connection 0 */
        STEP(NO_CONTENT, PEER_CLOSE),                                /* 0, by a clone; then closed */
        STEP("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0),   /* 1 */
        STEP("HTTP/1.1 204 x\r\nConnection: Close\r\n\r\n", PEER_CLOSE), /* 1 */
        STEP("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok+", 0),  /* 2: more than was asked for */
        STEP(NO_CONTENT, 0),                                         /* 3 */
    };
    static const int expected[] = {0, 0, 1, 1, 2, 3};
    static const int http_status[] = {204, 204, 200, 204, 200, 204};
    struct peer peer;
    peer_start(&peer, steps, 6);
    barker_webhook *hook = new_hook(&peer), *copy = barker_webhook_clone(hook);
    for (int i = 0; i < 6; i++) {
        send_expecting(i == 1 ? copy : hook, "x", 1, http_status[i]);
        peer_wait(&peer);
    }
    CHECK(peer_stop(&peer));
    for (int i = 0; i < 6; i++)
        CHECK_EQUAL(peer.requests[i].connection, expected[i]);
    barker_webhook_free(hook);
    barker_webhook_free(copy);
    peer_free(&peer);
}

/* No listener; a receiver that is lost amid a large body (SIGPIPE would kill this program); names. */
static void unreachable(void)
{
    unsigned port;
    int bound = peer_bind(&port);
    char url[128];
    uint16_t http_status = 200;
    barker_webhook *hook = barker_webhook_new();
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", port);
    CHECK_OK(barker_webhook_set_url(hook, url));
    CHECK_FAILS(hook, barker_webhook_send(hook, &http_status, NULL), BARKER_ERR_CONNECT);
    CHECK_EQUAL(http_status, 0);
    close(bound);

    static const struct peer_step steps[] = {STEP("", PEER_DROP), STEP(NO_CONTENT, 0)};
    struct peer peer;
    peer_start(&peer, steps, 2);
    CHECK_OK(barker_webhook_set_url(hook, peer.url));
    CHECK_OK(barker_webhook_set_timeout(hook, 60000));
    uint8_t *data = calloc(1, 32 * MIB);
    signal(SIGPIPE, SIG_DFL);
    barker_status status = barker_webhook_send_data(hook, data, 32 * MIB, &http_status, NULL);
    CHECK(status == BARKER_ERR_SEND || status == BARKER_ERR_RECEIVE);
    CHECK(strlen(barker_webhook_error(hook)) > 0);
    free(data);

    snprintf(url, sizeof url, "http://localhost:%u/", peer.port);
    CHECK_OK(barker_webhook_set_url(hook, url));
    send_expecting(hook, "x", 1, 204);
    CHECK(peer_stop(&peer));
    peer_free(&peer);

    /* A label of 64 letters is longer than DNS allows, so nobody is asked. */
    snprintf(url, sizeof url, "http://%064d.invalid/", 0);
    CHECK_OK(barker_webhook_set_url(hook, url));
    CHECK_FAILS(hook, barker_webhook_send(hook, &http_status, NULL), BARKER_ERR_RESOLVE);
    barker_webhook_free(hook);
}

/* After fork() the child connects anew, and the parent's connection stays as it was. */
static void forked(void)
{
    static const struct peer_step steps[] = {STEP(NO_CONTENT, 0), STEP(NO_CONTENT, 0),
                                             STEP(NO_CONTENT, 0)};
    struct peer peer;
    peer_start(&peer, steps, 3);
    barker_webhook *hook = new_hook(&peer);
    send_expecting(hook, "parent", 6, 204);
    pid_t child = fork();
    if (child == 0) {
        unsigned failures_before = check_failures;
        alarm(120);
        send_expecting(hook, "child", 5, 204);
        barker_webhook_free(hook);
        peer_free(&peer);
        _exit(check_failures != failures_before);
    }
    int status = -1;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
    send_expecting(hook, "parent", 6, 204);
    CHECK(peer_stop(&peer));
    CHECK_EQUAL(peer.requests[0].connection, 0);
    CHECK_EQUAL(peer.requests[1].connection, 1);
    CHECK_EQUAL(peer.requests[2].connection, 0);
    barker_webhook_free(hook);
    peer_free(&peer);
}

/* Signals that interrupt the waiting do not end a send. */
static atomic_int interrupting;

static void on_signal(int number)
{
    (void)number;
}

static void *interrupt(void *argument)
{
    for (int i = 0; i < 100000 && interrupting; i++) {
        pthread_kill(*(pthread_t *)argument, SIGUSR1);
        usleep(500);
    }
    return NULL;
}

static void interrupted(void)
{
    static const struct peer_step steps[] = {
        STEP("HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n"
             "012345678901234567890123456789012345678901234567890123456789", PEER_TRICKLE),
        STEP("", PEER_SILENT),
    };
    struct sigaction action = {.sa_handler = on_signal}; /* without SA_RESTART */
    sigaction(SIGUSR1, &action, NULL);
    struct peer peer;
    peer_start(&peer, steps, 2);
    barker_webhook *hook = new_hook(&peer);
    pthread_t self = pthread_self(), thread;
    uint16_t http_status = 0;
    interrupting = 1;
    CHECK_EQUAL(pthread_create(&thread, NULL, interrupt, &self), 0);
    uint8_t *data = calloc(1, 8 * MIB);
    send_expecting(hook, data, 8 * MIB, 200);
    CHECK_OK(barker_webhook_set_timeout(hook, 2000)); /* which signals do not prolong either */
    CHECK_FAILS(hook, barker_webhook_send(hook, &http_status, NULL), BARKER_ERR_TIMEOUT);
    interrupting = 0;
    pthread_join(thread, NULL);
    CHECK(peer_stop(&peer));
    free(data);
    barker_webhook_free(hook);
    peer_free(&peer);
}

/* ---- threads and resources ---- */

enum { THREADS = 4, SENDS = 50 };

static void *send_many(void *argument)
{
    barker_webhook *hook = argument;
    size_t wrong = 0;
    for (int i = 0; i < SENDS; i++) {
        barker_buffer body = {0};
        uint16_t http_status = 0;
        wrong += barker_webhook_send(hook, &http_status, &body) != BARKER_OK || http_status != 204;
        barker_buffer_free(&body);
    }
    barker_webhook_free(hook);
    return (void *)wrong;
}

/* Clones of one handle send from several threads at once. */
static void threads(void)
{
    static struct peer_step steps[SENDS];
    for (int i = 0; i < SENDS; i++)
        steps[i] = (struct peer_step)STEP(NO_CONTENT, 0);
    struct peer peers[THREADS];
    pthread_t thread[THREADS];
    barker_webhook *hook = barker_webhook_new();
    CHECK_OK(barker_webhook_set_timeout(hook, 60000));
    for (int i = 0; i < THREADS; i++) {
        peer_start(&peers[i], steps, SENDS);
        barker_webhook *copy = barker_webhook_clone(hook);
        CHECK_OK(barker_webhook_set_url(copy, peers[i].url));
        CHECK_EQUAL(pthread_create(&thread[i], NULL, send_many, copy), 0);
    }
    barker_webhook_free(hook);
    for (int i = 0; i < THREADS; i++) {
        void *wrong = NULL;
        pthread_join(thread[i], &wrong);
        CHECK_EQUAL((size_t)wrong, 0);
        CHECK(peer_stop(&peers[i]));
        CHECK_EQUAL(peers[i].connections, 1);
        check_signed(&peers[i].requests[SENDS - 1], default_key, 6, NULL, 0);
        peer_free(&peers[i]);
    }
}

/* Sends start no thread that stays, and leave no descriptor open once the handle is freed. */
static void nothing_left_open(int descriptors, int tasks)
{
    CHECK_EQUAL(process_entries("/proc/self/fd"), descriptors);
    CHECK_EQUAL(process_wait_for_threads(tasks), tasks);
}

int main(void)
{
    check_begin();
    int descriptors = process_entries("/proc/self/fd");
    int tasks = process_entries("/proc/self/task");
    request_as_sent();
    every_key_length();
    every_body();
    answer_is_read();
    every_framing();
    failures();
    old_forms();
    sizes();
    connections();
    unreachable();
    forked();
    interrupted();
    threads();
    nothing_left_open(descriptors, tasks);
    return check_end("wire");
}
