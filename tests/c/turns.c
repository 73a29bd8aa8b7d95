/* turns.c: no receiver, callback or cancellation keeps a delivery, or another one, from its end: what
 * never stops coming is ended by the deadline or a stop, and what came in time is an answer. */
#define _GNU_SOURCE

#include "check.h"
#include "peer.h"
#include "process.h"

#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define STEP(text, flags) {text, sizeof text - 1, flags}

enum { TIMEOUT = 400, PLENTY = 60000, GOOD = 4, LARGE = 64 * 1024 * 1024, PAUSE = 50 };

static const struct peer_step flood = STEP(CHUNKED, PEER_FLOOD | PEER_CLOSE);
static const struct peer_step answered = STEP(NO_CONTENT, 0);

/* Whatever stays under each limit, the deadline ends. */
static barker_webhook *new_hook(const struct peer *peer, unsigned timeout)
{
    barker_webhook *hook = check_hook("127.0.0.1", peer->port, timeout);
    CHECK_OK(barker_webhook_set_max_body(hook, UINT32_MAX));
    return hook;
}

/* A flood that is stopped once it has begun. */
struct flooded {
    struct peer peer;
    barker_webhook *hook;
};

static void *stop(void *argument)
{
    struct flooded *flooded = argument;
    while (flooded->peer.floods_begun == 0)
        usleep(1000);
    usleep(PAUSE * 1000);
    CHECK_OK(barker_webhook_set_stopped(flooded->hook, 1));
    return NULL;
}

/* Alone and in a batch, by its deadline and by a stop: the receiver sees the client go away. */
static void endless(void)
{
    for (int way = 0; way < 4; way++) {
        int is_batch = way / 2, is_stopped = way % 2;
        struct flooded flooded;
        pthread_t stopper;
        uint16_t http_status = 200;
        peer_start(&flooded.peer, &flood, 1);
        flooded.hook = new_hook(&flooded.peer, is_stopped ? PLENTY : 5 * TIMEOUT);
        barker_webhook *hook = flooded.hook;
        if (is_stopped)
            CHECK_EQUAL(pthread_create(&stopper, NULL, stop, &flooded), 0);
        if (is_batch)
            CHECK_OK(barker_send_many(&hook, 1, 0, NULL, NULL));
        else
            CHECK_EQUAL(barker_webhook_send(hook, &http_status, NULL),
                        is_stopped ? BARKER_ERR_STOPPED : BARKER_ERR_TIMEOUT);
        CHECK_EQUAL(barker_webhook_status(hook),
                    is_stopped ? BARKER_ERR_STOPPED : BARKER_ERR_TIMEOUT);
        if (is_stopped)
            pthread_join(stopper, NULL);
        CHECK(peer_stop(&flooded.peer));
        CHECK_EQUAL(flooded.peer.floods_ended, 1);
        barker_webhook_free(hook);
        peer_free(&flooded.peer);
    }
}

/* A batch of these, the first to a receiver of its own. */
struct batch {
    struct peer first, others[GOOD];
    barker_webhook *hooks[1 + GOOD];
    size_t ended[1 + GOOD], count; /* in the order of their ends */
    unsigned sleep;                /* milliseconds, in the first call of the callback */
};

static int32_t note(void *user, size_t index, barker_status status)
{
    struct batch *batch = user;
    (void)status;
    batch->ended[batch->count++] = index;
    if (batch->count == 1)
        usleep(batch->sleep * 1000);
    return 0;
}

static void run(struct batch *batch, const struct peer_step *first, unsigned timeout)
{
    peer_start(&batch->first, first, 1);
    batch->hooks[0] = new_hook(&batch->first, timeout);
    for (int i = 0; i < GOOD; i++) {
        peer_start(&batch->others[i], &answered, 1);
        batch->hooks[1 + i] = new_hook(&batch->others[i], timeout);
    }
    CHECK_OK(barker_send_many(batch->hooks, 1 + GOOD, 0, note, batch));
    CHECK_EQUAL(batch->count, 1 + GOOD);
    for (int i = 0; i < GOOD; i++) {
        CHECK_OK(barker_webhook_status(batch->hooks[1 + i]));
        CHECK(peer_stop(&batch->others[i]));
        peer_free(&batch->others[i]);
    }
    CHECK(peer_stop(&batch->first));
    peer_free(&batch->first);
}

static void free_hooks(struct batch *batch)
{
    for (int i = 0; i < 1 + GOOD; i++)
        barker_webhook_free(batch->hooks[i]);
}

/* One that never ends has its turns, and so have the others. */
static void fair(void)
{
    struct batch batch = {.count = 0};
    run(&batch, &flood, 10 * TIMEOUT);
    CHECK_EQUAL(barker_webhook_status(batch.hooks[0]), BARKER_ERR_TIMEOUT);
    CHECK_EQUAL(batch.ended[GOOD], 0);
    free_hooks(&batch);
}

/* A callback that takes longer than the timeout: the answers have come meanwhile. */
static void slow_callback(void)
{
    struct batch batch = {.count = 0, .sleep = 6 * TIMEOUT};
    run(&batch, &answered, 5 * TIMEOUT);
    CHECK_OK(barker_webhook_status(batch.hooks[0]));
    free_hooks(&batch);
}

/* The array is the caller's, who may change it. */
static int32_t spoil(void *hooks, size_t index, barker_status status)
{
    (void)index, (void)status;
    memset(hooks, 0xff, 2 * sizeof(barker_webhook *));
    return 0;
}

static void array_of_ones_own(void)
{
    static const struct peer_step steps[] = {STEP(NO_CONTENT, 0), STEP(NO_CONTENT, 0)};
    struct peer peer;
    peer_start(&peer, steps, 2);
    barker_webhook *one = new_hook(&peer, PLENTY), *other = new_hook(&peer, PLENTY);
    barker_webhook *hooks[] = {one, other};
    CHECK_OK(barker_send_many(hooks, 2, 1, spoil, hooks));
    CHECK_OK(barker_webhook_status(one));
    CHECK_OK(barker_webhook_status(other));
    barker_webhook_free(one);
    barker_webhook_free(other);
    CHECK(peer_stop(&peer));
    peer_free(&peer);
}

/* A fast reader of a large body: its sender looks at the deadline as well. */
static void large_body(void)
{
    static const struct peer_step steps[] = {STEP(NO_CONTENT, PEER_CLOSE)};
    struct peer peer;
    uint16_t http_status = 0;
    uint8_t *data = calloc(1, LARGE);
    peer_start(&peer, steps, 1);
    barker_webhook *hook = new_hook(&peer, PLENTY);
    CHECK_OK(barker_webhook_send_data(hook, data, LARGE, &http_status, NULL));
    CHECK_EQUAL(http_status, 204);
    CHECK(peer_stop(&peer));
    CHECK_EQUAL(peer.requests[0].body_len, LARGE);
    barker_webhook_free(hook);
    peer_free(&peer);
    free(data);
}

/* ---- pthread_cancel() ---- */

static void *send_and_go_on(void *hook)
{
    uint16_t http_status = 0;
    CHECK_EQUAL(barker_webhook_send(hook, &http_status, NULL), BARKER_ERR_TIMEOUT);
    pthread_testcancel();
    CHECK(!"cancelled");
    return NULL;
}

/* It takes effect once the call has returned; the handle stays usable. */
static void cancelled(void)
{
    static const struct peer_step steps[] = {STEP("", PEER_SILENT), STEP(NO_CONTENT, 0)};
    struct peer peer;
    pthread_t thread;
    void *result = NULL;
    uint16_t http_status = 0;
    peer_start(&peer, steps, 2);
    barker_webhook *hook = new_hook(&peer, TIMEOUT);
    CHECK_EQUAL(pthread_create(&thread, NULL, send_and_go_on, hook), 0);
    usleep(PAUSE * 1000);
    CHECK_EQUAL(pthread_cancel(thread), 0);
    pthread_join(thread, &result);
    CHECK(result == PTHREAD_CANCELED);
    peer_wait(&peer);
    CHECK_OK(barker_webhook_set_timeout(hook, PLENTY));
    CHECK_OK(barker_webhook_send(hook, &http_status, NULL));
    CHECK_EQUAL(http_status, 204);
    CHECK(peer_stop(&peer));
    barker_webhook_free(hook);
    peer_free(&peer);
}

int main(void)
{
    check_begin();
    endless();
    fair();
    slow_callback();
    array_of_ones_own();
    large_body();
    cancelled();
    return check_end("turns");
}
