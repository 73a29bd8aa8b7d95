/* redirect.c: which redirects are followed, and what arrives where they lead. */
#define _GNU_SOURCE

#include "check.h"
#include "names.h"
#include "peer.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone"
#define REDIRECT(status, headers) "HTTP/1.1 " status " X\r\n" headers "Content-Length: 2\r\n\r\nno"
#define STEP(text) {text, sizeof text - 1, 0}

static const char data[] = "{\"a\": 1}";

static const struct names_entry names[] = {
    {"here-0.test", {"127.0.0.1"}},  {"here-1.test", {"127.0.0.1"}},
    {"there-0.test", {"127.0.0.1"}}, {"there-1.test", {"127.0.0.1"}},
    {NULL, {NULL}},
};

/* The value of a header of the request, which may be asked for until the next call; NULL if it is
 * not there. */
static const char *header_of(const struct peer_request *request, const char *name)
{
    static char value[256];
    char start[64];
    snprintf(start, sizeof start, "\r\n%s: ", name);
    const char *at = strstr(request->bytes, start);
    if (at == NULL || at > request->body)
        return NULL;
    at += strlen(start);
    snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\r"), at);
    return value;
}

static void check_line(const struct peer_request *request, const char *line)
{
    char first[300];
    snprintf(first, sizeof first, "%.*s", (int)strcspn(request->bytes, "\r"), request->bytes);
    CHECK_TEXT(first, line);
}

/* The message is the one that the handle tells of. */
static void check_message(const struct peer_request *request, const barker_webhook *hook,
                          const char *line)
{
    check_line(request, line);
    CHECK_TEXT(header_of(request, "BARKER_SIGNATURE"), barker_webhook_signature(hook));
    CHECK_TEXT(header_of(request, "BARKER_TIMESTAMP"), barker_webhook_timestamp(hook));
    CHECK_TEXT(header_of(request, "Content-Type"), "application/json");
    CHECK_TEXT(header_of(request, "X-Own"), "kept");
    CHECK_TEXT(request->body, data);
}

static barker_webhook *hook_for(const char *url, uint32_t max, int32_t elsewhere)
{
    barker_webhook *hook = barker_webhook_new();
    CHECK_OK(barker_webhook_set_url(hook, url));
    CHECK_OK(barker_webhook_set_data(hook, bytes_of(data), sizeof data - 1));
    CHECK_OK(barker_webhook_set_timeout(hook, 60000));
    CHECK_OK(barker_webhook_set_content_type(hook, "application/json"));
    CHECK_OK(barker_webhook_add_header(hook, "X-Own", "kept"));
    CHECK_OK(barker_webhook_set_redirects(hook, max, elsewhere));
    return hook;
}

/* Sends once to a peer that plays these steps, all of them, and is answered with this status. */
static barker_webhook *play(struct peer *peer, const struct peer_step *steps, size_t count,
                            uint32_t max, uint16_t answer)
{
    uint16_t http_status = 0;
    peer_start(peer, steps, count);
    barker_webhook *hook = hook_for(peer->url, max, 0);
    if (!CHECK_OK(barker_webhook_send(hook, &http_status, NULL)))
        fprintf(stderr, "    %s\n", barker_webhook_error(hook));
    CHECK_EQUAL(http_status, answer);
    CHECK(peer_stop(peer));
    return hook;
}

static void finish(struct peer *peer, barker_webhook *hook)
{
    peer_free(peer);
    barker_webhook_free(hook);
}

static void off_by_default(void)
{
    static const struct peer_step steps[] = {STEP(REDIRECT("302", "Location: /b\r\n"))};
    struct peer peer;
    size_t len;
    finish(&peer, play(&peer, steps, 1, 0, 302));
    peer_start(&peer, steps, 1);
    barker_webhook *hook = barker_webhook_new();
    CHECK_OK(barker_webhook_set_url(hook, peer.url));
    CHECK_OK(barker_webhook_send(hook, &(uint16_t){0}, NULL));
    CHECK_EQUAL(barker_webhook_response_status(hook), 302);
    CHECK_TEXT((const char *)barker_webhook_response_body(hook, &len), "no");
    CHECK_TEXT(barker_webhook_response_header(hook, "location"), "/b");
    CHECK(peer_stop(&peer));
    finish(&peer, hook);
}

static void message_is_resent(void)
{
    static const struct peer_step steps[][2] = {
        {STEP(REDIRECT("301", "Location: /b?c#d\r\n")), STEP(OK)},
        {STEP(REDIRECT("302", "Location: b?c\r\n")), STEP(OK)},
        {STEP(REDIRECT("307", "location: ./x/../b?c\r\n")), STEP(OK)},
        {STEP(REDIRECT("308", "LOCATION:   /b?c   \r\n")), STEP(OK)},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct peer peer;
        barker_webhook *hook = play(&peer, steps[i], 2, 1, 200);
        check_message(&peer.requests[0], hook, "POST / HTTP/1.1");
        check_message(&peer.requests[1], hook, "POST /b?c HTTP/1.1");
        CHECK_EQUAL(peer.connections, 1);
        finish(&peer, hook);
    }
}

/* 303 fetches, and what follows it goes on fetching. */
static void answer_is_fetched(void)
{
    static const struct peer_step steps[] = {
        STEP(REDIRECT("303", "Location: /b\r\n")), STEP(REDIRECT("307", "Location: /c\r\n")),
        STEP(REDIRECT("301", "Location: /d\r\n")), STEP(OK),
    };
    static const char *const lines[] = {NULL, "GET /b HTTP/1.1", "GET /c HTTP/1.1",
                                        "GET /d HTTP/1.1"};
    struct peer peer;
    barker_webhook *hook = play(&peer, steps, 4, 3, 200);
    check_message(&peer.requests[0], hook, "POST / HTTP/1.1");
    for (int i = 1; i < 4; i++) {
        const struct peer_request *request = &peer.requests[i];
        check_line(request, lines[i]);
        CHECK_EQUAL(request->body_len, 0);
        CHECK(header_of(request, "Content-Length") == NULL);
        CHECK(header_of(request, "Content-Type") == NULL);
        CHECK(header_of(request, "BARKER_SIGNATURE") == NULL);
        CHECK(header_of(request, "BARKER_TIMESTAMP") == NULL);
        CHECK_TEXT(header_of(request, "X-Own"), "kept");
    }
    finish(&peer, hook);
}

/* Each of these is an answer like any other. */
static void not_followed(void)
{
    static const struct {
        struct peer_step step;
        uint16_t status;
    } answers[] = {
        {STEP(REDIRECT("300", "Location: /b\r\n")), 300},
        {STEP("HTTP/1.1 304 X\r\nLocation: /b\r\n\r\n"), 304},
        {STEP(REDIRECT("305", "Location: /b\r\n")), 305},
        {STEP(REDIRECT("306", "Location: /b\r\n")), 306},
        {STEP(REDIRECT("399", "Location: /b\r\n")), 399},
        {STEP(REDIRECT("201", "Location: /b\r\n")), 201},
        {STEP(REDIRECT("307", "")), 307},
        {STEP(REDIRECT("307", "Location: /b\r\nLocation: /c\r\n")), 307},
        {STEP(REDIRECT("307", "Location: /b\r\nlocation: /b\r\n")), 307},
        {STEP(REDIRECT("307", "Location: http://[\r\n")), 307},
        {STEP(REDIRECT("307", "Location: http://\r\n")), 307},
        {STEP(REDIRECT("307", "Location: http://127.0.0.1:99999/\r\n")), 307},
        {STEP(REDIRECT("307", "Location: \xff\xfe\r\n")), 307},
        {STEP(REDIRECT("307", "Location: ftp://127.0.0.1/\r\n")), 307},
        {STEP(REDIRECT("307", "Location: file:///etc/passwd\r\n")), 307},
        {STEP(REDIRECT("307", "Location: unix:/run/app.sock:/\r\n")), 307},
        {STEP(REDIRECT("307", "Location: data:,x\r\n")), 307},
        {STEP(REDIRECT("307", "Location: http://127.0.0.1:1/\r\n")), 307},
        {STEP(REDIRECT("307", "Location: //localhost/\r\n")), 307},
        /* What would be refused as a URL. */
        {STEP(REDIRECT("307", "Location: http:b\r\n")), 307},
        {STEP(REDIRECT("307", "Location: http:///b\r\n")), 307},
        {STEP(REDIRECT("307", "Location: ///b\r\n")), 307},
        {STEP(REDIRECT("307", "Location: \\b\r\n")), 307},
        {STEP(REDIRECT("307", "Location: /\\b\r\n")), 307},
        {STEP(REDIRECT("307", "Location: /b\tc\r\n")), 307},
        {STEP(REDIRECT("307", "Location: //127.1/\r\n")), 307},
        {STEP(REDIRECT("307", "Location: //a@b@127.0.0.1/\r\n")), 307},
        /* What was just asked for. */
        {STEP(REDIRECT("307", "Location:\r\n")), 307},
        {STEP(REDIRECT("308", "Location: /\r\n")), 308},
        {STEP(REDIRECT("301", "Location: #a\r\n")), 301},
        {STEP(REDIRECT("302", "Location: .#?b\r\n")), 302},
        {STEP(REDIRECT("307", "Location: b/../\r\n")), 307},
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct peer peer;
        finish(&peer, play(&peer, &answers[i].step, 1, 5, answers[i].status));
    }
}

static void loops_end(void)
{
    static const struct peer_step steps[] = {
        STEP(REDIRECT("307", "Location: /b\r\n")), STEP(REDIRECT("307", "Location: /\r\n")),
        STEP(REDIRECT("308", "Location: ?\r\n")), STEP(REDIRECT("302", "Location: /\r\n")),
    };
    struct peer peer;
    finish(&peer, play(&peer, steps, 4, 3, 302));
}

/* To the URL itself: 303 has it fetched, once; and it is the same by any of its names. */
static void to_itself(void)
{
    static const struct peer_step see_other[] = {STEP(REDIRECT("303", "Location: /\r\n")),
                                                 STEP(REDIRECT("303", "Location: /\r\n"))};
    static const struct peer_step fetched[] = {STEP(REDIRECT("303", "Location: \r\n")),
                                               STEP(REDIRECT("307", "Location: /#a\r\n"))};
    struct peer peer;
    char location[128];
    barker_webhook *hook = play(&peer, see_other, 2, 9, 303);
    check_line(&peer.requests[1], "GET / HTTP/1.1");
    finish(&peer, hook);
    hook = play(&peer, fetched, 2, 9, 307);
    check_line(&peer.requests[1], "GET / HTTP/1.1");
    finish(&peer, hook);

    struct peer_step step = {location, 0, 0};
    peer_start(&peer, &step, 1);
    step.len = (size_t)snprintf(location, sizeof location,
                                REDIRECT("307", "Location: HTTP://x:y@127.0.0.1:%u#a\r\n"),
                                peer.port);
    hook = hook_for(peer.url, 9, 1);
    CHECK_OK(barker_send_many(&hook, 1, 1, NULL, NULL));
    CHECK_EQUAL(barker_webhook_response_status(hook), 307);
    CHECK(peer_stop(&peer));
    finish(&peer, hook);
}

/* To another origin the message goes only if that was asked for, and never with credentials. */
static void to_another_origin(void)
{
    char location[128], url[128];
    for (int asked = 0; asked < 2; asked++) {
        static const struct peer_step there[] = {STEP(OK)};
        struct peer first, second = {0};
        peer_start(&second, there, asked ? 1 : 0);
        int len = snprintf(location, sizeof location,
                           REDIRECT("307", "Location: http://a:b@127.0.0.1:%u/x#y\r\n"),
                           second.port);
        const struct peer_step here[] = {STEP(REDIRECT("307", "Location: /y\r\n")),
                                         {location, (size_t)len, 0}};
        peer_start(&first, here, 2);
        snprintf(url, sizeof url, "http://joe:hunter2@127.0.0.1:%u/", first.port);
        barker_webhook *hook = hook_for(url, 9, asked);
        CHECK_OK(barker_webhook_add_header(hook, "cookie", "a=b"));
        if (!CHECK_OK(barker_webhook_send(hook, &(uint16_t){0}, NULL)))
            fprintf(stderr, "    %s\n", barker_webhook_error(hook));
        CHECK_EQUAL(barker_webhook_response_status(hook), asked ? 200 : 307);
        CHECK(peer_stop(&first) && peer_stop(&second));
        for (int i = 0; i < 2; i++) {
            check_message(&first.requests[i], hook,
                          i == 0 ? "POST / HTTP/1.1" : "POST /y HTTP/1.1");
            CHECK_TEXT(header_of(&first.requests[i], "Authorization"), "Basic am9lOmh1bnRlcjI=");
            CHECK_TEXT(header_of(&first.requests[i], "cookie"), "a=b");
        }
        if (asked) {
            check_message(&second.requests[0], hook, "POST /x HTTP/1.1");
            CHECK(header_of(&second.requests[0], "Authorization") == NULL);
            CHECK(header_of(&second.requests[0], "cookie") == NULL);
            snprintf(url, sizeof url, "127.0.0.1:%u", second.port);
            CHECK_TEXT(header_of(&second.requests[0], "Host"), url);
        }
        peer_free(&second);
        finish(&first, hook);
    }
}

/* One timeout holds for all of it, though every answer comes in time. */
static void one_deadline(void)
{
    static const char redirects[][64] = {REDIRECT("307", "Location: /b\r\n"),
                                         REDIRECT("307", "Location: /c\r\n")};
    const size_t len = strlen(redirects[0]);
    enum { STEPS = 8 };
    struct peer_step steps[STEPS];
    struct peer peer;
    int played = 0;
    uint16_t http_status = 0;
    for (int i = 0; i < STEPS; i++)
        steps[i] = (struct peer_step){redirects[i % 2], len, PEER_SLOW};
    peer_start(&peer, steps, STEPS);
    barker_webhook *hook = hook_for(peer.url, UINT32_MAX, 0);
    CHECK_OK(barker_webhook_set_timeout(hook, (uint32_t)(STEPS * len * PEER_PAUSE / 2)));
    CHECK_FAILS(hook, barker_webhook_send(hook, &http_status, NULL), BARKER_ERR_TIMEOUT);

    CHECK_OK(barker_webhook_set_redirects(hook, 0, 0));
    while (sem_getvalue(&peer.step_done, &played) == 0 && played < STEPS)
        if (barker_webhook_send(hook, &http_status, NULL) == BARKER_OK)
            CHECK_EQUAL(http_status, 307);
    CHECK(peer_stop(&peer));
    finish(&peer, hook);
}

static void in_a_batch(void)
{
    static const struct peer_step steps[] = {
        STEP(REDIRECT("307", "Location: /b\r\n")), STEP(OK),
        STEP(REDIRECT("303", "Location: /b\r\n")), STEP(OK),
        STEP(REDIRECT("307", "")),
    };
    static const uint16_t answers[] = {200, 200, 307};
    struct peer peer;
    barker_webhook *hooks[3];
    peer_start(&peer, steps, 5);
    for (int i = 0; i < 3; i++)
        hooks[i] = i == 0 ? hook_for(peer.url, 1, 0) : barker_webhook_clone(hooks[0]);
    CHECK_OK(barker_send_many(hooks, 3, 1, NULL, NULL));
    CHECK(peer_stop(&peer));
    for (int i = 0; i < 3; i++) {
        CHECK_OK(barker_webhook_status(hooks[i]));
        CHECK_EQUAL(barker_webhook_response_status(hooks[i]), answers[i]);
        barker_webhook_free(hooks[i]);
    }
    peer_free(&peer);
}

/* Each looks up two names, one after the other, and goes on when the system answers. */
static void in_a_batch_to_other_names(void)
{
    enum { BOTH = 2 };
    static const struct peer_step there[BOTH] = {STEP(OK), STEP(OK)};
    char locations[BOTH][128], url[64];
    struct peer_step here[BOTH];
    struct peer first, second;
    barker_webhook *hooks[BOTH];
    peer_start(&second, there, BOTH);
    for (int i = 0; i < BOTH; i++) {
        int len = snprintf(locations[i], sizeof locations[i],
                           REDIRECT("307", "Location: http://there-%d.test:%u/\r\n"), i,
                           second.port);
        here[i] = (struct peer_step){locations[i], (size_t)len, 0};
    }
    peer_start(&first, here, BOTH);
    for (int i = 0; i < BOTH; i++) {
        snprintf(url, sizeof url, "http://here-%d.test:%u/", i, first.port);
        hooks[i] = hook_for(url, 1, 1);
    }
    names_asked = 0;
    names_delay = 100;
    CHECK_OK(barker_send_many(hooks, BOTH, BOTH, NULL, NULL));
    CHECK_EQUAL(names_asked, 2 * BOTH);
    for (int i = 0; i < BOTH; i++) {
        if (!CHECK_OK(barker_webhook_status(hooks[i])))
            fprintf(stderr, "    %s\n", barker_webhook_error(hooks[i]));
        CHECK_EQUAL(barker_webhook_response_status(hooks[i]), 200);
        barker_webhook_free(hooks[i]);
    }
    CHECK(peer_stop(&first) && peer_stop(&second));
    peer_free(&first);
    peer_free(&second);
}

int main(void)
{
    check_begin();
    names_known = names;
    off_by_default();
    message_is_resent();
    answer_is_fetched();
    not_followed();
    loops_end();
    to_itself();
    to_another_origin();
    one_deadline();
    in_a_batch();
    in_a_batch_to_other_names();
    return check_end("redirect");
}
