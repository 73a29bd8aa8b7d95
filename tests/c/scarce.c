/* scarce.c: what the system lacks is not the receiver's fault, and a batch waits for it: descriptors,
 * and room in the queue of a Unix socket. And a socket that connects to itself reaches nobody. */
#define _GNU_SOURCE

#include "check.h"
#include "peer.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"

enum { PLENTY = 60000, COUNT = 100, LIMIT = 256, RECEIVERS = 5, PATIENCE = 120 };

/* Stands in for the C library's: counts, and makes sockets connect to themselves. */
static atomic_int connects, connects_to_itself;

int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t len)
{
    connects++;
    if (connects_to_itself && bind(fd, address.__sockaddr__, len) != 0)
        abort();
    return (int)syscall(SYS_connect, fd, address.__sockaddr__, len);
}

static struct peer_step steps[COUNT];

/* ---- descriptors ---- */

/* The receivers are in the parent, which has enough of them. */
static struct peer peers[RECEIVERS];

static int taken[LIMIT], taken_count;

/* Takes all descriptors except `free`. */
static void take_descriptors(int free)
{
    int fd;
    while ((fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        taken[taken_count++] = fd;
    while (free-- > 0)
        close(taken[--taken_count]);
}

static void give_back(void)
{
    while (taken_count > 0)
        close(taken[--taken_count]);
}

static void send_well(barker_webhook *hook)
{
    uint16_t http_status = 0;
    if (!CHECK_OK(barker_webhook_send(hook, &http_status, NULL)))
        fprintf(stderr, "    %s\n", barker_webhook_error(hook));
    CHECK_EQUAL(http_status, 204);
}

/* There are none; then the handle works. */
static void none_for_one(const char *host)
{
    uint16_t http_status = 0;
    barker_webhook *hook = check_hook(host, peers[0].port, PLENTY);
    take_descriptors(0);
    CHECK_FAILS(hook, barker_webhook_send(hook, &http_status, NULL), BARKER_ERR_SYSTEM);
    CHECK_EQUAL(barker_send_many(&hook, 1, 0, NULL, NULL), BARKER_ERR_SYSTEM);
    give_back();
    send_well(hook);
    barker_webhook_free(hook);
}

/* A few for many deliveries: all arrive. Two are the batch's own, and a lookup takes some. */
static void few_for_a_batch(const char *host)
{
    static barker_webhook *hooks[COUNT];
    barker_webhook *original = check_hook(host, peers[0].port, PLENTY);
    for (int i = 0; i < COUNT; i++)
        hooks[i] = barker_webhook_clone(original);
    take_descriptors(8);
    CHECK_OK(barker_send_many(hooks, COUNT, COUNT, NULL, NULL));
    give_back();
    for (int i = 0; i < COUNT; i++) {
        if (!CHECK_OK(barker_webhook_status(hooks[i])))
            fprintf(stderr, "    %s\n", barker_webhook_error(hooks[i]));
        barker_webhook_free(hooks[i]);
    }
    barker_webhook_free(original);
}

/* Idle connections make room for new ones. */
static void idle_ones_go(const char *host)
{
    barker_webhook *hook = barker_webhook_new();
    CHECK_OK(barker_webhook_set_timeout(hook, PLENTY));
    for (int i = 0; i < RECEIVERS; i++) {
        char url[64];
        snprintf(url, sizeof url, "http://%s:%u/", host, peers[i].port);
        CHECK_OK(barker_webhook_set_url(hook, url));
        if (i == RECEIVERS - 1)
            take_descriptors(0);
        send_well(hook);
    }
    give_back();
    barker_webhook_free(hook);
}

static void in_child(void (*test)(const char *), const char *host, size_t sends, int receivers)
{
    struct rlimit limit;
    int status = -1;
    for (int i = 0; i < receivers; i++)
        peer_start(&peers[i], steps, sends);
    pid_t child = fork();
    if (child == 0) {
        alarm(PATIENCE);
        getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = LIMIT;
        if (CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &limit), 0))
            test(host);
        _exit(check_failures != 0);
    }
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
    for (int i = 0; i < receivers; i++) {
        CHECK(peer_stop(&peers[i]));
        peer_free(&peers[i]);
    }
}

/* ---- a full queue ---- */

/* Many wait for room, and one of them looks for all: hardly any calls for each. */
static void full_queue(void)
{
    enum { TIMEOUT = 500 };
    static barker_webhook *hooks[COUNT];
    char directory[] = "/tmp/barker-scarce-XXXXXX", url[128];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    CHECK(mkdtemp(directory) != NULL);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", directory);
    snprintf(url, sizeof url, "unix:%s:/", address.sun_path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 0) != 0)
        abort();
    barker_webhook *original = barker_webhook_new();
    CHECK_OK(barker_webhook_set_url(original, url));
    CHECK_OK(barker_webhook_set_timeout(original, TIMEOUT));
    for (int i = 0; i < COUNT; i++)
        hooks[i] = barker_webhook_clone(original);
    int before = connects;
    CHECK_OK(barker_send_many(hooks, COUNT, COUNT, NULL, NULL));
    printf("%d deliveries to a full queue connect %d times\n", COUNT, connects - before);
    CHECK(connects - before < COUNT);
    for (int i = 0; i < COUNT; i++) {
        CHECK_EQUAL(barker_webhook_status(hooks[i]), BARKER_ERR_TIMEOUT);
        barker_webhook_free(hooks[i]);
    }
    barker_webhook_free(original);
    close(listener);
    unlink(address.sun_path);
    rmdir(directory);
}

/* Alone and in a batch. */
static void to_itself(int is_batch)
{
    unsigned port;
    uint16_t http_status;
    close(peer_bind(&port));
    barker_webhook *hook = check_hook("127.0.0.1", port, PLENTY);
    connects_to_itself = 1;
    if (is_batch)
        CHECK_OK(barker_send_many(&hook, 1, 0, NULL, NULL));
    else
        CHECK_EQUAL(barker_webhook_send(hook, &http_status, NULL), BARKER_ERR_CONNECT);
    CHECK_EQUAL(barker_webhook_status(hook), BARKER_ERR_CONNECT);
    connects_to_itself = 0;
    barker_webhook_free(hook);
}

int main(void)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost"};
    check_begin();
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        steps[i] = (struct peer_step){NO_CONTENT, sizeof NO_CONTENT - 1, 0};
    for (int i = 0; i < 2; i++) {
        in_child(none_for_one, hosts[i], 1, 1);
        in_child(few_for_a_batch, hosts[i], COUNT, 1);
        in_child(idle_ones_go, hosts[i], 1, RECEIVERS);
    }
    full_queue();
    to_itself(0);
    to_itself(1);
    return check_end("scarce");
}
