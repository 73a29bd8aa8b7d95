/* peer.h: a receiver on the loopback that plays a script in a thread, one step a request, and keeps
 * every byte that came. Each wait is bounded. */
#ifndef PEER_H
#define PEER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
    PEER_CLOSE = 1,      /* closes after the answer */
    PEER_SILENT = 2,     /* after the answer, waits for the client to go away */
    PEER_TRICKLE = 4,    /* answers byte by byte */
    PEER_DROP = 8,       /* closes without having read the request */
    PEER_DEAF = 16,      /* never reads the request, nor hangs up; once in a script */
    PEER_HEAD_ONLY = 32, /* answers once the head has come; then reads the rest and closes */
    PEER_RESET = 64,     /* closes after the answer, with a reset */
    PEER_SLOW = 128,     /* as PEER_TRICKLE, with a pause before each byte */
    PEER_SIP = 256,      /* reads only so many bytes of the request, with pauses; never answers */
    PEER_FLOOD = 512     /* goes on with small chunks until the client goes away, or for too long */
};

/* Seconds; milliseconds; bytes; connections in all. */
enum { PEER_PATIENCE = 60, PEER_PAUSE = 10, PEER_SIPS = 6000, PEER_CLIENTS = 1024 };

struct peer_step {
    const char *answer;
    size_t len;
    int flags;
};

struct peer_request {
    char *bytes; /* NUL-terminated */
    size_t len;
    const char *body;
    size_t body_len;
    int connection; /* from 0 in the order of arrival */
};

struct peer {
    int listener;
    unsigned port;
    char url[64];
    const struct peer_step *steps;
    size_t count;
    struct peer_request *requests;
    size_t played;
    int clients[PEER_CLIENTS];
    int connections;
    int deaf; /* the connection that is not listened to, or -1 */
    atomic_int floods_begun, floods_ended; /* ended by the client */
    sem_t step_done;
    pthread_t thread;
};

static inline void peer_hang_up(struct peer *peer, int connection)
{
    close(peer->clients[connection]);
    peer->clients[connection] = -1;
}

static inline void peer_accept(struct peer *peer)
{
    struct timeval patience = {.tv_sec = PEER_PATIENCE};
    int yes = 1, client = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0 || peer->connections == PEER_CLIENTS)
        abort();
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    peer->clients[peer->connections++] = client;
}

/* The connection on which the next request has begun to come; -1 if none does. */
static inline int peer_next(struct peer *peer)
{
    for (int tries = 0; tries < 1000; tries++) {
        struct pollfd waits[PEER_CLIENTS + 1] = {{peer->listener, POLLIN, 0}};
        for (int i = 0; i < peer->connections; i++)
            waits[i + 1] = (struct pollfd){peer->clients[i], POLLIN, 0};
        if (poll(waits, (nfds_t)peer->connections + 1, PEER_PATIENCE * 1000) <= 0)
            return -1;
        for (int i = 0; i < peer->connections; i++) {
            char byte;
            if (waits[i + 1].revents == 0)
                continue;
            if (recv(peer->clients[i], &byte, 1, MSG_PEEK) > 0)
                return i;
            peer_hang_up(peer, i);
        }
        if (waits[0].revents != 0)
            peer_accept(peer);
    }
    return -1;
}

/* Reads a request to its end, or only its head. */
static inline void peer_read(int client, struct peer_request *request, int head_only)
{
    size_t capacity = 65536, wanted = 0;
    request->bytes = malloc(capacity + 1);
    while (wanted == 0 || request->len < wanted) {
        if (request->len == capacity)
            request->bytes = realloc(request->bytes, (capacity *= 2) + 1);
        ssize_t n = recv(client, request->bytes + request->len, capacity - request->len, 0);
        if (n <= 0)
            return;
        request->len += (size_t)n;
        request->bytes[request->len] = '\0';
        const char *end = wanted == 0 ? strstr(request->bytes, "\r\n\r\n") : NULL;
        if (end == NULL)
            continue;
        const char *length = strstr(request->bytes, "\r\nContent-Length: ");
        wanted = (size_t)(end + 4 - request->bytes);
        if (!head_only && length != NULL && length < end)
            wanted += strtoul(length + 18, NULL, 10);
    }
    const char *body = strstr(request->bytes, "\r\n\r\n") + 4;
    request->body = body;
    request->body_len = request->len - (size_t)(body - request->bytes);
}

/* Waits a little; gives whether the client is still there. */
static inline int peer_pause(int client)
{
    struct pollfd gone = {client, POLLRDHUP, 0};
    return poll(&gone, 1, PEER_PAUSE) == 0;
}

static inline void peer_sip(int client)
{
    char byte;
    for (int i = 0; i < PEER_SIPS && peer_pause(client) && recv(client, &byte, 1, 0) > 0; i++)
        ;
}

static inline void peer_answer(int client, const struct peer_step *step)
{
    size_t piece = step->flags & (PEER_TRICKLE | PEER_SLOW) ? 1 : step->len;
    for (size_t at = 0; at < step->len;) {
        if (step->flags & PEER_SLOW && !peer_pause(client))
            return;
        size_t left = step->len - at;
        ssize_t n = send(client, step->answer + at, piece < left ? piece : left, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        at += (size_t)n;
    }
}

/* Whether the client went away first. Its end is looked for, because a system whose program stopped
 * reading need not tell a sender that waits for room. */
static inline int peer_flood(int client)
{
    static const char chunk[] = "1\r\nx\r\n";
    char chunks[1000 * (sizeof chunk - 1)];
    size_t at = 0; /* a piece that is cut off goes on, or the next would begin inside a chunk */
    for (size_t i = 0; i < sizeof chunks; i++)
        chunks[i] = chunk[i % (sizeof chunk - 1)];
    for (time_t end = time(NULL) + PEER_PATIENCE; time(NULL) < end;) {
        struct pollfd room = {client, POLLOUT | POLLRDHUP, 0};
        if (poll(&room, 1, 1000) > 0 && room.revents != POLLOUT)
            return 1;
        ssize_t n = send(client, chunks + at, sizeof chunks - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0)
            at = (at + (size_t)n) % sizeof chunks;
    }
    return 0;
}

static inline void peer_play(struct peer *peer, int connection, const struct peer_step *step)
{
    int client = peer->clients[connection];
    struct peer_request *request = &peer->requests[peer->played];
    char scrap[4096];
    request->connection = connection;
    if (step->flags & PEER_SIP)
        peer_sip(client);
    else if (!(step->flags & (PEER_DROP | PEER_DEAF)))
        peer_read(client, request, step->flags & PEER_HEAD_ONLY);
    peer_answer(client, step);
    if (step->flags & PEER_FLOOD) {
        peer->floods_begun++;
        peer->floods_ended += peer_flood(client);
    }
    if (step->flags & PEER_HEAD_ONLY)
        shutdown(client, SHUT_WR);
    if (step->flags & (PEER_SILENT | PEER_HEAD_ONLY))
        while (recv(client, scrap, sizeof scrap, 0) > 0)
            ;
    if (step->flags & PEER_DEAF) {
        peer->deaf = client;
        peer->clients[connection] = -1;
        return;
    }
    if (step->flags & PEER_RESET) {
        struct linger at_once = {.l_onoff = 1};
        setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    if (step->flags & ~(PEER_TRICKLE | PEER_SLOW))
        peer_hang_up(peer, connection);
}

static inline void *peer_run(void *argument)
{
    struct peer *peer = argument;
    for (; peer->played < peer->count; peer->played++) {
        int connection = peer_next(peer);
        if (connection < 0)
            break;
        peer_play(peer, connection, &peer->steps[peer->played]);
        sem_post(&peer->step_done);
    }
    return NULL;
}

/* A loopback address that nobody listens at, until the descriptor is closed. */
static inline int peer_bind(unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        abort();
    *port = ntohs(address.sin_port);
    return listener;
}

static inline void peer_start(struct peer *peer, const struct peer_step *steps, size_t count)
{
    *peer = (struct peer){.steps = steps, .count = count, .deaf = -1};
    peer->requests = calloc(count, sizeof *peer->requests);
    peer->listener = peer_bind(&peer->port);
    snprintf(peer->url, sizeof peer->url, "http://127.0.0.1:%u/", peer->port);
    if (listen(peer->listener, 16) != 0 || sem_init(&peer->step_done, 0, 0) != 0 ||
        pthread_create(&peer->thread, NULL, peer_run, peer) != 0)
        abort();
}

/* An address where connecting neither works nor fails: nobody takes connections, and the queue of
 * those that wait is full. */
struct peer_hole {
    int listener, waiting[4];
};

/* Gives whether it is one. */
static inline int peer_dig(struct peer_hole *hole, const char *address, unsigned port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, address, &at.sin_addr);
    hole->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(hole->listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(hole->listener, 0) != 0)
        abort();
    for (int i = 0; i < 4; i++) {
        hole->waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(hole->waiting[i], (struct sockaddr *)&at, sizeof at);
    }
    struct pollfd last = {hole->waiting[3], POLLOUT, 0};
    return poll(&last, 1, 400) == 0;
}

static inline void peer_fill(struct peer_hole *hole)
{
    close(hole->listener);
    for (int i = 0; i < 4; i++)
        close(hole->waiting[i]);
}

/* Waits until one more step was played to its end, or the peer has lost its patience. */
static inline void peer_wait(struct peer *peer)
{
    struct timespec end = {.tv_sec = time(NULL) + 2 * PEER_PATIENCE};
    while (sem_timedwait(&peer->step_done, &end) != 0 && errno == EINTR)
        ;
}

/* Gives whether the whole script was played. What came can be read until peer_free(). */
static inline int peer_stop(struct peer *peer)
{
    pthread_join(peer->thread, NULL);
    for (int i = 0; i < peer->connections; i++)
        if (peer->clients[i] >= 0)
            close(peer->clients[i]);
    if (peer->deaf >= 0)
        close(peer->deaf);
    close(peer->listener);
    sem_destroy(&peer->step_done);
    return peer->played == peer->count;
}

static inline void peer_free(struct peer *peer)
{
    for (size_t i = 0; i < peer->count; i++)
        free(peer->requests[i].bytes);
    free(peer->requests);
}

#endif
