/* tls.c: sends over TLS to the receivers that tests/tls.py runs and names on the command line:
 *
 *   tls trusted|refused|cut|late URL
 */
#include "check.h"

/* Three sends on one connection (tls.py counts), with a body larger than a TLS record. */
static void trusted(barker_webhook *hook)
{
    static uint8_t data[100000];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < 3; i++) {
        barker_buffer body = {0};
        uint16_t http_status = 0;
        if (!CHECK_OK(barker_webhook_send_data(hook, data, i == 2 ? sizeof data : i, &http_status,
                                               &body)))
            fprintf(stderr, "    %s\n", barker_webhook_error(hook));
        CHECK_EQUAL(http_status, 200);
        CHECK_TEXT((char *)body.data, "received");
        CHECK_TEXT(barker_webhook_response_header(hook, "Content-Type"), "text/plain");
        barker_buffer_free(&body);
    }
}

static void fails(barker_webhook *hook, barker_status status)
{
    for (int i = 0; i < 2; i++) {
        barker_buffer body = {0};
        uint16_t http_status = 200;
        CHECK_FAILS(hook, barker_webhook_send_data(hook, bytes_of("x"), 1, &http_status, &body),
                    status);
        CHECK_EQUAL(http_status, 0);
        CHECK_ZEROED(body);
    }
    printf("%s\n", barker_webhook_error(hook));
}

/* A receiver that never shakes hands; the error says what was waited for. */
static void late(barker_webhook *hook)
{
    CHECK_OK(barker_webhook_set_timeout(hook, 500));
    fails(hook, BARKER_ERR_TIMEOUT);
    CHECK(strstr(barker_webhook_error(hook), "TLS") != NULL);
}

int main(int argc, char **argv)
{
    check_begin();
    barker_webhook *hook = barker_webhook_new();
    if (CHECK(argc == 3)) {
        CHECK_OK(barker_webhook_set_url(hook, argv[2]));
        CHECK_OK(barker_webhook_set_timeout(hook, 60000));
        if (strcmp(argv[1], "trusted") == 0)
            trusted(hook);
        else if (strcmp(argv[1], "refused") == 0)
            fails(hook, BARKER_ERR_TLS);
        else if (strcmp(argv[1], "cut") == 0)
            fails(hook, BARKER_ERR_RECEIVE);
        else if (CHECK(strcmp(argv[1], "late") == 0))
            late(hook);
    }
    barker_webhook_free(hook);
    return check_end("tls");
}
