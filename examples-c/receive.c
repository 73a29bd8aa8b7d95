/* receive: prints each webhook that comes in and whether its signature is right.
 *
 *   cc -std=c99 receive.c -lbarker -o receive
 *   ./receive [--key KEY] [--count N] [PORT]
 *
 * Listens on 127.0.0.1 only, on a port that the kernel chooses unless PORT is set, and serves one
 * connection at a time. With --count it exits after that many requests. It has just enough HTTP to
 * try barker: a real server passes what its own parser read to barker_webhook_verify().
 */
#define _POSIX_C_SOURCE 200809L

#include <barker.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    MAX_HEAD = 64 * 1024,
    MAX_BODY = 16 * 1024 * 1024,
    MAX_HEADERS = 128,
    SILENCE_SECONDS = 5,
};

struct request {
    char head[MAX_HEAD + 1]; /* the head, then the part of the body that came with it */
    size_t received;         /* bytes in head[] */
    size_t head_len;         /* bytes of the head, including the empty line */
    barker_header headers[MAX_HEADERS];
    size_t header_count;
    uint8_t *body;
    size_t body_len;
};

/* ---- sockets ---- */

/* The next bytes; 0 when the client has closed, is silent for too long or is lost. */
static size_t receive_some(int client, void *buffer, size_t size)
{
    ssize_t n;
    do
        n = recv(client, buffer, size, 0);
    while (n < 0 && errno == EINTR);
    return n > 0 ? (size_t)n : 0;
}

static void send_all(int client, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(client, data, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        data += n;
        len -= (size_t)n;
    }
}

static const char *reason_of(int http_status)
{
    switch (http_status) {
    case 204: return "No Content";
    case 401: return "Unauthorized";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 500: return "Internal Server Error";
    default: return "Bad Request";
    }
}

static void answer(int client, int http_status)
{
    const char *length = http_status == 204 ? "" : "Content-Length: 0\r\n";
    char text[128];
    int len = snprintf(text, sizeof text, "HTTP/1.1 %d %s\r\n%sConnection: close\r\n\r\n",
                       http_status, reason_of(http_status), length);
    send_all(client, text, (size_t)len);
}

/* Lets the client read its answer even if part of its request was not read: a plain close() would
 * reset the connection. */
static void discard_rest(int client)
{
    static char scrap[MAX_HEAD];
    shutdown(client, SHUT_WR);
    for (int i = 0; i < 1024 && receive_some(client, scrap, sizeof scrap) > 0; i++)
        ;
}

/* ---- HTTP: each int function returns 0, or the status to refuse the request with ---- */

static char *find_empty_line(char *from, const char *end)
{
    for (; end - from >= 4; from++)
        if (memcmp(from, "\r\n\r\n", 4) == 0)
            return from;
    return NULL;
}

static int read_head(int client, struct request *request)
{
    char *empty_line = NULL;
    while (empty_line == NULL) {
        if (request->received == MAX_HEAD)
            return 413;
        char *end = request->head + request->received;
        size_t n = receive_some(client, end, MAX_HEAD - request->received);
        if (n == 0)
            return 400;
        request->received += n;
        char *unseen = request->received - n < 3 ? request->head : end - 3;
        empty_line = find_empty_line(unseen, end + n);
    }
    empty_line[2] = '\0';
    request->head_len = (size_t)(empty_line - request->head) + 4;
    return 0;
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
static int split_head(struct request *request)
{
    if (strlen(request->head) != request->head_len - 2)
        return 400; /* the text contains a NUL */
    char *line = request->head;
    char *end = strstr(line, "\r\n");
    *end = '\0';
    if (strstr(line, " HTTP/1.") == NULL)
        return 400;
    for (line = end + 2; (end = strstr(line, "\r\n")) != NULL; line = end + 2) {
        *end = '\0';
        if (request->header_count == MAX_HEADERS)
            return 413;
        if (!split_header(line, &request->headers[request->header_count++]))
            return 400;
    }
    return 0;
}

static int find_body_len(struct request *request)
{
    const char *length = NULL;
    for (size_t i = 0; i < request->header_count; i++) {
        const barker_header *header = &request->headers[i];
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
    request->body_len = (size_t)len;
    return 0;
}

static int read_body(int client, struct request *request)
{
    request->body = malloc(request->body_len + 1);
    if (request->body == NULL)
        return 500;
    size_t have = request->received - request->head_len;
    if (have > request->body_len)
        have = request->body_len;
    memcpy(request->body, request->head + request->head_len, have);
    while (have < request->body_len) {
        size_t n = receive_some(client, request->body + have, request->body_len - have);
        if (n == 0)
            return 400;
        have += n;
    }
    return 0;
}

static int read_request(int client, struct request *request)
{
    int refusal = read_head(client, request);
    if (refusal == 0)
        refusal = split_head(request);
    if (refusal == 0)
        refusal = find_body_len(request);
    if (refusal == 0)
        refusal = read_body(client, request);
    return refusal;
}

/* ---- webhooks ---- */

static bool is_barker_header(const char *name)
{
    return strncasecmp(name, "BARKER_", 7) == 0 || strncasecmp(name, "BARKER-", 7) == 0;
}

/* Verifies a request, prints it and returns the HTTP status to answer with. */
static int judge(const barker_webhook *hook, const struct request *request)
{
    barker_status status = barker_webhook_verify(hook, request->headers, request->header_count,
                                                 request->body, request->body_len);
    for (size_t i = 0; i < request->header_count; i++)
        if (is_barker_header(request->headers[i].name))
            printf("%s: %s\n", request->headers[i].name, request->headers[i].value);
    printf("%zu bytes: %s\n", request->body_len,
           status == BARKER_OK ? "valid" : barker_status_string(status));
    return status == BARKER_OK ? 204 : 401;
}

/* Serves one connection; false if no request came. */
static bool serve(int client, const barker_webhook *hook)
{
    struct timeval silence = {.tv_sec = SILENCE_SECONDS};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);

    struct request request = {0};
    int refusal = read_request(client, &request);
    if (request.received == 0)
        return false;
    if (refusal != 0) {
        printf("refused: %d %s\n", refusal, reason_of(refusal));
        answer(client, refusal);
        discard_rest(client);
    } else {
        answer(client, judge(hook, &request));
    }
    fflush(stdout);
    free(request.body);
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

/* A listening socket on the loopback interface, whose address it prints; -1 on failure. */
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
        bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 16) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        close(listener);
        return -1;
    }
    printf("listening on http://127.0.0.1:%u/\n", (unsigned)ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

/* Accepts connections until `count` requests were answered. False if it cannot continue. */
static bool run(int listener, const barker_webhook *hook, unsigned long count)
{
    unsigned long served = 0;
    while (count == 0 || served < count) {
        int client = accept(listener, NULL, NULL);
        if (client < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (client < 0)
            return false;
        served += serve(client, hook);
        close(client);
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options options = {.key = "BARKER"};
    if (!parse_options(argc, argv, &options)) {
        fputs("usage: receive [--key KEY] [--count N] [PORT]\n", stderr);
        return 2;
    }

    barker_webhook *hook = barker_webhook_new();
    if (barker_webhook_set_key(hook, options.key, strlen(options.key))) {
        fprintf(stderr, "receive: %s\n", barker_webhook_error(hook));
        barker_webhook_free(hook);
        return 1;
    }
    int listener = listen_on(options.port);
    bool done = listener >= 0 && run(listener, hook, options.count);
    if (!done)
        perror("receive");
    if (listener >= 0)
        close(listener);
    barker_webhook_free(hook);
    return done ? 0 : 1;
}
