/* policy.c: what the address policy refuses is never connected to, whatever the URL and the lookup
 * say. The program has a resolver of its own, and a network of its own in which every connection
 * that is tried is noted: 8.8.8.8 and fe80::1 of an interface lead to a receiver on the loopback,
 * and nothing leaves the machine. */
#define _GNU_SOURCE

#include "check.h"
#include "peer.h"

#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <sys/syscall.h>
#include <sys/un.h>

static const char OK[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
static const struct peer_step STEPS[] = {
    {OK, sizeof OK - 1, 0}, {OK, sizeof OK - 1, 0}, {OK, sizeof OK - 1, 0}};

/* ---- the resolver: the next answer, and the last one from then on ---- */

static const char *const *answers; /* addresses with blanks between them; NULL ends the list */

static void add_answer(struct addrinfo **end, const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    int is_v4 = inet_pton(AF_INET, text, &v4.sin_addr) == 1;
    if (!is_v4 && inet_pton(AF_INET6, text, &v6.sin6_addr) != 1)
        abort();
    *end = calloc(1, sizeof **end);
    (*end)->ai_family = is_v4 ? AF_INET : AF_INET6;
    (*end)->ai_socktype = SOCK_STREAM;
    (*end)->ai_addrlen = is_v4 ? sizeof v4 : sizeof v6;
    (*end)->ai_addr = malloc((*end)->ai_addrlen);
    memcpy((*end)->ai_addr, is_v4 ? (void *)&v4 : (void *)&v6, (*end)->ai_addrlen);
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    char text[256], *rest = text, *address;
    (void)name, (void)service, (void)hints;
    snprintf(text, sizeof text, "%s", answers[0]);
    if (answers[1] != NULL)
        answers++;
    while ((address = strtok_r(rest, " ", &rest)) != NULL) {
        add_answer(found, address);
        found = &(*found)->ai_next;
    }
    return 0;
}

void freeaddrinfo(struct addrinfo *found)
{
    while (found != NULL) {
        struct addrinfo *next = found->ai_next;
        free(found->ai_addr);
        free(found);
        found = next;
    }
}

/* ---- the network ---- */

static char tried[256]; /* the addresses that were, with a blank after each */

/* Under _GNU_SOURCE the C library declares the address as a union of all kinds of pointers to one. */
int connect(int fd, __CONST_SOCKADDR_ARG any, socklen_t size)
{
    const struct sockaddr *address = any.__sockaddr__;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    char text[INET6_ADDRSTRLEN + 16] = "unix";
    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    } else if (address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof v6);
        inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
        if (v6.sin6_scope_id != 0)
            snprintf(text + strlen(text), 16, "%%%u", v6.sin6_scope_id);
    }
    strncat(strncat(tried, text, 64), " ", 2);
    if (strcmp(text, "8.8.8.8") == 0) {
        v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return (int)syscall(SYS_connect, fd, &v4, size);
    }
    if (strncmp(text, "fe80::1%", 8) == 0) {
        inet_pton(AF_INET6, "::ffff:127.0.0.1", &v6.sin6_addr);
        v6.sin6_scope_id = 0;
        return (int)syscall(SYS_connect, fd, &v6, size);
    }
    if (strcmp(text, "127.0.0.1") == 0 || strcmp(text, "unix") == 0)
        return (int)syscall(SYS_connect, fd, address, size);
    errno = ECONNREFUSED;
    return -1;
}

/* ---- the tests ---- */

/* A handle that looks hosts up for each send, and opens a connection for each. */
static barker_webhook *handle(int32_t policy)
{
    barker_webhook *hook = barker_webhook_new();
    CHECK_OK(barker_webhook_set_address_policy(hook, policy));
    CHECK_OK(barker_webhook_set_lookup_lifetime(hook, 0));
    CHECK_OK(barker_webhook_set_idle_limits(hook, 0, 0));
    return hook;
}

/* Sends to the host, at the port, and holds which addresses were tried against those wanted. */
static barker_status send_to(barker_webhook *hook, const char *host, unsigned port,
                             const char *wanted)
{
    char url[256];
    uint16_t http_status = 0;
    snprintf(url, sizeof url, "http://%s:%u/", host, port);
    barker_status status = barker_webhook_set_url(hook, url);
    tried[0] = '\0';
    if (status == BARKER_OK)
        status = barker_webhook_send(hook, &http_status, NULL);
    CHECK_EQUAL(http_status, status == BARKER_OK ? 200 : 0);
    if (!CHECK_TEXT(tried, wanted))
        fprintf(stderr, "    of %s\n", url);
    return status;
}

/* The second lookup leads to the loopback, where the very same receiver would answer. */
static void rebinding(void)
{
    static const char *const rebound[] = {"8.8.8.8", "127.0.0.1", NULL};
    struct peer peer;
    peer_start(&peer, STEPS, 2);
    answers = rebound;
    barker_webhook *hook = handle(BARKER_ADDRESSES_PUBLIC);
    CHECK_OK(send_to(hook, "rebound.example", peer.port, "8.8.8.8 "));
    for (int i = 0; i < 3; i++)
        CHECK_FAILS(hook, send_to(hook, "rebound.example", peer.port, ""), BARKER_ERR_REFUSED);
    CHECK(strstr(barker_webhook_error(hook), "127.0.0.1: loopback") != NULL);

    CHECK_OK(barker_webhook_allow_network(hook, "127.0.0.1"));
    CHECK_OK(send_to(hook, "rebound.example", peer.port, "127.0.0.1 "));
    CHECK(peer_stop(&peer));
    CHECK_EQUAL(peer.connections, 2); /* none for those refused */
    peer_free(&peer);
    barker_webhook_free(hook);
}

/* Refused addresses are left out; if none is left, that is the outcome. */
static void several_addresses(void)
{
    static const char *const one_left[] = {"127.0.0.1 ::1 8.8.8.8 169.254.169.254", NULL};
    static const char *const one_that_fails[] = {"10.0.0.1 9.9.9.9 10.0.0.2", NULL};
    static const char *const none[] = {"127.0.0.1 ::1 fe80::1 ::ffff:10.0.0.1 64:ff9b::7f00:1", NULL};
    struct peer peer;
    peer_start(&peer, STEPS, 1);
    barker_webhook *hook = handle(BARKER_ADDRESSES_PUBLIC);
    answers = one_left;
    CHECK_OK(send_to(hook, "several.example", peer.port, "8.8.8.8 "));
    answers = one_that_fails;
    CHECK_FAILS(hook, send_to(hook, "several.example", peer.port, "9.9.9.9 "), BARKER_ERR_CONNECT);
    answers = none;
    CHECK_FAILS(hook, send_to(hook, "several.example", peer.port, ""), BARKER_ERR_REFUSED);
    CHECK(peer_stop(&peer));
    peer_free(&peer);
    barker_webhook_free(hook);
}

/* A connection that a clone keeps open is no way around the policy. */
static void idle_connections(void)
{
    static const char *const loopback[] = {"127.0.0.1", NULL};
    struct peer peer;
    peer_start(&peer, STEPS, 2);
    answers = loopback;
    barker_webhook *any = handle(BARKER_ADDRESSES_ANY);
    CHECK_OK(barker_webhook_set_idle_limits(any, 1, 60));
    CHECK_OK(send_to(any, "idle.example", peer.port, "127.0.0.1 "));
    barker_webhook *public = barker_webhook_clone(any);
    CHECK_OK(barker_webhook_set_address_policy(public, BARKER_ADDRESSES_PUBLIC));
    CHECK_FAILS(public, send_to(public, "idle.example", peer.port, ""), BARKER_ERR_REFUSED);
    CHECK_FAILS(public, send_to(public, "127.0.0.1", peer.port, ""), BARKER_ERR_REFUSED);
    CHECK_OK(send_to(any, "idle.example", peer.port, "127.0.0.1 "));
    CHECK(peer_stop(&peer));
    peer_free(&peer);
    barker_webhook_free(any);
    barker_webhook_free(public);
}

/* Every way to write a forbidden address in a URL is refused, when it is set or when it is sent. */
static void spellings(void)
{
    static const char *const refused[] = {
        "127.0.0.1", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[fe80::1]", "[fe80::1%25lo]", "[fec0::1]", "[ff02::1]",
        "[fd00:ec2::254]", "169.254.169.254", "[::ffff:169.254.169.254]",
        "168.63.129.16", "100.100.100.200", "10.0.0.1", "192.168.1.1", "255.255.255.255",
    };
    static const char *const no_host[] = {
        "127.0.0.1.", "127.1", "2130706433", "0177.0.0.1", "0x7f.1", "0x7F000001", "0",
        "0xa9fea9fe", "%31%32%37.0.0.1", "127%2E0%2E0%2E1",
        "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1", "127\xe3\x80\x82" "0.0.1",
        "[fe80::1%lo]", "[::1%25lo]", "0x7f.0.0.0.1", "127.0.0.256",
        "127.0.0.08", "4294967297", "[127.0.0.1]", "127.0.0.1%00", "",
    };
    barker_webhook *hook = handle(BARKER_ADDRESSES_PUBLIC);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        CHECK_FAILS(hook, send_to(hook, refused[i], 1, ""), BARKER_ERR_REFUSED);
    for (size_t i = 0; i < sizeof no_host / sizeof *no_host; i++)
        CHECK_FAILS(hook, send_to(hook, no_host[i], 1, ""), BARKER_ERR_URL);
    barker_webhook_free(hook);
}

/* The interface of a link-local address is part of where a connection leads, to the receiver or its
 * proxy; it is sent to nobody. */
static void zones(void)
{
    static const struct peer_step steps[] = {STEPS[0], STEPS[0], STEPS[0], STEPS[0], STEPS[0]};
    struct peer peer;
    char number[32], proxy[64], wanted[32], host[64];
    const unsigned lo = if_nametoindex("lo");
    snprintf(wanted, sizeof wanted, "fe80::1%%%u ", lo);
    snprintf(number, sizeof number, "[fe80::1%%25%u]", lo);
    peer_start(&peer, steps, 5);
    barker_webhook *hook = handle(BARKER_ADDRESSES_ANY);
    CHECK_OK(barker_webhook_set_idle_limits(hook, 2, 60));
    CHECK_OK(send_to(hook, "[fe80::1%25lo]", peer.port, wanted));
    CHECK_OK(send_to(hook, "[FE80:0::1%25%6co]", peer.port, ""));
    CHECK_OK(send_to(hook, number, peer.port, wanted));
    CHECK_FAILS(hook, send_to(hook, "[fe80::1%25nowhere]", 1, ""), BARKER_ERR_CONNECT);
    CHECK(strstr(barker_webhook_error(hook), "interface nowhere,") != NULL);
    CHECK_FAILS(hook, send_to(hook, "[fe80::1%250]", 1, ""), BARKER_ERR_CONNECT);
    snprintf(proxy, sizeof proxy, "http://[fe80::1%%25lo]:%u", peer.port);
    CHECK_OK(barker_webhook_set_proxy(hook, proxy));
    CHECK_OK(send_to(hook, "[fe80::2%25nowhere]", 81, wanted));
    CHECK_OK(barker_webhook_deny_network(hook, "fe80::/10"));
    CHECK_FAILS(hook, send_to(hook, "[fe80::1%25lo]", peer.port, ""), BARKER_ERR_REFUSED);
    CHECK(peer_stop(&peer));
    CHECK_EQUAL(peer.connections, 3);
    snprintf(host, sizeof host, "\r\nHost: [fe80::1]:%u\r\n", peer.port);
    for (int i = 0; i < 3; i++)
        CHECK(strstr(peer.requests[i].bytes, host) != NULL);
    CHECK(strncmp(peer.requests[3].bytes, "CONNECT [fe80::2]:81 HTTP", 25) == 0);
    CHECK(strstr(peer.requests[4].bytes, "\r\nHost: [fe80::2]:81\r\n") != NULL);
    peer_free(&peer);
    barker_webhook_free(hook);
}

static void networks(void)
{
    struct peer peer;
    peer_start(&peer, STEPS, 3);
    barker_webhook *listed = handle(BARKER_ADDRESSES_LISTED);
    CHECK_FAILS(listed, send_to(listed, "8.8.8.8", peer.port, ""), BARKER_ERR_REFUSED);
    CHECK_OK(barker_webhook_allow_network(listed, "8.8.0.0/16"));
    CHECK_OK(send_to(listed, "8.8.8.8", peer.port, "8.8.8.8 "));
    CHECK_FAILS(listed, send_to(listed, "127.0.0.1", peer.port, ""), BARKER_ERR_REFUSED);

    barker_webhook *copy = barker_webhook_clone(listed);
    CHECK_OK(barker_webhook_deny_network(listed, "8.8.8.8/32"));
    CHECK_FAILS(listed, send_to(listed, "8.8.8.8", peer.port, ""), BARKER_ERR_REFUSED);
    CHECK_OK(barker_webhook_allow_network(listed, "8.8.8.8"));
    CHECK_FAILS(listed, send_to(listed, "8.8.8.8", peer.port, ""), BARKER_ERR_REFUSED);
    CHECK_OK(send_to(copy, "8.8.8.8", peer.port, "8.8.8.8 "));
    barker_webhook_free(copy);
    barker_webhook_free(listed);

    barker_webhook *any = handle(BARKER_ADDRESSES_ANY);
    CHECK_OK(barker_webhook_deny_network(any, "8.8.8.0/24"));
    CHECK_FAILS(any, send_to(any, "8.8.8.8", peer.port, ""), BARKER_ERR_REFUSED);
    CHECK_FAILS(any, send_to(any, "[64:ff9b::808:808]", peer.port, ""), BARKER_ERR_REFUSED);
    CHECK_FAILS(any, send_to(any, "[::ffff:8.8.8.8]", peer.port, ""), BARKER_ERR_REFUSED);
    CHECK_OK(send_to(any, "127.0.0.1", peer.port, "127.0.0.1 "));
    barker_webhook_free(any);
    CHECK(peer_stop(&peer));
    peer_free(&peer);
}

static void ports_and_schemes(void)
{
    unsigned port;
    int closed = peer_bind(&port);
    barker_webhook *hook = handle(BARKER_ADDRESSES_ANY);
    CHECK_OK(barker_webhook_allow_port(hook, port == 443 ? 444 : 443));
    CHECK_FAILS(hook, send_to(hook, "127.0.0.1", port, ""), BARKER_ERR_REFUSED);
    CHECK(strstr(barker_webhook_error(hook), "port") != NULL);
    CHECK_OK(barker_webhook_allow_port(hook, port));
    CHECK_FAILS(hook, send_to(hook, "127.0.0.1", port, "127.0.0.1 "), BARKER_ERR_CONNECT);
    CHECK_OK(barker_webhook_set_https_only(hook, 1));
    CHECK_FAILS(hook, send_to(hook, "127.0.0.1", port, ""), BARKER_ERR_REFUSED);
    CHECK(strstr(barker_webhook_error(hook), "https") != NULL);
    CHECK_OK(barker_webhook_set_https_only(hook, 0));
    CHECK_FAILS(hook, send_to(hook, "127.0.0.1", port, "127.0.0.1 "), BARKER_ERR_CONNECT);
    barker_webhook_free(hook);
    close(closed);
}

static void check_unix_socket(barker_webhook *hook, barker_status wanted)
{
    uint16_t http_status;
    tried[0] = '\0';
    CHECK_OK(barker_webhook_set_url(hook, "unix:/nowhere/a.sock:/"));
    CHECK_FAILS(hook, barker_webhook_send(hook, &http_status, NULL), wanted);
    CHECK_TEXT(tried, wanted == BARKER_ERR_CONNECT ? "unix " : "");
    barker_webhook_free(hook);
}

static void unix_sockets(void)
{
    check_unix_socket(handle(BARKER_ADDRESSES_ANY), BARKER_ERR_CONNECT);
    check_unix_socket(handle(BARKER_ADDRESSES_PUBLIC), BARKER_ERR_REFUSED);
    check_unix_socket(handle(BARKER_ADDRESSES_LISTED), BARKER_ERR_REFUSED);
    barker_webhook *hook = handle(BARKER_ADDRESSES_ANY);
    CHECK_OK(barker_webhook_deny_network(hook, "0.0.0.0/0"));
    check_unix_socket(hook, BARKER_ERR_CONNECT);
    hook = handle(BARKER_ADDRESSES_ANY);
    CHECK_OK(barker_webhook_allow_port(hook, 443));
    check_unix_socket(hook, BARKER_ERR_REFUSED);
    hook = handle(BARKER_ADDRESSES_ANY);
    CHECK_OK(barker_webhook_set_https_only(hook, 1));
    check_unix_socket(hook, BARKER_ERR_REFUSED);
}

/* A setter that fails leaves the policy as it was, and its sentence says what to write. */
static void failed_setters(void)
{
    static const char *const no_networks[] = {"", "10.0.0.0/33", "::/129", "127.0.0.1/8",
                                              "127.0.0.0/", "127.0.0.0/08", "127", "[::1]",
                                              "fe80::%lo/10", "localhost", "127.0.0.0/8 "};
    barker_webhook *hook = handle(BARKER_ADDRESSES_PUBLIC);
    for (size_t i = 0; i < sizeof no_networks / sizeof *no_networks; i++) {
        CHECK_FAILS(hook, barker_webhook_allow_network(hook, no_networks[i]), BARKER_ERR_RANGE);
        CHECK_FAILS(hook, barker_webhook_deny_network(hook, no_networks[i]), BARKER_ERR_RANGE);
    }
    CHECK_FAILS(hook, barker_webhook_allow_network(hook, "127.0.0.1/8"), BARKER_ERR_RANGE);
    CHECK(strstr(barker_webhook_error(hook), "write 127.0.0.0/8") != NULL);
    CHECK_FAILS(hook, barker_webhook_set_address_policy(hook, 3), BARKER_ERR_RANGE);
    CHECK_FAILS(hook, barker_webhook_set_address_policy(hook, -1), BARKER_ERR_RANGE);
    CHECK_FAILS(hook, barker_webhook_allow_port(hook, 0), BARKER_ERR_RANGE);
    CHECK_FAILS(hook, barker_webhook_allow_port(hook, 65536), BARKER_ERR_RANGE);
    CHECK_FAILS(hook, send_to(hook, "127.0.0.1", 1, ""), BARKER_ERR_REFUSED);
    CHECK_FAILS(hook, send_to(hook, "9.9.9.9", 1, "9.9.9.9 "), BARKER_ERR_CONNECT);
    barker_webhook_free(hook);
}

/* In a batch, each is judged by its own policy. */
static void batch(void)
{
    static const char *const loopback[] = {"127.0.0.1", NULL};
    struct peer peer;
    char url[64];
    peer_start(&peer, STEPS, 1);
    snprintf(url, sizeof url, "http://batch.example:%u/", peer.port);
    answers = loopback;
    barker_webhook *hooks[] = {handle(BARKER_ADDRESSES_PUBLIC), handle(BARKER_ADDRESSES_ANY),
                               handle(BARKER_ADDRESSES_LISTED)};
    for (int i = 0; i < 3; i++)
        CHECK_OK(barker_webhook_set_url(hooks[i], url));
    tried[0] = '\0';
    CHECK_OK(barker_send_many(hooks, 3, 0, NULL, NULL));
    CHECK_TEXT(tried, "127.0.0.1 ");
    CHECK_EQUAL(barker_webhook_status(hooks[0]), BARKER_ERR_REFUSED);
    CHECK_EQUAL(barker_webhook_status(hooks[1]), BARKER_OK);
    CHECK_EQUAL(barker_webhook_status(hooks[2]), BARKER_ERR_REFUSED);
    for (int i = 0; i < 3; i++)
        barker_webhook_free(hooks[i]);
    CHECK(peer_stop(&peer));
    CHECK_EQUAL(peer.connections, 1);
    peer_free(&peer);
}

int main(void)
{
    check_begin();
    rebinding();
    several_addresses();
    idle_connections();
    spellings();
    zones();
    networks();
    ports_and_schemes();
    unix_sockets();
    failed_setters();
    batch();
    return check_end("policy");
}
