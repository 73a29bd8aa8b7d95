/* fanout.c: sends one signed body many times, IN_FLIGHT at once, and prints what a delivery cost,
 * as JSON. All of it happens on one thread.
 *
 *     fanout curl|barker URL IN_FLIGHT TOTAL
 *
 * libcurl is driven as is best for it: curl_multi_socket_action() with epoll, handles used again.
 * Its headers are signed once a second, as barker signs the one message of its clones. */
#define _GNU_SOURCE
#include "bench.h"
#include "curl.h"

#include <barker.h>

#include <sys/epoll.h>
#include <unistd.h>

enum { BODY = 1024, TIMEOUT = 30000, EVENTS = 1024 };

static const char *url;
static size_t in_flight, total;
static uint8_t *body;
static long prepared_memory; /* once the handles are made, `prepared` of them */
static size_t prepared;

/* ---- libcurl ---- */

static CURLM *multi;
static int poller, running;
static int64_t timer_due = -1;
static struct bench_signer signer;

static int curl_wants(CURL *easy, curl_socket_t socket, int what, void *user, void *known)
{
    static char watched;
    (void)easy, (void)user;
    struct epoll_event event = {.data.fd = socket};
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    int change = what == CURL_POLL_REMOVE ? EPOLL_CTL_DEL
                 : known != NULL          ? EPOLL_CTL_MOD
                                          : EPOLL_CTL_ADD;
    NEED(epoll_ctl(poller, change, socket, &event) == 0);
    curl_multi_assign(multi, socket, what == CURL_POLL_REMOVE ? NULL : &watched);
    return 0;
}

static int curl_wants_timer(CURLM *of, long milliseconds, void *user)
{
    (void)of, (void)user;
    timer_due = milliseconds < 0 ? -1 : bench_wall() + milliseconds * 1000000;
    return 0;
}

static CURL *curl_handle(void)
{
    CURL *easy = curl_easy_init();
    NEED(easy != NULL);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)BODY);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, curl_headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, curl_ignore);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)TIMEOUT);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    return easy;
}

/* Adds a handle to those in flight. */
static void curl_begin(CURL *easy)
{
    static int64_t signed_at;
    int64_t now = bench_wall();
    if (signed_at == 0 || now - signed_at > 1000000000) {
        bench_sign(&signer, &curl_signature, body, BODY);
        signed_at = now;
    }
    NEED(curl_multi_add_handle(multi, easy) == CURLM_OK);
}

/* Takes those that have ended out, and begins as many again while any are left to be sent. */
static void curl_collect(size_t *begun, size_t *done)
{
    CURLMsg *ended;
    int left;
    while ((ended = curl_multi_info_read(multi, &left)) != NULL) {
        CURL *easy = ended->easy_handle;
        long status = 0;
        NEED(ended->msg == CURLMSG_DONE && ended->data.result == CURLE_OK);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        NEED(status == 204);
        curl_multi_remove_handle(multi, easy);
        ++*done;
        if (*begun < total) {
            ++*begun;
            curl_begin(easy);
        }
    }
}

static void curl_turn(void)
{
    struct epoll_event events[EVENTS];
    int wait = -1;
    if (timer_due >= 0) {
        int64_t left = timer_due - bench_wall();
        wait = left <= 0 ? 0 : (int)((left + 999999) / 1000000);
    }
    int count = epoll_wait(poller, events, EVENTS, wait);
    for (int i = 0; i < count; i++) {
        int ready = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                    (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                    (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        curl_multi_socket_action(multi, events[i].data.fd, ready, &running);
    }
    if (timer_due >= 0 && bench_wall() >= timer_due) {
        timer_due = -1;
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}

static void curl_run(void)
{
    CURL **handles = calloc(in_flight, sizeof *handles);
    size_t begun = 0, done = 0;
    NEED(handles != NULL && curl_global_init(CURL_GLOBAL_DEFAULT) == 0);
    NEED((multi = curl_multi_init()) != NULL && (poller = epoll_create1(0)) >= 0);
    bench_signer_open(&signer, "MD5");
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, curl_wants);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, curl_wants_timer);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)in_flight);
    for (size_t i = 0; i < in_flight; i++)
        handles[i] = curl_handle();
    prepared_memory = bench_memory("VmRSS:");
    prepared = in_flight;
    for (; begun < in_flight; begun++)
        curl_begin(handles[begun]);
    while (done < total) {
        curl_turn();
        curl_collect(&begun, &done);
    }
    for (size_t i = 0; i < in_flight; i++)
        curl_easy_cleanup(handles[i]);
    curl_multi_cleanup(multi);
    curl_global_cleanup();
    bench_signer_close(&signer);
    free(handles);
}

/* ---- barker ---- */

static int32_t barker_ended(void *user, size_t index, barker_status status)
{
    barker_webhook *const *hooks = user;
    if (status != BARKER_OK)
        fprintf(stderr, "%s\n", barker_webhook_error(hooks[index]));
    return barker_webhook_response_status(hooks[index]) != 204;
}

static barker_webhook *barker_original(void)
{
    barker_webhook *hook = barker_webhook_new();
    NEED(barker_webhook_set_url(hook, url) == BARKER_OK);
    NEED(barker_webhook_set_data(hook, body, BODY) == BARKER_OK);
    NEED(barker_webhook_set_secret(hook, BARKER_SCHEME_BARKER, BENCH_KEY, strlen(BENCH_KEY)) ==
         BARKER_OK);
    NEED(barker_webhook_set_timeout(hook, TIMEOUT) == BARKER_OK);
    NEED(barker_webhook_set_idle_limits(hook, (uint32_t)in_flight, 60) == BARKER_OK);
    return hook;
}

static void barker_run(void)
{
    barker_webhook **hooks = calloc(total, sizeof *hooks);
    NEED(hooks != NULL);
    hooks[0] = barker_original();
    for (size_t i = 1; i < total; i++)
        NEED((hooks[i] = barker_webhook_clone(hooks[0])) != NULL);
    prepared_memory = bench_memory("VmRSS:");
    prepared = total;
    NEED(barker_send_many(hooks, total, (uint32_t)in_flight, barker_ended, hooks) == BARKER_OK);
    for (size_t i = 0; i < total; i++)
        barker_webhook_free(hooks[i]);
    free(hooks);
}

int main(int argc, char **argv)
{
    NEED(argc == 5);
    alarm(BENCH_PATIENCE);
    bench_raise_descriptor_limit();
    int with_curl = strcmp(argv[1], "curl") == 0;
    NEED(with_curl || strcmp(argv[1], "barker") == 0);
    url = argv[2];
    in_flight = bench_number(argv[3]);
    total = bench_number(argv[4]);
    body = bench_body(BODY);
    NEED(0 < in_flight && in_flight <= total);

    long before = bench_memory("VmRSS:");
    int64_t wall = bench_wall(), cpu = bench_cpu();
    if (with_curl)
        curl_run();
    else
        barker_run();
    wall = bench_wall() - wall;
    cpu = bench_cpu() - cpu;
    long peak = bench_memory("VmHWM:");
    printf("{\"rate\": %f, \"cpu\": %lld, \"handle\": %f, \"memory\": %f}\n",
           (double)total * 1e9 / (double)wall, (long long)(cpu / (int64_t)total),
           (double)(prepared_memory - before) * 1024 / (double)prepared,
           (double)(peak - prepared_memory) * 1024 / (double)in_flight);
    free(body);
    return 0;
}
