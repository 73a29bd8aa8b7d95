/* clock.c: what a receiver remembers of messages while the system's clock jumps. The program stands
 * in for clock_gettime(), and the library asks here. */
#define _GNU_SOURCE

#include "check.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>

enum { HOUR = 3600, TOLERANCE = 300 };

/* By how much the system's clock is wrong, and how much later it is than in truth. */
static time_t clock_ahead, time_passed;

int clock_gettime(clockid_t id, struct timespec *now)
{
    int outcome = (int)syscall(SYS_clock_gettime, id, now);
    now->tv_sec += time_passed + (id == CLOCK_REALTIME ? clock_ahead : 0);
    return outcome;
}

struct message {
    barker_buffer timestamp, signature;
    char body[16];
};

static barker_status verify(const barker_webhook *hook, const struct message *message)
{
    const barker_header headers[] = {{"BARKER_TIMESTAMP", (const char *)message->timestamp.data},
                                     {"BARKER_SIGNATURE", (const char *)message->signature.data}};
    return barker_webhook_verify(hook, headers, 2, bytes_of(message->body), strlen(message->body));
}

/* Another one each time, signed now. */
static struct message new_message(const barker_webhook *hook)
{
    static unsigned number;
    struct message message = {{0}, {0}, ""};
    snprintf(message.body, sizeof message.body, "%u", number++);
    CHECK_OK(barker_webhook_sign(hook, NULL, bytes_of(message.body), strlen(message.body),
                                 &message.timestamp, &message.signature));
    return message;
}

static void release(struct message *message)
{
    barker_buffer_free(&message->timestamp);
    barker_buffer_free(&message->signature);
}

static barker_status verify_new(const barker_webhook *hook)
{
    struct message message = new_message(hook);
    barker_status status = verify(hook, &message);
    release(&message);
    return status;
}

static barker_webhook *receiver(uint32_t limit, uint32_t tolerance)
{
    barker_webhook *hook = barker_webhook_new();
    clock_ahead = time_passed = 0;
    CHECK_OK(barker_webhook_set_key(hook, bytes_of("key"), 3));
    CHECK_OK(barker_webhook_set_replay_limit(hook, limit));
    CHECK_OK(barker_webhook_set_tolerance(hook, tolerance));
    return hook;
}

/* The library asks this program for the time of day, and for the time that passes. */
static void library_asks_here(void)
{
    static const char *const secret = "text";
    barker_webhook *hook = receiver(10, TOLERANCE);
    struct message before = new_message(hook);
    clock_ahead = HOUR;
    struct message after = new_message(hook);
    long long moved = atoll((char *)after.timestamp.data) - atoll((char *)before.timestamp.data);
    CHECK(moved >= HOUR && moved < HOUR + HOUR / 2);
    release(&before);
    release(&after);

    barker_buffer timestamp = {0}, signature = {0};
    CHECK_OK(barker_webhook_set_secret(hook, BARKER_SCHEME_GITHUB, bytes_of(secret), 4));
    CHECK_OK(barker_webhook_sign(hook, NULL, NULL, 0, &timestamp, &signature));
    const barker_header header = {"X-Hub-Signature-256", (const char *)signature.data};
    CHECK_OK(barker_webhook_verify(hook, &header, 1, NULL, 0));
    CHECK_EQUAL(barker_webhook_verify(hook, &header, 1, NULL, 0), BARKER_ERR_REPLAYED);
    time_passed = 2 * TOLERANCE - 60;
    CHECK_EQUAL(barker_webhook_verify(hook, &header, 1, NULL, 0), BARKER_ERR_REPLAYED);
    /* Another one comes, and it is remembered no longer. */
    time_passed = 24 * HOUR;
    barker_buffer other = {0};
    barker_buffer_free(&timestamp);
    CHECK_OK(barker_webhook_sign(hook, NULL, bytes_of("x"), 1, &timestamp, &other));
    const barker_header others = {"X-Hub-Signature-256", (const char *)other.data};
    CHECK_OK(barker_webhook_verify(hook, &others, 1, bytes_of("x"), 1));
    CHECK_OK(barker_webhook_verify(hook, &header, 1, NULL, 0));
    barker_buffer_free(&timestamp);
    barker_buffer_free(&signature);
    barker_buffer_free(&other);
    barker_webhook_free(hook);
}

static void there_and_back(time_t ahead)
{
    barker_webhook *hook = receiver(100, TOLERANCE);
    struct message before = new_message(hook);
    CHECK_OK(verify(hook, &before));
    clock_ahead = ahead;
    struct message meanwhile = new_message(hook);
    CHECK_OK(verify(hook, &meanwhile));
    CHECK_EQUAL(verify(hook, &meanwhile), BARKER_ERR_REPLAYED);
    clock_ahead = 0;
    CHECK_EQUAL(verify(hook, &before), BARKER_ERR_REPLAYED);
    for (int i = 0; i < 20; i++) { /* two hours, in which its time may come */
        CHECK_OK(verify_new(hook));
        CHECK_EQUAL(verify(hook, &meanwhile), ahead < 0 || i > 10 ? BARKER_ERR_TOO_OLD
                                              : i < 10            ? BARKER_ERR_TOO_NEW
                                                                  : BARKER_ERR_REPLAYED);
        time_passed += HOUR / 10;
    }
    release(&before);
    release(&meanwhile);
    barker_webhook_free(hook);
}

/* One message came while the clock was ahead. There is room for those that pass at one time. */
static void none_is_kept_out(void)
{
    barker_webhook *hook = receiver(3, 10);
    clock_ahead = HOUR;
    CHECK_OK(verify_new(hook));
    clock_ahead = 0;
    for (int i = 0; i < 20; i++) {
        CHECK_OK(verify_new(hook));
        time_passed += 8;
    }
    barker_webhook_free(hook);
}

int main(void)
{
    check_begin();
    library_asks_here();
    there_and_back(HOUR);
    there_and_back(-HOUR);
    none_is_kept_out();
    return check_end("clock");
}
