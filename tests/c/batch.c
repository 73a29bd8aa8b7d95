/* batch.c: many deliveries at once, to a receiver that sees how many there are and when. */
#define _GNU_SOURCE

#include "check.h"
#include "process.h"
#include "receiver.h"

#include <sys/stat.h>
#include <sys/un.h>

/* A batch of handles, with what is told of its progress. */
struct batch {
    barker_webhook *hooks[CLIENTS];
    size_t count, told, stop_after;
    barker_status statuses[CLIENTS];
};

static struct batch *new_batch(const barker_webhook *original, size_t count)
{
    struct batch *batch = calloc(1, sizeof *batch);
    batch->count = count;
    for (size_t i = 0; i < count; i++)
        batch->hooks[i] = barker_webhook_clone(original);
    return batch;
}

static void point(struct batch *batch, size_t index, const struct receiver *receiver,
                  const char *kind)
{
    char url[192];
    snprintf(url, sizeof url, "%s/%s/%zu", receiver->url, kind, index);
    CHECK_OK(barker_webhook_set_url(batch->hooks[index], url));
}

static void free_batch(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        barker_webhook_free(batch->hooks[i]);
    free(batch);
}

static int32_t progress(void *user, size_t index, barker_status status)
{
    struct batch *batch = user;
    CHECK_EQUAL(barker_webhook_status(batch->hooks[index]), status);
    CHECK_EQUAL(status == BARKER_OK, barker_webhook_response_status(batch->hooks[index]) == 200);
    batch->statuses[index] = status;
    batch->told++;
    return batch->stop_after > 0 && batch->told == batch->stop_after;
}

static void check_answered(const struct batch *batch, size_t index)
{
    char number[16];
    size_t len;
    snprintf(number, sizeof number, "%zu", index);
    CHECK_OK(barker_webhook_status(batch->hooks[index]));
    CHECK_EQUAL(barker_webhook_response_status(batch->hooks[index]), 200);
    CHECK_TEXT((const char *)barker_webhook_response_body(batch->hooks[index], &len), number);
    CHECK_TEXT(barker_webhook_error(batch->hooks[index]), "");
}

static barker_webhook *original(uint32_t timeout)
{
    barker_webhook *hook = barker_webhook_new();
    CHECK_OK(barker_webhook_set_timeout(hook, timeout));
    CHECK_OK(barker_webhook_set_idle_limits(hook, CLIENTS, 60));
    CHECK_OK(barker_webhook_set_data(hook, bytes_of("data"), 4));
    return hook;
}

/* All are under way at once, each gets its own answer, and the connections serve a second batch. */
static void all_at_once(void)
{
    enum { COUNT = 250 };
    struct receiver *receiver = start_tcp(COUNT);
    barker_webhook *hook = original(60000);
    struct batch *batch = new_batch(hook, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        point(batch, i, receiver, "ok");
    for (int round = 0; round < 2; round++) {
        batch->told = 0;
        CHECK_OK(barker_send_many(batch->hooks, COUNT, COUNT, progress, batch));
        CHECK_EQUAL(batch->told, COUNT);
        for (size_t i = 0; i < COUNT; i++)
            check_answered(batch, i);
    }
    CHECK_OK(barker_webhook_send(batch->hooks[7], &(uint16_t){0}, NULL)); /* alone, as ever */
    check_answered(batch, 7);
    stop(receiver);
    CHECK_EQUAL(receiver->requests, 2 * COUNT + 1);
    CHECK_EQUAL(receiver->most_waiting, COUNT);
    CHECK_EQUAL(receiver->connections, COUNT);
    free_batch(batch);
    barker_webhook_free(hook);
    free(receiver);
}

/* Not more at a time than was asked for. */
static void bounded(void)
{
    enum { COUNT = 100, AT_ONCE = 7 };
    struct receiver *receiver = start_tcp(AT_ONCE);
    barker_webhook *hook = original(60000);
    struct batch *batch = new_batch(hook, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        point(batch, i, receiver, "ok");
    CHECK_OK(barker_send_many(batch->hooks, COUNT, AT_ONCE, NULL, NULL));
    for (size_t i = 0; i < COUNT; i++)
        check_answered(batch, i);
    stop(receiver);
    CHECK_EQUAL(receiver->most_waiting, AT_ONCE);
    CHECK_EQUAL(receiver->connections, AT_ONCE);
    free_batch(batch);
    barker_webhook_free(hook);
    free(receiver);
}

/* One that fails does not keep the others from their answers. */
static void each_its_own_end(void)
{
    enum { COUNT = 60 };
    unsigned port;
    int closed = peer_bind(&port);
    char nobody[64], name[64];
    struct receiver *receiver = start_tcp(1);
    snprintf(nobody, sizeof nobody, "http://127.0.0.1:%u/", port);
    snprintf(name, sizeof name, "http://localhost:%s/ok/6", strrchr(receiver->url, ':') + 1);
    barker_webhook *hook = original(60000), *bare = barker_webhook_new();
    struct batch *batch = new_batch(hook, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        point(batch, i, receiver, i % 10 == 1 ? "break" : i % 10 == 2 ? "slow" : "ok");
    for (size_t i = 3; i < COUNT; i += 10)
        CHECK_OK(barker_webhook_set_url(batch->hooks[i], nobody));
    for (size_t i = 4; i < COUNT; i += 10)
        CHECK_OK(barker_webhook_set_url(batch->hooks[i], "http://no.such.name.invalid/"));
    for (size_t i = 5; i < COUNT; i += 10) {
        barker_webhook_free(batch->hooks[i]);
        batch->hooks[i] = barker_webhook_clone(bare); /* without a URL */
    }
    for (size_t i = 2; i < COUNT; i += 10)
        CHECK_OK(barker_webhook_set_timeout(batch->hooks[i], 1000));
    CHECK_OK(barker_webhook_set_url(batch->hooks[6], name));
    CHECK_OK(barker_send_many(batch->hooks, COUNT, 0, progress, batch));
    CHECK_EQUAL(batch->told, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        static const barker_status expected[10] = {
            BARKER_OK, BARKER_ERR_RECEIVE, BARKER_ERR_TIMEOUT, BARKER_ERR_CONNECT,
            BARKER_ERR_RESOLVE, BARKER_ERR_URL,
        };
        if (expected[i % 10] == BARKER_OK)
            check_answered(batch, i);
        else {
            CHECK_EQUAL(batch->statuses[i], expected[i % 10]);
            CHECK(strlen(barker_webhook_error(batch->hooks[i])) > 0);
        }
    }
    stop(receiver);
    close(closed);
    free_batch(batch);
    barker_webhook_free(hook);
    barker_webhook_free(bare);
    free(receiver);
}

static size_t distinct(char texts[][64], int count)
{
    size_t found = 0;
    for (int i = 0; i < count; i++) {
        int known = 0;
        for (int j = 0; j < i; j++)
            known |= strcmp(texts[i], texts[j]) == 0;
        found += !known;
    }
    return found;
}

/* Clones have one message, signed once or, if that takes long, once a second; others their own. */
static void signed_once(void)
{
    enum { COUNT = 50 };
    struct receiver *receiver = start_tcp(COUNT);
    barker_webhook *hook = original(60000);
    static const char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    CHECK_OK(barker_webhook_set_key(hook, bytes_of("key"), 3));
    CHECK_OK(barker_webhook_add_secret(hook, BARKER_SCHEME_STANDARD, bytes_of(secret), 38));
    struct batch *batch = new_batch(hook, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        point(batch, i, receiver, "ok");
    CHECK_OK(barker_send_many(batch->hooks, COUNT, COUNT, NULL, NULL));
    CHECK_EQUAL(receiver->requests, COUNT);
    CHECK(distinct(receiver->signatures, COUNT) < COUNT / 2);
    CHECK_EQUAL(distinct(receiver->ids, COUNT), 1);
    for (size_t i = 0; i < COUNT; i++)
        CHECK_TEXT(barker_webhook_id(batch->hooks[i]), receiver->ids[0]);

    for (size_t i = 0; i < COUNT; i++)
        CHECK_OK(barker_webhook_set_data(batch->hooks[i], bytes_of("data"), 4));
    CHECK_OK(barker_send_many(batch->hooks, COUNT, COUNT, NULL, NULL));
    stop(receiver);
    CHECK_EQUAL(distinct(receiver->ids, 2 * COUNT), 1 + COUNT);
    free_batch(batch);
    barker_webhook_free(hook);
    free(receiver);
}

static void stopped(void)
{
    enum { COUNT = 40 };
    struct receiver *receiver = start_tcp(1);
    barker_webhook *hook = original(60000);
    struct batch *batch = new_batch(hook, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        point(batch, i, receiver, "ok");
    batch->stop_after = 5;
    CHECK_EQUAL(barker_send_many(batch->hooks, COUNT, 3, progress, batch), BARKER_ERR_STOPPED);
    CHECK_EQUAL(batch->told, 5);
    size_t answered = 0, left = 0;
    for (size_t i = 0; i < COUNT; i++) {
        answered += barker_webhook_status(batch->hooks[i]) == BARKER_OK;
        left += barker_webhook_status(batch->hooks[i]) == BARKER_ERR_STOPPED &&
                barker_webhook_response_status(batch->hooks[i]) == 0;
    }
    CHECK_EQUAL(answered, 5);
    CHECK_EQUAL(left, COUNT - 5);
    stop(receiver);
    free_batch(batch);
    barker_webhook_free(hook);
    free(receiver);
}

static void refused(void)
{
    barker_webhook *hook = original(1000);
    barker_webhook *twice[] = {hook, hook}, *null[] = {hook, NULL};
    CHECK_OK(barker_send_many(NULL, 0, 1, progress, NULL));
    CHECK_EQUAL(barker_send_many(NULL, 1, 1, NULL, NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_send_many(null, 2, 1, progress, NULL), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_send_many(twice, 2, 1, progress, NULL), BARKER_ERR_RANGE);
    CHECK_EQUAL(barker_send_many(twice, SIZE_MAX, 1, NULL, NULL), BARKER_ERR_RANGE);
    CHECK_OK(barker_webhook_status(hook));
    barker_webhook_free(hook);
}

/* One connection after the other through a Unix socket, and many at once through a short queue. */
static void unix_socket(void)
{
    enum { COUNT = 100 };
    char directory[] = "/tmp/barker-batch-XXXXXX", url[128];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    CHECK(mkdtemp(directory) != NULL);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", directory);
    snprintf(url, sizeof url, "unix:%s:", address.sun_path);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0)
        abort();
    struct receiver *receiver = start(listener, url, 10);
    barker_webhook *hook = original(60000);
    struct batch *batch = new_batch(hook, COUNT);
    uint16_t http_status = 0;
    for (size_t i = 0; i < COUNT; i++)
        point(batch, i, receiver, "ok");
    for (int i = 0; i < 3; i++) {
        CHECK_OK(barker_webhook_send(batch->hooks[i], &http_status, NULL));
        check_answered(batch, (size_t)i);
    }
    CHECK_EQUAL(receiver->connections, 1);
    CHECK_OK(barker_webhook_close_idle(hook));
    CHECK_EQUAL(listen(listener, 1), 0);
    CHECK_OK(barker_send_many(batch->hooks, COUNT, COUNT, NULL, NULL));
    for (size_t i = 0; i < COUNT; i++)
        check_answered(batch, i);
    stop(receiver);
    unlink(address.sun_path);
    rmdir(directory);
    CHECK_FAILS(batch->hooks[0], barker_webhook_send(batch->hooks[0], &http_status, NULL),
                BARKER_ERR_CONNECT);
    CHECK(strstr(barker_webhook_error(batch->hooks[0]), address.sun_path) != NULL);
    free_batch(batch);
    barker_webhook_free(hook);
    free(receiver);
}

int main(void)
{
    check_begin();
    int before = process_entries("/proc/self/fd");
    all_at_once();
    bounded();
    each_its_own_end();
    signed_once();
    stopped();
    refused();
    unix_socket();
    CHECK_EQUAL(process_entries("/proc/self/fd"), before);
    return check_end("batch");
}
