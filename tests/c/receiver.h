/* receiver.h: a receiver in a thread that answers many connections at once, and sees how many there are
 * and when. */
#ifndef RECEIVER_H
#define RECEIVER_H

#include "peer.h"

enum { CLIENTS = 600, REQUEST = 8192 };

/* A receiver in a thread. What a request asks for:
 *   /ok/N     200 with the body N
 *   /break/N  the connection is closed
 *   /slow/N   no answer
 * It holds its answers back until `gather` requests wait for one, or for two seconds. */
struct receiver {
    int listener, wake[2];
    char url[128];
    int gather;
    int most_waiting; /* requests that waited at one time */
    int requests, connections;
    char signatures[CLIENTS][64]; /* of each request */
    char ids[CLIENTS][64];
    pthread_t thread;
    struct client {
        int fd, waiting;
        size_t len;
        char bytes[REQUEST + 1];
    } clients[CLIENTS];
};

static inline void copy_header(const char *request, const char *name, char value[64])
{
    const char *found = strcasestr(request, name);
    snprintf(value, 64, "%.*s", found == NULL ? 0 : (int)strcspn(found + strlen(name), "\r"),
             found == NULL ? "" : found + strlen(name));
}

/* Whether a whole request has come. */
static inline int is_whole(const struct client *client)
{
    const char *end = strstr(client->bytes, "\r\n\r\n");
    const char *length = strstr(client->bytes, "\r\nContent-Length: ");
    return end != NULL && length != NULL &&
           client->len >= (size_t)(end + 4 - client->bytes) + strtoul(length + 18, NULL, 10);
}

static inline void hang_up(struct client *client)
{
    close(client->fd);
    client->fd = -1;
    client->waiting = 0;
}

static inline void read_some(struct receiver *receiver, struct client *client)
{
    ssize_t n = recv(client->fd, client->bytes + client->len, REQUEST - client->len, 0);
    if (n <= 0) {
        hang_up(client);
        return;
    }
    client->len += (size_t)n;
    client->bytes[client->len] = '\0';
    if (!is_whole(client) || receiver->requests == CLIENTS)
        return;
    copy_header(client->bytes, "BARKER_SIGNATURE: ", receiver->signatures[receiver->requests]);
    copy_header(client->bytes, "webhook-id: ", receiver->ids[receiver->requests]);
    receiver->requests++;
    client->waiting = 1;
}

static inline void answer_one(struct client *client)
{
    char answer[128], number[16];
    int n;
    if (sscanf(client->bytes, "POST /ok/%15[0-9]", number) == 1) {
        n = snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
                     strlen(number), number);
        send(client->fd, answer, (size_t)n, MSG_NOSIGNAL);
    } else if (strncmp(client->bytes, "POST /break/", 12) == 0)
        hang_up(client);
    client->waiting = 0;
    client->len = 0;
}

static inline void answer_all(struct receiver *receiver)
{
    for (int i = 0; i < CLIENTS; i++)
        if (receiver->clients[i].waiting)
            answer_one(&receiver->clients[i]);
}

static inline void accept_one(struct receiver *receiver)
{
    for (int i = 0; i < CLIENTS; i++)
        if (receiver->clients[i].fd < 0) {
            receiver->clients[i] = (struct client){.fd = accept(receiver->listener, NULL, NULL)};
            receiver->connections++;
            return;
        }
    abort();
}

static inline void *receive(void *argument)
{
    static struct pollfd waits[CLIENTS + 2];
    struct receiver *receiver = argument;
    for (;;) {
        int waiting = 0;
        waits[0] = (struct pollfd){receiver->wake[0], POLLIN, 0};
        waits[1] = (struct pollfd){receiver->listener, POLLIN, 0};
        for (int i = 0; i < CLIENTS; i++) {
            waits[i + 2] = (struct pollfd){receiver->clients[i].fd, POLLIN, 0};
            waiting += receiver->clients[i].waiting;
        }
        if (waiting > receiver->most_waiting)
            receiver->most_waiting = waiting;
        if (waiting >= receiver->gather)
            answer_all(receiver);
        int ready = poll(waits, CLIENTS + 2, waiting > 0 ? 2000 : PEER_PATIENCE * 1000);
        if (ready < 0 || waits[0].revents != 0)
            return NULL;
        if (ready == 0)
            answer_all(receiver);
        if (waits[1].revents != 0)
            accept_one(receiver);
        for (int i = 0; i < CLIENTS; i++)
            if (receiver->clients[i].fd >= 0 && waits[i + 2].fd >= 0 && waits[i + 2].revents != 0)
                read_some(receiver, &receiver->clients[i]);
    }
}

static inline struct receiver *start(int listener, const char *url, int gather)
{
    struct receiver *receiver = calloc(1, sizeof *receiver);
    receiver->listener = listener;
    receiver->gather = gather;
    snprintf(receiver->url, sizeof receiver->url, "%s", url);
    for (int i = 0; i < CLIENTS; i++)
        receiver->clients[i].fd = -1;
    if (listen(listener, CLIENTS) != 0 || pipe(receiver->wake) != 0 ||
        pthread_create(&receiver->thread, NULL, receive, receiver) != 0)
        abort();
    return receiver;
}

static inline struct receiver *start_tcp(int gather)
{
    unsigned port;
    char url[64];
    int listener = peer_bind(&port);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", port);
    return start(listener, url, gather);
}

static inline void stop(struct receiver *receiver)
{
    if (write(receiver->wake[1], "", 1) != 1)
        abort();
    pthread_join(receiver->thread, NULL);
    for (int i = 0; i < CLIENTS; i++)
        if (receiver->clients[i].fd >= 0)
            close(receiver->clients[i].fd);
    close(receiver->listener);
    close(receiver->wake[0]);
    close(receiver->wake[1]);
}

#endif
