/* deliver.c: sends one body again and again by one of three senders, and prints what a delivery
 * cost, as JSON.
 *
 *     deliver raw|curl|barker MD5|SHA256 URL BYTES COUNT [new]
 *
 * Each is signed by HMAC with that digest. Without "new", all use one connection. Certificates are
 * trusted that $SSL_CERT_FILE holds. raw is the floor: one sendmsg() and one recv() for each, signed
 * with OpenSSL as for curl. */
#define _GNU_SOURCE
#include "bench.h"
#include "curl.h"

#include <barker.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WARM_UP = 3, TIMEOUT = 5000 };

struct message {
    const char *digest, *url;
    const uint8_t *body;
    size_t len;
    int new_connections;
};

struct sender {
    const char *name;
    void (*open)(const struct message *message);
    void (*send)(const struct message *message);
    void (*close)(void);
};

static struct bench_signer signer;

/* ---- raw socket ---- */

static int raw_socket;

static void raw_open(const struct message *message)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    unsigned port;
    int yes = 1;
    NEED(sscanf(message->url, "http://127.0.0.1:%u/", &port) == 1 && !message->new_connections);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);
    raw_socket = socket(AF_INET, SOCK_STREAM, 0);
    NEED(connect(raw_socket, (struct sockaddr *)&address, sizeof address) == 0);
    NEED(setsockopt(raw_socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0);
    bench_signer_open(&signer, message->digest);
}

static void raw_send(const struct message *message)
{
    char head[512], answer[512];
    struct bench_signature headers;
    bench_sign(&signer, &headers, message->body, message->len);
    int head_len = snprintf(head, sizeof head,
                            "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: raw\r\n"
                            "Accept: */*\r\n%s\r\n%s\r\nContent-Length: %zu\r\n\r\n",
                            headers.timestamp, headers.signature, message->len);
    struct iovec parts[] = {{head, (size_t)head_len}, {(void *)message->body, message->len}};
    struct msghdr request = {.msg_iov = parts, .msg_iovlen = 2};
    /* A blocking socket takes all of it at once. */
    NEED(sendmsg(raw_socket, &request, MSG_NOSIGNAL) == head_len + (ssize_t)message->len);
    ssize_t got = recv(raw_socket, answer, sizeof answer, 0);
    NEED(got > 16 && memcmp(answer, "HTTP/1.1 204", 12) == 0);
    NEED(memcmp(answer + got - 4, "\r\n\r\n", 4) == 0);
}

static void raw_close(void)
{
    close(raw_socket);
    bench_signer_close(&signer);
}

/* ---- libcurl ---- */

static CURL *curl;

static void curl_open(const struct message *message)
{
    const char *trusted = getenv("SSL_CERT_FILE");
    NEED(curl_global_init(CURL_GLOBAL_DEFAULT) == 0 && (curl = curl_easy_init()) != NULL);
    curl_easy_setopt(curl, CURLOPT_URL, message->url);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, message->body);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)message->len);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, curl_headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, curl_ignore);
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 2097152L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, (long)message->new_connections);
    curl_easy_setopt(curl, CURLOPT_CAPATH, NULL); /* lets it keep what it read from CAINFO */
    if (trusted != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, trusted);
    bench_signer_open(&signer, message->digest);
}

static void curl_send(const struct message *message)
{
    long status;
    bench_sign(&signer, &curl_signature, message->body, message->len);
    NEED(curl_easy_perform(curl) == CURLE_OK);
    NEED(curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && status == 204);
}

static void curl_close(void)
{
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    bench_signer_close(&signer);
}

/* ---- barker ---- */

static barker_webhook *hook;

static void barker_open(const struct message *message)
{
    hook = barker_webhook_new();
    NEED(barker_webhook_set_url(hook, message->url) == BARKER_OK);
    int is_md5 = strcmp(message->digest, "MD5") == 0;
    barker_scheme scheme = is_md5 ? BARKER_SCHEME_BARKER : BARKER_SCHEME_BARKER_SHA256;
    NEED(barker_webhook_set_secret(hook, scheme, BENCH_KEY, strlen(BENCH_KEY)) == BARKER_OK);
    NEED(barker_webhook_set_timeout(hook, TIMEOUT) == BARKER_OK);
}

static void barker_send(const struct message *message)
{
    uint16_t status;
    if (barker_webhook_send_data(hook, message->body, message->len, &status, NULL) != BARKER_OK)
        fprintf(stderr, "%s\n", barker_webhook_error(hook));
    NEED(status == 204);
    if (message->new_connections)
        NEED(barker_webhook_close_idle(hook) == BARKER_OK);
}

static void barker_close(void)
{
    barker_webhook_free(hook);
}

/* ---- measuring one of them ---- */

static const struct sender senders[] = {
    {"raw", raw_open, raw_send, raw_close},
    {"curl", curl_open, curl_send, curl_close},
    {"barker", barker_open, barker_send, barker_close},
};

static const struct sender *find_sender(const char *name)
{
    const struct sender *found = NULL;
    for (size_t i = 0; i < sizeof senders / sizeof *senders; i++)
        if (strcmp(senders[i].name, name) == 0)
            found = &senders[i];
    NEED(found != NULL);
    return found;
}

int main(int argc, char **argv)
{
    NEED(argc == 6 || (argc == 7 && strcmp(argv[6], "new") == 0));
    NEED(strcmp(argv[2], "MD5") == 0 || strcmp(argv[2], "SHA256") == 0);
    alarm(BENCH_PATIENCE);
    const struct sender *sender = find_sender(argv[1]);
    size_t len = bench_number(argv[4]), count = bench_number(argv[5]);
    uint8_t *body = bench_body(len);
    int64_t *walls = calloc(count, sizeof *walls);
    NEED(count > 0 && walls != NULL);
    memset(walls, 1, count * sizeof *walls);

    struct message message = {argv[2], argv[3], body, len, argc == 7};
    sender->open(&message);
    long before = bench_memory("VmRSS:");
    for (size_t i = 0; i < WARM_UP && i < count; i++)
        sender->send(&message);
    int64_t cpu = bench_cpu(), then = bench_wall();
    for (size_t i = 0; i < count; i++) {
        sender->send(&message);
        int64_t now = bench_wall();
        walls[i] = now - then;
        then = now;
    }
    cpu = (bench_cpu() - cpu) / (int64_t)count;
    long peak = bench_memory("VmHWM:");
    sender->close();
    printf("{\"wall\": %lld, \"cpu\": %lld, \"memory\": %ld}\n",
           (long long)bench_median(walls, count), (long long)cpu, (peak - before) * 1024);
    free(walls);
    free(body);
    return 0;
}
