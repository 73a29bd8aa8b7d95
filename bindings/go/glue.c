#include "glue.h"
#include "_cgo_export.h"

#include <stdlib.h>
#include <string.h>

struct barkergo_sender *barkergo_sender_new(const barker_webhook *original)
{
    struct barkergo_sender *sender = calloc(1, sizeof *sender);
    if (sender == NULL)
        return NULL;
    sender->hook = barker_webhook_clone(original);
    if (sender->hook == NULL) {
        free(sender);
        return NULL;
    }
    return sender;
}

void barkergo_sender_free(struct barkergo_sender *sender)
{
    barker_webhook_free(sender->hook);
    free(sender);
}

void barkergo_read(struct barkergo_sender *sender)
{
    const barker_webhook *hook = sender->hook;
    sender->status = barker_webhook_status(hook);
    sender->error = barker_webhook_error(hook);
    sender->id = barker_webhook_id(hook);
    sender->timestamp = barker_webhook_timestamp(hook);
    sender->signature = barker_webhook_signature(hook);
    sender->http_status = barker_webhook_response_status(hook);
    sender->body = barker_webhook_response_body(hook, &sender->body_len);
    sender->headers = barker_webhook_response_headers(hook, &sender->header_count);
}

void barkergo_send(struct barkergo_sender *sender, uint32_t timeout, const uint8_t *data,
                   size_t len)
{
    if (barker_webhook_set_timeout(sender->hook, timeout) == BARKER_OK)
        sender->status = barker_webhook_send_data(sender->hook, data, len, NULL, NULL);
    barkergo_read(sender);
}

static void on_log(void *sender, barker_log_level level, const char *line)
{
    barkergoLog((uintptr_t)sender, level, (char *)line);
}

barker_status barkergo_set_log(barker_webhook *hook, int32_t level, uintptr_t sender)
{
    return barker_webhook_set_log(hook, level, on_log, (void *)sender);
}

static int32_t on_progress(void *batch, size_t index, barker_status status)
{
    (void)status;
    return barkergoProgress((uintptr_t)batch, index);
}

barker_status barkergo_send_many(barker_webhook *const *hooks, size_t count,
                                 uint32_t max_in_flight, uintptr_t batch)
{
    return barker_send_many(hooks, count, max_in_flight, batch != 0 ? on_progress : NULL,
                            (void *)batch);
}

void barkergo_set_stopped(barker_webhook *const *hooks, size_t count, int32_t stopped)
{
    for (size_t i = 0; i < count; i++) {
        barker_status status = barker_webhook_set_stopped(hooks[i], stopped);
        (void)status; /* fails for NULL alone */
    }
}

enum { USUAL_HEADERS = 64 };

/* Headers as barker wants them: in `usual` if they fit there, else to be freed; NULL if there is no
 * memory. */
static barker_header *split(const char *text, size_t count, barker_header usual[USUAL_HEADERS])
{
    barker_header *headers = count <= USUAL_HEADERS ? usual : calloc(count, sizeof *headers);
    for (size_t i = 0; headers != NULL && i < count; i++) {
        headers[i].name = text;
        headers[i].value = text + strlen(text) + 1;
        text = headers[i].value + strlen(headers[i].value) + 1;
    }
    return headers;
}

barker_status barkergo_check(const barker_webhook *hook, enum barkergo_check check,
                             const char *text, size_t count, const uint8_t *body, size_t len)
{
    barker_header usual[USUAL_HEADERS];
    barker_header *headers = split(text, count, usual);
    if (headers == NULL)
        return BARKER_ERR_SYSTEM;
    barker_status status = check == BARKERGO_VERIFY
                               ? barker_webhook_verify(hook, headers, count, body, len)
                               : barker_webhook_forget(hook, headers, count, body, len);
    if (headers != usual)
        free(headers);
    return status;
}

barker_status barkergo_verify(int32_t scheme, const uint8_t *secret, size_t secret_len,
                              uint32_t tolerance, const char *text, size_t count,
                              const uint8_t *body, size_t len)
{
    barker_header usual[USUAL_HEADERS];
    barker_header *headers = split(text, count, usual);
    if (headers == NULL)
        return BARKER_ERR_SYSTEM;
    barker_status status = barker_verify(scheme, secret, secret_len, tolerance, headers, count,
                                         body, len);
    if (headers != usual)
        free(headers);
    return status;
}
