/* engine.c: sends that do not wait, driven by loops of several kinds. */
#define _GNU_SOURCE

#include "check.h"
#include "process.h"
#include "receiver.h"

#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/wait.h>

enum { PATIENCE = 60000, NEVER = 600000 };

static barker_webhook *original(uint32_t timeout)
{
    barker_webhook *hook = barker_webhook_new();
    CHECK_OK(barker_webhook_set_timeout(hook, timeout));
    CHECK_OK(barker_webhook_set_idle_limits(hook, CLIENTS, 60));
    CHECK_OK(barker_webhook_set_data(hook, "data", 4));
    return hook;
}

/* A clone that is sent to this path of the receiver. */
static barker_webhook *clone_for(const barker_webhook *hook, const struct receiver *receiver,
                                 const char *kind, size_t number)
{
    char url[192];
    barker_webhook *clone = barker_webhook_clone(hook);
    snprintf(url, sizeof url, "%s/%s/%zu", receiver->url, kind, number);
    CHECK_OK(barker_webhook_set_url(clone, url));
    return clone;
}

static void check_answered(const barker_webhook *hook, size_t number)
{
    char wanted[16];
    size_t len;
    snprintf(wanted, sizeof wanted, "%zu", number);
    CHECK_OK(barker_webhook_status(hook));
    CHECK_EQUAL(barker_webhook_response_status(hook), 200);
    CHECK_TEXT((const char *)barker_webhook_response_body(hook, &len), wanted);
}

/* ---- Loops: each waits until the engine has something to do ---- */

static void wait_with_poll(int fd, int timeout)
{
    struct pollfd entry = {fd, POLLIN, 0};
    poll(&entry, 1, timeout);
}

static void wait_with_select(int fd, int timeout)
{
    struct timeval time = {timeout / 1000, timeout % 1000 * 1000};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    select(fd + 1, &set, NULL, NULL, timeout < 0 ? NULL : &time);
}

static void wait_with_epoll(int fd, int timeout)
{
    struct epoll_event event = {.events = EPOLLIN};
    int poller = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
    epoll_wait(poller, &event, 1, timeout);
    close(poller);
}

typedef void waiter(int fd, int timeout);

/* The next handle that has ended, waited for outside of the engine. */
static barker_webhook *next(barker_engine *engine, waiter *wait, void **user)
{
    for (;;) {
        barker_webhook *hook = barker_engine_next(engine, user);
        if (hook != NULL || barker_engine_count(engine) == 0)
            return hook;
        wait(barker_engine_fd(engine), barker_engine_timeout(engine));
        CHECK_OK(barker_engine_step(engine, 0));
    }
}

/* All are under way at once, each gets its own answer, whichever loop waits. */
static void all_at_once(waiter *wait)
{
    enum { COUNT = 200 };
    struct receiver *receiver = start_tcp(COUNT);
    barker_engine *engine = barker_engine_new();
    barker_webhook *hook = original(PATIENCE), *ended;
    size_t numbers[COUNT], count = 0;
    void *user;
    CHECK_OK(barker_engine_set_limits(engine, COUNT, COUNT));
    for (size_t i = 0; i < COUNT; i++) {
        numbers[i] = i;
        CHECK_OK(barker_engine_add(engine, clone_for(hook, receiver, "ok", i), &numbers[i]));
    }
    CHECK_EQUAL(barker_engine_count(engine), COUNT);
    while ((ended = next(engine, wait, &user)) != NULL) {
        check_answered(ended, *(size_t *)user);
        barker_webhook_free(ended);
        count++;
    }
    CHECK_EQUAL(count, COUNT);
    CHECK(user == NULL);
    CHECK_EQUAL(barker_engine_timeout(engine), -1);
    stop(receiver);
    CHECK_EQUAL(receiver->most_waiting, COUNT);
    barker_engine_free(engine);
    barker_webhook_free(hook);
    free(receiver);
}

/* Messages are added from within the loop, with few connections. */
static void one_after_the_other(void)
{
    enum { COUNT = 500, AT_ONCE = 5 };
    struct receiver *receiver = start_tcp(1);
    barker_engine *engine = barker_engine_new();
    barker_webhook *hook = original(PATIENCE), *ended;
    size_t added = 0, count = 0;
    while (added < AT_ONCE)
        CHECK_OK(barker_engine_add(engine, clone_for(hook, receiver, "ok", added++), NULL));
    while ((ended = next(engine, wait_with_poll, NULL)) != NULL) {
        CHECK_EQUAL(barker_webhook_response_status(ended), 200);
        count++;
        if (added++ < COUNT)
            CHECK_OK(barker_engine_add(engine, ended, NULL));
        else
            barker_webhook_free(ended);
    }
    CHECK_EQUAL(count, COUNT);
    stop(receiver);
    CHECK(receiver->connections <= AT_ONCE);
    barker_engine_free(engine);
    barker_webhook_free(hook);
    free(receiver);
}

/* What fails does not keep the others from their answers, and every end has its status. */
static void each_its_own_end(void)
{
    static const barker_status expected[] = {BARKER_OK,          BARKER_ERR_RECEIVE,
                                             BARKER_ERR_TIMEOUT, BARKER_ERR_CONNECT,
                                             BARKER_ERR_RESOLVE, BARKER_ERR_REFUSED};
    unsigned port;
    int closed = peer_bind(&port);
    char nobody[64], name[64];
    struct receiver *receiver = start_tcp(1);
    barker_engine *engine = barker_engine_new();
    barker_webhook *hook = original(PATIENCE), *hooks[6], *ended;
    size_t count = 0;
    void *user;
    snprintf(nobody, sizeof nobody, "http://127.0.0.1:%u/", port);
    snprintf(name, sizeof name, "http://localhost:%s/ok/0", strrchr(receiver->url, ':') + 1);
    for (size_t i = 0; i < 6; i++)
        hooks[i] = clone_for(hook, receiver, i == 1 ? "break" : "slow", i);
    CHECK_OK(barker_webhook_set_url(hooks[0], name));
    CHECK_OK(barker_webhook_set_timeout(hooks[2], 1000));
    CHECK_OK(barker_webhook_set_url(hooks[3], nobody));
    CHECK_OK(barker_webhook_set_url(hooks[4], "http://no.such.name.invalid/"));
    CHECK_OK(barker_webhook_set_address_policy(hooks[5], BARKER_ADDRESSES_PUBLIC));
    for (size_t i = 0; i < 6; i++)
        CHECK_OK(barker_engine_add(engine, hooks[i], &hooks[i]));
    while ((ended = next(engine, wait_with_poll, &user)) != NULL) {
        size_t i = (size_t)((barker_webhook **)user - hooks);
        CHECK(ended == hooks[i]);
        CHECK_EQUAL(barker_webhook_status(ended), expected[i]);
        CHECK_EQUAL(strlen(barker_webhook_error(ended)) > 0, i > 0);
        count++;
    }
    CHECK_EQUAL(count, 6);
    stop(receiver);
    close(closed);
    for (size_t i = 0; i < 6; i++)
        barker_webhook_free(hooks[i]);
    barker_engine_free(engine);
    barker_webhook_free(hook);
    free(receiver);
}

/* A receiver that never answers has its places, and no others. */
static void places(void)
{
    enum { SLOW = 20, QUICK = 30, IN_ALL = 8, PER_HOST = 3 };
    struct receiver *slow = start_tcp(NEVER), *quick = start_tcp(1);
    barker_engine *engine = barker_engine_new();
    barker_webhook *hook = original(PATIENCE), *ended;
    barker_webhook *held[SLOW];
    CHECK_OK(barker_engine_set_limits(engine, IN_ALL, PER_HOST));
    for (size_t i = 0; i < SLOW; i++) {
        held[i] = clone_for(hook, slow, "slow", i);
        CHECK_OK(barker_engine_add(engine, held[i], NULL));
    }
    for (size_t i = 0; i < QUICK; i++)
        CHECK_OK(barker_engine_add(engine, clone_for(hook, quick, "ok", i), NULL));
    for (size_t i = 0; i < QUICK; i++) {
        ended = next(engine, wait_with_poll, NULL);
        CHECK_EQUAL(barker_webhook_response_status(ended), 200);
        barker_webhook_free(ended);
    }
    CHECK_EQUAL(barker_engine_count(engine), SLOW);

    /* One that waits for its turn ends at once when it is stopped; so does one under way. */
    CHECK_OK(barker_webhook_set_stopped(held[SLOW - 1], 1));
    ended = next(engine, wait_with_poll, NULL);
    CHECK(ended == held[SLOW - 1]);
    CHECK_EQUAL(barker_webhook_status(ended), BARKER_ERR_STOPPED);
    CHECK(strlen(barker_webhook_error(ended)) > 0);
    CHECK_OK(barker_webhook_set_stopped(held[0], 1));
    ended = next(engine, wait_with_poll, NULL);
    CHECK(ended == held[0]);
    CHECK_EQUAL(barker_webhook_status(ended), BARKER_ERR_STOPPED);

    /* The end of the engine is that of all. */
    barker_engine_free(engine);
    for (size_t i = 1; i < SLOW; i++) {
        CHECK_EQUAL(barker_webhook_status(held[i]), BARKER_ERR_STOPPED);
        CHECK_OK(barker_webhook_set_data(held[i], "more", 4));
    }
    for (size_t i = 0; i < SLOW; i++)
        barker_webhook_free(held[i]);
    stop(slow);
    stop(quick);
    CHECK(slow->most_waiting <= PER_HOST);
    CHECK(quick->connections <= PER_HOST);
    barker_webhook_free(hook);
    free(slow);
    free(quick);
}

/* A handle that is lent cannot be changed, nor lent once more; it can be read, stopped and freed. */
static void lent(void)
{
    struct receiver *receiver = start_tcp(1);
    barker_engine *engine = barker_engine_new(), *other = barker_engine_new();
    barker_webhook *hook = original(PATIENCE), *held = clone_for(hook, receiver, "slow", 0);
    barker_webhook *clone;
    barker_buffer timestamp = {0}, signature = {0};
    uint16_t http_status;
    CHECK_EQUAL(barker_engine_add(engine, hook, NULL), BARKER_ERR_URL);
    CHECK(strlen(barker_webhook_error(hook)) > 0);
    CHECK_OK(barker_webhook_set_timeout(hook, PATIENCE)); /* it was not lent */
    CHECK_EQUAL(barker_engine_count(engine), 0);

    CHECK_OK(barker_engine_add(engine, held, NULL));
    for (int round = 0; round < 2; round++) { /* in line, and then under way */
        CHECK_EQUAL(barker_engine_add(engine, held, NULL), BARKER_ERR_BUSY);
        CHECK_EQUAL(barker_engine_add(other, held, NULL), BARKER_ERR_BUSY);
        CHECK_EQUAL(barker_send_many(&held, 1, 0, NULL, NULL), BARKER_ERR_BUSY);
        CHECK_FAILS(held, barker_webhook_set_data(held, "x", 1), BARKER_ERR_BUSY);
        CHECK_FAILS(held, barker_webhook_set_url(held, "http://127.0.0.1/"), BARKER_ERR_BUSY);
        CHECK_FAILS(held, barker_webhook_send(held, &http_status, NULL), BARKER_ERR_BUSY);
        CHECK_OK(barker_webhook_sign(held, NULL, "x", 1, &timestamp, &signature));
        barker_buffer_free(&timestamp);
        barker_buffer_free(&signature);
        CHECK(strstr(barker_webhook_url(held), "/slow/0") != NULL);
        CHECK_OK(barker_engine_step(engine, 0));
    }
    clone = barker_webhook_clone(held);
    CHECK_OK(barker_webhook_set_url(clone, receiver->url)); /* a clone is not lent */
    barker_webhook_free(clone);
    barker_webhook_free(held);
    CHECK(next(engine, wait_with_poll, NULL) == NULL);

    held = clone_for(hook, receiver, "slow", 1); /* freed in line, and with the engine */
    CHECK_OK(barker_engine_add(engine, held, NULL));
    barker_webhook_free(held);
    barker_engine_free(engine);
    held = clone_for(hook, receiver, "slow", 2); /* stopped before it was added */
    CHECK_OK(barker_webhook_set_stopped(held, 1));
    CHECK_OK(barker_engine_add(other, held, NULL));
    CHECK(next(other, wait_with_poll, NULL) == held);
    CHECK_EQUAL(barker_webhook_status(held), BARKER_ERR_STOPPED);
    barker_webhook_free(held);
    barker_engine_free(other);
    barker_webhook_free(hook);
    stop(receiver);
    free(receiver);
}

static void *wake_later(void *engine)
{
    usleep(10000);
    CHECK_OK(barker_engine_wake(engine));
    return NULL;
}

static void *stop_later(void *hook)
{
    usleep(10000);
    CHECK_OK(barker_webhook_set_stopped(hook, 1));
    return NULL;
}

/* Another thread ends a wait, within the engine and outside. */
static void woken(void)
{
    struct receiver *receiver = start_tcp(1);
    barker_engine *engine = barker_engine_new();
    barker_webhook *hook = original(PATIENCE), *held = clone_for(hook, receiver, "slow", 0);
    pthread_t thread;
    for (int round = 0; round < 3; round++) {
        if (pthread_create(&thread, NULL, wake_later, engine) != 0)
            abort();
        if (round < 2)
            CHECK_OK(barker_engine_step(engine, NEVER)); /* with nothing to do, and with something */
        else
            wait_with_poll(barker_engine_fd(engine), -1);
        CHECK_OK(barker_engine_step(engine, 0));
        pthread_join(thread, NULL);
        if (round == 0)
            CHECK_OK(barker_engine_add(engine, held, NULL));
        CHECK_OK(barker_engine_step(engine, 0));
    }
    if (pthread_create(&thread, NULL, stop_later, held) != 0)
        abort();
    CHECK(next(engine, wait_with_poll, NULL) == held);
    pthread_join(thread, NULL);
    barker_engine_free(engine);
    barker_webhook_free(held);
    barker_webhook_free(hook);
    stop(receiver);
    free(receiver);
}

/* What a log function may not do fails, and does not hang. */
static void log_line(void *user, barker_log_level level, const char *line)
{
    (void)level, (void)line;
    CHECK_EQUAL(barker_engine_step(user, NEVER), BARKER_ERR_BUSY);
    CHECK_EQUAL(barker_engine_set_limits(user, 1, 1), BARKER_ERR_BUSY);
    CHECK_EQUAL(barker_engine_fd(user), -1);
    CHECK(barker_engine_next(user, NULL) == NULL);
    CHECK_OK(barker_engine_wake(user));
    barker_engine_free(user);
}

static void used_from_within(void)
{
    struct receiver *receiver = start_tcp(1);
    barker_engine *engine = barker_engine_new();
    barker_webhook *hook = original(PATIENCE), *clone;
    CHECK_OK(barker_webhook_set_log(hook, BARKER_LOG_DEBUG, log_line, engine));
    CHECK_OK(barker_engine_add(engine, clone_for(hook, receiver, "ok", 0), NULL));
    clone = next(engine, wait_with_poll, NULL);
    check_answered(clone, 0);
    barker_webhook_free(clone);
    barker_engine_free(engine);
    barker_webhook_free(hook);
    stop(receiver);
    free(receiver);
}

/* A child has an empty engine that works, its own handles, and a descriptor of its own; the parent's
 * deliveries go on. */
static void forked(void)
{
    struct receiver *receiver = start_tcp(2);
    barker_engine *engine = barker_engine_new();
    barker_webhook *hook = original(PATIENCE), *ended;
    barker_webhook *held[2] = {clone_for(hook, receiver, "ok", 0), clone_for(hook, receiver, "ok", 1)};
    int child_status = -1;
    CHECK_OK(barker_engine_add(engine, held[0], NULL));
    CHECK_OK(barker_engine_step(engine, 0));
    CHECK_OK(barker_engine_add(engine, held[1], NULL));
    pid_t child = fork();
    if (child == 0) {
        check_begin();
        CHECK_OK(barker_webhook_set_data(held[0], "child", 5));
        CHECK_EQUAL(barker_engine_count(engine), 0);
        CHECK_OK(barker_engine_add(engine, held[0], NULL));
        CHECK_OK(barker_engine_add(engine, held[1], NULL));
        for (int i = 0; i < 2; i++)
            CHECK_EQUAL(barker_webhook_response_status(next(engine, wait_with_poll, NULL)), 200);
        barker_webhook_free(held[0]);
        barker_webhook_free(held[1]);
        barker_webhook_free(hook);
        barker_engine_free(engine);
        _exit(check_end("engine, child"));
    }
    for (int i = 0; i < 2; i++) {
        ended = next(engine, wait_with_poll, NULL);
        CHECK_EQUAL(barker_webhook_response_status(ended), 200);
        barker_webhook_free(ended);
    }
    waitpid(child, &child_status, 0);
    CHECK_EQUAL(child_status, 0);
    CHECK(next(engine, wait_with_poll, NULL) == NULL);
    stop(receiver);
    CHECK_EQUAL(receiver->requests, 4);
    barker_engine_free(engine);
    barker_webhook_free(hook);
    free(receiver);
}

int main(void)
{
    check_begin();
    int before = process_entries("/proc/self/fd");
    all_at_once(wait_with_poll);
    all_at_once(wait_with_select);
    all_at_once(wait_with_epoll);
    one_after_the_other();
    each_its_own_end();
    places();
    lent();
    woken();
    used_from_within();
    forked();
    CHECK_EQUAL(process_entries("/proc/self/fd"), before);
    return check_end("engine");
}
