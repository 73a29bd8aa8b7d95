/* threads.c: many threads send at once on clones of one handle, over shared and new connections, and
 * sign and verify with one handle; run under ThreadSanitizer it finds what is not synchronized. */
#define _GNU_SOURCE

#include "check.h"
#include "names.h"
#include "peer.h"

#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"
#define LAST_ONE "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
#define STEP(text, flags) {text, sizeof text - 1, flags}

enum { THREADS = 8, ROUNDS = 24, PEERS = 3, STEPS = THREADS * ROUNDS / PEERS };

static const struct names_entry names[] = {
    {"one.test", {"127.0.0.1"}}, {"two.test", {"127.0.0.1"}}, {NULL, {NULL}}};

static struct peer peers[PEERS];
static const barker_webhook *original;
static atomic_int wrong;

static void send_to(barker_webhook *hook, const struct peer *peer, const char *host)
{
    char url[64];
    uint16_t http_status = 0;
    barker_buffer body = {0};
    snprintf(url, sizeof url, "http://%s:%u/", host, peer->port);
    wrong += barker_webhook_set_url(hook, url) != BARKER_OK;
    wrong += barker_webhook_send(hook, &http_status, &body) != BARKER_OK || http_status != 204;
    barker_buffer_free(&body);
}

/* On the one handle that all threads share. */
static void sign_and_verify(void)
{
    barker_buffer timestamp = {0}, signature = {0};
    wrong += barker_webhook_sign(original, NULL, bytes_of("x"), 1, &timestamp, &signature) !=
             BARKER_OK;
    const barker_header headers[] = {{"BARKER_TIMESTAMP", (char *)timestamp.data},
                                     {"BARKER_SIGNATURE", (char *)signature.data}};
    wrong += barker_webhook_verify(original, headers, 2, bytes_of("x"), 1) != BARKER_OK;
    barker_buffer_free(&timestamp);
    barker_buffer_free(&signature);
}

/* A clone lives for two rounds, so that the last one of the family is freed anywhere. */
static void *work(void *argument)
{
    static const char *const hosts[] = {"127.0.0.1", "one.test", "two.test"};
    size_t number = (size_t)argument;
    barker_webhook *copy = NULL;
    for (size_t i = 0; i < ROUNDS; i++) {
        if (i % 2 == 0)
            copy = barker_webhook_clone(original);
        send_to(copy, &peers[(number + i) % PEERS], hosts[(number + i / PEERS) % 3]);
        sign_and_verify();
        if (i % 2 == 1)
            barker_webhook_free(copy);
    }
    return NULL;
}

int main(void)
{
    static struct peer_step steps[STEPS];
    pthread_t threads[THREADS];
    check_begin();
    names_known = names;
    for (int i = 0; i < STEPS; i++)
        steps[i] = i % 4 == 3 ? (struct peer_step)STEP(LAST_ONE, PEER_CLOSE)
                              : (struct peer_step)STEP(NO_CONTENT, 0);
    for (int i = 0; i < PEERS; i++)
        peer_start(&peers[i], steps, STEPS);
    barker_webhook *hook = barker_webhook_new();
    CHECK_OK(barker_webhook_set_timeout(hook, 60000));
    original = hook;
    for (size_t i = 0; i < THREADS; i++)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, work, (void *)i), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQUAL(wrong, 0);
    barker_webhook_free(hook);
    for (int i = 0; i < PEERS; i++) {
        CHECK(peer_stop(&peers[i]));
        peer_free(&peers[i]);
    }
    return check_end("threads");
}
