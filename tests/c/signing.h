/* signing.h: how long signing takes on this machine. */
#ifndef SIGNING_H
#define SIGNING_H

#include "check.h"
#include "process.h"

/* Milliseconds that signing takes, which counts towards the deadline. */
static inline unsigned signing_time(const uint8_t *data, size_t len)
{
    barker_webhook *hook = barker_webhook_new();
    barker_buffer timestamp = {0}, signature = {0};
    long long before = process_now();
    CHECK_OK(barker_webhook_sign(hook, NULL, data, len, &timestamp, &signature));
    long long taken = process_now() - before;
    barker_buffer_free(&timestamp);
    barker_buffer_free(&signature);
    barker_webhook_free(hook);
    return (unsigned)taken;
}

#endif
