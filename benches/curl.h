/* curl.h: what the senders by libcurl share: the headers that they send, and what becomes of an
 * answer's body. */
#ifndef BENCH_CURL_H
#define BENCH_CURL_H

#include "bench.h"

#include <curl/curl.h>

/* The texts are written anew in place, so that nothing is allocated for them. */
static struct bench_signature curl_signature;
static struct curl_slist curl_headers[] = {
    {curl_signature.timestamp, &curl_headers[1]},
    {curl_signature.signature, &curl_headers[2]},
    {(char *)"Expect:", &curl_headers[3]},
    {(char *)"Content-Type:", NULL},
};

static size_t curl_ignore(char *bytes, size_t size, size_t count, void *user)
{
    (void)bytes, (void)user;
    return size * count;
}

#endif
