/* retry.c: barker_retry_judge() after sends to receivers that answer in every way, and not at all;
 * and the settings of a retry policy. */
#define _GNU_SOURCE
#include "check.h"
#include "peer.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define STATUS(status) "HTTP/1.1 " status " Text\r\nContent-Length: 0\r\n"

/* A verdict, and between which bounds the wait that goes with it lies, in milliseconds. */
static void check_verdict(const barker_retry *retry, const barker_webhook *hook, uint32_t tries,
                          barker_verdict verdict, uint32_t least, uint32_t most, int line)
{
    uint32_t wait = 99;
    barker_verdict got = barker_retry_judge(retry, hook, tries, &wait);
    check_equal(got, verdict, __FILE__, line, "the verdict");
    if (!check_that(least <= wait && wait <= most, __FILE__, line, "the wait"))
        fprintf(stderr, "    is %u, should be %u to %u\n", wait, least, most);
}

#define CHECK_RETRY(retry, hook, tries, least, most) \
    check_verdict(retry, hook, tries, BARKER_VERDICT_RETRY, least, most, __LINE__)
#define CHECK_VERDICT(retry, hook, tries, verdict) \
    check_verdict(retry, hook, tries, verdict, 0, 0, __LINE__)

/* Sends to a receiver that answers so. */
static void send_to(barker_webhook *hook, const char *answer, int flags, barker_status status)
{
    const struct peer_step step = {answer, strlen(answer), flags};
    struct peer peer;
    peer_start(&peer, &step, 1);
    CHECK_OK(barker_webhook_set_url(hook, peer.url));
    CHECK_EQUAL(barker_webhook_send(hook, NULL, NULL), status);
    CHECK_OK(barker_webhook_close_idle(hook));
    CHECK(peer_stop(&peer));
    peer_free(&peer);
}

static void send_for_answer(barker_webhook *hook, const char *head)
{
    char answer[4096];
    snprintf(answer, sizeof answer, "%s\r\n", head);
    send_to(hook, answer, PEER_CLOSE, BARKER_OK);
}

/* A handle whose send is given up only if the receiver hangs. */
static barker_webhook *new_hook(void)
{
    barker_webhook *hook = barker_webhook_new();
    CHECK_OK(barker_webhook_set_timeout(hook, 60000));
    return hook;
}

/* Waits a second after a try, without jitter, unless the receiver asks for more. */
static barker_retry *plain_retry(void)
{
    const uint32_t delay = SECOND;
    barker_retry *retry = barker_retry_new();
    CHECK_OK(barker_retry_set_delays(retry, &delay, 1));
    CHECK_OK(barker_retry_set_jitter(retry, 0));
    CHECK_OK(barker_retry_set_overload_delay(retry, 0));
    return retry;
}

static void default_schedule(void)
{
    const uint32_t delays[] = {5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR,
                               14 * HOUR, 20 * HOUR, 24 * HOUR};
    const uint32_t count = COUNT(delays);
    barker_webhook *hook = new_hook();
    barker_retry *retry = barker_retry_new();
    send_for_answer(hook, STATUS("500"));
    for (uint32_t i = 0; i < count; i++) {
        CHECK_RETRY(NULL, hook, i + 1, delays[i] / 10 * 8, delays[i] / 10 * 12);
        CHECK_RETRY(retry, hook, i + 1, delays[i] / 10 * 8, delays[i] / 10 * 12);
    }
    CHECK_VERDICT(NULL, hook, count + 1, BARKER_VERDICT_DEAD);
    CHECK_VERDICT(retry, hook, UINT32_MAX, BARKER_VERDICT_DEAD);
    CHECK_RETRY(NULL, hook, 0, 4 * SECOND, 6 * SECOND); /* as after the first try */
    CHECK_EQUAL(barker_retry_judge(retry, hook, 1, NULL), BARKER_VERDICT_RETRY);

    uint32_t first = 0, other = 0;
    CHECK_EQUAL(barker_retry_judge(retry, hook, count, &first), BARKER_VERDICT_RETRY);
    for (int i = 0; i < 10 && (i == 0 || other == first); i++)
        CHECK_EQUAL(barker_retry_judge(retry, hook, count, &other), BARKER_VERDICT_RETRY);
    CHECK(first != other);
    barker_retry_free(retry);
    barker_webhook_free(hook);
}

static void answers(void)
{
    static const struct {
        const char *head;
        barker_verdict verdict;
        uint32_t least, most;
    } cases[] = {
        {STATUS("200"), BARKER_VERDICT_DELIVERED, 0, 0},
        {STATUS("204"), BARKER_VERDICT_DELIVERED, 0, 0},
        {STATUS("299") "Retry-After: 100\r\n", BARKER_VERDICT_DELIVERED, 0, 0},
        {STATUS("410"), BARKER_VERDICT_GONE, 0, 0},
        {STATUS("410") "Retry-After: 100\r\n", BARKER_VERDICT_GONE, 0, 0},
        {STATUS("302") "Location: /\r\n", BARKER_VERDICT_RETRY, 4 * SECOND, 6 * SECOND},
        {STATUS("400"), BARKER_VERDICT_RETRY, 4 * SECOND, 6 * SECOND},
        {STATUS("404"), BARKER_VERDICT_RETRY, 4 * SECOND, 6 * SECOND},
        {STATUS("404") "Retry-After: 100\r\n", BARKER_VERDICT_RETRY, 100 * SECOND, 120 * SECOND},
        {STATUS("500"), BARKER_VERDICT_RETRY, 4 * SECOND, 6 * SECOND},
        {STATUS("999"), BARKER_VERDICT_RETRY, 4 * SECOND, 6 * SECOND},
        {STATUS("429"), BARKER_VERDICT_RETRY, 60 * SECOND, 72 * SECOND},
        {STATUS("502"), BARKER_VERDICT_RETRY, 60 * SECOND, 72 * SECOND},
        {STATUS("503"), BARKER_VERDICT_RETRY, 60 * SECOND, 72 * SECOND},
        {STATUS("503") "Retry-After: 5\r\n", BARKER_VERDICT_RETRY, 60 * SECOND, 72 * SECOND},
        {STATUS("503") "Retry-After: 86400\r\n", BARKER_VERDICT_RETRY, 2 * HOUR + 60 * SECOND,
         2 * HOUR + 72 * SECOND},
        {STATUS("504"), BARKER_VERDICT_RETRY, 60 * SECOND, 72 * SECOND},
    };
    barker_webhook *hook = new_hook();
    for (size_t i = 0; i < COUNT(cases); i++) {
        send_for_answer(hook, cases[i].head);
        check_verdict(NULL, hook, 1, cases[i].verdict, cases[i].least, cases[i].most, __LINE__);
    }
    barker_webhook_free(hook);
}

static void numbers_of_seconds(void)
{
    static const struct {
        const char *header;
        uint32_t wait;
    } cases[] = {
        {"Retry-After: 0", SECOND},
        {"Retry-After: 100", 100 * SECOND},
        {"retry-after:   0100  ", 100 * SECOND},
        {"Retry-After: 7202", 2 * HOUR + SECOND},
        {"Retry-After: 99999999999999999999999999", 2 * HOUR + SECOND},
        {"Retry-After: 10\r\nRetry-After: 30\r\nRetry-After: 20", 30 * SECOND},
        {"Retry-After: soon\r\nRetry-After: 20", 20 * SECOND},
        {"Retry-After: 10, 20", SECOND},
        {"Retry-After: -100", SECOND},
        {"Retry-After: 1e3", SECOND},
        {"Retry-After:", SECOND},
        {"Retry-Before: 100", SECOND},
        {"Retry-After: Sun, 06 Nov 1994 08:49:37 GMT", SECOND},
        {"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT", 2 * HOUR + SECOND},
        {"Retry-After: Fri, 31 Dec 9999 23:59:60 GMT", SECOND},
    };
    barker_webhook *hook = new_hook();
    barker_retry *retry = plain_retry();
    for (size_t i = 0; i < COUNT(cases); i++) {
        char head[4096];
        snprintf(head, sizeof head, STATUS("503") "%s\r\n", cases[i].header);
        send_for_answer(hook, head);
        CHECK_RETRY(retry, hook, 1, cases[i].wait, cases[i].wait);
    }
    barker_retry_free(retry);
    barker_webhook_free(hook);
}

/* An hour from now in each form; how long the wait is depends on how fast this test is. */
static void dates(void)
{
    static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                        "%a %b %e %H:%M:%S %Y"};
    barker_webhook *hook = new_hook();
    barker_retry *retry = plain_retry();
    for (size_t i = 0; i < COUNT(forms); i++) {
        const time_t before = time(NULL), date = before + 3600;
        char text[64], head[4096];
        strftime(text, sizeof text, forms[i], gmtime(&date));
        snprintf(head, sizeof head, STATUS("404") "Retry-After: %s\r\n", text);
        send_for_answer(hook, head);
        uint32_t wait = 0;
        CHECK_EQUAL(barker_retry_judge(retry, hook, 1, &wait), BARKER_VERDICT_RETRY);
        const time_t after = time(NULL);
        CHECK(wait <= (date - before) * SECOND);
        CHECK(wait > (date - after - 1) * SECOND);
    }
    barker_retry_free(retry);
    barker_webhook_free(hook);
}

static void no_whole_answer(void)
{
    static const char cut_off[] =
        "HTTP/1.1 %s Text\r\nContent-Length: 9\r\nRetry-After: 90\r\n\r\n";
    char answer[sizeof cut_off + 8];
    barker_webhook *hook = new_hook();

    send_to(hook, "", PEER_RESET, BARKER_ERR_RECEIVE);
    CHECK_RETRY(NULL, hook, 1, 4 * SECOND, 6 * SECOND);
    send_to(hook, "SSH-2.0\r\n", PEER_CLOSE, BARKER_ERR_PROTOCOL);
    CHECK_RETRY(NULL, hook, 1, 4 * SECOND, 6 * SECOND);

    /* What its head says counts, though the rest did not come. */
    snprintf(answer, sizeof answer, cut_off, "200");
    send_to(hook, answer, PEER_CLOSE, BARKER_ERR_RECEIVE);
    CHECK_VERDICT(NULL, hook, 1, BARKER_VERDICT_DELIVERED);
    snprintf(answer, sizeof answer, cut_off, "410");
    send_to(hook, answer, PEER_RESET, BARKER_ERR_RECEIVE);
    CHECK_VERDICT(NULL, hook, 1, BARKER_VERDICT_GONE);
    snprintf(answer, sizeof answer, cut_off, "500");
    send_to(hook, answer, PEER_CLOSE, BARKER_ERR_RECEIVE);
    CHECK_RETRY(NULL, hook, 1, 90 * SECOND, 108 * SECOND);

    CHECK_OK(barker_webhook_set_timeout(hook, 100));
    send_to(hook, "", PEER_SILENT, BARKER_ERR_TIMEOUT);
    CHECK_RETRY(NULL, hook, 1, 60 * SECOND, 72 * SECOND);
    barker_webhook_free(hook);
}

static void nothing_sent(void)
{
    unsigned port;
    const int nobody = peer_bind(&port);
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", port);
    barker_webhook *hook = new_hook();

    CHECK_VERDICT(NULL, NULL, 1, BARKER_VERDICT_DEAD);
    CHECK_EQUAL(barker_retry_judge(NULL, NULL, 0, NULL), BARKER_VERDICT_DEAD);
    CHECK_RETRY(NULL, hook, 1, 4 * SECOND, 6 * SECOND);
    CHECK_VERDICT(NULL, hook, 10, BARKER_VERDICT_DEAD);

    CHECK_FAILS(hook, barker_webhook_send(hook, NULL, NULL), BARKER_ERR_URL);
    CHECK_VERDICT(NULL, hook, 1, BARKER_VERDICT_DEAD);
    CHECK_OK(barker_webhook_set_url(hook, url));
    CHECK_VERDICT(NULL, hook, 1, BARKER_VERDICT_DEAD); /* setting the URL sent nothing */
    CHECK_FAILS(hook, barker_webhook_send(hook, NULL, NULL), BARKER_ERR_CONNECT);
    CHECK_RETRY(NULL, hook, 1, 4 * SECOND, 6 * SECOND);
    CHECK_OK(barker_webhook_set_stopped(hook, 1));
    CHECK_FAILS(hook, barker_webhook_send(hook, NULL, NULL), BARKER_ERR_STOPPED);
    CHECK_RETRY(NULL, hook, 1, 4 * SECOND, 6 * SECOND);
    CHECK_OK(barker_webhook_set_stopped(hook, 0));
    CHECK_OK(barker_webhook_set_address_policy(hook, BARKER_ADDRESSES_PUBLIC));
    CHECK_FAILS(hook, barker_webhook_send(hook, NULL, NULL), BARKER_ERR_REFUSED);
    CHECK_VERDICT(NULL, hook, 1, BARKER_VERDICT_DEAD);
    barker_webhook_free(hook);
    close(nobody);
}

/* Only sends are judged, and only the last one of this handle. */
static void calls_in_between(void)
{
    barker_webhook *hook = new_hook();
    send_for_answer(hook, STATUS("429"));
    CHECK_OK(barker_webhook_set_id(hook, "an-id"));
    CHECK_FAILS(hook, barker_webhook_set_url(hook, "nonsense"), BARKER_ERR_URL);
    CHECK_RETRY(NULL, hook, 1, 60 * SECOND, 72 * SECOND);
    CHECK_EQUAL(barker_webhook_status(hook), BARKER_ERR_URL);

    barker_webhook *clone = barker_webhook_clone(hook);
    CHECK_RETRY(NULL, clone, 1, 4 * SECOND, 6 * SECOND);
    send_for_answer(clone, STATUS("204"));
    CHECK_VERDICT(NULL, clone, 1, BARKER_VERDICT_DELIVERED);
    CHECK_RETRY(NULL, hook, 1, 60 * SECOND, 72 * SECOND);

    CHECK_FAILS(clone, barker_webhook_send_data(clone, NULL, 1, NULL, NULL), BARKER_ERR_NULL);
    CHECK_VERDICT(NULL, clone, 1, BARKER_VERDICT_DEAD);
    barker_webhook_free(clone);
    barker_webhook_free(hook);
}

/* Stops the batch once the first of its messages has ended. */
static int32_t stop_batch(void *user, size_t index, barker_status status)
{
    (void)user, (void)index, (void)status;
    return 1;
}

static void batches(void)
{
    static const char answer[] = STATUS("204") "\r\n";
    static const struct peer_step step = {answer, sizeof answer - 1, 0};
    struct peer peer;
    peer_start(&peer, &step, 1);
    barker_webhook *hooks[] = {new_hook(), new_hook()};
    for (size_t i = 0; i < 2; i++)
        CHECK_OK(barker_webhook_set_url(hooks[i], peer.url));
    CHECK_EQUAL(barker_send_many(hooks, 2, 1, stop_batch, NULL), BARKER_ERR_STOPPED);
    CHECK_VERDICT(NULL, hooks[0], 1, BARKER_VERDICT_DELIVERED);
    CHECK_RETRY(NULL, hooks[1], 1, 4 * SECOND, 6 * SECOND);
    for (size_t i = 0; i < 2; i++)
        barker_webhook_free(hooks[i]);
    CHECK(peer_stop(&peer));
    peer_free(&peer);
}

static void settings(void)
{
    const uint32_t delays[] = {0, 10, UINT32_MAX};
    const uint16_t final[] = {400, 413, 410}, wrong[] = {400, 299}, other_wrong[] = {600};
    static uint32_t many_delays[101];
    static uint16_t many_statuses[301];
    for (size_t i = 0; i < COUNT(many_statuses); i++)
        many_statuses[i] = 599;
    barker_webhook *hook = new_hook();
    barker_retry *retry = plain_retry();

    CHECK_OK(barker_retry_set_delays(retry, delays, 3));
    CHECK_OK(barker_retry_set_final_statuses(retry, final, 3));
    send_for_answer(hook, STATUS("500"));
    for (int i = 0; i < 2; i++) { /* what fails in between changes nothing */
        CHECK_RETRY(retry, hook, 1, 0, 0);
        CHECK_RETRY(retry, hook, 2, 10, 10);
        CHECK_RETRY(retry, hook, 3, UINT32_MAX, UINT32_MAX);
        CHECK_VERDICT(retry, hook, 4, BARKER_VERDICT_DEAD);
        CHECK_EQUAL(barker_retry_set_delays(retry, many_delays, 101), BARKER_ERR_RANGE);
        CHECK_EQUAL(barker_retry_set_delays(retry, NULL, 1), BARKER_ERR_NULL);
        CHECK_EQUAL(barker_retry_set_jitter(retry, 101), BARKER_ERR_RANGE);
        CHECK_EQUAL(barker_retry_set_final_statuses(retry, wrong, 2), BARKER_ERR_RANGE);
        CHECK_EQUAL(barker_retry_set_final_statuses(retry, other_wrong, 1), BARKER_ERR_RANGE);
        CHECK_EQUAL(barker_retry_set_final_statuses(retry, many_statuses, 301), BARKER_ERR_RANGE);
        CHECK_EQUAL(barker_retry_set_final_statuses(retry, NULL, 1), BARKER_ERR_NULL);
    }
    CHECK_OK(barker_retry_set_jitter(retry, 100));
    CHECK_RETRY(retry, hook, 2, 0, 20);
    CHECK_RETRY(retry, hook, 3, 0, UINT32_MAX);
    send_for_answer(hook, STATUS("413"));
    CHECK_VERDICT(retry, hook, 1, BARKER_VERDICT_DEAD);
    CHECK_EQUAL(barker_retry_judge(NULL, hook, 1, NULL), BARKER_VERDICT_RETRY);
    send_for_answer(hook, STATUS("410"));
    CHECK_VERDICT(retry, hook, 1, BARKER_VERDICT_GONE);

    CHECK_OK(barker_retry_set_jitter(retry, 0));
    CHECK_OK(barker_retry_set_delays(retry, many_delays, 100));
    CHECK_OK(barker_retry_set_final_statuses(retry, NULL, 0));
    send_for_answer(hook, STATUS("413") "Retry-After: 4294967295\r\n");
    CHECK_RETRY(retry, hook, 100, 2 * HOUR, 2 * HOUR);
    CHECK_OK(barker_retry_set_retry_after(retry, 0));
    CHECK_RETRY(retry, hook, 100, 0, 0);
    CHECK_OK(barker_retry_set_retry_after(retry, UINT32_MAX));
    CHECK_RETRY(retry, hook, 100, UINT32_MAX, UINT32_MAX);
    CHECK_VERDICT(retry, hook, 101, BARKER_VERDICT_DEAD);
    CHECK_OK(barker_retry_set_final_statuses(retry, many_statuses, 300));
    send_for_answer(hook, STATUS("599"));
    CHECK_VERDICT(retry, hook, 1, BARKER_VERDICT_DEAD);
    send_for_answer(hook, STATUS("503"));
    CHECK_RETRY(retry, hook, 1, 0, 0);
    CHECK_OK(barker_retry_set_overload_delay(retry, UINT32_MAX));
    CHECK_RETRY(retry, hook, 1, UINT32_MAX, UINT32_MAX);
    CHECK_OK(barker_retry_set_delays(retry, NULL, 0));
    CHECK_VERDICT(retry, hook, 1, BARKER_VERDICT_DEAD);
    barker_retry_free(retry);
    barker_webhook_free(hook);
}

/* The same judgement for outcomes that were stored, or are another HTTP client's. */
static void outcomes(void)
{
    static const struct {
        barker_status status;
        uint16_t http_status;
        const char *retry_after;
        barker_verdict verdict;
        uint32_t wait;
    } cases[] = {
        {BARKER_OK, 200, NULL, BARKER_VERDICT_DELIVERED, 0},
        {BARKER_ERR_RECEIVE, 299, "100", BARKER_VERDICT_DELIVERED, 0},
        {BARKER_OK, 410, "100", BARKER_VERDICT_GONE, 0},
        {BARKER_OK, 500, NULL, BARKER_VERDICT_RETRY, SECOND},
        {BARKER_OK, 500, "", BARKER_VERDICT_RETRY, SECOND},
        {BARKER_OK, 503, "soon", BARKER_VERDICT_RETRY, 5 * SECOND},
        {BARKER_OK, 503, "100", BARKER_VERDICT_RETRY, 100 * SECOND},
        {BARKER_ERR_RECEIVE, 404, "100", BARKER_VERDICT_RETRY, 100 * SECOND},
        {BARKER_OK, 404, "Fri, 31 Dec 9999 23:59:59 GMT", BARKER_VERDICT_RETRY, 2 * HOUR + SECOND},
        {BARKER_ERR_TIMEOUT, 0, NULL, BARKER_VERDICT_RETRY, 5 * SECOND},
        {BARKER_ERR_RESOLVE, 0, NULL, BARKER_VERDICT_RETRY, SECOND},
        {BARKER_ERR_SYSTEM, 0, NULL, BARKER_VERDICT_RETRY, SECOND},
        {BARKER_OK, 0, NULL, BARKER_VERDICT_RETRY, SECOND},
        {BARKER_ERR_REFUSED, 0, NULL, BARKER_VERDICT_DEAD, 0},
        {BARKER_ERR_URL, 0, NULL, BARKER_VERDICT_DEAD, 0},
        {1, 0, NULL, BARKER_VERDICT_DEAD, 0},
        {-1, 500, "100", BARKER_VERDICT_DEAD, 0},
        {INT32_MAX, UINT16_MAX, "100", BARKER_VERDICT_DEAD, 0},
    };
    barker_retry *retry = plain_retry();
    CHECK_OK(barker_retry_set_overload_delay(retry, 5 * SECOND));
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint32_t wait = 99;
        CHECK_EQUAL(barker_retry_judge_outcome(retry, cases[i].status, cases[i].http_status,
                                               cases[i].retry_after, 1, &wait), cases[i].verdict);
        CHECK_EQUAL(wait, cases[i].wait);
    }
    CHECK_EQUAL(barker_retry_judge_outcome(retry, BARKER_OK, 500, NULL, 2, NULL),
                BARKER_VERDICT_DEAD);
    CHECK_EQUAL(barker_retry_judge_outcome(NULL, BARKER_OK, 500, NULL, 0, NULL),
                BARKER_VERDICT_RETRY);
    barker_retry_free(retry);
}

struct shared {
    const barker_retry *retry;
    const barker_webhook *hook;
};

static void *judge_often(void *argument)
{
    const struct shared *shared = argument;
    for (int i = 0; i < 500; i++)
        CHECK_RETRY(shared->retry, shared->hook, 1, 60 * SECOND, 72 * SECOND);
    return NULL;
}

static void many_threads(void)
{
    pthread_t threads[8];
    barker_webhook *hook = new_hook();
    barker_retry *retry = barker_retry_new();
    send_for_answer(hook, STATUS("503") "Retry-After: 1\r\n");
    struct shared shared = {retry, hook};
    for (size_t i = 0; i < COUNT(threads); i++)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, judge_often, &shared), 0);
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    barker_retry_free(retry);
    barker_webhook_free(hook);
}

int main(void)
{
    check_begin();
    default_schedule();
    answers();
    numbers_of_seconds();
    dates();
    no_whole_answer();
    nothing_sent();
    calls_in_between();
    batches();
    outcomes();
    settings();
    many_threads();
    return check_end("retry");
}
