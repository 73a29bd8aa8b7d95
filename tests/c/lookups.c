/* lookups.c: the system is asked for a name once for all who want to know, and what it says is
 * remembered; slow names keep nobody else waiting; there is a bound on threads; and each way to have
 * no address has its status. */
#define _GNU_SOURCE

#include "check.h"
#include "names.h"
#include "peer.h"
#include "process.h"

#include <sys/syscall.h>

#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"

enum {
    THREADS = 8,
    TIMEOUT = 60000,
    SLOW_NAMES = 200,
    SOUND_NAMES = 20,
    SHORT = 1000,
    MOST_LOOKUPS = 256,
    MOST_ADDRESSES = 16
};

#define DEAD "127.0.0.2"
#define FOUR_DEAD DEAD, DEAD, DEAD, DEAD
static const struct names_entry names[] = {
    {"known.test", {"127.0.0.1"}},
    {"moved.test", {DEAD}},
    {".slow.test", {"127.0.0.1"}},
    {".sound.test", {"127.0.0.1"}},
    {"linked.test", {"fe80::1%1"}},
    {"crowd.test", {FOUR_DEAD, FOUR_DEAD, FOUR_DEAD, FOUR_DEAD, "127.0.0.1"}},
    {NULL, {NULL}},
};
static const struct names_oddity odd[] = {
    {".slow.test", TIMEOUT, 0},      {"no-data.test", 0, EAI_NODATA}, {"later.test", 0, EAI_AGAIN},
    {"no-memory.test", 0, EAI_MEMORY}, {"failed.test", 0, EAI_FAIL},  {NULL, 0, EAI_NONAME},
};
/* The same after a change: a host has moved, others are gone, or name servers have no answers. */
static const struct names_entry names_moved[] = {{"moved.test", {"127.0.0.1"}}, {NULL, {NULL}}};
static const struct names_entry names_gone[] = {{NULL, {NULL}}};
static const struct names_oddity odd_failing[] = {{NULL, 0, EAI_AGAIN}};

/* Stands in for the C library's, and keeps through which interface a link-local address was tried. */
static uint32_t scope_id;

int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t len)
{
    if (address.__sockaddr__->sa_family == AF_INET6)
        scope_id = address.__sockaddr_in6__->sin6_scope_id;
    return (int)syscall(SYS_connect, fd, address.__sockaddr__, len);
}

enum { ANSWERS = THREADS + 2 + 1 + 3 + SOUND_NAMES + 2 };
static struct peer_step answers[ANSWERS];
static struct peer peer;

/* A handle that opens a connection for each send. */
static barker_webhook *new_hook(const char *host, unsigned timeout)
{
    barker_webhook *hook = check_hook(host, peer.port, timeout);
    CHECK_OK(barker_webhook_set_idle_limits(hook, 0, 0));
    return hook;
}

static void send_expecting(barker_webhook *hook, barker_status wanted)
{
    uint16_t http_status;
    if (!CHECK_EQUAL(barker_webhook_send(hook, &http_status, NULL), wanted))
        fprintf(stderr, "    %s\n", barker_webhook_error(hook));
}

static void *send_well(void *hook)
{
    send_expecting(hook, BARKER_OK);
    return NULL;
}

/* Each thread has a handle of its own; what is known belongs to the process, as long as one lives. */
static void shared_and_remembered(void)
{
    barker_webhook *hooks[THREADS];
    pthread_t threads[THREADS];
    names_delay = 500;
    for (int i = 0; i < THREADS; i++)
        hooks[i] = new_hook("known.test", TIMEOUT);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, send_well, hooks[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQUAL(names_asked, 1);
    names_delay = 0;
    send_well(hooks[0]);
    CHECK_EQUAL(names_asked, 1);
    CHECK_OK(barker_webhook_set_lookup_lifetime(hooks[0], 0));
    send_well(hooks[0]);
    CHECK_EQUAL(names_asked, 2);
    for (int i = 0; i < THREADS; i++)
        barker_webhook_free(hooks[i]);
}

/* Addresses of which none takes a connection are not kept, so that the next send finds new ones. */
static void forgotten(void)
{
    barker_webhook *hook = new_hook("moved.test", TIMEOUT);
    send_expecting(hook, BARKER_ERR_CONNECT);
    names_known = names_moved;
    send_well(hook);
    names_known = names;
    barker_webhook_free(hook);
}

/* Past its lifetime an address serves while the name servers are slow or have no answer, but not once
 * they say that there is no such name, nor for those who want new ones each time. */
static void old_ones_serve(void)
{
    barker_webhook *hook = new_hook("known.test", TIMEOUT);
    CHECK_OK(barker_webhook_set_lookup_lifetime(hook, 1));
    send_well(hook);
    usleep(1100000);
    names_delay = TIMEOUT;
    send_well(hook);
    names_ending = 1;
    while (names_running > 0)
        usleep(1000);
    names_ending = names_delay = 0;
    usleep(1100000);
    names_known = names_gone;
    names_odd = odd_failing;
    send_well(hook);
    CHECK_OK(barker_webhook_set_lookup_lifetime(hook, 0));
    send_expecting(hook, BARKER_ERR_RESOLVE_AGAIN);
    CHECK_OK(barker_webhook_set_lookup_lifetime(hook, 1));
    names_odd = odd;
    send_expecting(hook, BARKER_ERR_RESOLVE);
    names_known = names;
    barker_webhook_free(hook);
}

static void statuses(void)
{
    static const struct {
        const char *name;
        barker_status status;
    } cases[] = {
        {"none.test", BARKER_ERR_RESOLVE},
        {"no-data.test", BARKER_ERR_RESOLVE},
        {"later.test", BARKER_ERR_RESOLVE_AGAIN},
        {"no-memory.test", BARKER_ERR_RESOLVE_AGAIN},
        {"failed.test", BARKER_ERR_RESOLVE_AGAIN},
        {"crowd.test", BARKER_ERR_CONNECT}, /* the one that answers comes too late */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        barker_webhook *hook = new_hook(cases[i].name, TIMEOUT);
        send_expecting(hook, cases[i].status);
        CHECK_OK(barker_send_many(&hook, 1, 0, NULL, NULL));
        CHECK_EQUAL(barker_webhook_status(hook), cases[i].status);
        barker_webhook_free(hook);
    }
}

/* A link-local address is reached through the interface that the resolver named. */
static void scoped(void)
{
    barker_webhook *hook = new_hook("linked.test", TIMEOUT);
    send_expecting(hook, BARKER_ERR_CONNECT);
    CHECK_EQUAL(scope_id, 1);
    barker_webhook_free(hook);
}

/* In a batch and after it, whether or not a handle lives between: sound names are looked up. */
static void slow_ones_keep_nobody(void)
{
    enum { ALL = SLOW_NAMES + SOUND_NAMES };
    barker_webhook *hooks[ALL];
    for (int i = 0; i < ALL; i++) {
        char host[32];
        snprintf(host, sizeof host, "n%d.%s.test", i, i < SLOW_NAMES ? "slow" : "sound");
        hooks[i] = new_hook(host, i < SLOW_NAMES ? SHORT : TIMEOUT);
    }
    CHECK_OK(barker_send_many(hooks, ALL, ALL, NULL, NULL));
    for (int i = 0; i < ALL; i++) {
        CHECK_EQUAL(barker_webhook_status(hooks[i]),
                    i < SLOW_NAMES ? BARKER_ERR_TIMEOUT : BARKER_OK);
        barker_webhook_free(hooks[i]);
    }
    CHECK_EQUAL(names_running, SLOW_NAMES);
    barker_webhook *hook = new_hook("another.sound.test", TIMEOUT);
    send_well(hook);
    barker_webhook_free(hook);
}

/* However many slow names there are, and though no handle lives from one to the next. At the bound
 * the others wait. */
static void bounded(void)
{
    for (int i = 0, beyond = 0; i < 1000 && beyond < 10; i++) {
        beyond += names_running >= MOST_LOOKUPS;
        char host[32];
        snprintf(host, sizeof host, "m%d.slow.test", i);
        barker_webhook *hook = new_hook(host, 5);
        send_expecting(hook, BARKER_ERR_TIMEOUT);
        barker_webhook_free(hook);
    }
    CHECK_EQUAL(names_running, MOST_LOOKUPS);
    CHECK_EQUAL(names_most_running, MOST_LOOKUPS);
    barker_webhook *hook = new_hook("last.sound.test", SHORT);
    send_expecting(hook, BARKER_ERR_TIMEOUT);
    CHECK(strstr(barker_webhook_error(hook), "looking up") != NULL);
    names_ending = 1;
    CHECK_OK(barker_webhook_set_timeout(hook, TIMEOUT));
    send_well(hook);
    barker_webhook_free(hook);
}

int main(void)
{
    check_begin();
    names_known = names;
    names_odd = odd;
    for (int i = 0; i < ANSWERS; i++)
        answers[i] = (struct peer_step){NO_CONTENT, sizeof NO_CONTENT - 1, 0};
    peer_start(&peer, answers, ANSWERS);
    int threads = process_entries("/proc/self/task") - 1; /* without the peer's */
    shared_and_remembered();
    forgotten();
    old_ones_serve();
    statuses();
    scoped();
    slow_ones_keep_nobody();
    bounded();
    CHECK(peer_stop(&peer));
    peer_free(&peer);
    CHECK_EQUAL(process_wait_for_threads(threads), threads);
    return check_end("lookups");
}
