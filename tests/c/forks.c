/* forks.c: forks again and again while other threads hold whatever locks the library has: they verify
 * with a memory of replays, send over new connections, look up names, send in batches, and stop
 * each other. What a child does with handles of its parent must come to its end:
 *
 *   forks URL CA-FILE FORKS
 */
#define _GNU_SOURCE

#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { BATCH = 3, TIMEOUT = 60000, PATIENCE = 120, MOST_FAILURES = 3 };

static barker_webhook *original, *receiver;
static atomic_int ending;
static atomic_long messages;

/* A message that nobody has seen is accepted once, then is a replay, and at last is forgotten. */
static void verify_one(barker_webhook *hook, long number)
{
    char body[32];
    barker_buffer timestamp = {0}, signature = {0};
    snprintf(body, sizeof body, "%ld", number);
    CHECK_OK(barker_webhook_sign(hook, NULL, bytes_of(body), strlen(body), &timestamp, &signature));
    barker_header headers[] = {{"BARKER_TIMESTAMP", (const char *)timestamp.data},
                               {"BARKER_SIGNATURE", (const char *)signature.data}};
    CHECK_OK(barker_webhook_verify(receiver, headers, 2, bytes_of(body), strlen(body)));
    CHECK_EQUAL(barker_webhook_verify(receiver, headers, 2, bytes_of(body), strlen(body)),
                BARKER_ERR_REPLAYED);
    CHECK_OK(barker_webhook_forget(receiver, headers, 2, bytes_of(body), strlen(body)));
    barker_buffer_free(&timestamp);
    barker_buffer_free(&signature);
}

static void send_one(barker_webhook *hook)
{
    uint16_t http_status = 0;
    if (!CHECK_OK(barker_webhook_send_data(hook, bytes_of("x"), 1, &http_status, NULL)))
        fprintf(stderr, "    %s\n", barker_webhook_error(hook));
    CHECK_EQUAL(http_status, 204);
}

static void send_batch(barker_webhook *of)
{
    barker_webhook *hooks[BATCH];
    for (int i = 0; i < BATCH; i++)
        hooks[i] = barker_webhook_clone(of);
    CHECK_OK(barker_send_many(hooks, BATCH, 0, NULL, NULL));
    for (int i = 0; i < BATCH; i++) {
        CHECK_OK(barker_webhook_status(hooks[i]));
        barker_webhook_free(hooks[i]);
    }
}

static void *keep_verifying(void *of)
{
    barker_webhook *hook = barker_webhook_clone(of);
    while (!ending)
        verify_one(hook, ++messages);
    barker_webhook_free(hook);
    return NULL;
}

/* With new connections, new lookups, and now and then an idle connection for others. */
static void *keep_sending(void *of)
{
    for (int i = 0; !ending; i++) {
        barker_webhook *hook = barker_webhook_clone(of);
        CHECK_OK(barker_webhook_set_idle_limits(hook, i % 4 == 0, 60));
        CHECK_OK(barker_webhook_set_lookup_lifetime(hook, 0));
        send_one(hook);
        barker_webhook_free(hook);
    }
    return NULL;
}

static void *keep_sending_batches(void *of)
{
    while (!ending)
        send_batch(of);
    return NULL;
}

/* Nobody sends with it. */
static void *keep_stopping(void *hook)
{
    for (int i = 0; !ending; i++)
        CHECK_OK(barker_webhook_set_stopped(hook, i % 2));
    return NULL;
}

static int be_child(barker_webhook *mine, barker_webhook *stopped, int turn)
{
    check_failures = 0;
    alarm(PATIENCE);
    switch (turn % 4) {
    case 0:
        verify_one(mine, -1);
        break;
    case 1:
        send_one(mine);
        break;
    case 2:
        send_batch(mine);
        break;
    case 3:
        CHECK_OK(barker_webhook_set_lookup_lifetime(mine, 0));
        CHECK_OK(barker_webhook_close_idle(mine));
        send_one(mine);
        barker_webhook_free(original);
        barker_webhook_free(receiver);
        send_one(mine);
        break;
    }
    CHECK_OK(barker_webhook_set_stopped(stopped, 0));
    barker_webhook_free(mine);
    return check_failures != 0;
}

static void fork_once(barker_webhook *mine, barker_webhook *stopped, int turn)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(be_child(mine, stopped, turn));
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    if (!CHECK(!WIFSIGNALED(status)))
        fprintf(stderr, "    fork %d: the child was ended by signal %d\n", turn, WTERMSIG(status));
    else
        CHECK_EQUAL(WEXITSTATUS(status), 0);
}

int main(int argc, char **argv)
{
    void *(*const works[])(void *) = {keep_verifying, keep_sending, keep_sending_batches,
                                      keep_stopping};
    pthread_t threads[4];
    if (!CHECK(argc == 4))
        return check_end("forks");
    original = barker_webhook_new();
    CHECK_OK(barker_webhook_set_url(original, argv[1]));
    CHECK_OK(barker_webhook_set_timeout(original, TIMEOUT));
    CHECK_OK(barker_webhook_add_ca_file(original, argv[2]));
    CHECK_OK(barker_webhook_set_key(original, bytes_of("key"), 3));
    CHECK_OK(barker_webhook_set_data(original, bytes_of("x"), 1));
    receiver = barker_webhook_clone(original);
    CHECK_OK(barker_webhook_set_replay_limit(receiver, 1000));
    barker_webhook *mine = barker_webhook_clone(original);
    barker_webhook *stopped = barker_webhook_clone(original);
    send_one(mine);
    for (int i = 0; i < 4; i++) {
        void *of = works[i] == keep_stopping ? stopped : original;
        CHECK_EQUAL(pthread_create(&threads[i], NULL, works[i], of), 0);
    }
    int forks = atoi(argv[3]);
    for (int turn = 0; turn < forks && check_failures < MOST_FAILURES; turn++)
        fork_once(mine, stopped, turn);
    ending = 1;
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    barker_webhook_free(stopped);
    barker_webhook_free(mine);
    barker_webhook_free(receiver);
    barker_webhook_free(original);
    return check_end("forks");
}
