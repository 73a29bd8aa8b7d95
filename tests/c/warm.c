/* warm.c: sends to a URL, first a byte and then so many bodies of so many bytes, for
 * tests/test_warm.py to see what those cost. Prints by how much they raised the peak of memory, in
 * KiB.
 *
 *   warm URL SENDS BYTES [engine]    by an engine, one after the other
 */
#define _GNU_SOURCE

#include "check.h"
#include "process.h"

#include <stdlib.h>

static void send_one(barker_webhook *hook, const uint8_t *body, size_t len)
{
    uint16_t http_status = 0;
    if (!CHECK_OK(barker_webhook_send_data(hook, body, len, &http_status, NULL)))
        fprintf(stderr, "    %s\n", barker_webhook_error(hook));
    CHECK_EQUAL(http_status, 204);
}

static void send_by_engine(barker_engine *engine, barker_webhook *hook, const uint8_t *body,
                           size_t len)
{
    barker_webhook *ended;
    CHECK_OK(barker_webhook_set_data(hook, body, len));
    CHECK_OK(barker_engine_add(engine, hook, NULL));
    while ((ended = barker_engine_next(engine, NULL)) == NULL)
        CHECK_OK(barker_engine_step(engine, 60000));
    CHECK_EQUAL(barker_webhook_response_status(ended), 204);
}

int main(int argc, char **argv)
{
    check_begin();
    if (!CHECK(argc == 4 || (argc == 5 && strcmp(argv[4], "engine") == 0)))
        return check_end("warm");
    barker_engine *engine = argc == 5 ? barker_engine_new() : NULL;
    size_t len = strtoul(argv[3], NULL, 10);
    uint8_t *body = malloc(len);
    memset(body, 'x', len);
    barker_webhook *hook = barker_webhook_new();
    CHECK_OK(barker_webhook_set_url(hook, argv[1]));
    CHECK_OK(barker_webhook_set_timeout(hook, 60000));

    send_one(hook, body, 1);
    long before = process_figure("VmRSS");
    for (long left = strtol(argv[2], NULL, 10); left > 0; left--)
        if (engine != NULL)
            send_by_engine(engine, hook, body, len);
        else
            send_one(hook, body, len);
    printf("%ld\n", process_figure("VmHWM") - before);

    barker_engine_free(engine);
    barker_webhook_free(hook);
    free(body);
    return check_failures != 0;
}
