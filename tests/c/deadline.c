/* deadline.c: one deadline bounds a send as a whole, whichever phase takes too long, and the error
 * says which; a dead address among several does not use the time up. Prints by how much each call
 * overran. */
#define _GNU_SOURCE

#include "check.h"
#include "names.h"
#include "peer.h"
#include "process.h"
#include "signing.h"

#include <fcntl.h>

#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"
#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define SHORT_HEAD "HTTP/1.1 200\r\n\r\n"
#define LONG_HEAD "HTTP/1.1 204 No Content\r\nX-Long: " HUNDRED "\r\n\r\n"
#define STEP(text, flags) {text, sizeof text - 1, flags}

enum { TIMEOUT = 400, LARGE = 32 * 1024 * 1024 };

static uint8_t *large;

static const struct names_entry names[] = {
    {"slow.test", {"127.0.0.1"}},
    {"dead.test", {"127.0.0.2", "127.0.0.3"}},
    {"one-dead.test", {"127.0.0.2", "127.0.0.1"}},
    {"three-dead.test", {"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.1"}},
    {"refusing-6.test", {"::1", "127.0.0.1"}},
    {NULL, {NULL}},
};

/* A send that cannot end in time, with the words that its error must have. */
static void late(const char *what, const char *host, unsigned port, size_t len, const char *phase)
{
    unsigned timeout = TIMEOUT + 2 * signing_time(large, len);
    barker_webhook *hook = check_hook(host, port, timeout);
    uint16_t http_status = 200;
    long long before = process_now();
    CHECK_EQUAL(barker_webhook_send_data(hook, large, len, &http_status, NULL),
                BARKER_ERR_TIMEOUT);
    long long over = process_now() - before - timeout;
    CHECK_EQUAL(http_status, 0);
    CHECK(over >= 0);
    if (!CHECK(strstr(barker_webhook_error(hook), phase) != NULL))
        fprintf(stderr, "    \"%s\" lacks \"%s\"\n", barker_webhook_error(hook), phase);
    printf("%-34s %3lld ms over: %s\n", what, over, barker_webhook_error(hook));
    barker_webhook_free(hook);
}

/* ---- signing, looking up and connecting ---- */

/* What is signed too late is not sent. */
static void signing_takes_long(void)
{
    struct peer peer;
    uint16_t http_status = 200;
    peer_start(&peer, NULL, 0);
    barker_webhook *hook = check_hook("127.0.0.1", peer.port, 1);
    CHECK_EQUAL(barker_webhook_send_data(hook, large, LARGE, &http_status, NULL),
                BARKER_ERR_TIMEOUT);
    CHECK(strstr(barker_webhook_error(hook), "signing") != NULL);
    CHECK(peer_stop(&peer));
    barker_webhook_free(hook);
    peer_free(&peer);
}

/* The call comes back although the system's resolver has not. */
static void lookup_hangs(void)
{
    names_delay = 5 * TIMEOUT;
    late("a resolver that hangs", "slow.test", 9, 1, "looking up");
    CHECK_EQUAL(names_running, 1);
    names_delay = 0;
}

/* A send to a name with a live address must not spend half of its time on the dead ones. */
static void one_lives(const char *host, unsigned port)
{
    enum { PLENTY = 15 * TIMEOUT };
    barker_webhook *hook = check_hook(host, port, PLENTY);
    uint16_t http_status = 0;
    long long before = process_now();
    if (!CHECK_OK(barker_webhook_send(hook, &http_status, NULL)))
        fprintf(stderr, "    %s\n", barker_webhook_error(hook));
    long long took = process_now() - before;
    CHECK_EQUAL(http_status, 204);
    CHECK(took < PLENTY / 2);
    printf("%-34s %lld of %d ms\n", host, took, PLENTY);
    barker_webhook_free(hook);
}

static void addresses(void)
{
    enum { HOLES = 3, LIVE = 3 };
    static const struct peer_step steps[LIVE] = {STEP(NO_CONTENT, PEER_CLOSE),
                                                 STEP(NO_CONTENT, PEER_CLOSE),
                                                 STEP(NO_CONTENT, PEER_CLOSE)};
    static const char *const dead[HOLES] = {"127.0.0.2", "127.0.0.3", "127.0.0.4"};
    struct peer peer;
    struct peer_hole holes[HOLES];
    peer_start(&peer, steps, LIVE);
    for (int i = 0; i < HOLES; i++)
        CHECK(peer_dig(&holes[i], dead[i], peer.port));

    late("a black-holed address", "127.0.0.2", peer.port, 1, "connecting");
    late("a name whose addresses are dead", "dead.test", peer.port, 1, "connecting");
    one_lives("one-dead.test", peer.port);
    one_lives("three-dead.test", peer.port);
    one_lives("refusing-6.test", peer.port);
    CHECK(peer_stop(&peer));
    peer_free(&peer);
    for (int i = 0; i < HOLES; i++)
        peer_fill(&holes[i]);
}

/* ---- sending and receiving ---- */

static void receivers(void)
{
    static const struct {
        const char *what;
        struct peer_step step;
        size_t len;
        const char *phase;
    } cases[] = {
        {"a silent receiver", STEP("", PEER_SILENT), 1, "answer"},
        {"a receiver slow in the head", STEP(LONG_HEAD, PEER_SLOW | PEER_CLOSE), 1, "answer"},
        {"a receiver slow in the body", STEP(SHORT_HEAD HUNDRED, PEER_SLOW | PEER_CLOSE), 1, "answer"},
        {"a receiver that stops in the body", STEP(SHORT_HEAD TEN, PEER_SILENT), 1, "answer"},
        {"a receiver that reads slowly", STEP("", PEER_SIP), LARGE, "sending"},
        {"a receiver that does not read", STEP("", PEER_DEAF), LARGE, "sending"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct peer peer;
        peer_start(&peer, &cases[i].step, 1);
        late(cases[i].what, "127.0.0.1", peer.port, cases[i].len, cases[i].phase);
        CHECK(peer_stop(&peer));
        peer_free(&peer);
    }
}

int main(void)
{
    check_begin();
    names_known = names;
    large = calloc(1, LARGE);
    int threads = process_entries("/proc/self/task");
    signing_takes_long();
    lookup_hangs();
    addresses();
    receivers();
    CHECK_EQUAL(process_wait_for_threads(threads), threads);
    free(large);
    return check_end("deadline");
}
