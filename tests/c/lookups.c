/* lookups.c: the system is asked for a name once for all who want to know, remembered for a while, and
 * asked for a bounded number of names at once. */
#define _GNU_SOURCE

#include "check.h"
#include "names.h"
#include "peer.h"
#include "process.h"

enum { THREADS = 8, NAMES = 40, MOST = 16, TIMEOUT = 60000 };

static const struct names_entry names[] = {{"known.test", {"127.0.0.1"}}, {NULL, {NULL}}};

static unsigned refusing_port;

static void *send_in_vain(void *hook)
{
    uint16_t http_status;
    CHECK_FAILS(hook, barker_webhook_send(hook, &http_status, NULL), BARKER_ERR_CONNECT);
    return NULL;
}

/* Each thread has a handle of its own; what is known belongs to the process, as long as one lives. */
static void shared_and_remembered(void)
{
    barker_webhook *hooks[THREADS];
    pthread_t threads[THREADS];
    names_delay = 500;
    for (int i = 0; i < THREADS; i++)
        hooks[i] = check_hook("known.test", refusing_port, TIMEOUT);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, send_in_vain, hooks[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQUAL(names_asked, 1);
    names_delay = 0;
    send_in_vain(hooks[0]);
    CHECK_EQUAL(names_asked, 1);
    CHECK_OK(barker_webhook_set_lookup_lifetime(hooks[0], 0));
    send_in_vain(hooks[0]);
    CHECK_EQUAL(names_asked, 2);
    for (int i = 0; i < THREADS; i++)
        barker_webhook_free(hooks[i]);
}

/* A failure is not remembered. */
static void bounded(void)
{
    barker_webhook *hooks[NAMES];
    names_delay = 50;
    for (int i = 0; i < NAMES; i++) {
        char host[32];
        snprintf(host, sizeof host, "unknown-%d.test", i);
        hooks[i] = check_hook(host, refusing_port, TIMEOUT);
    }
    for (int round = 1; round <= 2; round++) {
        names_asked = names_most_running = 0;
        CHECK_OK(barker_send_many(hooks, NAMES, NAMES, NULL, NULL));
        for (int i = 0; i < NAMES; i++)
            CHECK_EQUAL(barker_webhook_status(hooks[i]), BARKER_ERR_RESOLVE);
        CHECK_EQUAL(names_asked, NAMES);
        CHECK(names_most_running > 1 && names_most_running <= MOST);
    }
    for (int i = 0; i < NAMES; i++)
        barker_webhook_free(hooks[i]);
}

int main(void)
{
    check_begin();
    names_known = names;
    int threads = process_entries("/proc/self/task");
    int bound = peer_bind(&refusing_port);
    shared_and_remembered();
    bounded();
    close(bound);
    CHECK_EQUAL(process_wait_for_threads(threads), threads);
    return check_end("lookups");
}
