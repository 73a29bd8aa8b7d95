/* epoll_sender: a server of one thread that takes orders and sends a webhook for each.
 *
 *   cc -std=c99 epoll_sender.c -lbarker -o epoll_sender
 *   SECRET=whsec_... ./epoll_sender PORT URL
 *
 * Listens on 127.0.0.1 only; PORT 0 is a port of the kernel's choice, which is printed. Each line
 * that a client sends is an order: "queued" is the answer, and the line is sent to URL as a signed
 * webhook. Nothing but epoll_wait() waits. A webhook that fails is sent again, with the same id,
 * when barker_retry_judge() says so. SIGTERM and SIGINT end the program; orders that have not been
 * delivered by then are printed on standard error.
 *
 * Orders live in memory: they are lost if the program is killed.
 */
#define _POSIX_C_SOURCE 200809L

#include <barker.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CLIENTS = 256, MAX_LINE = 16 * 1024, MAX_EVENTS = 64 };

struct client {
    int fd;
    size_t len;
    char line[MAX_LINE];
};

/* A message that has not been delivered yet: the engine has its handle, or it waits to be sent
 * again. */
struct order {
    barker_webhook *hook;
    uint32_t tries;
    int64_t due;        /* when to send it again, in milliseconds; 0 while the engine has it */
    struct order *next;
};

struct server {
    int poller, listener;
    struct client *clients[MAX_CLIENTS];
    size_t client_count;
    barker_webhook *original; /* URL and secret; each order is a clone with data of its own */
    barker_engine *engine;
    struct order *orders;
};

static volatile sig_atomic_t is_over;

static void end(int signal)
{
    (void)signal;
    is_over = 1;
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static bool watch(const struct server *server, int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    return epoll_ctl(server->poller, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* ---- Orders ---- */

static void print_order(const char *what, const barker_webhook *hook)
{
    size_t len;
    const void *data = barker_webhook_data(hook, &len);
    printf("%s: %.*s\n", what, (int)len, (const char *)data);
    fflush(stdout);
}

/* Lends the order to the engine, which sends it in its next steps. */
static void try_to_send(struct server *server, struct order *order)
{
    order->due = 0;
    order->tries++;
    if (barker_engine_add(server->engine, order->hook, order) != BARKER_OK)
        order->due = now() + 1000; /* short of memory, perhaps */
}

/* Takes an order; false if there is no memory for it. The id is chosen here, so that all tries of
 * the order have the same one. */
static bool take_order(struct server *server, const char *line, size_t len)
{
    barker_buffer id = {0};
    struct order *order = calloc(1, sizeof *order);
    barker_webhook *hook = barker_webhook_clone(server->original);
    bool is_ready = order != NULL && barker_generate_id(&id) == BARKER_OK &&
                    barker_webhook_set_id(hook, (const char *)id.data) == BARKER_OK &&
                    barker_webhook_set_data(hook, line, len) == BARKER_OK;
    barker_buffer_free(&id);
    if (!is_ready) {
        barker_webhook_free(hook);
        free(order);
        return false;
    }
    *order = (struct order){.hook = hook, .next = server->orders};
    server->orders = order;
    try_to_send(server, order);
    return true;
}

static void forget_order(struct server *server, struct order *order)
{
    struct order **at = &server->orders;
    while (*at != order)
        at = &(*at)->next;
    *at = order->next;
    barker_webhook_free(order->hook);
    free(order);
}

/* Takes back what has ended, and decides what becomes of it. */
static void collect(struct server *server)
{
    void *user;
    barker_webhook *hook;
    while ((hook = barker_engine_next(server->engine, &user)) != NULL) {
        struct order *order = user;
        uint32_t wait;
        switch (barker_retry_judge(NULL, hook, order->tries, &wait)) {
        case BARKER_VERDICT_DELIVERED:
            print_order("delivered", hook);
            forget_order(server, order);
            break;
        case BARKER_VERDICT_RETRY:
            order->due = now() + wait;
            print_order("delayed", hook);
            break;
        default:
            print_order("given up", hook);
            forget_order(server, order);
        }
    }
}

/* Sends again what is due. Returns when the next one is, in milliseconds from now; -1 is never. */
static int send_again(struct server *server)
{
    int64_t present = now(), next = INT64_MAX;
    for (struct order *order = server->orders; order != NULL; order = order->next) {
        if (order->due != 0 && order->due <= present)
            try_to_send(server, order);
        if (order->due != 0 && order->due < next)
            next = order->due;
    }
    return next == INT64_MAX ? -1 : next - present > 60000 ? 60000 : (int)(next - present);
}

/* ---- Clients ---- */

static void hang_up(struct server *server, struct client *client)
{
    size_t i = 0;
    while (server->clients[i] != client)
        i++;
    server->clients[i] = server->clients[--server->client_count];
    close(client->fd);
    free(client);
}

static void accept_client(struct server *server)
{
    int fd = accept(server->listener, NULL, NULL);
    struct client *client = NULL;
    if (fd >= 0 && server->client_count < MAX_CLIENTS)
        client = calloc(1, sizeof *client);
    if (client == NULL || fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || !watch(server, fd, client)) {
        if (fd >= 0)
            close(fd);
        free(client);
        return;
    }
    client->fd = fd;
    server->clients[server->client_count++] = client;
}

static void answer(const struct client *client, const char *text)
{
    /* Who does not read the answers does not get them. */
    (void)!send(client->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Reads once, and takes each whole line as an order. */
static void serve(struct server *server, struct client *client)
{
    ssize_t n = recv(client->fd, client->line + client->len, MAX_LINE - client->len, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        hang_up(server, client);
        return;
    }
    client->len += (size_t)n;
    char *line = client->line, *end = client->line + client->len, *newline;
    while ((newline = memchr(line, '\n', (size_t)(end - line))) != NULL) {
        answer(client, take_order(server, line, (size_t)(newline - line)) ? "queued\n" : "full\n");
        line = newline + 1;
    }
    client->len = (size_t)(end - line);
    memmove(client->line, line, client->len);
    if (client->len == MAX_LINE) {
        answer(client, "too long\n");
        hang_up(server, client);
    }
}

/* ---- The loop ---- */

static bool open_server(struct server *server, const char *port, const char *url)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    const char *secret = getenv("SECRET");
    server->original = barker_webhook_new();
    if (secret == NULL || barker_webhook_set_url(server->original, url) != BARKER_OK ||
        barker_webhook_set_secret(server->original, BARKER_SCHEME_STANDARD, secret,
                                  strlen(secret)) != BARKER_OK) {
        fprintf(stderr, "epoll_sender: %s\n",
                secret == NULL ? "set SECRET" : barker_webhook_error(server->original));
        return false;
    }
    server->engine = barker_engine_new();
    server->poller = epoll_create1(EPOLL_CLOEXEC);
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (server->engine == NULL || server->poller < 0 || server->listener < 0 ||
        fcntl(server->listener, F_SETFL, O_NONBLOCK) != 0 ||
        bind(server->listener, (struct sockaddr *)&address, len) != 0 ||
        listen(server->listener, MAX_CLIENTS) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &len) != 0 ||
        !watch(server, server->listener, &server->listener) ||
        !watch(server, barker_engine_fd(server->engine), server->engine)) {
        perror("epoll_sender");
        return false;
    }
    printf("listening on port %u\n", (unsigned)ntohs(address.sin_port));
    fflush(stdout);
    return true;
}

static int sooner(int one, int other)
{
    return one < 0 ? other : other < 0 || one < other ? one : other;
}

static void run(struct server *server)
{
    struct epoll_event events[MAX_EVENTS];
    while (!is_over) {
        int again = send_again(server); /* first: it may give the engine something to do */
        int wait = sooner(again, barker_engine_timeout(server->engine));
        int count = epoll_wait(server->poller, events, MAX_EVENTS, wait);
        for (int i = 0; i < count; i++) {
            void *what = events[i].data.ptr;
            if (what == &server->listener)
                accept_client(server);
            else if (what != server->engine)
                serve(server, what);
        }
        if (barker_engine_step(server->engine, 0) != BARKER_OK)
            fputs("epoll_sender: the engine is short of memory or descriptors\n", stderr);
        collect(server);
    }
}

static void close_server(struct server *server)
{
    barker_engine_free(server->engine); /* the handles are ours again */
    while (server->orders != NULL) {
        size_t len;
        const void *data = barker_webhook_data(server->orders->hook, &len);
        fprintf(stderr, "not delivered: %.*s\n", (int)len, (const char *)data);
        forget_order(server, server->orders);
    }
    while (server->client_count > 0)
        hang_up(server, server->clients[0]);
    barker_webhook_free(server->original);
    close(server->listener);
    close(server->poller);
}

int main(int argc, char **argv)
{
    struct server server = {.poller = -1, .listener = -1};
    struct sigaction action = {.sa_handler = end};
    if (argc != 3) {
        fputs("usage: SECRET=whsec_... epoll_sender PORT URL\n", stderr);
        return 2;
    }
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    bool is_open = open_server(&server, argv[1], argv[2]);
    if (is_open)
        run(&server);
    close_server(&server);
    return is_open ? 0 : 1;
}
