/* bench.h: what the programs of the benchmarks share: clocks, memory, and a message signed with
 * OpenSSL. Any failure ends the program with a sentence and 1. */
#ifndef BENCH_H
#define BENCH_H

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define BENCH_KEY "BARKER"
enum { BENCH_PATIENCE = 600 }; /* seconds that a program may take */

#define NEED(condition)                                                               \
    do {                                                                              \
        if (!(condition)) {                                                           \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);   \
            exit(1);                                                                  \
        }                                                                             \
    } while (0)

/* ---- measuring ---- */

static inline int64_t bench_nanoseconds(clockid_t clock)
{
    struct timespec now;
    NEED(clock_gettime(clock, &now) == 0);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline int64_t bench_wall(void)
{
    return bench_nanoseconds(CLOCK_MONOTONIC);
}

/* User and system time of all threads of the process, as getrusage() adds them up. */
static inline int64_t bench_cpu(void)
{
    struct rusage usage;
    NEED(getrusage(RUSAGE_SELF, &usage) == 0);
    return ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000 +
           ((int64_t)usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

/* A line of /proc/self/status in KiB: "VmRSS:" is the present memory, "VmHWM:" its peak. */
static inline long bench_memory(const char *field)
{
    char line[256];
    long kib = -1;
    FILE *status = fopen("/proc/self/status", "r");
    NEED(status != NULL);
    while (kib < 0 && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, field, strlen(field)) == 0)
            kib = strtol(line + strlen(field), NULL, 10);
    fclose(status);
    NEED(kib >= 0);
    return kib;
}

/* Thousands of connections need as many descriptors. */
static inline void bench_raise_descriptor_limit(void)
{
    struct rlimit limit;
    NEED(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    NEED(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static inline int bench_compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Sorts the values. */
static inline int64_t bench_median(int64_t *values, size_t count)
{
    qsort(values, count, sizeof *values, bench_compare);
    return values[count / 2];
}

static inline size_t bench_number(const char *text)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);
    NEED(*text != '\0' && *end == '\0');
    return (size_t)number;
}

static inline uint8_t *bench_body(size_t len)
{
    uint8_t *body = malloc(len);
    NEED(body != NULL);
    memset(body, 'x', len);
    return body;
}

/* ---- signing as the raw socket and libcurl do it: OpenSSL, with the key prepared once ---- */

struct bench_signer {
    EVP_MAC_CTX *prepared;
};

struct bench_signature {
    char timestamp[64];  /* "BARKER_TIMESTAMP: ..." */
    char signature[128]; /* "BARKER_SIGNATURE: ..." */
};

/* The digest is OpenSSL's name of it. */
static inline void bench_signer_open(struct bench_signer *signer, const char *digest)
{
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    NEED(hmac != NULL && (signer->prepared = EVP_MAC_CTX_new(hmac)) != NULL);
    NEED(EVP_MAC_init(signer->prepared, (const uint8_t *)BENCH_KEY, strlen(BENCH_KEY),
                      parameters) == 1);
    EVP_MAC_free(hmac);
}

static inline void bench_signer_close(struct bench_signer *signer)
{
    EVP_MAC_CTX_free(signer->prepared);
}

/* Signs the present time and the body. */
static inline void bench_sign(struct bench_signer *signer, struct bench_signature *headers,
                              const uint8_t *body, size_t len)
{
    static const char hex[] = "0123456789abcdef";
    const size_t name = strlen("BARKER_TIMESTAMP: "); /* the other one is as long */
    uint8_t mac[32];
    size_t mac_len;
    struct timespec now;
    NEED(clock_gettime(CLOCK_REALTIME, &now) == 0);
    int written = snprintf(headers->timestamp, sizeof headers->timestamp,
                           "BARKER_TIMESTAMP: %lld.%06ld", (long long)now.tv_sec,
                           now.tv_nsec / 1000);
    NEED(EVP_MAC_init(signer->prepared, NULL, 0, NULL) == 1);
    NEED(EVP_MAC_update(signer->prepared, (const uint8_t *)headers->timestamp + name,
                        (size_t)written - name) == 1);
    NEED(EVP_MAC_update(signer->prepared, (const uint8_t *)";", 1) == 1);
    NEED(EVP_MAC_update(signer->prepared, body, len) == 1);
    NEED(EVP_MAC_final(signer->prepared, mac, &mac_len, sizeof mac) == 1);
    memcpy(headers->signature, "BARKER_SIGNATURE: ", name);
    char *at = headers->signature + name;
    for (size_t i = 0; i < mac_len; i++) {
        *at++ = hex[mac[i] >> 4];
        *at++ = hex[mac[i] & 15];
    }
    *at = '\0';
}

#endif
