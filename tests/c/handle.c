/* handle.c: a handle's life, its setters and getters, and what a failed call leaves behind. */
#define _POSIX_C_SOURCE 200809L

#include "check.h"
#include "lists.h"

#include <locale.h>
#include <signal.h>
#include <stdlib.h>

static void library(void)
{
    CHECK_TEXT(barker_version(), BARKER_VERSION);
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", BARKER_VERSION_MAJOR, BARKER_VERSION_MINOR,
             BARKER_VERSION_PATCH);
    CHECK_TEXT(version, BARKER_VERSION);

    static const barker_status all[] = {EVERY_STATUS};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        CHECK(strlen(barker_status_string(all[i])) > 0);
        CHECK(strcmp(barker_status_string(all[i]), "unknown status") != 0);
        for (size_t j = 0; j < i; j++)
            CHECK(strcmp(barker_status_string(all[i]), barker_status_string(all[j])) != 0);
    }
    for (int unknown = -1; unknown <= 1; unknown += 2)
        CHECK_TEXT(barker_status_string(unknown), "unknown status");
    CHECK_TEXT(barker_status_string(INT32_MAX), "unknown status");
    CHECK_TEXT(barker_status_string(INT32_MIN), "unknown status");
}

static void fresh_handle(const barker_webhook *hook)
{
    size_t len = 99;
    CHECK(barker_webhook_url(hook) == NULL);
    CHECK(barker_webhook_data(hook, &len) != NULL);
    CHECK_EQUAL(len, 0);
    CHECK_EQUAL(barker_webhook_timeout(hook), 5000);
    CHECK_EQUAL(barker_webhook_tolerance(hook), 300);
    CHECK_TEXT(barker_webhook_error(hook), "");
}

static void nothing_sent(const barker_webhook *hook)
{
    size_t len = 99;
    CHECK(barker_webhook_timestamp(hook) == NULL);
    CHECK(barker_webhook_signature(hook) == NULL);
    CHECK_EQUAL(barker_webhook_response_status(hook), 0);
    CHECK(barker_webhook_response_headers(hook, &len) == NULL && len == 0);
    len = 99;
    CHECK(barker_webhook_response_header(hook, "Date") == NULL);
    CHECK(barker_webhook_response_body(hook, &len) == NULL);
    CHECK_EQUAL(len, 0);
}

static void set_and_get(barker_webhook *hook)
{
    static const uint8_t data[] = {'a', 0, 0xff, '\n', 0};
    char url[] = "http://127.0.0.1:9/Path?q=%20#part";
    CHECK_OK(barker_webhook_set_url(hook, url));
    url[0] = 'X'; /* it was copied */
    CHECK_TEXT(barker_webhook_url(hook), "http://127.0.0.1:9/Path?q=%20#part");

    CHECK_OK(barker_webhook_set_data(hook, data, sizeof data));
    size_t len = 0;
    const uint8_t *set = barker_webhook_data(hook, &len);
    CHECK(set != data && len == sizeof data && memcmp(set, data, len) == 0);

    static const uint32_t numbers[] = {1, 60000, UINT32_MAX};
    for (size_t i = 0; i < 3; i++) {
        CHECK_OK(barker_webhook_set_timeout(hook, numbers[i]));
        CHECK_EQUAL(barker_webhook_timeout(hook), numbers[i]);
        CHECK_OK(barker_webhook_set_tolerance(hook, numbers[i]));
        CHECK_EQUAL(barker_webhook_tolerance(hook), numbers[i]);
    }
    CHECK_OK(barker_webhook_set_tolerance(hook, 0));
    CHECK_EQUAL(barker_webhook_tolerance(hook), 0);

    CHECK_OK(barker_webhook_set_content_type(hook, "application/json; charset=utf-8"));
    CHECK_OK(barker_webhook_set_content_type(hook, NULL));
    CHECK_OK(barker_webhook_add_header(hook, "X-Event", "created"));
    CHECK_OK(barker_webhook_add_header(hook, "x-event", ""));
    CHECK_OK(barker_webhook_clear_headers(hook));

    CHECK_OK(barker_webhook_set_data(hook, NULL, 0));
    set = barker_webhook_data(hook, &len);
    CHECK(set != NULL && len == 0);
    CHECK_OK(barker_webhook_set_key(hook, NULL, 0));
}

/* Each failure names itself in a sentence, which the next success clears; nothing else changes. */
static void failed_setters(barker_webhook *hook)
{
    static const char *const bad_urls[] = {
        "", "example.com", "/path", "ftp://127.0.0.1/", "http://", "http://a b/",
        "http://127.0.0.1/\r\nX: y", "http://127.0.0.1:99999/", "http://joe%3A:hunter2@127.0.0.1/",
    };
    CHECK_OK(barker_webhook_set_url(hook, "http://127.0.0.1:9/kept"));
    for (size_t i = 0; i < sizeof bad_urls / sizeof *bad_urls; i++) {
        CHECK_FAILS(hook, barker_webhook_set_url(hook, bad_urls[i]), BARKER_ERR_URL);
        CHECK(strstr(barker_webhook_error(hook), "hunter2") == NULL);
        CHECK_TEXT(barker_webhook_url(hook), "http://127.0.0.1:9/kept");
    }
    CHECK_FAILS(hook, barker_webhook_set_url(hook, "http://\xff/"), BARKER_ERR_UTF8);
    CHECK_FAILS(hook, barker_webhook_set_url(hook, NULL), BARKER_ERR_NULL);
    CHECK_TEXT(barker_webhook_url(hook), "http://127.0.0.1:9/kept");

    CHECK_OK(barker_webhook_set_data(hook, bytes_of("kept"), 4));
    CHECK_TEXT(barker_webhook_error(hook), "");
    size_t len = 0;
    CHECK_FAILS(hook, barker_webhook_set_data(hook, NULL, 4), BARKER_ERR_NULL);
    const uint8_t *data = barker_webhook_data(hook, &len);
    CHECK(len == 4 && memcmp(data, "kept", 4) == 0);

    CHECK_OK(barker_webhook_set_timeout(hook, 1234));
    CHECK_FAILS(hook, barker_webhook_set_timeout(hook, 0), BARKER_ERR_RANGE);
    CHECK_EQUAL(barker_webhook_timeout(hook), 1234);
    CHECK(strlen(barker_webhook_error(hook)) > 0); /* a getter leaves it */

    static const char *const bad_names[] = {
        "", "X Y", "X:", "X\r\nY", "\xc3\xa9", "(x)", "Host", "content-length", "Content-Type",
        "TRANSFER-ENCODING", "Connection", "Expect", "TE", "Upgrade", "BARKER_TIMESTAMP",
        "barker-signature", "Barker_Signature", "HTTP_BARKER_TIMESTAMP", "Webhook-Signature",
    };
    for (size_t i = 0; i < sizeof bad_names / sizeof *bad_names; i++)
        CHECK_FAILS(hook, barker_webhook_add_header(hook, bad_names[i], "v"), BARKER_ERR_HEADER);
    static const char *const bad_values[] = {"a\r\nX: y", "a\nb", "\x01", "\xc3\xa9", "\x7f"};
    for (size_t i = 0; i < sizeof bad_values / sizeof *bad_values; i++) {
        CHECK_FAILS(hook, barker_webhook_add_header(hook, "X", bad_values[i]), BARKER_ERR_HEADER);
        CHECK_FAILS(hook, barker_webhook_set_content_type(hook, bad_values[i]), BARKER_ERR_HEADER);
    }
    CHECK_FAILS(hook, barker_webhook_add_header(hook, "X", "\xff"), BARKER_ERR_UTF8);
    CHECK_FAILS(hook, barker_webhook_add_header(hook, "\xff", "x"), BARKER_ERR_UTF8);
    CHECK_FAILS(hook, barker_webhook_set_content_type(hook, "\xff"), BARKER_ERR_UTF8);

    CHECK_OK(barker_webhook_clear_headers(hook));
    CHECK_TEXT(barker_webhook_error(hook), "");
}

static char *signature_of(const barker_webhook *hook)
{
    barker_buffer timestamp = {0}, signature = {0};
    CHECK_OK(barker_webhook_sign(hook, "1", bytes_of("x"), 1, &timestamp, &signature));
    CHECK_TEXT((char *)timestamp.data, "1");
    char *copy = malloc(signature.len + 1);
    memcpy(copy, signature.data, signature.len + 1);
    barker_buffer_free(&timestamp);
    barker_buffer_free(&signature);
    return copy;
}

static void clones(void)
{
    barker_webhook *hook = barker_webhook_new();
    CHECK_OK(barker_webhook_set_url(hook, "http://127.0.0.1:9/"));
    CHECK_OK(barker_webhook_set_data(hook, bytes_of("data"), 4));
    CHECK_OK(barker_webhook_set_key(hook, bytes_of("secret"), 6));
    CHECK_OK(barker_webhook_set_timeout(hook, 70));
    CHECK_OK(barker_webhook_set_tolerance(hook, 71));
    CHECK_FAILS(hook, barker_webhook_set_timeout(hook, 0), BARKER_ERR_RANGE);

    barker_webhook *copy = barker_webhook_clone(hook);
    CHECK(copy != NULL && copy != hook);
    nothing_sent(copy);
    char *before = signature_of(copy);
    CHECK_OK(barker_webhook_set_url(hook, "http://127.0.0.1:10/"));
    CHECK_OK(barker_webhook_set_data(hook, NULL, 0));
    CHECK_OK(barker_webhook_set_key(hook, bytes_of("other"), 5));
    barker_webhook_free(hook);

    size_t len = 0;
    const uint8_t *data = barker_webhook_data(copy, &len);
    char *after = signature_of(copy);
    CHECK(len == 4 && memcmp(data, "data", 4) == 0);
    CHECK_TEXT(barker_webhook_url(copy), "http://127.0.0.1:9/");
    CHECK_TEXT(barker_webhook_error(copy), "");
    CHECK_EQUAL(barker_webhook_timeout(copy), 70);
    CHECK_EQUAL(barker_webhook_tolerance(copy), 71);
    CHECK_TEXT(after, before);
    free(before);
    free(after);
    barker_webhook_free(copy);
}

/* The library leaves the host's signals and locale alone, whatever this program inherited. */
static const int signals[] = {SIGPIPE, SIGSEGV, SIGABRT, SIGINT, SIGCHLD, SIGALRM};

static void reset_signals(void)
{
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
}

static void host_is_left_alone(void)
{
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction action;
        sigaction(signals[i], NULL, &action);
        CHECK(action.sa_handler == SIG_DFL);
    }
    CHECK_TEXT(setlocale(LC_ALL, NULL), "C");
}

int main(void)
{
    check_begin();
    reset_signals();
    library();
    barker_webhook *hook = barker_webhook_new();
    fresh_handle(hook);
    nothing_sent(hook);
    set_and_get(hook);
    failed_setters(hook);
    nothing_sent(hook);
    barker_webhook_free(hook);
    barker_webhook_free(NULL);
    clones();
    host_is_left_alone();
    return check_end("handle");
}
