/* verify.c: signing and verifying: known answers, an independent HMAC, every status, many threads. */
#define _POSIX_C_SOURCE 200809L

#include "check.h"
#include "hmac_md5.h"

#include <ctype.h>
#include <pthread.h>
#include <time.h>

#define HELLO_TIMESTAMP "1566234234.123456"
#define HELLO_SIGNATURE "db1541f495c52e2985cd5744441db766"

static const uint8_t *const hello = (const uint8_t *)"hello";

static void known_answers(barker_webhook *hook)
{
    static const struct {
        const char *key, *timestamp, *data, *signature;
    } known[] = {
        {"BARKER", HELLO_TIMESTAMP, "hello", HELLO_SIGNATURE},
        {"BARKER", "1566234234.5", "{\"caf\xc3\xa9\": 1}", "4eddce360a964bbb9295a96a5293820b"},
        {"", "0", "", "49bec43e94cd7f64a7c1e895751027a7"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const uint8_t *key = bytes_of(known[i].key), *data = bytes_of(known[i].data);
        size_t key_len = strlen(known[i].key), len = strlen(known[i].data);
        barker_buffer timestamp = {0}, signature = {0};
        char independent[33];
        CHECK_OK(barker_webhook_set_key(hook, key, key_len));
        CHECK_OK(barker_webhook_sign(hook, known[i].timestamp, data, len, &timestamp, &signature));
        CHECK_TEXT((char *)timestamp.data, known[i].timestamp);
        CHECK_TEXT((char *)signature.data, known[i].signature);
        barker_signature(key, key_len, known[i].timestamp, data, len, independent);
        CHECK_TEXT(independent, known[i].signature);
        const barker_header headers[] = {{"BARKER_TIMESTAMP", known[i].timestamp},
                                         {"BARKER_SIGNATURE", known[i].signature}};
        CHECK_OK(barker_verify(BARKER_SCHEME_BARKER, key, key_len, 0, headers, 2, data, len));
        CHECK_EQUAL(barker_verify(BARKER_SCHEME_BARKER, key, key_len, 300, headers, 2, data, len), BARKER_ERR_TOO_OLD);
        CHECK_OK(barker_webhook_set_tolerance(hook, 0));
        CHECK_OK(barker_webhook_verify(hook, headers, 2, data, len));
        barker_buffer_free(&timestamp);
        barker_buffer_free(&signature);
    }
}

/* Keys of 0 to 200 bytes over bodies that cross the block size, against the tests' own HMAC. */
static void every_key_length(barker_webhook *hook)
{
    uint8_t key[200], data[200];
    unsigned random = 1;
    for (size_t len = 0; len <= sizeof key; len++) {
        for (size_t i = 0; i < len; i++) {
            random = random * 1103515245 + 12345;
            key[i] = (uint8_t)(random >> 16);
            data[i] = (uint8_t)(random >> 24);
        }
        barker_buffer timestamp = {0}, signature = {0};
        char independent[33];
        CHECK_OK(barker_webhook_set_key(hook, key, len));
        CHECK_OK(barker_webhook_sign(hook, NULL, data, len, &timestamp, &signature));
        barker_signature(key, len, (char *)timestamp.data, data, len, independent);
        CHECK_TEXT((char *)signature.data, independent);
        barker_buffer_free(&timestamp);
        barker_buffer_free(&signature);
    }
    CHECK_OK(barker_webhook_set_key(hook, bytes_of("BARKER"), 6));
}

static barker_status verify_pair(const char *timestamp, const char *signature)
{
    const barker_header headers[] = {{"Host", "localhost"},
                                     {"BARKER_TIMESTAMP", timestamp},
                                     {"BARKER_SIGNATURE", signature}};
    return barker_verify(BARKER_SCHEME_BARKER, bytes_of("BARKER"), 6, 0, headers, 3, hello, 5);
}

static void malformed(void)
{
    static const char *const timestamps[] = {
        "", "now", "-1566234234", "+1", "1e9", "1566234234.", ".5", "1 2", "1566234234.1234567890",
        "123456789012345678901", "1566234234;5", "0x10",
    };
    for (size_t i = 0; i < sizeof timestamps / sizeof *timestamps; i++)
        CHECK_EQUAL(verify_pair(timestamps[i], HELLO_SIGNATURE), BARKER_ERR_HEADER_MALFORMED);

    static const char *const signatures[] = {
        "", "db15", "db1541f495c52e2985cd5744441db76", "db1541f495c52e2985cd5744441db7666",
        "gb1541f495c52e2985cd5744441db766", "0xdb1541f495c52e2985cd5744441db7",
        "db1541f495c52e29 85cd5744441db76", "md5=db1541f495c52e2985cd5744441db766",
    };
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        CHECK_EQUAL(verify_pair(HELLO_TIMESTAMP, signatures[i]), BARKER_ERR_HEADER_MALFORMED);
}

static void forged(void)
{
    char signature[] = HELLO_SIGNATURE;
    for (size_t i = 0; i < 32; i++) { /* each digit counts */
        char right = signature[i];
        signature[i] = right == '0' ? '1' : '0';
        CHECK_EQUAL(verify_pair(HELLO_TIMESTAMP, signature), BARKER_ERR_SIGNATURE);
        signature[i] = right;
    }
    CHECK_OK(verify_pair(HELLO_TIMESTAMP, signature));
    CHECK_EQUAL(verify_pair("1566234234.1234560", signature), BARKER_ERR_SIGNATURE);
    CHECK_EQUAL(verify_pair("01566234234.123456", signature), BARKER_ERR_SIGNATURE);
    CHECK_EQUAL(verify_pair("0", signature), BARKER_ERR_SIGNATURE);

    const barker_header headers[] = {{"BARKER_TIMESTAMP", HELLO_TIMESTAMP},
                                     {"BARKER_SIGNATURE", HELLO_SIGNATURE}};
    const uint8_t *key = bytes_of("BARKER");
    CHECK_OK(barker_verify(BARKER_SCHEME_BARKER, key, 6, 0, headers, 2, hello, 5));
    CHECK_EQUAL(barker_verify(BARKER_SCHEME_BARKER, key, 5, 0, headers, 2, hello, 5), BARKER_ERR_SIGNATURE);
    CHECK_EQUAL(barker_verify(BARKER_SCHEME_BARKER, NULL, 0, 0, headers, 2, hello, 5), BARKER_ERR_SIGNATURE);
    CHECK_EQUAL(barker_verify(BARKER_SCHEME_BARKER, key, 6, 0, headers, 2, hello, 4), BARKER_ERR_SIGNATURE);
    CHECK_EQUAL(barker_verify(BARKER_SCHEME_BARKER, key, 6, 0, headers, 2, hello, 6), BARKER_ERR_SIGNATURE);
    CHECK_EQUAL(barker_verify(BARKER_SCHEME_BARKER, key, 6, 0, headers, 2, NULL, 0), BARKER_ERR_SIGNATURE);
    CHECK_EQUAL(barker_verify(BARKER_SCHEME_BARKER, key, 6, 0, headers, 1, hello, 5), BARKER_ERR_HEADER_MISSING);
    CHECK_EQUAL(barker_verify(BARKER_SCHEME_BARKER, key, 6, 0, headers + 1, 1, hello, 5), BARKER_ERR_HEADER_MISSING);
}

/* The spellings under which servers hand headers on; and those that are something else. */
static void spellings(void)
{
    static const char *const right[][2] = {
        {"BARKER_TIMESTAMP", "BARKER_SIGNATURE"}, {"barker_timestamp", "Barker_Signature"},
        {"Barker-Timestamp", "barker-signature"}, {"HTTP_BARKER_TIMESTAMP", "HTTP_BARKER_SIGNATURE"},
        {"http_barker_timestamp", "Http_Barker-Signature"},
    };
    static const char *const wrong[] = {"BARKER TIMESTAMP", "BARKERTIMESTAMP", "X_BARKER_TIMESTAMP",
                                        "BARKER_TIMESTAMPS", "HTTPBARKER_TIMESTAMP", "", "HTTP_"};
    barker_header headers[] = {{"", HELLO_SIGNATURE}, {"", HELLO_TIMESTAMP}};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        headers[0].name = right[i][1];
        headers[1].name = right[i][0];
        CHECK_OK(barker_verify(BARKER_SCHEME_BARKER, bytes_of("BARKER"), 6, 0, headers, 2, hello, 5));
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        headers[1].name = wrong[i];
        CHECK_EQUAL(barker_verify(BARKER_SCHEME_BARKER, bytes_of("BARKER"), 6, 0, headers, 2, hello, 5),
                    BARKER_ERR_HEADER_MISSING);
    }
    char capitals[] = HELLO_SIGNATURE;
    for (char *p = capitals; *p != '\0'; p++)
        *p = (char)toupper((unsigned char)*p);
    CHECK_OK(verify_pair(HELLO_TIMESTAMP, capitals));
    CHECK_OK(verify_pair("  " HELLO_TIMESTAMP "\t", " " HELLO_SIGNATURE " "));
}

static void duplicates(void)
{
    barker_header headers[] = {
        {"BARKER_TIMESTAMP", HELLO_TIMESTAMP}, {"BARKER_SIGNATURE", HELLO_SIGNATURE},
        {"barker-timestamp", HELLO_TIMESTAMP}, {"HTTP_BARKER_SIGNATURE", HELLO_SIGNATURE},
    };
    const uint8_t *key = bytes_of("BARKER");
    CHECK_OK(barker_verify(BARKER_SCHEME_BARKER, key, 6, 0, headers, 4, hello, 5));
    headers[2].value = "0";
    CHECK_EQUAL(barker_verify(BARKER_SCHEME_BARKER, key, 6, 0, headers, 4, hello, 5), BARKER_ERR_HEADER_AMBIGUOUS);
    headers[2].value = HELLO_TIMESTAMP;
    headers[3].value = "49bec43e94cd7f64a7c1e895751027a7";
    CHECK_EQUAL(barker_verify(BARKER_SCHEME_BARKER, key, 6, 0, headers, 4, hello, 5), BARKER_ERR_HEADER_AMBIGUOUS);
}

/* As wsgiref, unicorn, uWSGI and some proxies join what came under both spellings. */
static void joined(void)
{
    static const char other[] = "49bec43e94cd7f64a7c1e895751027a7";
    static const char *const joints[] = {",", ", ", " , ", ",\t"};
    for (size_t i = 0; i < sizeof joints / sizeof *joints; i++) {
        char timestamps[128], signatures[128];
        snprintf(timestamps, sizeof timestamps, "%s%s%s", HELLO_TIMESTAMP, joints[i], HELLO_TIMESTAMP);
        snprintf(signatures, sizeof signatures, "%s%s%s", HELLO_SIGNATURE, joints[i], HELLO_SIGNATURE);
        CHECK_OK(verify_pair(timestamps, signatures));
        CHECK_OK(verify_pair(HELLO_TIMESTAMP, signatures));
        snprintf(signatures, sizeof signatures, "%s%s%s", HELLO_SIGNATURE, joints[i], other);
        CHECK_EQUAL(verify_pair(timestamps, signatures), BARKER_ERR_HEADER_AMBIGUOUS);
        snprintf(signatures, sizeof signatures, "%s%s%s", other, joints[i], HELLO_SIGNATURE);
        CHECK_EQUAL(verify_pair(timestamps, signatures), BARKER_ERR_HEADER_AMBIGUOUS);
        snprintf(timestamps, sizeof timestamps, "%s%s5", HELLO_TIMESTAMP, joints[i]);
        CHECK_EQUAL(verify_pair(timestamps, HELLO_SIGNATURE), BARKER_ERR_HEADER_AMBIGUOUS);
    }
    CHECK_EQUAL(verify_pair(HELLO_TIMESTAMP, HELLO_SIGNATURE ","), BARKER_ERR_HEADER_AMBIGUOUS);
}

static barker_status verify_aged(const barker_webhook *hook, long long age)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)time(NULL) - age);
    barker_buffer timestamp = {0}, signature = {0};
    CHECK_OK(barker_webhook_sign(hook, text, hello, 5, &timestamp, &signature));
    const barker_header headers[] = {{"BARKER_TIMESTAMP", (char *)timestamp.data},
                                     {"BARKER_SIGNATURE", (char *)signature.data}};
    barker_status status = barker_webhook_verify(hook, headers, 2, hello, 5);
    CHECK_EQUAL(barker_verify(BARKER_SCHEME_BARKER, bytes_of("BARKER"), 6, barker_webhook_tolerance(hook), headers, 2,
                              hello, 5), status);
    barker_buffer_free(&timestamp);
    barker_buffer_free(&signature);
    return status;
}

/* Far enough from the limits that a slow machine does not matter. */
static void tolerance(barker_webhook *hook)
{
    CHECK_OK(barker_webhook_set_tolerance(hook, 100000));
    CHECK_OK(verify_aged(hook, 0));
    CHECK_OK(verify_aged(hook, 90000));
    CHECK_OK(verify_aged(hook, -100000));
    CHECK_EQUAL(verify_aged(hook, 100002), BARKER_ERR_TOO_OLD);
    CHECK_EQUAL(verify_aged(hook, -110000), BARKER_ERR_TOO_NEW);
    CHECK_OK(barker_webhook_set_tolerance(hook, 0));
    CHECK_OK(verify_aged(hook, 1000000000));
    CHECK_OK(verify_aged(hook, -1000000000));
    CHECK_OK(barker_webhook_set_tolerance(hook, UINT32_MAX));
    CHECK_OK(verify_aged(hook, 1000000000));
    CHECK_EQUAL(verify_aged(hook, -1000000000000000), BARKER_ERR_TOO_NEW);
}

/* Verifying and signing leave the sentence of the last failure as it is. */
static void sentence_stays(barker_webhook *hook)
{
    CHECK_OK(barker_webhook_set_tolerance(hook, 300));
    CHECK_EQUAL(barker_webhook_verify(hook, NULL, 0, NULL, 0), BARKER_ERR_HEADER_MISSING);
    CHECK_TEXT(barker_webhook_error(hook), "");
    CHECK_EQUAL(barker_webhook_set_timeout(hook, 0), BARKER_ERR_RANGE);
    char sentence[256];
    snprintf(sentence, sizeof sentence, "%s", barker_webhook_error(hook));
    CHECK_OK(verify_aged(hook, 0));
    CHECK(strlen(sentence) > 0);
    CHECK_TEXT(barker_webhook_error(hook), sentence);
}

/* Many threads sign and verify with one const handle, also while it is being cloned. */
enum { THREADS = 8, ROUNDS = 200 };

static void *work(void *argument)
{
    const barker_webhook *hook = argument;
    size_t wrong = 0;
    for (int i = 0; i < ROUNDS; i++) {
        barker_buffer timestamp = {0}, signature = {0};
        wrong += barker_webhook_sign(hook, NULL, hello, 5, &timestamp, &signature) != BARKER_OK;
        const barker_header headers[] = {{"BARKER_TIMESTAMP", (char *)timestamp.data},
                                         {"BARKER_SIGNATURE", (char *)signature.data}};
        wrong += barker_webhook_verify(hook, headers, 2, hello, 5) != BARKER_OK;
        wrong += barker_webhook_verify(hook, headers, 2, hello, 4) != BARKER_ERR_SIGNATURE;
        barker_webhook *copy = barker_webhook_clone(hook);
        wrong += barker_webhook_verify(copy, headers, 2, hello, 5) != BARKER_OK;
        barker_webhook_free(copy);
        barker_buffer_free(&timestamp);
        barker_buffer_free(&signature);
    }
    return (void *)wrong;
}

static void threads(void)
{
    barker_webhook *hook = barker_webhook_new();
    pthread_t thread[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK_EQUAL(pthread_create(&thread[i], NULL, work, hook), 0);
    for (int i = 0; i < THREADS; i++) {
        void *wrong = NULL;
        pthread_join(thread[i], &wrong);
        CHECK_EQUAL((size_t)wrong, 0);
    }
    barker_webhook_free(hook);
}

int main(void)
{
    check_begin();
    barker_webhook *hook = barker_webhook_new();
    known_answers(hook);
    every_key_length(hook);
    malformed();
    forged();
    spellings();
    duplicates();
    joined();
    tolerance(hook);
    sentence_stays(hook);
    barker_webhook_free(hook);
    threads();
    return check_end("verify");
}
