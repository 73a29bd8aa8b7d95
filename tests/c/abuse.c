/* abuse.c: every exported function with NULL, absurd, broken and left-over arguments. None of it
 * may crash; each call must give its documented status and leave its out parameters empty. */
#include "check.h"
#include "lists.h"

#include <stdlib.h>

#define URL_WITHOUT_LISTENER "http://127.0.0.1:1/"

static const uint8_t byte = 'x';
static const char not_utf8[] = "\xc3\x28\xff";

/* An out buffer that a failed call must empty. What it seems to hold is not freed by anyone. */
static barker_buffer dirty(void)
{
    static uint8_t junk[4];
    return (barker_buffer){junk, sizeof junk, sizeof junk, 7};
}

#include "nulls.h" /* which wants dirty() */

static void null_arguments(barker_webhook *hook)
{
    CHECK_FAILS(hook, barker_webhook_set_url(hook, NULL), BARKER_ERR_NULL);
    CHECK_FAILS(hook, barker_webhook_set_data(hook, NULL, 1), BARKER_ERR_NULL);
    CHECK_FAILS(hook, barker_webhook_set_data(hook, NULL, SIZE_MAX), BARKER_ERR_NULL);
    CHECK_FAILS(hook, barker_webhook_set_key(hook, NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_verify(hook, NULL, 0, NULL, 0), BARKER_ERR_SECRET);
    CHECK_OK(barker_webhook_set_key(hook, &byte, 1));
    CHECK_FAILS(hook, barker_webhook_add_header(hook, NULL, "y"), BARKER_ERR_NULL);
    CHECK_FAILS(hook, barker_webhook_add_header(hook, "X", NULL), BARKER_ERR_NULL);
    CHECK_FAILS(hook, barker_webhook_allow_network(hook, NULL), BARKER_ERR_NULL);
    CHECK_FAILS(hook, barker_webhook_deny_network(hook, NULL), BARKER_ERR_NULL);
    CHECK(barker_webhook_data(hook, NULL) == NULL);
    CHECK(barker_webhook_response_body(hook, NULL) == NULL);
    CHECK(barker_webhook_response_header(hook, NULL) == NULL);
    CHECK_OK(barker_webhook_set_data(hook, NULL, 0));
    CHECK_OK(barker_webhook_set_content_type(hook, NULL));
}

static void null_outs(barker_webhook *hook)
{
    barker_buffer a = dirty();
    uint16_t http_status = 200;
    CHECK_FAILS(hook, barker_webhook_send_data(hook, NULL, 1, NULL, NULL), BARKER_ERR_NULL);
    CHECK_FAILS(hook, barker_webhook_send_data(hook, NULL, 1, &http_status, &a), BARKER_ERR_NULL);
    CHECK_EQUAL(http_status, 0);
    CHECK_ZEROED(a);

    CHECK(barker_webhook_response_headers(hook, NULL) == NULL);

    a = dirty();
    CHECK_EQUAL(barker_webhook_sign(hook, "1", NULL, 0, &a, NULL), BARKER_ERR_NULL);
    CHECK_ZEROED(a);
    a = dirty();
    CHECK_EQUAL(barker_webhook_sign(hook, "1", NULL, 0, NULL, &a), BARKER_ERR_NULL);
    CHECK_ZEROED(a);
    barker_buffer b = dirty();
    a = dirty();
    CHECK_EQUAL(barker_webhook_sign(hook, "1", NULL, 1, &a, &b), BARKER_ERR_NULL);
    CHECK_ZEROED(a);
    CHECK_ZEROED(b);
}

static void null_headers(const barker_webhook *hook)
{
    const barker_header headers[] = {{"X", "y"}, {NULL, "y"}, {"X", NULL}};
    CHECK_EQUAL(barker_webhook_verify(hook, NULL, 1, NULL, 0), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_verify(hook, NULL, 0, NULL, 0), BARKER_ERR_HEADER_MISSING);
    CHECK_EQUAL(barker_webhook_verify(hook, headers, 1, NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_verify(hook, headers, 2, NULL, 0), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_webhook_verify(hook, headers + 2, 1, NULL, 0), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_verify(BARKER_SCHEME_BARKER, NULL, 1, 0, headers, 1, NULL, 0), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_verify(BARKER_SCHEME_BARKER, NULL, 0, 0, NULL, 1, NULL, 0), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_verify(BARKER_SCHEME_BARKER, NULL, 0, 0, headers, 1, NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_verify(BARKER_SCHEME_BARKER, NULL, 0, 0, headers, 3, NULL, 0), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_verify(BARKER_SCHEME_BARKER, NULL, 0, 0, NULL, 0, NULL, 0), BARKER_ERR_HEADER_MISSING);
}

static void impossible_lengths(barker_webhook *hook)
{
    const size_t lengths[] = {SIZE_MAX, SIZE_MAX / 2 + 1};
    const barker_header header = {"X", "y"};
    for (size_t i = 0; i < 2; i++) {
        size_t len = lengths[i];
        barker_buffer a = dirty(), b = dirty();
        uint16_t http_status = 200;
        CHECK_FAILS(hook, barker_webhook_set_data(hook, &byte, len), BARKER_ERR_RANGE);
        CHECK_FAILS(hook, barker_webhook_set_key(hook, &byte, len), BARKER_ERR_RANGE);
        CHECK_FAILS(hook, barker_webhook_send_data(hook, &byte, len, &http_status, &a),
                    BARKER_ERR_RANGE);
        CHECK_EQUAL(http_status, 0);
        CHECK_ZEROED(a);
        a = dirty();
        CHECK_EQUAL(barker_webhook_sign(hook, "1", &byte, len, &a, &b), BARKER_ERR_RANGE);
        CHECK_ZEROED(a);
        CHECK_ZEROED(b);
        CHECK_EQUAL(barker_webhook_verify(hook, &header, len, NULL, 0), BARKER_ERR_RANGE);
        CHECK_EQUAL(barker_webhook_verify(hook, &header, 1, &byte, len), BARKER_ERR_RANGE);
        CHECK_EQUAL(barker_verify(BARKER_SCHEME_BARKER, &byte, len, 0, &header, 1, NULL, 0), BARKER_ERR_RANGE);
        CHECK_EQUAL(barker_verify(BARKER_SCHEME_BARKER, NULL, 0, 0, &header, len / 8, NULL, 0), BARKER_ERR_RANGE);
        CHECK_EQUAL(barker_verify(BARKER_SCHEME_BARKER, NULL, 0, 0, &header, 1, &byte, len), BARKER_ERR_RANGE);
    }
}

static void broken_text(barker_webhook *hook)
{
    barker_buffer a = dirty(), b = dirty();
    CHECK_FAILS(hook, barker_webhook_set_url(hook, not_utf8), BARKER_ERR_UTF8);
    CHECK_FAILS(hook, barker_webhook_set_content_type(hook, not_utf8), BARKER_ERR_UTF8);
    CHECK_FAILS(hook, barker_webhook_add_header(hook, not_utf8, "y"), BARKER_ERR_UTF8);
    CHECK_FAILS(hook, barker_webhook_add_header(hook, "X", not_utf8), BARKER_ERR_UTF8);
    CHECK_FAILS(hook, barker_webhook_allow_network(hook, not_utf8), BARKER_ERR_UTF8);
    CHECK_FAILS(hook, barker_webhook_deny_network(hook, not_utf8), BARKER_ERR_UTF8);
    CHECK(barker_webhook_response_header(hook, not_utf8) == NULL);
    CHECK(barker_webhook_response_header(hook, "") == NULL);
    static const char *const timestamps[] = {"", " 1", "1 ", "-1", "+1", "1e3", "1.", ".1", "1,5",
                                             "0x1", "1.1.1", "1.0123456789", "nan",
                                             "123456789012345678901", not_utf8};
    for (size_t i = 0; i < sizeof timestamps / sizeof *timestamps; i++) {
        a = dirty(), b = dirty();
        CHECK_EQUAL(barker_webhook_sign(hook, timestamps[i], &byte, 1, &a, &b),
                    BARKER_ERR_HEADER_MALFORMED);
        CHECK_ZEROED(a);
        CHECK_ZEROED(b);
    }
    const barker_header headers[] = {{not_utf8, not_utf8}, {"BARKER_TIMESTAMP", not_utf8},
                                     {"BARKER_SIGNATURE", not_utf8}};
    CHECK_EQUAL(barker_webhook_verify(hook, headers, 3, &byte, 1), BARKER_ERR_HEADER_MALFORMED);
    CHECK_EQUAL(barker_verify(BARKER_SCHEME_BARKER, NULL, 0, 0, headers, 3, NULL, 0), BARKER_ERR_HEADER_MALFORMED);
}

static char *repeated(const char *start, char filler, size_t len)
{
    char *text = malloc(len + 1);
    memset(text, filler, len);
    memcpy(text, start, strlen(start));
    text[len] = '\0';
    return text;
}

/* At the documented limit, and one past it; and far past it. */
static void long_text(barker_webhook *hook)
{
    static const size_t lengths[] = {8000, 8001, 5000000};
    for (size_t i = 0; i < 3; i++) {
        int fits = lengths[i] <= 8000;
        char *url = repeated("http://127.0.0.1/", 'u', lengths[i]);
        char *value = repeated("", 'v', lengths[i]);
        CHECK_EQUAL(barker_webhook_set_url(hook, url), fits ? BARKER_OK : BARKER_ERR_URL);
        CHECK_EQUAL(barker_webhook_add_header(hook, "X", value),
                    fits ? BARKER_OK : BARKER_ERR_HEADER);
        CHECK_EQUAL(barker_webhook_set_content_type(hook, value),
                    fits ? BARKER_OK : BARKER_ERR_HEADER);
        CHECK_EQUAL(barker_webhook_add_header(hook, value, "y"), BARKER_ERR_HEADER);
        CHECK_EQUAL(barker_webhook_allow_network(hook, value), BARKER_ERR_RANGE);
        CHECK_EQUAL(barker_webhook_deny_network(hook, value), BARKER_ERR_RANGE);
        const barker_header header = {value, value};
        CHECK_EQUAL(barker_webhook_verify(hook, &header, 1, NULL, 0), BARKER_ERR_HEADER_MISSING);
        free(url);
        free(value);
    }
    char *name = repeated("", 'N', 257);
    CHECK_EQUAL(barker_webhook_add_header(hook, name, "y"), BARKER_ERR_HEADER);
    CHECK_OK(barker_webhook_add_header(hook, name + 1, "y"));
    free(name);
    CHECK_OK(barker_webhook_clear_headers(hook));
    CHECK_OK(barker_webhook_set_content_type(hook, NULL));
}

/* NULs are bytes like any other in data and keys, and end texts. */
static void embedded_nuls(barker_webhook *hook)
{
    static const uint8_t data[] = "a\0b";
    size_t len = 0;
    CHECK_OK(barker_webhook_set_data(hook, data, 3));
    const uint8_t *set = barker_webhook_data(hook, &len);
    CHECK(len == 3 && memcmp(set, data, 3) == 0);

    barker_buffer timestamp = {0}, with_nul = {0}, without = {0}, other = {0};
    CHECK_OK(barker_webhook_set_key(hook, data, 3));
    CHECK_OK(barker_webhook_sign(hook, "1", data, 3, &timestamp, &with_nul));
    CHECK_EQUAL(timestamp.data[timestamp.len], 0);
    CHECK_EQUAL(with_nul.data[with_nul.len], 0);
    barker_buffer_free(&timestamp);
    CHECK_OK(barker_webhook_sign(hook, "1", data, 1, &timestamp, &without));
    barker_buffer_free(&timestamp);
    CHECK_OK(barker_webhook_set_key(hook, data, 1));
    CHECK_OK(barker_webhook_sign(hook, "1", data, 3, &timestamp, &other));
    CHECK(memcmp(with_nul.data, without.data, 32) != 0);
    CHECK(memcmp(with_nul.data, other.data, 32) != 0);

    barker_buffer *all[] = {&timestamp, &with_nul, &without, &other};
    for (size_t i = 0; i < 4; i++) {
        barker_buffer_free(all[i]);
        CHECK_ZEROED(*all[i]);
        barker_buffer_free(all[i]);
        CHECK_ZEROED(*all[i]);
    }
}

static void sends_that_cannot_be(void)
{
    barker_webhook *hook = barker_webhook_new();
    barker_buffer body = dirty();
    uint16_t http_status = 200;
    CHECK_FAILS(hook, barker_webhook_send(hook, &http_status, &body), BARKER_ERR_URL);
    CHECK_EQUAL(http_status, 0);
    CHECK_ZEROED(body);
    CHECK_FAILS(hook, barker_webhook_send_data(hook, &byte, 1, &http_status, NULL), BARKER_ERR_URL);
    CHECK(barker_webhook_timestamp(hook) == NULL);

    CHECK_OK(barker_webhook_set_url(hook, URL_WITHOUT_LISTENER));
    for (int i = 0; i < 3; i++) {
        body = dirty(), http_status = 200;
        CHECK_FAILS(hook, barker_webhook_send(hook, &http_status, &body), BARKER_ERR_CONNECT);
        CHECK_EQUAL(http_status, 0);
        CHECK_ZEROED(body);
        CHECK(barker_webhook_timestamp(hook) != NULL);
        CHECK_EQUAL(strlen(barker_webhook_signature(hook)), 32);
        CHECK_EQUAL(barker_webhook_response_status(hook), 0);
    }
    barker_webhook *copy = barker_webhook_clone(hook);
    CHECK_FAILS(hook, barker_webhook_set_key(hook, NULL, 1), BARKER_ERR_NULL);
    CHECK_FAILS(hook, barker_webhook_send(hook, &http_status, NULL), BARKER_ERR_SECRET);
    CHECK(barker_webhook_timestamp(hook) == NULL && barker_webhook_signature(hook) == NULL);
    barker_webhook_free(hook);
    CHECK_FAILS(copy, barker_webhook_send(copy, &http_status, NULL), BARKER_ERR_CONNECT);
    barker_webhook_free(copy);
}

static void secrets_and_ids(barker_webhook *hook)
{
    barker_buffer a = dirty(), b = dirty();
    const barker_header header = {"BARKER_TIMESTAMP", "1"};
    const int32_t schemes[] = {EVERY_SCHEME};
    const int32_t absurd[] = {-1, 3, 99, INT32_MAX, INT32_MIN};

    CHECK_EQUAL(barker_generate_key_pair(&a, NULL), BARKER_ERR_NULL);
    CHECK_ZEROED(a);
    CHECK_EQUAL(barker_generate_key_pair(NULL, &b), BARKER_ERR_NULL);
    CHECK_ZEROED(b);

    for (size_t i = 0; i < sizeof absurd / sizeof absurd[0]; i++) {
        int32_t scheme = absurd[i];
        CHECK_FAILS(hook, barker_webhook_set_secret(hook, scheme, &byte, 1), BARKER_ERR_RANGE);
        CHECK_FAILS(hook, barker_webhook_add_secret(hook, scheme, &byte, 1), BARKER_ERR_RANGE);
        CHECK_FAILS(hook, barker_webhook_set_spelling(hook, scheme), BARKER_ERR_RANGE);
        CHECK_EQUAL(barker_verify(scheme, &byte, 1, 0, &header, 1, NULL, 0), BARKER_ERR_RANGE);
    }
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        int32_t scheme = schemes[i];
        CHECK_FAILS(hook, barker_webhook_set_secret(hook, scheme, NULL, 1), BARKER_ERR_NULL);
        CHECK_FAILS(hook, barker_webhook_add_secret(hook, scheme, NULL, 1), BARKER_ERR_NULL);
        CHECK_FAILS(hook, barker_webhook_add_secret(hook, scheme, &byte, SIZE_MAX), BARKER_ERR_RANGE);
        if (scheme > BARKER_SCHEME_BARKER_SHA512)
            CHECK_FAILS(hook, barker_webhook_add_secret(hook, scheme, NULL, 0), BARKER_ERR_SECRET);
        const char *secret = "whsec_AAECAwQFBgcICQoLDA0ODw";
        CHECK_EQUAL(barker_verify(scheme, bytes_of(secret), strlen(secret), 0, &header, 1, NULL, 0),
                    BARKER_ERR_HEADER_MISSING);
    }
    const char *const bad_secrets[] = {"whsec_", "whsec_\xc3\x28", "whsk_AAAA", "whpk_AAAA", "a b"};
    for (size_t i = 0; i < sizeof bad_secrets / sizeof bad_secrets[0]; i++)
        CHECK_FAILS(hook, barker_webhook_set_secret(hook, BARKER_SCHEME_STANDARD,
                    bytes_of(bad_secrets[i]), strlen(bad_secrets[i])), BARKER_ERR_SECRET);

    CHECK_FAILS(hook, barker_webhook_set_id(hook, not_utf8), BARKER_ERR_UTF8);
    const char *const bad_ids[] = {"", "a.b", "a b", "a\r\nb", "caf\xc3\xa9"};
    for (size_t i = 0; i < sizeof bad_ids / sizeof bad_ids[0]; i++)
        CHECK_FAILS(hook, barker_webhook_set_id(hook, bad_ids[i]), BARKER_ERR_ID);
    CHECK_OK(barker_webhook_set_id(hook, NULL));
    CHECK_OK(barker_webhook_set_replay_limit(hook, UINT32_MAX));
    CHECK_OK(barker_webhook_set_replay_limit(hook, 0));
    CHECK_EQUAL(barker_webhook_forget(hook, NULL, 1, NULL, 0), BARKER_ERR_NULL);
    CHECK_OK(barker_webhook_forget(hook, NULL, 0, NULL, 0));
}

/* Policies and ports that there are not. */
static void absurd_policies(barker_webhook *hook)
{
    const int32_t policies[] = {-1, 3, INT32_MAX, INT32_MIN};
    const uint32_t ports[] = {0, 65536, UINT32_MAX};
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++)
        CHECK_FAILS(hook, barker_webhook_set_address_policy(hook, policies[i]), BARKER_ERR_RANGE);
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        CHECK_FAILS(hook, barker_webhook_allow_port(hook, ports[i]), BARKER_ERR_RANGE);
    CHECK_OK(barker_webhook_set_https_only(hook, INT32_MIN));
    CHECK_OK(barker_webhook_set_https_only(hook, 0));
}

static void hear(void *user, barker_log_level level, const char *line)
{
    (void)user, (void)level, (void)line;
}

static void broken_trust(barker_webhook *hook)
{
    static const char *const names[] = {"", " ", ".", "a b", "a..b", "-", "*", "a:1", "1.2.3.4.5"};
    static const char *const paths[] = {"", "/", "/dev/null", "/nowhere/at/all", "a\nb"};
    static const int32_t versions[] = {0, -1, 10, 11, 14, INT32_MAX, INT32_MIN};
    CHECK_FAILS(hook, barker_webhook_add_ca(hook, NULL, 1), BARKER_ERR_NULL);
    CHECK_FAILS(hook, barker_webhook_add_ca(hook, NULL, 0), BARKER_ERR_CERTIFICATE);
    CHECK_FAILS(hook, barker_webhook_add_ca(hook, &byte, 1), BARKER_ERR_CERTIFICATE);
    CHECK_FAILS(hook, barker_webhook_add_ca(hook, &byte, SIZE_MAX), BARKER_ERR_RANGE);
    CHECK_FAILS(hook, barker_webhook_add_crl(hook, NULL, 1), BARKER_ERR_NULL);
    CHECK_FAILS(hook, barker_webhook_add_crl(hook, NULL, 0), BARKER_ERR_CERTIFICATE);
    CHECK_FAILS(hook, barker_webhook_add_crl(hook, &byte, SIZE_MAX), BARKER_ERR_RANGE);
    CHECK_FAILS(hook, barker_webhook_add_ca_file(hook, NULL), BARKER_ERR_NULL);
    CHECK_FAILS(hook, barker_webhook_add_ca_file(hook, not_utf8), BARKER_ERR_UTF8);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        CHECK_FAILS(hook, barker_webhook_add_ca_file(hook, paths[i]), BARKER_ERR_CERTIFICATE);
    CHECK_FAILS(hook, barker_webhook_set_client_certificate(hook, NULL, 1, &byte, 1),
                BARKER_ERR_NULL);
    CHECK_FAILS(hook, barker_webhook_set_client_certificate(hook, &byte, 1, NULL, 1),
                BARKER_ERR_NULL);
    CHECK_FAILS(hook, barker_webhook_set_client_certificate(hook, &byte, 1, NULL, 0),
                BARKER_ERR_CERTIFICATE);
    CHECK_FAILS(hook, barker_webhook_set_client_certificate(hook, NULL, 0, &byte, 1),
                BARKER_ERR_CERTIFICATE);
    CHECK_FAILS(hook, barker_webhook_set_client_certificate(hook, &byte, 1, &byte, SIZE_MAX),
                BARKER_ERR_RANGE);
    CHECK_OK(barker_webhook_set_client_certificate(hook, NULL, 0, NULL, 0));
    CHECK_FAILS(hook, barker_webhook_set_server_name(hook, not_utf8), BARKER_ERR_UTF8);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CHECK_FAILS(hook, barker_webhook_set_server_name(hook, names[i]), BARKER_ERR_CERTIFICATE);
    CHECK_OK(barker_webhook_set_server_name(hook, "::1"));
    CHECK_OK(barker_webhook_set_server_name(hook, NULL));
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        CHECK_FAILS(hook, barker_webhook_set_min_tls(hook, versions[i]), BARKER_ERR_RANGE);
    CHECK_OK(barker_webhook_set_min_tls(hook, BARKER_TLS_1_3));
    CHECK_OK(barker_webhook_set_platform_ca(hook, INT32_MIN));
    CHECK_OK(barker_webhook_set_insecure_skip_verify(hook, INT32_MAX));
}

static void absurd_ways(barker_webhook *hook)
{
    char *long_proxy = repeated("socks5://", 'a', 5000000);
    CHECK_FAILS(hook, barker_webhook_set_proxy(hook, not_utf8), BARKER_ERR_UTF8);
    CHECK_FAILS(hook, barker_webhook_set_proxy(hook, ""), BARKER_ERR_URL);
    CHECK_FAILS(hook, barker_webhook_set_proxy(hook, long_proxy), BARKER_ERR_URL);
    free(long_proxy);
    CHECK_OK(barker_webhook_set_proxy(hook, URL_WITHOUT_LISTENER));
    CHECK_OK(barker_webhook_set_redirects(hook, UINT32_MAX, INT32_MIN));
    CHECK_OK(barker_webhook_set_max_body(hook, UINT32_MAX));
    CHECK_FAILS(hook, barker_webhook_set_log(hook, 4, hear, NULL), BARKER_ERR_RANGE);
    CHECK_FAILS(hook, barker_webhook_set_log(hook, -1, NULL, NULL), BARKER_ERR_RANGE);
    CHECK_OK(barker_webhook_set_log(hook, BARKER_LOG_DEBUG, hear, NULL));
    CHECK_OK(barker_webhook_set_url(hook, "https://127.0.0.1:2/"));
    CHECK_FAILS(hook, barker_webhook_send(hook, &(uint16_t){0}, NULL), BARKER_ERR_CONNECT);
    CHECK_OK(barker_webhook_set_proxy(hook, NULL));
    CHECK_OK(barker_webhook_set_log(hook, BARKER_LOG_OFF, NULL, NULL));
    CHECK_OK(barker_webhook_set_stopped(hook, INT32_MIN));
    CHECK_OK(barker_webhook_set_stopped(hook, 0));
    CHECK_OK(barker_webhook_set_redirects(hook, 0, 0));
    CHECK_OK(barker_webhook_set_max_body(hook, 0));
}

static void retries(barker_webhook *hook)
{
    const uint32_t delays[101] = {0}, percents[] = {101, UINT32_MAX};
    const uint16_t statuses[301] = {0}, absurd[] = {0, 1, 299, 600, UINT16_MAX};
    uint32_t wait = 99;
    barker_retry *retry = barker_retry_new();
    CHECK_EQUAL(barker_retry_set_delays(retry, NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_retry_set_delays(retry, NULL, SIZE_MAX), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_retry_set_delays(retry, delays, SIZE_MAX), BARKER_ERR_RANGE);
    CHECK_EQUAL(barker_retry_set_delays(retry, delays, 101), BARKER_ERR_RANGE);
    CHECK_EQUAL(barker_retry_set_final_statuses(retry, NULL, 1), BARKER_ERR_NULL);
    CHECK_EQUAL(barker_retry_set_final_statuses(retry, statuses, SIZE_MAX), BARKER_ERR_RANGE);
    CHECK_EQUAL(barker_retry_set_final_statuses(retry, statuses, 301), BARKER_ERR_RANGE);
    for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++)
        CHECK_EQUAL(barker_retry_set_final_statuses(retry, &absurd[i], 1), BARKER_ERR_RANGE);
    for (size_t i = 0; i < sizeof percents / sizeof *percents; i++)
        CHECK_EQUAL(barker_retry_set_jitter(retry, percents[i]), BARKER_ERR_RANGE);

    CHECK_OK(barker_webhook_set_url(hook, URL_WITHOUT_LISTENER));
    CHECK_FAILS(hook, barker_webhook_send(hook, NULL, NULL), BARKER_ERR_CONNECT);
    CHECK_EQUAL(barker_retry_judge(retry, hook, 0, NULL), BARKER_VERDICT_RETRY);
    CHECK_EQUAL(barker_retry_judge(retry, NULL, 0, &wait), BARKER_VERDICT_DEAD);
    CHECK_EQUAL(barker_retry_judge(retry, hook, UINT32_MAX, &wait), BARKER_VERDICT_DEAD);
    CHECK_EQUAL(wait, 0);
    CHECK_OK(barker_retry_set_jitter(retry, 100));
    CHECK_OK(barker_retry_set_retry_after(retry, UINT32_MAX));
    CHECK_OK(barker_retry_set_overload_delay(retry, UINT32_MAX));
    CHECK_EQUAL(barker_retry_judge(retry, hook, 1, &wait), BARKER_VERDICT_RETRY);
    barker_retry_free(retry);
}

/* Limits at their ends; sends keep to their statuses, alone and in a batch. */
static void extreme_limits(barker_webhook *hook)
{
    uint16_t http_status = 0;
    CHECK_OK(barker_webhook_set_url(hook, URL_WITHOUT_LISTENER));
    for (int i = 0; i < 3; i++) {
        const uint32_t limit = i == 0 ? 0 : i == 1 ? 1 : UINT32_MAX;
        CHECK_OK(barker_webhook_set_idle_limits(hook, limit, limit));
        CHECK_OK(barker_webhook_set_max_connection_age(hook, limit));
        CHECK_OK(barker_webhook_set_lookup_lifetime(hook, limit));
        CHECK_OK(barker_webhook_close_idle(hook));
        CHECK_FAILS(hook, barker_webhook_send(hook, &http_status, NULL), BARKER_ERR_CONNECT);
        CHECK_EQUAL(barker_webhook_status(hook), BARKER_ERR_CONNECT);
        CHECK_OK(barker_send_many(&hook, 1, limit, NULL, NULL));
        CHECK_EQUAL(barker_webhook_status(hook), BARKER_ERR_CONNECT);
    }
}

int main(void)
{
    check_begin();
    CHECK(barker_version() != NULL);
    CHECK_EQUAL(barker_version_number(), BARKER_VERSION_NUMBER);
    CHECK(barker_status_string(INT32_MIN) != NULL);
    barker_webhook *hook = barker_webhook_new();
    null_pointers();
    null_handles();
    null_arguments(hook);
    null_outs(hook);
    null_headers(hook);
    impossible_lengths(hook);
    broken_text(hook);
    long_text(hook);
    embedded_nuls(hook);
    secrets_and_ids(hook);
    absurd_policies(hook);
    broken_trust(hook);
    absurd_ways(hook);
    extreme_limits(hook);
    retries(hook);
    barker_webhook_free(hook);
    sends_that_cannot_be();
    return check_end("abuse");
}
