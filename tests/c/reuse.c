/* reuse.c: when a connection is used again, and when a request is sent again without the caller's
 * doing, told by a receiver that counts. */
#define _GNU_SOURCE

#include "check.h"
#include "peer.h"
#include "process.h"

#include <dlfcn.h>
#include <errno.h>

#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"
#define STEP(text, flags) {text, sizeof text - 1, flags}

enum { LARGE = 8 * 1024 * 1024 };

/* ---- a system that can be told to break connections ---- */

static size_t writes_to_break; /* how many fail with EPIPE, from the next one on */
static size_t bytes_before;    /* how much of the first of them still leaves, in a write of its own */

/* Stands in for the C library's, also where the library calls it. */
ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags)
{
    static ssize_t (*real)(int, const struct msghdr *, int);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "sendmsg");
    if (writes_to_break == 0)
        return real(descriptor, message, flags);
    if (bytes_before > 0) {
        size_t len = bytes_before;
        bytes_before = 0;
        return send(descriptor, message->msg_iov[0].iov_base, len, flags);
    }
    writes_to_break--;
    shutdown(descriptor, SHUT_RDWR);
    errno = EPIPE;
    return -1;
}

/* ---- scripts: what each send comes to, and what arrives of it ---- */

enum arrival { WHOLE, BROKEN, NEVER };

struct act {
    const char *body; /* NULL sends LARGE zeros */
    barker_status status;
    struct peer_step step; /* what the receiver does with it */
    enum arrival arrival;
    int breaks;       /* writes */
    int bytes_before; /* that leave before the first of them */
};

static barker_webhook *new_hook(const struct peer *peer)
{
    barker_webhook *hook = barker_webhook_new();
    CHECK_OK(barker_webhook_set_url(hook, peer->url));
    CHECK_OK(barker_webhook_set_timeout(hook, 60000));
    return hook;
}

static int perform(barker_webhook *hook, const struct act *act)
{
    static const uint8_t zeros[LARGE];
    const uint8_t *data = act->body != NULL ? bytes_of(act->body) : zeros;
    size_t len = act->body != NULL ? strlen(act->body) : LARGE;
    uint16_t http_status = 0;
    writes_to_break = (size_t)act->breaks;
    bytes_before = (size_t)act->bytes_before;
    barker_status status = barker_webhook_send_data(hook, data, len, &http_status, NULL);
    int as_told = CHECK_EQUAL(status, act->status);
    if (!as_told)
        fprintf(stderr, "    \"%s\": %s\n", act->body, barker_webhook_error(hook));
    CHECK_EQUAL(http_status, act->status == BARKER_OK ? 204 : 0);
    CHECK_EQUAL(writes_to_break, 0);
    return as_told;
}

/* The requests that arrived must be those of the acts, each once and in their order. */
static void play(const struct act *acts, size_t count)
{
    struct peer_step steps[32];
    const struct act *arriving[32];
    size_t arrived = 0;
    for (size_t i = 0; i < count; i++)
        if (acts[i].arrival != NEVER) {
            arriving[arrived] = &acts[i];
            steps[arrived++] = acts[i].step;
        }
    struct peer peer;
    peer_start(&peer, steps, arrived);
    barker_webhook *hook = new_hook(&peer);
    for (size_t i = 0; i < count; i++)
        if (perform(hook, &acts[i]) && acts[i].arrival != NEVER)
            peer_wait(&peer);
    CHECK(peer_stop(&peer));
    for (size_t i = 0; i < arrived; i++) {
        const struct peer_request *request = &peer.requests[i];
        if (arriving[i]->arrival == WHOLE)
            CHECK_TEXT(request->body, arriving[i]->body);
        else
            CHECK_EQUAL(request->body_len, 0);
    }
    barker_webhook_free(hook);
    peer_free(&peer);
}

#define ANSWERED STEP(NO_CONTENT, 0)
#define PLAY(...) \
    play((const struct act[]){__VA_ARGS__}, sizeof(struct act[]){__VA_ARGS__} / sizeof(struct act))

/* The whole request left and no answer came: only the caller may send it again. */
static void unanswered(void)
{
    PLAY({"reused next", BARKER_OK, ANSWERED, WHOLE, 0, 0},
         {"closed on, reused", BARKER_ERR_RECEIVE, STEP("", PEER_CLOSE), WHOLE, 0, 0},
         {"reused next again", BARKER_OK, ANSWERED, WHOLE, 0, 0},
         {"reset on, reused", BARKER_ERR_RECEIVE, STEP("", PEER_RESET), WHOLE, 0, 0},
         {"closed on, new", BARKER_ERR_RECEIVE, STEP("", PEER_CLOSE), WHOLE, 0, 0},
         {"reset on, new", BARKER_ERR_RECEIVE, STEP("", PEER_RESET), WHOLE, 0, 0},
         {"half answered", BARKER_ERR_RECEIVE, STEP("HTTP/1.1 20", PEER_CLOSE), WHOLE, 0, 0},
         {"the last", BARKER_OK, ANSWERED, WHOLE, 0, 0});
}

/* A part of the request left. */
static void cut_while_sending(void)
{
    PLAY({"reused next", BARKER_OK, ANSWERED, WHOLE, 0, 0},
         {NULL, BARKER_ERR_SEND, STEP("", PEER_DROP), BROKEN, 0, 0},
         {"reused next again", BARKER_OK, ANSWERED, WHOLE, 0, 0},
         {"a few bytes leave", BARKER_ERR_SEND, STEP("", PEER_CLOSE), BROKEN, 1, 10},
         {"the last", BARKER_OK, ANSWERED, WHOLE, 0, 0});
}

/* Nothing left, on a connection that had been idle: it goes out again on a new one, once. */
static void nothing_left(void)
{
    PLAY({"reused next", BARKER_OK, ANSWERED, WHOLE, 0, 0},
         {"sent again", BARKER_OK, ANSWERED, WHOLE, 1, 0},
         {"broken twice", BARKER_ERR_SEND, STEP("", 0), NEVER, 2, 0},
         {"broken when new", BARKER_ERR_SEND, STEP("", 0), NEVER, 1, 0},
         {"the last", BARKER_OK, ANSWERED, WHOLE, 0, 0});
}

/* ---- connections that end while they are idle ---- */

/* The caller sees no error, and each webhook arrives once. */
static void ended_while_idle(int how)
{
    enum { ROUNDS = 200 };
    static struct peer_step steps[ROUNDS];
    for (int i = 0; i < ROUNDS; i++)
        steps[i] = (struct peer_step)STEP(NO_CONTENT, i % 2 == 0 ? 0 : how);
    struct peer peer;
    peer_start(&peer, steps, ROUNDS);
    barker_webhook *hook = new_hook(&peer);
    char body[16];
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(body, sizeof body, "webhook %d", i);
        perform(hook, &(struct act){body, BARKER_OK, ANSWERED, WHOLE, 0, 0});
        peer_wait(&peer);
    }
    CHECK(peer_stop(&peer));
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(body, sizeof body, "webhook %d", i);
        CHECK_TEXT(peer.requests[i].body, body);
        CHECK_EQUAL(peer.requests[i].connection, i / 2);
    }
    barker_webhook_free(hook);
    peer_free(&peer);
}

/* ---- how many stay ---- */

/* A family of clones keeps no more than its limit of idle connections, and none once it is freed. */
static void limit(void)
{
    enum { LIMIT = 32, RECEIVERS = LIMIT + 8 };
    static const struct peer_step steps[] = {ANSWERED};
    static struct peer peers[RECEIVERS];
    for (int i = 0; i < RECEIVERS; i++)
        peer_start(&peers[i], steps, 1);
    int before = process_entries("/proc/self/fd");
    barker_webhook *hook = barker_webhook_new(), *copy = barker_webhook_clone(hook);
    for (int i = 0; i < RECEIVERS; i++) {
        barker_webhook *sender = i % 2 == 0 ? hook : copy;
        CHECK_OK(barker_webhook_set_url(sender, peers[i].url));
        perform(sender, &(struct act){"x", BARKER_OK, ANSWERED, WHOLE, 0, 0});
        peer_wait(&peers[i]);
    }
    int accepted = RECEIVERS;
    CHECK_EQUAL(process_entries("/proc/self/fd") - before - accepted, LIMIT);
    barker_webhook_free(hook);
    CHECK_EQUAL(process_entries("/proc/self/fd") - before - accepted, LIMIT);
    barker_webhook_free(copy);
    CHECK_EQUAL(process_entries("/proc/self/fd") - before - accepted, 0);
    for (int i = 0; i < RECEIVERS; i++) {
        CHECK(peer_stop(&peers[i]));
        peer_free(&peers[i]);
    }
}

static void check_connections(const struct peer *peer, const int *expected)
{
    for (size_t i = 0; i < peer->count; i++)
        CHECK_EQUAL(peer->requests[i].connection, expected[i]);
}

/* Which connection each send uses: as the limits of its handle say, whoever kept it. */
static void limits_as_set(void)
{
    enum { SENDS = 7 };
    static const int expected[SENDS] = {0, 0, 1, 2, 3, 4, 4};
    static struct peer_step steps[SENDS];
    struct peer peer;
    for (int i = 0; i < SENDS; i++)
        steps[i] = (struct peer_step)ANSWERED;
    peer_start(&peer, steps, SENDS);
    barker_webhook *hook = barker_webhook_new();
    CHECK_OK(barker_webhook_set_url(hook, peer.url));
    for (int i = 0; i < SENDS; i++) {
        if (i == 2)
            CHECK_OK(barker_webhook_close_idle(hook));
        if (i == 3) {
            CHECK_OK(barker_webhook_set_idle_limits(hook, 32, 1));
            usleep(1100 * 1000);
        }
        if (i == 4) /* neither uses the one that is idle nor keeps its own */
            CHECK_OK(barker_webhook_set_idle_limits(hook, 32, 0));
        if (i == 5)
            CHECK_OK(barker_webhook_set_idle_limits(hook, 1, 60));
        perform(hook, &(struct act){"x", BARKER_OK, ANSWERED, WHOLE, 0, 0});
        peer_wait(&peer);
    }
    CHECK(peer_stop(&peer));
    check_connections(&peer, expected);
    barker_webhook_free(hook);
    peer_free(&peer);
}

/* For how long a receiver says that it keeps a connection, and how old a connection may be. */
static void told_and_aged(void)
{
    enum { SENDS = 6 };
    static const int expected[SENDS] = {0, 1, 1, 1, 2, 2};
    static const struct peer_step steps[SENDS] = {
        STEP("HTTP/1.1 204 No Content\r\nKeep-Alive: timeout=1\r\n\r\n", 0),
        STEP("HTTP/1.1 204 No Content\r\nkeep-alive: max=9, TIMEOUT=120\r\n\r\n", 0),
        STEP("HTTP/1.1 204 No Content\r\nKeep-Alive: timeout=x\r\n\r\n", 0),
        ANSWERED,
        ANSWERED,
        ANSWERED,
    };
    struct peer peer;
    peer_start(&peer, steps, SENDS);
    barker_webhook *hook = new_hook(&peer);
    for (int i = 0; i < SENDS; i++) {
        if (i == 4) {
            usleep(1100 * 1000);
            CHECK_OK(barker_webhook_set_max_connection_age(hook, 1));
        }
        if (i == 5)
            CHECK_OK(barker_webhook_set_max_connection_age(hook, 0));
        perform(hook, &(struct act){"x", BARKER_OK, ANSWERED, WHOLE, 0, 0});
        peer_wait(&peer);
    }
    CHECK(peer_stop(&peer));
    check_connections(&peer, expected);
    barker_webhook_free(hook);
    peer_free(&peer);
}

int main(void)
{
    check_begin();
    ended_while_idle(PEER_CLOSE);
    ended_while_idle(PEER_RESET);
    limit();
    limits_as_set();
    told_and_aged();
    unanswered();
    cut_while_sending();
    nothing_left();
    return check_end("reuse");
}
