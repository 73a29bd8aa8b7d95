/* retry: posts standard input to a URL, and posts it again until it arrives: for cron and scripts.
 *
 *   cc -std=c99 retry.c -lbarker -o retry
 *   WEBHOOK_SECRET=whsec_... ./retry [--for SECONDS] [--delay MILLISECONDS] [--id ID]
 *                                    [--type CONTENT_TYPE] URL <data
 *
 * The secret is one of Standard Webhooks. It is in the environment because others can see a command
 * line. --for is how long all tries may take together, 300 seconds by default. --delay is the wait
 * after the first try, 1000 milliseconds by default; it doubles with every try.
 *
 * All tries have the same id, which is printed, so that a receiver that remembers ids processes the
 * message once. If the time is over, keep the data, and run this again later with that id.
 *
 * Exit status: 0 delivered; 1 not delivered, and it is of no use to send it again; 2 wrong usage;
 * 3 the receiver wants no messages any more (HTTP 410); 75 not delivered in time: run it again.
 */
#define _POSIX_C_SOURCE 200809L
#include <barker.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DELIVERED = 0, DEAD = 1, USAGE = 2, GONE = 3, OUT_OF_TIME = 75 /* EX_TEMPFAIL */ };

enum { DELAYS = 30, LONGEST_DELAY = 60 * 60 * 1000, LONGEST_TRY = 15 * 1000 };

struct options {
    const char *url, *secret, *id, *type;
    uint32_t seconds, delay;
};

/* Reads a number from 1 to max. */
static bool parse_number(const char *text, uint32_t max, uint32_t *number)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    *number = (uint32_t)value;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && value >= 1 &&
           value <= max;
}

static bool parse_option(const char *name, const char *value, struct options *options)
{
    if (strcmp(name, "--for") == 0)
        return parse_number(value, 1000000, &options->seconds);
    if (strcmp(name, "--delay") == 0)
        return parse_number(value, LONGEST_DELAY, &options->delay);
    if (strcmp(name, "--id") == 0)
        options->id = value;
    else if (strcmp(name, "--type") == 0)
        options->type = value;
    else
        return false;
    return true;
}

static bool parse_options(int argc, char **argv, struct options *options)
{
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (strncmp(arg, "--", 2) == 0) {
            if (++i == argc || !parse_option(arg, argv[i], options))
                return false;
        } else if (options->url == NULL) {
            options->url = arg;
        } else {
            return false;
        }
    }
    return options->url != NULL && options->secret != NULL;
}

/* Reads a stream to its end. Free the result; NULL is failure. */
static char *read_all(FILE *stream, size_t *len)
{
    size_t capacity = 4096;
    char *data = malloc(capacity);
    *len = 0;
    while (data != NULL) {
        *len += fread(data + *len, 1, capacity - *len, stream);
        if (*len < capacity)
            break;
        capacity *= 2;
        char *larger = realloc(data, capacity);
        if (larger == NULL)
            free(data);
        data = larger;
    }
    if (data != NULL && ferror(stream)) {
        free(data);
        data = NULL;
    }
    return data;
}

/* Milliseconds of a clock that nobody sets. */
static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void sleep_for(uint32_t milliseconds)
{
    struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

/* Sets the message's id, which must be the same in all tries, and prints it. */
static barker_status set_id(barker_webhook *hook, const char *id)
{
    barker_buffer made = {0};
    barker_status status = BARKER_OK;
    if (id == NULL) {
        status = barker_generate_id(&made);
        id = (const char *)made.data;
    }
    if (status == BARKER_OK)
        status = barker_webhook_set_id(hook, id);
    if (status == BARKER_OK) {
        printf("%s\n", id);
        fflush(stdout);
    }
    barker_buffer_free(&made);
    return status;
}

static barker_status configure(barker_webhook *hook, const struct options *options)
{
    barker_status status = barker_webhook_set_url(hook, options->url);
    if (status == BARKER_OK)
        status = barker_webhook_set_secret(hook, BARKER_SCHEME_STANDARD, options->secret,
                                           strlen(options->secret));
    if (status == BARKER_OK)
        status = barker_webhook_set_content_type(hook, options->type);
    if (status == BARKER_OK)
        status = set_id(hook, options->id);
    return status;
}

/* The schedule of barker_retry_new() takes days; this one is for as long as a job may run. */
static barker_status set_schedule(barker_retry *retry, uint32_t delay)
{
    static const uint16_t refusals[] = {400, 413, 415, 422}; /* of this data, for ever */
    uint32_t delays[DELAYS];
    for (size_t i = 0; i < DELAYS; i++) {
        delays[i] = delay;
        delay = delay < LONGEST_DELAY / 2 ? delay * 2 : LONGEST_DELAY;
    }
    barker_status status = barker_retry_set_delays(retry, delays, DELAYS);
    if (status == BARKER_OK)
        status = barker_retry_set_overload_delay(retry, delays[3]);
    if (status == BARKER_OK)
        status = barker_retry_set_final_statuses(retry, refusals,
                                                 sizeof refusals / sizeof *refusals);
    return status;
}

/* Sends once, for no longer than that, and prints what came of it. */
static void try_once(barker_webhook *hook, const char *data, size_t len, int64_t left)
{
    uint16_t http_status = 0;
    barker_status status =
        barker_webhook_set_timeout(hook, left < LONGEST_TRY ? (uint32_t)left : LONGEST_TRY);
    if (status == BARKER_OK)
        status = barker_webhook_send_data(hook, data, len, &http_status, NULL);
    if (status == BARKER_OK)
        fprintf(stderr, "retry: HTTP %u\n", (unsigned)http_status);
    else
        fprintf(stderr, "retry: %s\n", barker_webhook_error(hook));
}

/* Sends until the message has arrived, is given up, or has to wait too long. Returns the exit
 * status. */
static int deliver(barker_webhook *hook, const barker_retry *retry, const char *data, size_t len,
                   uint32_t seconds)
{
    const int64_t deadline = now() + (int64_t)seconds * 1000;
    int64_t left = deadline - now();
    for (uint32_t tries = 1;; tries++) {
        uint32_t wait = 0;
        try_once(hook, data, len, left > 0 ? left : 1);
        switch (barker_retry_judge(retry, hook, tries, &wait)) {
        case BARKER_VERDICT_DELIVERED:
            return DELIVERED;
        case BARKER_VERDICT_GONE:
            fputs("retry: the receiver wants no messages any more\n", stderr);
            return GONE;
        case BARKER_VERDICT_DEAD:
            fputs("retry: given up\n", stderr);
            return DEAD;
        }
        left = deadline - now() - wait;
        if (left <= 0) {
            fputs("retry: not delivered in time\n", stderr);
            return OUT_OF_TIME;
        }
        sleep_for(wait);
    }
}

static int run(const struct options *options, const char *data, size_t len)
{
    int exit_status = DEAD;
    barker_webhook *hook = barker_webhook_new();
    barker_retry *retry = barker_retry_new();
    if (hook == NULL || retry == NULL) {
        fputs("retry: out of memory\n", stderr);
    } else if (configure(hook, options) != BARKER_OK) {
        fprintf(stderr, "retry: %s\n", barker_webhook_error(hook));
    } else if (set_schedule(retry, options->delay) != BARKER_OK) {
        fputs("retry: no such schedule\n", stderr);
    } else {
        exit_status = deliver(hook, retry, data, len, options->seconds);
    }
    barker_retry_free(retry);
    barker_webhook_free(hook);
    return exit_status;
}

int main(int argc, char **argv)
{
    struct options options = {.secret = getenv("WEBHOOK_SECRET"), .seconds = 300, .delay = 1000};
    if (!parse_options(argc, argv, &options)) {
        fputs("usage: WEBHOOK_SECRET=whsec_... retry [--for SECONDS] [--delay MILLISECONDS]\n"
              "           [--id ID] [--type CONTENT_TYPE] URL <data\n", stderr);
        return USAGE;
    }
    size_t len = 0;
    char *data = read_all(stdin, &len);
    if (data == NULL) {
        perror("retry: cannot read standard input");
        return DEAD;
    }
    int exit_status = run(&options, data, len);
    free(data);
    return exit_status;
}
