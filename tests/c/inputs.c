/* inputs.c: what comes of the URLs, headers and limits that are set: refused with a sentence when
 * they are set, or sent as they should be. */
#define _GNU_SOURCE

#include "check.h"
#include "peer.h"

#define STEP(text) {text, sizeof text - 1, 0}
#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"

static const struct peer_step no_content = STEP(NO_CONTENT);

static void check_send(barker_webhook *hook, barker_status wanted)
{
    uint16_t http_status = 0;
    CHECK_OK(barker_webhook_set_timeout(hook, 60000));
    if (!CHECK_EQUAL(barker_webhook_send(hook, &http_status, NULL), wanted))
        fprintf(stderr, "    %s\n", barker_webhook_error(hook));
}

/* Whether the request holds this line of its head, and, of that name, no other. */
static void check_line(const struct peer_request *request, const char *line)
{
    char whole[512];
    int name = (int)strcspn(line, ":") + 1;
    snprintf(whole, sizeof whole, "\r\n%s\r\n", line);
    const char *at = strstr(request->bytes, whole);
    if (!CHECK(at != NULL))
        fprintf(stderr, "    \"%s\" is not in \"%s\"\n", line, request->bytes);
    snprintf(whole, sizeof whole, "\r\n%.*s", name, line);
    CHECK(at == NULL || (strcasestr(request->bytes, whole) == at &&
                         strcasestr(at + 2, whole) == NULL));
}

/* Sends once to these parts of a URL, and gives the request, which is freed with the peer. */
static const struct peer_request *send_to(struct peer *peer, const char *before, const char *host,
                                          const char *after, const char *authorization)
{
    char url[512];
    barker_webhook *hook = barker_webhook_new();
    peer_start(peer, &no_content, 1);
    snprintf(url, sizeof url, "http://%s%s:%u%s", before, host, peer->port, after);
    CHECK_OK(barker_webhook_set_url(hook, url));
    CHECK_TEXT(barker_webhook_url(hook), url);
    if (authorization != NULL)
        CHECK_OK(barker_webhook_add_header(hook, "AUTHORIZATION", authorization));
    check_send(hook, BARKER_OK);
    CHECK(peer_stop(peer));
    barker_webhook_free(hook);
    return &peer->requests[0];
}

static void userinfo(void)
{
    static const struct {
        const char *userinfo, *authorization;
    } cases[] = {
        {"joe:hunter2@", "Authorization: Basic am9lOmh1bnRlcjI="},
        {"us%20er:p%C3%A4ss@", "Authorization: Basic dXMgZXI6cMOkc3M="},
        {"\xc3\xbc:\xc3\xa4@", "Authorization: Basic w7w6w6Q="},
        {"joe@", "Authorization: Basic am9lOg=="},
        {"joe:@", "Authorization: Basic am9lOg=="},
        {":pw@", "Authorization: Basic OnB3"},
        {"u%40v:p:q@", "Authorization: Basic dUB2OnA6cQ=="},
        {"%00:%0d%0a@", "Authorization: Basic ADoNCg=="},
        {"a:%zz%4@", "Authorization: Basic YTolenolNA=="},
    };
    struct peer peer;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_line(send_to(&peer, cases[i].userinfo, "127.0.0.1", "/", NULL),
                   cases[i].authorization);
        peer_free(&peer);
    }
    check_line(send_to(&peer, "joe:hunter2@", "127.0.0.1", "/", "Bearer x"),
               "AUTHORIZATION: Bearer x");
    peer_free(&peer);
    CHECK(strstr(send_to(&peer, "@", "127.0.0.1", "/", NULL)->bytes, "Authorization") == NULL);
    peer_free(&peer);
}

/* The request line and the Host header. */
static void hosts_and_paths(void)
{
    static const struct {
        const char *host, *after, *sent_host, *line;
    } cases[] = {
        {"127.0.0.1", "", "127.0.0.1", "POST / HTTP/1.1\r\n"},
        {"127.0.0.1", "/a?b=c%20d#e?f", "127.0.0.1", "POST /a?b=c%20d HTTP/1.1\r\n"},
        {"127.0.0.1", "#e", "127.0.0.1", "POST / HTTP/1.1\r\n"},
        {"127.0.0.1", "?", "127.0.0.1", "POST /? HTTP/1.1\r\n"},
        {"127.0.0.1", "/\xc3\xa4?\xc3\xa4", "127.0.0.1", "POST /%C3%A4?%C3%A4 HTTP/1.1\r\n"},
        {"127.0.0.1", "/%zz/%2F", "127.0.0.1", "POST /%zz/%2F HTTP/1.1\r\n"},
        {"127.0.0.1", "/a/../b//c/.", "127.0.0.1", "POST /b//c/ HTTP/1.1\r\n"},
        {"127.0.0.1", "/\"<>`{}|^\\[]", "127.0.0.1",
         "POST /%22%3C%3E%60%7B%7D%7C%5E%5C%5B%5D HTTP/1.1\r\n"},
        {"127.0.0.1", "?\"<>`{}|^\\[]", "127.0.0.1",
         "POST /?%22%3C%3E%60%7B%7D%7C%5E%5C%5B%5D HTTP/1.1\r\n"},
        {"127.0.0.1", "/%7c?%5B", "127.0.0.1", "POST /%7c?%5B HTTP/1.1\r\n"},
        {"LocalHost", "/", "localhost", "POST / HTTP/1.1\r\n"},
        /* In full-width letters. */
        {"\xef\xbd\x8c\xef\xbd\x8f\xef\xbd\x83\xef\xbd\x81lhost", "/", "localhost",
         "POST / HTTP/1.1\r\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct peer peer;
        char host[64];
        const struct peer_request *request =
            send_to(&peer, "", cases[i].host, cases[i].after, NULL);
        if (!CHECK(strncmp(request->bytes, cases[i].line, strlen(cases[i].line)) == 0))
            fprintf(stderr, "    \"%.60s\" is not \"%s\"\n", request->bytes, cases[i].line);
        snprintf(host, sizeof host, "Host: %s:%u", cases[i].sent_host, peer.port);
        check_line(request, host);
        peer_free(&peer);
    }
}

/* An international name is sent in ASCII: to a proxy, as nobody else would know the host. */
static void international_names(void)
{
    static const struct peer_step steps[] = {STEP("HTTP/1.1 200 OK\r\n\r\n"), STEP(NO_CONTENT)};
    static const struct {
        const char *url, *connect, *host;
    } cases[] = {
        {"http://b\xc3\xbc""cher.example/", "CONNECT xn--bcher-kva.example:80 HTTP/1.1\r\n",
         "Host: xn--bcher-kva.example"},
        {"http://B\xc3\x9c""CHER.example:81/", "CONNECT xn--bcher-kva.example:81 HTTP/1.1\r\n",
         "Host: xn--bcher-kva.example:81"},
        {"http://xn--bcher-kva.example/", "CONNECT xn--bcher-kva.example:80 HTTP/1.1\r\n",
         "Host: xn--bcher-kva.example"},
        {"http://[::1]:82/", "CONNECT [::1]:82 HTTP/1.1\r\n", "Host: [::1]:82"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct peer proxy;
        barker_webhook *hook = barker_webhook_new();
        peer_start(&proxy, steps, 2);
        CHECK_OK(barker_webhook_set_proxy(hook, proxy.url));
        CHECK_OK(barker_webhook_set_url(hook, cases[i].url));
        check_send(hook, BARKER_OK);
        CHECK(peer_stop(&proxy));
        CHECK(strncmp(proxy.requests[0].bytes, cases[i].connect, strlen(cases[i].connect)) == 0);
        check_line(&proxy.requests[1], cases[i].host);
        barker_webhook_free(hook);
        peer_free(&proxy);
    }
}

/* Refused with a sentence that tells the reason, and no password. */
static void refused_urls(void)
{
    static const struct {
        const char *url, *says;
    } cases[] = {
        {"http://joe:hunter2@127.0.0.1/a b", "percent-encode"},
        {"http://joe:hunter2 @127.0.0.1/", "percent-encode"},
        {"http://joe:hunter2\t@127.0.0.1/", "percent-encode"},
        {"http://joe:hunter2\r\n@127.0.0.1/", "percent-encode"},
        {" http://joe:hunter2@127.0.0.1/", "percent-encode"},
        {"http://joe:hunter2@127.0.0.1/\x7f", "percent-encode"},
        {"http://joe%3A:hunter2@127.0.0.1/", "colon"},
        {"http://joe:hunter2@", "no host"},
        {"http://joe:hunter2@/", "no host"},
        {"http://joe:hunter2@/x", "no host"},
        {"http://joe:hunter2@?x", "no host"},
        {"http://joe:hunter2@#x", "no host"},
        {"http://joe:hunter2@:80/", "no host"},
        {"http://", "no host"},
        {"http:///hunter2", "no host"},
        {"http:////hunter2/", "no host"},
        {"http:hunter2", "http://"},
        {"http:/hunter2/", "http://"},
        {"http:\\\\hunter2/", "http://"},
        {"http:/\\hunter2/", "http://"},
        {"http://\\hunter2/", "backslash"},
        {"http://127.0.0.1\\hunter2", "backslash"},
        {"http://127.0.0.1\\@hunter2/", "backslash"},
        {"http://hunter2\\@127.0.0.1/", "backslash"},
        {"http://joe:hunter2@127.0.0.1\\", "backslash"},
        {"http://joe:hunter2@a@127.0.0.1/", "%40"},
        {"http://joe:[hunter2]@127.0.0.1/", "%5B"},
        {"http://joe:hunter2@127.0.0.1:x/", "port"},
        {"http://joe:hunter2@127.0.0.1:65536/", "port"},
        {"http://joe:hunter2@127.0.0.1:0/", "port"},
        {"http://joe:hunter2@127.0.0.1:080/", "port"},
        {"http://joe:hunter2@127.0.0.1:/", "port"},
        {"http://joe:hunter2@[::1]:/", "port"},
        {"http://joe:hunter2@::1/", "brackets"},
        {"http://joe:hunter2@[::1/", "bracket"},
        {"http://joe:hunter2@[127.0.0.1]/", "not an IPv6 address"},
        {"http://joe:hunter2@[fe80::1%eth0]/", "%25eth0"},
        {"http://joe:hunter2@[fe80::1%25]/", "%25eth0"},
        {"http://joe:hunter2@[::1%25lo]/", "link-local"},
        {"http://joe:hunter2@1.2.3.256/", "not an IPv4 address"},
        {"http://joe:hunter2@127.1/", "write it as 127.0.0.1"},
        {"http://joe:hunter2@2130706433/", "write it as 127.0.0.1"},
        {"http://joe:hunter2@0x7f.1/", "write it as 127.0.0.1"},
        {"http://joe:hunter2@0177.0.0.1/", "write it as 127.0.0.1"},
        {"http://joe:hunter2@127.0.0.1./", "write it as 127.0.0.1"},
        {"http://joe:hunter2@127\xe3\x80\x82""0.0.1/", "write it as 127.0.0.1"},
        {"http://joe:hunter2@%6cocalhost/", "percent-encoded"},
        {"http://joe:hunter2@a%00b/", "percent-encoded"},
        {"http://joe:hunter2@a%25eth0/", "percent-encoded"},
        {"http://joe:hunter2@a|b/", "not a name"},
        {"http://joe:hunter2@a../", "not a name"},
        {"http://joe:hunter2@.a/", "not a name"},
        {"http://joe:hunter2@xn--/", "not a name"},
        /* Full-width / ? # @ : and one letter that stands for "a/c". */
        {"http://joe:hunter2@a\xef\xbc\x8f""b/", "not a name"},
        {"http://joe:hunter2@a\xef\xbc\x9f""b/", "not a name"},
        {"http://joe:hunter2@a\xef\xbc\x83""b/", "not a name"},
        {"http://joe:hunter2@a\xef\xbc\xa0""b/", "not a name"},
        {"http://joe:hunter2@a\xef\xbc\x9a""80/", "not a name"},
        {"http://joe:hunter2@\xe2\x84\x80/", "not a name"},
        {"ftp://joe:hunter2@127.0.0.1/", "http://"},
        {"ws://joe:hunter2@127.0.0.1/", "http://"},
        {"file://joe:hunter2@127.0.0.1/", "http://"},
        {"javascript:hunter2", "http://"},
        {"data:,hunter2", "http://"},
        {"joe:hunter2@127.0.0.1", "http://"},
        {"//joe:hunter2@127.0.0.1/", "http://"},
        {"hunter2", "http://"},
        {"", "http://"},
    };
    barker_webhook *hook = barker_webhook_new();
    CHECK_OK(barker_webhook_set_url(hook, "http://kept/"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_FAILS(hook, barker_webhook_set_url(hook, cases[i].url), BARKER_ERR_URL);
        const char *sentence = barker_webhook_error(hook);
        if (!CHECK(strstr(sentence, cases[i].says) != NULL && strstr(sentence, "hunter2") == NULL))
            fprintf(stderr, "    %s: \"%s\" lacks \"%s\"\n", cases[i].url, sentence,
                    cases[i].says);
        CHECK_TEXT(barker_webhook_url(hook), "http://kept/");
        CHECK(barker_webhook_set_proxy(hook, cases[i].url) == BARKER_OK
              || strstr(barker_webhook_error(hook), "hunter2") == NULL);
    }
    barker_webhook_free(hook);
}

static void refused_proxies(void)
{
    static const char *const proxies[] = {
        "", "https://joe:hunter2@127.0.0.1", "socks4://joe:hunter2@127.0.0.1", "http://",
        "socks5://joe:hunter2@", "http://joe%3a:hunter2@127.0.0.1",
        "http://joe:hunter2@127.0.0.1:x", "http://joe:hunter2@127.0.0.1 ",
        "socks5://joe:hunter2@a|b", "http:127.0.0.1/hunter2", "socks5:\\\\hunter2",
        "socks5:///hunter2", "socks5://joe:hunter2@127.1", "http://joe:hunter2@a@127.0.0.1",
        "socks5://joe:hunter2@[::1%25lo]", "hunter2\\@127.0.0.1", "joe:hunter2@%6cocalhost",
    };
    char longest[512];
    barker_webhook *hook = barker_webhook_new();
    for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++) {
        if (!CHECK_EQUAL(barker_webhook_set_proxy(hook, proxies[i]), BARKER_ERR_URL))
            fprintf(stderr, "    %s\n", proxies[i]);
        CHECK(strstr(barker_webhook_error(hook), "hunter2") == NULL);
    }
    for (int len = 255; len <= 256; len++) {
        const barker_status wanted = len == 255 ? BARKER_OK : BARKER_ERR_URL;
        snprintf(longest, sizeof longest, "socks5://u:%0*d@127.0.0.1:1", len, 0);
        CHECK_EQUAL(barker_webhook_set_proxy(hook, longest), wanted);
        snprintf(longest, sizeof longest, "socks5://%0*d@127.0.0.1:1", len, 0);
        CHECK_EQUAL(barker_webhook_set_proxy(hook, longest), wanted);
    }
    CHECK_OK(barker_webhook_set_proxy(hook, NULL));
    barker_webhook_free(hook);
}

/* Blanks around a value are not part of it; all else goes as it was given. */
static void values(void)
{
    struct peer peer;
    barker_webhook *hook = barker_webhook_new();
    peer_start(&peer, &no_content, 1);
    CHECK_OK(barker_webhook_set_url(hook, peer.url));
    CHECK_OK(barker_webhook_add_header(hook, "X-A", " \t a b\tc~! \t"));
    CHECK_OK(barker_webhook_add_header(hook, "X-empty", ""));
    CHECK_OK(barker_webhook_add_header(hook, "!#$%&'*+-.^_`|~0aZ", "x: y"));
    CHECK_OK(barker_webhook_add_header(hook, "user-agent", "own"));
    CHECK_OK(barker_webhook_set_content_type(hook, " a/b "));
    check_send(hook, BARKER_OK);
    CHECK(peer_stop(&peer));
    check_line(&peer.requests[0], "X-A: a b\tc~!");
    check_line(&peer.requests[0], "X-empty: ");
    check_line(&peer.requests[0], "!#$%&'*+-.^_`|~0aZ: x: y");
    check_line(&peer.requests[0], "Content-Type: a/b");
    check_line(&peer.requests[0], "user-agent: own");
    check_line(&peer.requests[0], "Accept: */*");
    barker_webhook_free(hook);
    peer_free(&peer);
}

/* As large as it may be, an answer's body is taken; larger, it is not, and the handle goes on. */
static void largest_body(void)
{
    static const struct peer_step answers[] = {
        STEP("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"),
        STEP("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
             "4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n"),
        {"HTTP/1.0 200 OK\r\n\r\n0123456789", 29, PEER_CLOSE},
    };
    static const uint32_t limits[] = {0, 1, 9, 10, 11, UINT32_MAX};
    for (size_t i = 0; i < 3 * sizeof limits / sizeof *limits; i++) {
        const uint32_t limit = limits[i / 3];
        const struct peer_step steps[] = {answers[i % 3], no_content};
        const barker_status wanted = limit < 10 ? BARKER_ERR_TOO_LARGE : BARKER_OK;
        struct peer peer;
        size_t len = 0;
        barker_webhook *hook = barker_webhook_new();
        peer_start(&peer, steps, 2);
        CHECK_OK(barker_webhook_set_url(hook, peer.url));
        CHECK_OK(barker_webhook_set_max_body(hook, limit));
        check_send(hook, wanted);
        CHECK(barker_webhook_response_body(hook, &len) != NULL);
        CHECK_EQUAL(len, wanted == BARKER_OK ? 10 : 0);
        CHECK_OK(barker_send_many(&hook, 1, 1, NULL, NULL));
        CHECK_OK(barker_webhook_status(hook));
        CHECK_EQUAL(barker_webhook_response_status(hook), 204);
        CHECK(peer_stop(&peer));
        CHECK_EQUAL(peer.connections, wanted == BARKER_OK && i % 3 != 2 ? 1 : 2);
        barker_webhook_free(hook);
        peer_free(&peer);
    }
}

int main(void)
{
    check_begin();
    userinfo();
    hosts_and_paths();
    international_names();
    refused_urls();
    refused_proxies();
    values();
    largest_body();
    return check_end("inputs");
}
