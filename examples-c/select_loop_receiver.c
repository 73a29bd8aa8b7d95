/* select_loop_receiver: receives webhooks in a server with one thread, with select().
 *
 *   cc -std=c99 select_loop_receiver.c -lbarker -o select_loop_receiver
 *   ./select_loop_receiver [--key KEY] [--count N] [PORT]
 *
 * Listens on 127.0.0.1 only, on a port that the kernel chooses unless PORT is set, and prints each
 * webhook and whether its signature is right. With --count it exits after that many requests.
 *
 * No client can keep it from serving the others: no call except select() waits, and the time,
 * number and size of connections are limited. More connections wait in the kernel's queue.
 */
#define _POSIX_C_SOURCE 200809L

#include <barker.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_CLIENTS = 64,
    MAX_HEAD = 16 * 1024,
    MAX_BODY = 1024 * 1024,
    MAX_HEADERS = 64,
    SECONDS = 10, /* for a whole connection */
};

/* A connection goes through these in turn. */
enum state {
    FREE,         /* no connection */
    READING_HEAD, /* until the empty line */
    READING_BODY, /* until Content-Length bytes */
    ANSWERING,
    CLOSING, /* reads and discards: close() would destroy the answer if anything was unread */
};

struct client {
    enum state state;
    int fd;
    time_t deadline;
    char head[MAX_HEAD + 1]; /* the head, then the part of the body that came with it */
    size_t received;         /* bytes in head[] */
    size_t head_len;         /* bytes of the head, including the empty line */
    barker_header headers[MAX_HEADERS];
    size_t header_count;
    uint8_t *body;
    size_t body_len, body_received;
    char answer[128];
    size_t answer_len, answered;
};

struct server {
    const barker_webhook *hook;
    int listener;
    bool out_of_descriptors; /* accepts nothing for a moment */
    unsigned long count;     /* of requests to serve; 0: no limit */
    unsigned long served;
    struct client clients[MAX_CLIENTS];
};

static bool is_done(const struct server *server)
{
    return server->count > 0 && server->served >= server->count;
}

/* ---- HTTP: each int function returns 0, or the status to refuse the request with ---- */

static char *find_empty_line(char *from, const char *end)
{
    for (; end - from >= 4; from++)
        if (memcmp(from, "\r\n\r\n", 4) == 0)
            return from;
    return NULL;
}

/* Splits "Name: value" in place. */
static bool split_header(char *line, barker_header *header)
{
    char *colon = strchr(line, ':');
    if (colon == NULL || colon == line || strcspn(line, " \t") < (size_t)(colon - line))
        return false;
    char *value = colon + 1 + strspn(colon + 1, " \t");
    char *end = value + strlen(value);
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    for (const char *p = line; p < end; p++)
        if (iscntrl((unsigned char)*p) && *p != '\t')
            return false;
    *colon = '\0';
    *end = '\0';
    *header = (barker_header){line, value};
    return true;
}

/* Splits the head in place into NUL-terminated names and values. */
static int split_head(struct client *client)
{
    client->head[client->head_len - 2] = '\0';
    if (strlen(client->head) != client->head_len - 2)
        return 400; /* the text contains a NUL */
    char *line = client->head;
    char *end = strstr(line, "\r\n");
    *end = '\0';
    if (strstr(line, " HTTP/1.") == NULL)
        return 400;
    for (line = end + 2; (end = strstr(line, "\r\n")) != NULL; line = end + 2) {
        *end = '\0';
        if (client->header_count == MAX_HEADERS)
            return 413;
        if (!split_header(line, &client->headers[client->header_count++]))
            return 400;
    }
    return 0;
}

static int find_body_len(struct client *client)
{
    const char *length = NULL;
    for (size_t i = 0; i < client->header_count; i++) {
        const barker_header *header = &client->headers[i];
        if (strcasecmp(header->name, "Transfer-Encoding") == 0)
            return 411; /* this example does not read chunked bodies */
        if (strcasecmp(header->name, "Content-Length") != 0)
            continue;
        if (length != NULL && strcmp(length, header->value) != 0)
            return 400;
        length = header->value;
    }
    if (length == NULL)
        return 411;
    if (length[0] == '\0' || length[strspn(length, "0123456789")] != '\0')
        return 400;
    unsigned long long len = strtoull(length, NULL, 10); /* the largest number if it overflows */
    if (len > MAX_BODY)
        return 413;
    client->body_len = (size_t)len;
    return 0;
}

/* Allocates the body, and copies the part of it that came with the head. */
static int begin_body(struct client *client)
{
    client->body = malloc(client->body_len + 1);
    if (client->body == NULL)
        return 503;
    size_t have = client->received - client->head_len;
    client->body_received = have < client->body_len ? have : client->body_len;
    memcpy(client->body, client->head + client->head_len, client->body_received);
    return 0;
}

static const char *reason_of(int http_status)
{
    switch (http_status) {
    case 204: return "No Content";
    case 401: return "Unauthorized";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 503: return "Service Unavailable";
    default: return "Bad Request";
    }
}

static void answer(struct client *client, int http_status)
{
    const char *length = http_status == 204 ? "" : "Content-Length: 0\r\n";
    int len = snprintf(client->answer, sizeof client->answer,
                       "HTTP/1.1 %d %s\r\n%sConnection: close\r\n\r\n", http_status,
                       reason_of(http_status), length);
    client->answer_len = (size_t)len;
    client->state = ANSWERING;
}

/* ---- webhooks ---- */

static bool is_barker_header(const char *name)
{
    return strncasecmp(name, "BARKER_", 7) == 0 || strncasecmp(name, "BARKER-", 7) == 0;
}

/* Verifies a request, prints it and returns the HTTP status to answer with. */
static int judge(const barker_webhook *hook, const struct client *client)
{
    barker_status status = barker_webhook_verify(hook, client->headers, client->header_count,
                                                 client->body, client->body_len);
    for (size_t i = 0; i < client->header_count; i++)
        if (is_barker_header(client->headers[i].name))
            printf("%s: %s\n", client->headers[i].name, client->headers[i].value);
    printf("%zu bytes: %s\n", client->body_len,
           status == BARKER_OK ? "valid" : barker_status_string(status));
    return status == BARKER_OK ? 204 : 401;
}

/* ---- a connection: called when its socket is ready ---- */

static void hang_up(struct client *client)
{
    close(client->fd);
    free(client->body);
    client->body = NULL;
    client->state = FREE;
}

/* Answers a request, whether or not it can be accepted. */
static void conclude(struct server *server, struct client *client, int refusal)
{
    server->served++;
    if (refusal != 0)
        printf("refused: %d %s\n", refusal, reason_of(refusal));
    answer(client, refusal != 0 ? refusal : judge(server->hook, client));
    fflush(stdout);
}

static void take_head(struct server *server, struct client *client, size_t n)
{
    size_t seen = client->received < 3 ? 0 : client->received - 3;
    client->received += n;
    char *empty_line = find_empty_line(client->head + seen, client->head + client->received);
    if (empty_line == NULL) {
        if (client->received == MAX_HEAD)
            conclude(server, client, 413);
        return;
    }
    client->head_len = (size_t)(empty_line - client->head) + 4;
    client->state = READING_BODY;
    int refusal = split_head(client);
    if (refusal == 0)
        refusal = find_body_len(client);
    if (refusal == 0)
        refusal = begin_body(client);
    if (refusal != 0 || client->body_received == client->body_len)
        conclude(server, client, refusal);
}

static void take_body(struct server *server, struct client *client, size_t n)
{
    client->body_received += n;
    if (client->body_received == client->body_len)
        conclude(server, client, 0);
}

/* Whether a call on a socket would have waited after all, or was interrupted. */
static bool shall_wait(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static void on_readable(struct server *server, struct client *client)
{
    static char scrap[MAX_HEAD];
    char *to = scrap;
    size_t room = sizeof scrap;
    if (client->state == READING_HEAD) {
        to = client->head + client->received;
        room = MAX_HEAD - client->received;
    } else if (client->state == READING_BODY) {
        to = (char *)client->body + client->body_received;
        room = client->body_len - client->body_received;
    }
    ssize_t n = recv(client->fd, to, room, 0);
    if (n < 0 && shall_wait())
        return;
    if (n <= 0)
        hang_up(client);
    else if (client->state == READING_HEAD)
        take_head(server, client, (size_t)n);
    else if (client->state == READING_BODY)
        take_body(server, client, (size_t)n);
}

static void on_writable(struct client *client)
{
    ssize_t n = send(client->fd, client->answer + client->answered,
                     client->answer_len - client->answered, MSG_NOSIGNAL);
    if (n < 0 && shall_wait())
        return;
    if (n < 0) {
        hang_up(client);
        return;
    }
    client->answered += (size_t)n;
    if (client->answered == client->answer_len) {
        shutdown(client->fd, SHUT_WR);
        client->state = CLOSING;
    }
}

/* ---- the loop ---- */

static time_t now(void)
{
    struct timespec time = {0};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

static struct client *free_client(struct server *server)
{
    for (size_t i = 0; i < MAX_CLIENTS; i++)
        if (server->clients[i].state == FREE)
            return &server->clients[i];
    return NULL;
}

/* False if it cannot continue. A connection that was lost in the queue does not count. */
static bool accept_client(struct server *server, struct client *client)
{
    int fd = accept(server->listener, NULL, NULL);
    if (fd < 0) {
        server->out_of_descriptors = errno == EMFILE || errno == ENFILE;
        return server->out_of_descriptors || shall_wait() || errno == ECONNABORTED;
    }
    if (fd >= FD_SETSIZE || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        close(fd);
        return true;
    }
    client->state = READING_HEAD;
    client->fd = fd;
    client->deadline = now() + SECONDS;
    client->received = client->head_len = client->header_count = 0;
    client->body_len = client->body_received = 0;
    client->answer_len = client->answered = 0;
    return true;
}

static void watch(int fd, fd_set *set, int *highest)
{
    FD_SET(fd, set);
    if (fd > *highest)
        *highest = fd;
}

/* Waits until something is ready, for at most a second, so that deadlines are checked. */
static bool wait_for_any(struct server *server, fd_set *readable, fd_set *writable)
{
    struct timeval second = {.tv_sec = 1};
    int highest = -1;
    FD_ZERO(readable);
    FD_ZERO(writable);
    if (!is_done(server) && !server->out_of_descriptors && free_client(server) != NULL)
        watch(server->listener, readable, &highest);
    server->out_of_descriptors = false;
    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        const struct client *client = &server->clients[i];
        if (client->state != FREE)
            watch(client->fd, client->state == ANSWERING ? writable : readable, &highest);
    }
    if (select(highest + 1, readable, writable, NULL, &second) >= 0)
        return true;
    FD_ZERO(readable);
    FD_ZERO(writable);
    return errno == EINTR;
}

static void serve_clients(struct server *server, const fd_set *readable, const fd_set *writable)
{
    time_t time = now();
    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        struct client *client = &server->clients[i];
        if (client->state == FREE)
            continue;
        if (client->state == ANSWERING && FD_ISSET(client->fd, writable))
            on_writable(client);
        else if (client->state != ANSWERING && FD_ISSET(client->fd, readable))
            on_readable(server, client);
        if (client->state != FREE &&
            (time >= client->deadline || (client->state < ANSWERING && is_done(server))))
            hang_up(client);
    }
}

static bool has_clients(const struct server *server)
{
    for (size_t i = 0; i < MAX_CLIENTS; i++)
        if (server->clients[i].state != FREE)
            return true;
    return false;
}

/* Serves until all requests are answered and the answers are read. False if it cannot continue. */
static bool run(struct server *server)
{
    while (!is_done(server) || has_clients(server)) {
        fd_set readable, writable;
        if (!wait_for_any(server, &readable, &writable))
            return false;
        serve_clients(server, &readable, &writable);
        struct client *client = free_client(server);
        if (FD_ISSET(server->listener, &readable) && client != NULL &&
            !accept_client(server, client))
            return false;
    }
    return true;
}

/* ---- the program ---- */

struct options {
    const char *key;
    unsigned long count; /* 0: no limit */
    unsigned long port;
};

static bool parse_number(const char *text, unsigned long max, unsigned long *number)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9 || text[digits] != '\0')
        return false;
    *number = strtoul(text, NULL, 10);
    return *number <= max;
}

static bool parse_options(int argc, char **argv, struct options *options)
{
    bool have_port = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--key") == 0 && i + 1 < argc) {
            options->key = argv[++i];
        } else if (strcmp(argv[i], "--count") == 0 && i + 1 < argc) {
            if (!parse_number(argv[++i], 999999999, &options->count))
                return false;
        } else {
            if (have_port || !parse_number(argv[i], 65535, &options->port))
                return false;
            have_port = true;
        }
    }
    return true;
}

/* A listening socket on the loopback interface, whose address it prints; -1 on failure. It does not
 * block: a connection that select() saw may be gone before accept(). */
static int listen_on(unsigned long port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);

    int yes = 1;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0)
        return -1;
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        fcntl(listener, F_SETFL, O_NONBLOCK) != 0 ||
        bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 128) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        close(listener);
        return -1;
    }
    printf("listening on http://127.0.0.1:%u/\n", (unsigned)ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

int main(int argc, char **argv)
{
    struct options options = {.key = "BARKER"};
    if (!parse_options(argc, argv, &options)) {
        fputs("usage: select_loop_receiver [--key KEY] [--count N] [PORT]\n", stderr);
        return 2;
    }

    static struct server server; /* too large for a small stack */
    barker_webhook *hook = barker_webhook_new();
    if (barker_webhook_set_key(hook, options.key, strlen(options.key))) {
        fprintf(stderr, "select_loop_receiver: %s\n", barker_webhook_error(hook));
        barker_webhook_free(hook);
        return 1;
    }
    server.hook = hook;
    server.count = options.count;
    server.listener = listen_on(options.port);
    bool done = server.listener >= 0 && run(&server);
    if (!done)
        perror("select_loop_receiver");
    for (size_t i = 0; i < MAX_CLIENTS; i++)
        if (server.clients[i].state != FREE)
            hang_up(&server.clients[i]);
    if (server.listener >= 0)
        close(server.listener);
    barker_webhook_free(hook);
    return done ? 0 : 1;
}
