/* receiver.c: the other end of every benchmark without TLS. It reads each request to its end and
 * answers 204 on the same connection, after a delay if one is asked for.
 *
 *     receiver MILLISECONDS    prints its port, and serves until its standard input ends
 *
 * It is made to cost less than any sender: one thread, epoll, and the kernel throws bodies away
 * uncopied (MSG_TRUNC). */
#define _GNU_SOURCE
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_MAX = 8192, EVENTS = 256, DISCARD = 1 << 30, INPUT = 0 };

static const char answer[] = "HTTP/1.1 204 No Content\r\n\r\n";

/* A connection, in whose head the requests are collected. */
struct client {
    int socket;
    size_t head_len;
    size_t body_left;
    int64_t due; /* when the answer leaves, if it waits; otherwise 0 */
    struct client *later;
    char head[HEAD_MAX + 1];
};

static int64_t delay;
/* The answers that wait: the delay is the same for all, so the first in is the first out. */
static struct client *first_due, **last_due = &first_due;

static void answer_now(struct client *client)
{
    send(client->socket, answer, sizeof answer - 1, MSG_NOSIGNAL);
}

static void request_came(struct client *client)
{
    client->head_len = 0;
    if (delay == 0) {
        answer_now(client);
        return;
    }
    client->due = bench_wall() + delay;
    client->later = NULL;
    *last_due = client;
    last_due = &client->later;
}

static void answer_due(void)
{
    int64_t now = first_due != NULL ? bench_wall() : 0;
    while (first_due != NULL && first_due->due <= now) {
        answer_now(first_due);
        first_due->due = 0;
        first_due = first_due->later;
    }
    if (first_due == NULL)
        last_due = &first_due;
}

/* Milliseconds until an answer is due, or -1. */
static int next_due(void)
{
    if (first_due == NULL)
        return -1;
    int64_t left = first_due->due - bench_wall();
    return left <= 0 ? 0 : (int)((left + 999999) / 1000000);
}

/* Takes in more of a head; returns 0 once the client is gone. */
static int read_head(struct client *client)
{
    ssize_t n = recv(client->socket, client->head + client->head_len, HEAD_MAX - client->head_len,
                     MSG_DONTWAIT);
    if (n <= 0)
        return n < 0 && errno == EAGAIN;
    client->head_len += (size_t)n;
    client->head[client->head_len] = '\0';
    const char *end = strstr(client->head, "\r\n\r\n");
    if (end == NULL)
        return client->head_len < HEAD_MAX;
    const char *length = strcasestr(client->head, "\r\nContent-Length:");
    NEED(length != NULL && length < end);
    size_t came = client->head_len - (size_t)(end + 4 - client->head);
    client->body_left = strtoull(length + strlen("\r\nContent-Length:"), NULL, 10);
    NEED(came <= client->body_left);
    client->body_left -= came;
    if (client->body_left == 0)
        request_came(client);
    return 1;
}

static int read_body(struct client *client)
{
    size_t most = client->body_left < DISCARD ? client->body_left : DISCARD;
    ssize_t n = recv(client->socket, NULL, most, MSG_TRUNC | MSG_DONTWAIT);
    if (n <= 0)
        return n < 0 && errno == EAGAIN;
    client->body_left -= (size_t)n;
    if (client->body_left == 0)
        request_came(client);
    return 1;
}

static void accept_all(int poller, int listener)
{
    int yes = 1, socket;
    while ((socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct client *client = calloc(1, sizeof *client);
        NEED(client != NULL);
        client->socket = socket;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
        NEED(setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0);
        NEED(epoll_ctl(poller, EPOLL_CTL_ADD, socket, &event) == 0);
    }
}

static void serve_client(struct client *client)
{
    if (client->body_left > 0 ? read_body(client) : read_head(client))
        return;
    NEED(client->due == 0); /* nobody goes away while an answer waits for him */
    close(client->socket);
    free(client);
}

static int listen_on_loopback(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    NEED(listener >= 0 && bind(listener, (struct sockaddr *)&address, size) == 0);
    NEED(listen(listener, 65535) == 0);
    NEED(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    printf("%u\n", (unsigned)ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

int main(int argc, char **argv)
{
    NEED(argc == 2);
    alarm(BENCH_PATIENCE);
    bench_raise_descriptor_limit();
    delay = (int64_t)bench_number(argv[1]) * 1000000;
    int poller = epoll_create1(0), listener = listen_on_loopback();
    static char for_listener, for_input;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &for_listener};
    NEED(epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) == 0);
    event.data.ptr = &for_input;
    NEED(epoll_ctl(poller, EPOLL_CTL_ADD, INPUT, &event) == 0);
    for (;;) {
        struct epoll_event events[EVENTS];
        int count = epoll_wait(poller, events, EVENTS, next_due());
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == &for_input)
                return 0;
            if (events[i].data.ptr == &for_listener)
                accept_all(poller, listener);
            else
                serve_client(events[i].data.ptr);
        }
        answer_due();
    }
}
