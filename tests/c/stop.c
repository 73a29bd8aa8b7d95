/* stop.c: a send that another thread stops ends soon, in whichever phase it is, and says so; the
 * handle can send again when it is let. */
#define _GNU_SOURCE

#include "check.h"
#include "names.h"
#include "peer.h"
#include "process.h"

#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"
#define STEP(text, flags) {text, sizeof text - 1, flags}

enum { TIMEOUT = 60000, PAUSE = 200, LARGE = 32 * 1024 * 1024, ROUNDS = 300 };

static uint8_t *large;

static const struct names_entry names[] = {{"slow.test", {"127.0.0.1"}}, {NULL, {NULL}}};

static barker_webhook *new_hook(const char *url)
{
    barker_webhook *hook = barker_webhook_new();
    CHECK_OK(barker_webhook_set_url(hook, url));
    CHECK_OK(barker_webhook_set_timeout(hook, TIMEOUT));
    return hook;
}

struct stopper {
    pthread_t thread;
    barker_webhook *hook;
    useconds_t pause; /* microseconds */
    sem_t *begun;     /* waited for before that, unless NULL */
};

static void *stop(void *argument)
{
    struct stopper *stopper = argument;
    while (stopper->begun != NULL && sem_wait(stopper->begun) != 0)
        ;
    usleep(stopper->pause);
    CHECK_OK(barker_webhook_set_stopped(stopper->hook, 1));
    return NULL;
}

static void stopper_start(struct stopper *stopper, barker_webhook *hook, useconds_t pause,
                          sem_t *begun)
{
    *stopper = (struct stopper){.hook = hook, .pause = pause, .begun = begun};
    CHECK_EQUAL(pthread_create(&stopper->thread, NULL, stop, stopper), 0);
}

/* The log's first line comes when the message is signed. */
static void begin(void *begun, barker_log_level level, const char *line)
{
    (void)level, (void)line;
    sem_post(begun);
}

/* Sends what cannot end by itself, and stops it; the error must have the words of the phase. */
static void stopped_amid(const char *phase, barker_webhook *hook, size_t len)
{
    struct stopper stopper;
    uint16_t http_status = 200;
    barker_buffer body = {0};
    sem_t begun;
    sem_init(&begun, 0, 0);
    CHECK_OK(barker_webhook_set_log(hook, BARKER_LOG_DEBUG, begin, &begun));
    stopper_start(&stopper, hook, PAUSE * 1000, &begun);
    long long before = process_now();
    CHECK_FAILS(hook, barker_webhook_send_data(hook, large, len, &http_status, &body),
                BARKER_ERR_STOPPED);
    CHECK(process_now() - before < TIMEOUT / 2);
    CHECK_EQUAL(http_status, 0);
    CHECK_ZEROED(body);
    if (!CHECK(strstr(barker_webhook_error(hook), phase) != NULL))
        fprintf(stderr, "    \"%s\" lacks \"%s\"\n", barker_webhook_error(hook), phase);
    pthread_join(stopper.thread, NULL);
    barker_webhook_free(hook);
    sem_destroy(&begun);
}

/* ---- the phases ---- */

/* The answer to what still looks up a name comes now. */
static void end_lookups(void)
{
    names_delay = 0;
    names_ending = 1;
    while (names_running > 0)
        usleep(1000);
    names_ending = 0;
}

static void looking_up(void)
{
    names_delay = TIMEOUT;
    stopped_amid("looking up", new_hook("http://slow.test:9/"), 1);
    end_lookups();
}

static void connecting(void)
{
    struct peer_hole hole;
    unsigned port;
    char url[64];
    int bound = peer_bind(&port);
    CHECK(peer_dig(&hole, "127.0.0.2", port));
    snprintf(url, sizeof url, "http://127.0.0.2:%u/", port);
    stopped_amid("connecting", new_hook(url), 1);
    peer_fill(&hole);
    close(bound);
}

static void with_a_receiver(void)
{
    static const struct {
        const char *phase;
        struct peer_step step;
        const char *scheme;
        size_t len;
    } cases[] = {
        {"asking the proxy", STEP("", PEER_SILENT), "proxy", 1},
        {"shaking hands", STEP("", PEER_DEAF), "https", 1},
        {"sending", STEP("", PEER_DEAF), "http", LARGE},
        {"waiting for the answer", STEP("", PEER_SILENT), "http", 1},
        {"waiting for the answer", STEP("HTTP/1.1 200 OK\r\nX-Cut: ", PEER_SILENT), "http", 1},
        /* A body that ends with the connection does not end with the stop. */
        {"waiting for the answer", STEP("HTTP/1.1 200 OK\r\n\r\nhalf", PEER_SILENT), "http", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct peer peer;
        char url[64];
        peer_start(&peer, &cases[i].step, 1);
        int by_proxy = strcmp(cases[i].scheme, "proxy") == 0;
        snprintf(url, sizeof url, "%s://127.0.0.1:%u/", by_proxy ? "http" : cases[i].scheme,
                 peer.port);
        barker_webhook *hook = new_hook(url);
        if (by_proxy)
            CHECK_OK(barker_webhook_set_proxy(hook, peer.url));
        stopped_amid(cases[i].phase, hook, cases[i].len);
        CHECK(peer_stop(&peer));
        peer_free(&peer);
    }
}

/* ---- before and after ---- */

static void until_let_go_on(void)
{
    static const struct peer_step steps[] = {STEP(NO_CONTENT, 0), STEP(NO_CONTENT, PEER_CLOSE)};
    struct peer peer;
    uint16_t http_status;
    peer_start(&peer, steps, 2);
    barker_webhook *hook = new_hook(peer.url);
    CHECK_OK(barker_webhook_set_stopped(hook, 1));
    barker_webhook *clone = barker_webhook_clone(hook);
    for (int i = 0; i < 2; i++)
        CHECK_FAILS(hook, barker_webhook_send(hook, &http_status, NULL), BARKER_ERR_STOPPED);
    CHECK_OK(barker_webhook_send(clone, &http_status, NULL));
    CHECK_OK(barker_webhook_set_stopped(hook, 0));
    CHECK_OK(barker_webhook_send(hook, &http_status, NULL));
    CHECK_EQUAL(http_status, 204);
    CHECK(peer_stop(&peer));
    barker_webhook_free(hook);
    barker_webhook_free(clone);
    peer_free(&peer);
}

/* At any moment, the answer comes whole or the send was stopped. */
static void at_any_moment(void)
{
    static struct peer_step steps[2 * ROUNDS];
    struct peer peer;
    uint16_t http_status;
    int stopped = 0, answered = 0;
    for (int i = 0; i < 2 * ROUNDS; i++)
        steps[i] = (struct peer_step)STEP("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood",
                                          PEER_TRICKLE);
    peer_start(&peer, steps, 2 * ROUNDS);
    barker_webhook *hook = new_hook(peer.url);
    for (int i = 0; i < ROUNDS; i++) {
        struct stopper stopper;
        barker_buffer body = {0};
        stopper_start(&stopper, hook, (useconds_t)(i * i / 4), NULL);
        barker_status status = barker_webhook_send(hook, &http_status, &body);
        pthread_join(stopper.thread, NULL);
        if (status == BARKER_OK)
            answered += CHECK_EQUAL(body.len, 4);
        else
            stopped += CHECK_EQUAL(status, BARKER_ERR_STOPPED);
        barker_buffer_free(&body);
        CHECK_OK(barker_webhook_set_stopped(hook, 0));
    }
    printf("%d stopped, %d answered\n", stopped, answered);
    CHECK(stopped > 0 && answered > 0);
    /* The stopped ones may have had a step of the script or not: here is what is left of it. */
    CHECK_OK(barker_webhook_set_timeout(hook, 2000));
    while (barker_webhook_send(hook, &http_status, NULL) == BARKER_OK)
        ;
    CHECK(peer_stop(&peer));
    barker_webhook_free(hook);
    peer_free(&peer);
}

static void note_connected(void *connected, barker_log_level level, const char *line)
{
    (void)level;
    if (strncmp(line, "connected", 9) == 0)
        sem_post(connected);
}

/* One of a batch: those beside it go on. */
static void in_a_batch(void)
{
    static const struct peer_step silent = STEP("", PEER_SILENT), good = STEP(NO_CONTENT, PEER_CLOSE);
    struct peer silent_peer, good_peer;
    struct stopper stoppers[2];
    sem_t connected;
    sem_init(&connected, 0, 0);
    names_delay = TIMEOUT;
    peer_start(&silent_peer, &silent, 1);
    peer_start(&good_peer, &good, 1);
    barker_webhook *hooks[] = {new_hook(silent_peer.url), new_hook("http://slow.test:9/"),
                               new_hook(good_peer.url), new_hook(good_peer.url)};
    long long before = process_now();
    CHECK_OK(barker_webhook_set_stopped(hooks[3], 1));
    CHECK_OK(barker_webhook_set_log(hooks[0], BARKER_LOG_DEBUG, note_connected, &connected));
    stopper_start(&stoppers[0], hooks[0], PAUSE * 1000, &connected);
    stopper_start(&stoppers[1], hooks[1], PAUSE * 1000, NULL);
    CHECK_OK(barker_send_many(hooks, 4, 0, NULL, NULL));
    CHECK(process_now() - before < TIMEOUT / 2);
    CHECK_EQUAL(barker_webhook_response_status(hooks[2]), 204);
    for (int i = 0; i < 2; i++)
        pthread_join(stoppers[i].thread, NULL);
    for (int i = 0; i < 4; i++) {
        CHECK_EQUAL(barker_webhook_status(hooks[i]), i == 2 ? BARKER_OK : BARKER_ERR_STOPPED);
        barker_webhook_free(hooks[i]);
    }
    end_lookups();
    sem_destroy(&connected);
    CHECK(peer_stop(&silent_peer) && peer_stop(&good_peer));
    peer_free(&silent_peer);
    peer_free(&good_peer);
}

int main(void)
{
    check_begin();
    names_known = names;
    large = calloc(1, LARGE);
    until_let_go_on();
    at_any_moment();
    /* From here on ThreadSanitizer has its own. */
    int threads = process_entries("/proc/self/task");
    looking_up();
    connecting();
    with_a_receiver();
    in_a_batch();
    CHECK_EQUAL(process_wait_for_threads(threads), threads);
    free(large);
    return check_end("stop");
}
