/* mac.c: what signing and verifying cost, beside OpenSSL doing the same, interleaved in one run.
 *
 *     mac            the whole table
 *     mac --quick    few and short rounds, to see that it runs
 *
 * A call signs a timestamp (and an id) and a body, and writes the signature as text; or makes the
 * signature anew and compares it with the received one. OpenSSL does it with a context that was
 * keyed once: of its ways to do an HMAC, HMAC_CTX is the fastest. Barker also searches the headers
 * and makes the buffers that its caller will own. The times are of this thread's CPU.
 */
#define _POSIX_C_SOURCE 200809L
#define OPENSSL_SUPPRESS_DEPRECATED
#include <barker.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ID "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define TIMESTAMP "1614265330"
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define MAX_ROUNDS 51
#define MAX_BODY ((size_t)10 << 20)

struct algorithm {
    const char *name;
    barker_scheme scheme;
    const EVP_MD *(*digest)(void); /* NULL for Ed25519 */
    const char *prefix;            /* what is signed before the body */
    const char *version;           /* what stands before the signature; NULL for hex without */
};

static const struct algorithm algorithms[] = {
    {"HMAC-MD5, hex", BARKER_SCHEME_BARKER, EVP_md5, TIMESTAMP ";", NULL},
    {"HMAC-SHA256, hex", BARKER_SCHEME_BARKER_SHA256, EVP_sha256, TIMESTAMP ";", NULL},
    {"HMAC-SHA256, base64", BARKER_SCHEME_STANDARD, EVP_sha256, ID "." TIMESTAMP ".", "v1,"},
    {"HMAC-SHA512, hex", BARKER_SCHEME_BARKER_SHA512, EVP_sha512, TIMESTAMP ";", NULL},
    {"Ed25519, base64", BARKER_SCHEME_STANDARD, NULL, ID "." TIMESTAMP ".", "v1a,"},
};

static const struct {
    const char *name;
    size_t len;
} bodies[] = {{"64 B", 64}, {"1 KiB", 1 << 10}, {"64 KiB", 64 << 10}, {"10 MiB", MAX_BODY}};

/* One algorithm with its keys on both sides, and the message. */
struct job {
    const struct algorithm *algorithm;
    barker_webhook *signer, *verifier;
    HMAC_CTX *hmac;
    EVP_PKEY *private_key, *public_key;
    EVP_MD_CTX *ed25519;
    uint8_t *content; /* the prefix, and then the body */
    size_t prefix_len, len;
    barker_header headers[3];
    char signature[160];
};

static void need(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "mac: failed: %s\n", what);
        exit(1);
    }
}
#define NEED(condition) need((condition) != 0, #condition)

static const uint8_t *body_of(const struct job *job)
{
    return job->content + job->prefix_len;
}

/* ---- the calls that are measured; each returns 1 for success ---- */

static int barker_signs(struct job *job, char *text)
{
    barker_buffer timestamp, signature;
    if (barker_webhook_sign(job->signer, TIMESTAMP, body_of(job), job->len, &timestamp,
                            &signature) != BARKER_OK)
        return 0;
    memcpy(text, signature.data, signature.len + 1);
    barker_buffer_free(&timestamp);
    barker_buffer_free(&signature);
    return 1;
}

static int barker_verifies(struct job *job, char *text)
{
    (void)text;
    return barker_webhook_verify(job->verifier, job->headers, 3, body_of(job), job->len) ==
           BARKER_OK;
}

static void write_text(const struct algorithm *algorithm, const uint8_t *bytes, size_t len,
                       char *text)
{
    static const char digits[] = "0123456789abcdef";
    if (algorithm->version != NULL) {
        size_t start = strlen(algorithm->version);
        memcpy(text, algorithm->version, start);
        EVP_EncodeBlock((unsigned char *)text + start, bytes, (int)len);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * len] = '\0';
}

static int hmac_signs(struct job *job, char *text)
{
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned len;
    if (!HMAC_Init_ex(job->hmac, NULL, 0, NULL, NULL) ||
        !HMAC_Update(job->hmac, job->content, job->prefix_len) ||
        !HMAC_Update(job->hmac, body_of(job), job->len) || !HMAC_Final(job->hmac, bytes, &len))
        return 0;
    write_text(job->algorithm, bytes, len, text);
    return 1;
}

static int hmac_verifies(struct job *job, char *text)
{
    return hmac_signs(job, text) &&
           CRYPTO_memcmp(text, job->signature, strlen(job->signature)) == 0;
}

/* OpenSSL's Ed25519 wants prefix and body in one piece, and gets them so without paying for it. */
static int ed25519_signs(struct job *job, char *text)
{
    uint8_t bytes[64];
    size_t len = sizeof bytes;
    if (!EVP_DigestSignInit(job->ed25519, NULL, NULL, NULL, job->private_key) ||
        !EVP_DigestSign(job->ed25519, bytes, &len, job->content, job->prefix_len + job->len))
        return 0;
    write_text(job->algorithm, bytes, len, text);
    return 1;
}

static int ed25519_verifies(struct job *job, char *text)
{
    uint8_t bytes[66]; /* what the padding stands for is decoded too */
    const char *received = job->signature + strlen(job->algorithm->version);
    (void)text;
    return EVP_DecodeBlock(bytes, (const unsigned char *)received, (int)strlen(received)) == 66 &&
           EVP_DigestVerifyInit(job->ed25519, NULL, NULL, NULL, job->public_key) &&
           EVP_DigestVerify(job->ed25519, bytes, 64, job->content, job->prefix_len + job->len) ==
               1;
}

typedef int call(struct job *, char *);

/* ---- preparing a job ---- */

static void set_keys(struct job *job)
{
    const struct algorithm *algorithm = job->algorithm;
    barker_buffer private_text = {0}, public_text = {0};
    uint8_t key[66], public_key[33];

    if (algorithm->digest != NULL) {
        const uint8_t *secret = (const uint8_t *)SECRET;
        NEED(barker_webhook_set_secret(job->signer, algorithm->scheme, secret, strlen(SECRET)) ==
             BARKER_OK);
        size_t len = strlen(SECRET);
        if (algorithm->version != NULL) { /* Standard Webhooks: the text stands for bytes */
            len = (size_t)EVP_DecodeBlock(key, secret + 6, (int)len - 6);
            secret = key;
        }
        NEED(HMAC_Init_ex(job->hmac, secret, (int)len, algorithm->digest(), NULL));
        barker_webhook_free(job->verifier);
        job->verifier = barker_webhook_clone(job->signer);
        return;
    }
    NEED(barker_generate_key_pair(&private_text, &public_text) == BARKER_OK);
    NEED(barker_webhook_set_secret(job->signer, algorithm->scheme, private_text.data,
                                   private_text.len) == BARKER_OK);
    NEED(barker_webhook_set_secret(job->verifier, algorithm->scheme, public_text.data,
                                   public_text.len) == BARKER_OK);
    NEED(EVP_DecodeBlock(key, private_text.data + 5, (int)private_text.len - 5) == 66);
    NEED(EVP_DecodeBlock(public_key, public_text.data + 5, (int)public_text.len - 5) == 33);
    NEED(job->private_key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key, 32));
    NEED(job->public_key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32));
    barker_buffer_free(&private_text);
    barker_buffer_free(&public_text);
}

static void prepare(struct job *job, const struct algorithm *algorithm)
{
    int standard = algorithm->version != NULL;
    memset(job, 0, sizeof *job);
    job->algorithm = algorithm;
    NEED(job->signer = barker_webhook_new());
    NEED(job->verifier = barker_webhook_new());
    NEED(job->hmac = HMAC_CTX_new());
    NEED(job->ed25519 = EVP_MD_CTX_new());
    set_keys(job);
    NEED(barker_webhook_set_id(job->signer, ID) == BARKER_OK);
    NEED(barker_webhook_set_tolerance(job->verifier, 0) == BARKER_OK);
    job->prefix_len = strlen(algorithm->prefix);
    NEED(job->content = malloc(job->prefix_len + MAX_BODY));
    memcpy(job->content, algorithm->prefix, job->prefix_len);
    for (size_t i = 0; i < MAX_BODY; i++)
        job->content[job->prefix_len + i] = (uint8_t)(i * 2654435761u >> 24);
    job->headers[0] = (barker_header){"webhook-id", ID};
    job->headers[1] =
        (barker_header){standard ? "webhook-timestamp" : "BARKER_TIMESTAMP", TIMESTAMP};
    job->headers[2] =
        (barker_header){standard ? "webhook-signature" : "BARKER_SIGNATURE", job->signature};
}

static void release(struct job *job)
{
    barker_webhook_free(job->signer);
    barker_webhook_free(job->verifier);
    HMAC_CTX_free(job->hmac);
    EVP_MD_CTX_free(job->ed25519);
    EVP_PKEY_free(job->private_key);
    EVP_PKEY_free(job->public_key);
    free(job->content);
}

/* Both sides write the same signature, accept it, and refuse it for another body. */
static void compare(struct job *job, call *signs, call *verifies)
{
    char text[sizeof job->signature] = "";
    NEED(barker_signs(job, job->signature) && signs(job, text));
    need(strcmp(text, job->signature) == 0, "both sides sign alike");
    NEED(barker_verifies(job, text) && verifies(job, text));
    job->content[job->prefix_len] ^= 1;
    NEED(!barker_verifies(job, text) && !verifies(job, text));
    job->content[job->prefix_len] ^= 1;
}

/* ---- measuring ---- */

struct figures {
    double low, median, high;
};

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct figures figures_of(double *samples, int count)
{
    qsort(samples, (size_t)count, sizeof *samples, ascending);
    return (struct figures){samples[0], samples[count / 2], samples[count - 1]};
}

/* Nanoseconds of CPU that a call takes, as the mean over all calls. */
static double cost(call *one, struct job *job, long calls)
{
    char text[sizeof job->signature] = "";
    struct timespec begin, end;
    int right = 1;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    for (long i = 0; i < calls; i++)
        right &= one(job, text);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    NEED(right);
    return ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec)) /
           (double)calls;
}

static void measure(struct job *job, const char *size, const char *what, call *ours, call *theirs,
                    int quick)
{
    static double our_costs[MAX_ROUNDS], their_costs[MAX_ROUNDS];
    double round_ns = quick ? 1e5 : 2e6;
    double first = cost(theirs, job, 3);
    long calls = first < round_ns ? (long)(round_ns / first) : 1;
    int rounds = quick ? 3 : calls == 1 ? 15 : MAX_ROUNDS;

    cost(ours, job, calls);
    for (int i = 0; i < rounds; i++) {
        if (i % 2 == 0)
            our_costs[i] = cost(ours, job, calls);
        their_costs[i] = cost(theirs, job, calls);
        if (i % 2 != 0)
            our_costs[i] = cost(ours, job, calls);
    }
    struct figures us = figures_of(our_costs, rounds), them = figures_of(their_costs, rounds);
    printf("%-20s %-7s %-7s %10.0f (%.0f-%.0f) %*.0f (%.0f-%.0f) %*.2f\n", job->algorithm->name,
           size, what, us.median, us.low, us.high, 10, them.median, them.low, them.high, 8,
           us.median / them.median);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    int quick = argc == 2 && strcmp(argv[1], "--quick") == 0;
    if (argc > 1 && !quick) {
        fprintf(stderr, "usage: %s [--quick]\n", argv[0]);
        return 2;
    }
    printf("Nanoseconds a call, median (min-max); %s; barker %s\n",
           OpenSSL_version(OPENSSL_VERSION), barker_version());
    for (size_t a = 0; a < sizeof algorithms / sizeof *algorithms; a++) {
        struct job job;
        int hmac = algorithms[a].digest != NULL;
        call *signs = hmac ? hmac_signs : ed25519_signs;
        call *verifies = hmac ? hmac_verifies : ed25519_verifies;
        prepare(&job, &algorithms[a]);
        for (size_t b = 0; b < sizeof bodies / sizeof *bodies; b++) {
            job.len = bodies[b].len;
            compare(&job, signs, verifies);
            measure(&job, bodies[b].name, "sign", barker_signs, signs, quick);
            measure(&job, bodies[b].name, "verify", barker_verifies, verifies, quick);
        }
        release(&job);
    }
    return 0;
}
