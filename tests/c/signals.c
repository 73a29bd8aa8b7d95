/* signals.c: the host's signals and its exit stay the host's, and no descriptor leaks into the programs
 * that it executes. */
#define _GNU_SOURCE

#include "check.h"
#include "names.h"
#include "peer.h"
#include "process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>

#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"
#define STEP(text, flags) {text, sizeof text - 1, flags}

enum { LARGE = 8 * 1024 * 1024, DESCRIPTORS = 1024 };

static uint8_t *large;

static const struct names_entry names[] = {{"known.test", {"127.0.0.1"}}, {NULL, {NULL}}};

static barker_status send_of(barker_webhook *hook, size_t len)
{
    uint16_t http_status;
    return barker_webhook_send_data(hook, large, len, &http_status, NULL);
}

/* ---- SIGPIPE ---- */

/* Receivers that reset the connection amid a large body, and between a request and its answer. */
static void no_sigpipe(void)
{
    enum { ROUNDS = 40 };
    static struct peer_step steps[ROUNDS];
    for (int i = 0; i < ROUNDS; i++)
        steps[i] = (struct peer_step)STEP("", i % 2 == 0 ? PEER_DROP : PEER_RESET);
    struct peer peer;
    peer_start(&peer, steps, ROUNDS);
    barker_webhook *hook = check_hook("127.0.0.1", peer.port, 60000);
    signal(SIGPIPE, SIG_DFL); /* which would end this program */
    for (int i = 0; i < ROUNDS; i++)
        CHECK_FAILS(hook, send_of(hook, LARGE),
                    i % 2 == 0 ? BARKER_ERR_SEND : BARKER_ERR_RECEIVE);
    CHECK(peer_stop(&peer));
    barker_webhook_free(hook);
    peer_free(&peer);
}

/* ---- EINTR ---- */

static atomic_int interruptions;

static void on_signal(int number)
{
    (void)number;
    interruptions++;
}

static timer_t start_storm(void)
{
    struct sigaction action = {.sa_handler = on_signal}; /* without SA_RESTART */
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec often = {{0, 200000}, {0, 200000}};
    timer_t timer;
    sigaction(SIGUSR1, &action, NULL);
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
        timer_settime(timer, 0, &often, NULL) != 0)
        abort();
    return timer;
}

/* New connections by name, warm ones, large bodies and slow answers, all amid signals. */
static void survives_signals(void)
{
    enum { NEW = 30, WARM = 10, ALL = NEW + WARM + 4 };
    static struct peer_step steps[ALL];
    for (int i = 0; i < ALL; i++)
        steps[i] = (struct peer_step)STEP(NO_CONTENT, i < NEW ? PEER_CLOSE : PEER_SLOW);
    sigset_t storm;
    sigemptyset(&storm);
    sigaddset(&storm, SIGUSR1);
    struct peer peer;
    pthread_sigmask(SIG_BLOCK, &storm, NULL); /* in the receiver's thread, which inherits it */
    peer_start(&peer, steps, ALL);
    pthread_sigmask(SIG_UNBLOCK, &storm, NULL);
    barker_webhook *hook = check_hook("known.test", peer.port, 60000);
    names_delay = 5;
    timer_t timer = start_storm();
    for (int i = 0; i < ALL; i++) {
        int before = interruptions;
        if (!CHECK_OK(send_of(hook, i < NEW + WARM ? 1000 : LARGE)))
            fprintf(stderr, "    %s\n", barker_webhook_error(hook));
        if (i >= NEW)
            CHECK(interruptions > before);
        peer_wait(&peer);
    }
    CHECK(peer_stop(&peer));
    timer_delete(timer);
    names_delay = 0;
    printf("%d signals interrupted %d sends\n", interruptions, ALL);
    barker_webhook_free(hook);
    peer_free(&peer);
}

/* ---- dispositions and masks ---- */

struct signal_state {
    struct sigaction actions[NSIG];
    sigset_t mask;
};

static void read_signals(struct signal_state *state)
{
    memset(state, 0, sizeof *state);
    for (int i = 1; i < NSIG; i++)
        sigaction(i, NULL, &state->actions[i]);
    pthread_sigmask(SIG_SETMASK, NULL, &state->mask);
}

static int same_sets(const sigset_t *one, const sigset_t *other)
{
    int same = 1;
    for (int i = 1; i < NSIG; i++)
        same &= sigismember(one, i) == sigismember(other, i);
    return same;
}

/* Sends that are answered, alone and in a batch, that are late, and to an unknown name. */
static void send_in_many_ways(void)
{
    static const struct peer_step steps[] = {STEP(NO_CONTENT, PEER_CLOSE),
                                             STEP(NO_CONTENT, PEER_CLOSE), STEP("", PEER_SILENT)};
    struct peer peer;
    peer_start(&peer, steps, 3);
    barker_webhook *hook = check_hook("known.test", peer.port, 60000);
    CHECK_OK(barker_webhook_set_lookup_lifetime(hook, 0));
    CHECK_OK(send_of(hook, 1));
    peer_wait(&peer);
    CHECK_OK(barker_send_many(&hook, 1, 0, NULL, NULL));
    CHECK_OK(barker_webhook_status(hook));
    peer_wait(&peer);
    CHECK_OK(barker_webhook_set_timeout(hook, 2000));
    CHECK_FAILS(hook, send_of(hook, 1), BARKER_ERR_TIMEOUT);
    CHECK(peer_stop(&peer));
    CHECK_OK(barker_webhook_set_url(hook, "http://unknown.test/"));
    CHECK_FAILS(hook, send_of(hook, 1), BARKER_ERR_RESOLVE);
    barker_webhook_free(hook);
    peer_free(&peer);
}

static void signals_are_the_hosts(void)
{
    static struct signal_state before, after;
    read_signals(&before);
    send_in_many_ways();
    read_signals(&after);
    CHECK(same_sets(&before.mask, &after.mask));
    for (int i = 1; i < NSIG; i++) {
        const struct sigaction *was = &before.actions[i], *is = &after.actions[i];
        CHECK(is->sa_handler == was->sa_handler && is->sa_flags == was->sa_flags &&
              same_sets(&is->sa_mask, &was->sa_mask));
    }
}

/* The host's handlers never run on a thread of the library's. */
static void lookups_take_no_signals(void)
{
    CHECK(names_asked > 0);
    int not_blocked = 0;
    for (int i = 1; i <= SIGRTMAX; i++)
        if (i != SIGKILL && i != SIGSTOP && (i < 32 || i >= SIGRTMIN)) /* 32, 33: the C library's */
            not_blocked += !sigismember(&names_mask, i);
    CHECK_EQUAL(not_blocked, 0);
}

/* ---- descriptors ---- */

static atomic_int watching, seen_open, seen_leaking;

/* Looks at every descriptor of the process, over and over, while the sends go on. */
static void *watch(void *existing)
{
    const int *before = existing;
    while (watching) {
        int open = 0;
        for (int i = 0; i < DESCRIPTORS; i++) {
            int flags = before[i] < 0 ? fcntl(i, F_GETFD) : -1;
            open += flags >= 0;
            seen_leaking += flags >= 0 && !(flags & FD_CLOEXEC);
        }
        if (open > seen_open)
            seen_open = open;
    }
    return NULL;
}

/* The receiver's own, of this program too, are opened with FD_CLOEXEC. */
static void descriptors_close_on_exec(void)
{
    static int before[DESCRIPTORS];
    pthread_t thread;
    for (int i = 0; i < DESCRIPTORS; i++)
        before[i] = fcntl(i, F_GETFD);
    watching = 1;
    CHECK_EQUAL(pthread_create(&thread, NULL, watch, before), 0);
    for (int i = 0; i < 3; i++)
        send_in_many_ways();
    watching = 0;
    pthread_join(thread, NULL);
    CHECK(seen_open >= 3); /* the listener, the receiver's end, the sender's end */
    CHECK_EQUAL(seen_leaking, 0);
}

/* ---- exit ---- */

/* Ends at once and with its own status, amid a lookup that nobody waits for any more. */
static void exits_amid_lookup(void)
{
    enum { OWN = 42 };
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        alarm(300);
        names_delay = 60000;
        barker_webhook *hook = check_hook("known.test", 9, 50);
        barker_status late = send_of(hook, 1);
        exit(late == BARKER_ERR_TIMEOUT && names_running == 1 ? OWN : 1);
    }
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == OWN);
}

int main(void)
{
    check_begin();
    names_known = names;
    large = calloc(1, LARGE);
    exits_amid_lookup();
    int descriptors = process_entries("/proc/self/fd");
    signals_are_the_hosts();
    lookups_take_no_signals();
    descriptors_close_on_exec();
    no_sigpipe();
    survives_signals();
    CHECK_EQUAL(process_entries("/proc/self/fd"), descriptors);
    free(large);
    return check_end("signals");
}
