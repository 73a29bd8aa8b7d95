/* fork.c: forks again and again while connections are open, and has parent and child send their
 * process ids at the same time, for tests/test_embedded.py to see over which connections they come:
 *
 *   fork URL FORKS quiet|busy
 *
 * When busy, another thread is amid sends of its own, also on new connections, whenever it forks.
 * Prints how many sends the parent made.
 */
#define _GNU_SOURCE

#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { BY_EACH = 3 };

static const char *url;
static atomic_int sends, ending;

static barker_webhook *new_hook(void)
{
    barker_webhook *hook = barker_webhook_new();
    CHECK_OK(barker_webhook_set_url(hook, url));
    CHECK_OK(barker_webhook_set_timeout(hook, 60000));
    return hook;
}

static void send_pid(barker_webhook *hook)
{
    char body[32];
    uint16_t http_status = 0;
    snprintf(body, sizeof body, "%ld %d", (long)getpid(), ++sends);
    if (!CHECK_OK(barker_webhook_send_data(hook, bytes_of(body), strlen(body), &http_status, NULL)))
        fprintf(stderr, "    %s: %s\n", body, barker_webhook_error(hook));
    CHECK_EQUAL(http_status, 204);
}

static void *be_busy(void *hook)
{
    while (!ending) {
        send_pid(hook);
        barker_webhook *another = new_hook();
        send_pid(another);
        barker_webhook_free(another);
    }
    return NULL;
}

/* What the child got from its parent it may use and free; the clone too. */
static int be_child(barker_webhook *hook, barker_webhook *copy)
{
    alarm(60);
    check_failures = 0;
    for (int i = 0; i < BY_EACH; i++)
        send_pid(i % 2 == 0 ? hook : copy);
    barker_webhook_free(hook);
    send_pid(copy);
    barker_webhook_free(copy);
    return check_failures != 0;
}

static void fork_once(barker_webhook *hook, barker_webhook *copy)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(be_child(hook, copy));
    for (int i = 0; i < BY_EACH; i++)
        send_pid(i % 2 == 0 ? copy : hook);
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
}

int main(int argc, char **argv)
{
    check_begin();
    if (!CHECK(argc == 4))
        return check_end("fork");
    url = argv[1];
    int busy = strcmp(argv[3], "busy") == 0;
    barker_webhook *hook = new_hook(), *copy = barker_webhook_clone(hook);
    barker_webhook *of_thread = barker_webhook_clone(hook);
    pthread_t thread;
    send_pid(hook);
    if (busy)
        CHECK_EQUAL(pthread_create(&thread, NULL, be_busy, of_thread), 0);
    for (long left = strtol(argv[2], NULL, 10); left > 0; left--)
        fork_once(hook, copy);
    ending = 1;
    if (busy)
        pthread_join(thread, NULL);
    barker_webhook_free(hook);
    barker_webhook_free(copy);
    barker_webhook_free(of_thread);
    printf("%d\n", sends);
    return check_failures != 0;
}
