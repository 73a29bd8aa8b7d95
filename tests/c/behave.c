/* behave.c: sends for tests/test_misbehaving.py, which writes on its standard input what to send
 * where and compares what came of it. One handle does it all. A line is one of
 *
 *   send TIMEOUT SIZE URL     so many bytes, within so many milliseconds
 *   many COUNT AT_ONCE        the next COUNT lines are as for send, and done in one batch
 *
 * and answered, once for each send, by a line with the status, the HTTP status and the size of the
 * answer's body, and then the body. */
#define _GNU_SOURCE

#include "check.h"

#include <stdlib.h>

enum { LONGEST_LINE = 512, MOST = 16, LARGEST = 16 << 20 };

static uint8_t *data;

/* Configures the handle as a line says; gives how many bytes are to be sent. */
static size_t configure(barker_webhook *hook, const char *line)
{
    unsigned timeout = 0;
    size_t size = 0;
    char url[LONGEST_LINE] = "";
    CHECK_EQUAL(sscanf(line, "send %u %zu %511s", &timeout, &size, url), 3);
    CHECK_OK(barker_webhook_set_url(hook, url));
    CHECK_OK(barker_webhook_set_timeout(hook, timeout));
    return CHECK(size <= LARGEST) ? size : 0;
}

/* What can be told without knowing the receiver: that a failure leaves a sentence and no body. */
static void report(barker_webhook *hook, barker_status status)
{
    size_t len = 0;
    const uint8_t *body = barker_webhook_response_body(hook, &len);
    uint16_t http_status = barker_webhook_response_status(hook);
    CHECK_EQUAL(barker_webhook_status(hook), status);
    CHECK(status != BARKER_OK || http_status != 0);
    CHECK_EQUAL(status == BARKER_OK, strlen(barker_webhook_error(hook)) == 0);
    CHECK(status == BARKER_OK || len == 0);
    printf("%d %u %zu %s\n", (int)status, (unsigned)http_status, len, barker_webhook_error(hook));
    fwrite(body, 1, len, stdout);
}

static void send_one(barker_webhook *hook, const char *line)
{
    uint16_t http_status = 0;
    barker_buffer body = {0};
    size_t len = 0;
    size_t size = configure(hook, line);
    barker_status status = barker_webhook_send_data(hook, data, size, &http_status, &body);
    CHECK_EQUAL(http_status, status == BARKER_OK ? barker_webhook_response_status(hook) : 0);
    if (status != BARKER_OK)
        CHECK_ZEROED(body);
    else
        CHECK(memcmp(body.data, barker_webhook_response_body(hook, &len), body.len + 1) == 0);
    barker_buffer_free(&body);
    report(hook, status);
}

static int32_t progress(void *user, size_t index, barker_status status)
{
    barker_status *statuses = user;
    CHECK_EQUAL(statuses[index], -1);
    statuses[index] = status;
    return 0;
}

/* Clones share the idle connections of the handle. */
static void send_batch(const barker_webhook *hook, size_t count, uint32_t at_once)
{
    barker_webhook *hooks[MOST];
    barker_status statuses[MOST];
    char line[LONGEST_LINE];
    for (size_t i = 0; i < count; i++) {
        hooks[i] = barker_webhook_clone(hook);
        statuses[i] = -1;
        if (CHECK(fgets(line, sizeof line, stdin) != NULL))
            CHECK_OK(barker_webhook_set_data(hooks[i], data, configure(hooks[i], line)));
    }
    CHECK_OK(barker_send_many(hooks, count, at_once, progress, statuses));
    for (size_t i = 0; i < count; i++) {
        report(hooks[i], statuses[i]);
        barker_webhook_free(hooks[i]);
    }
}

int main(void)
{
    char line[LONGEST_LINE];
    size_t count;
    unsigned at_once;
    data = calloc(1, LARGEST);
    barker_webhook *hook = barker_webhook_new();
    while (fgets(line, sizeof line, stdin) != NULL) {
        alarm(600);
        if (sscanf(line, "many %zu %u", &count, &at_once) != 2)
            send_one(hook, line);
        else if (CHECK(count <= MOST))
            send_batch(hook, count, at_once);
        fflush(stdout);
    }
    barker_webhook_free(hook);
    free(data);
    fprintf(stderr, "behave: %u checks, %u failed\n", check_count, check_failures);
    return check_count == 0 || check_failures != 0;
}
