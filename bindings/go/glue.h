/* The C half of the binding: each call from Go into C costs, so that what belongs together is one
 * call here; and C calls back into Go through functions of the types that barker wants. */
#ifndef BARKERGO_GLUE_H
#define BARKERGO_GLUE_H

#include <barker.h>

/* A handle that sends, and what its last send left in it. The pointers are the handle's own, until
 * it sends again. */
struct barkergo_sender {
    barker_webhook *hook;
    barker_status status;
    const char *error;
    const char *id, *timestamp, *signature;
    uint16_t http_status;
    const uint8_t *body;
    size_t body_len;
    const barker_header *headers;
    size_t header_count;
};

/* A sender with a clone of the handle; NULL if there is no memory. */
struct barkergo_sender *barkergo_sender_new(const barker_webhook *original);

void barkergo_sender_free(struct barkergo_sender *sender);

/* Sends the data, and reads the outcome. */
void barkergo_send(struct barkergo_sender *sender, uint32_t timeout, const uint8_t *data,
                   size_t len);

/* Reads the outcome of the handle's last send. */
void barkergo_read(struct barkergo_sender *sender);

/* Has the log of the Go sender with this cgo.Handle told what happens. */
barker_status barkergo_set_log(barker_webhook *hook, int32_t level, uintptr_t sender);

/* Sends with all handles, and tells the Go batch with this cgo.Handle, unless that is 0, of each
 * that ended. */
barker_status barkergo_send_many(barker_webhook *const *hooks, size_t count,
                                 uint32_t max_in_flight, uintptr_t batch);

/* Sets the flag of barker_webhook_set_stopped() on all handles. */
void barkergo_set_stopped(barker_webhook *const *hooks, size_t count, int32_t stopped);

/* What is done with a received message. */
enum barkergo_check { BARKERGO_VERIFY, BARKERGO_FORGET };

/* The headers are `count` names, each followed by its value, all of them NUL-terminated. */
barker_status barkergo_check(const barker_webhook *hook, enum barkergo_check check,
                             const char *headers, size_t count, const uint8_t *body, size_t len);

/* barker_verify() with headers as for barkergo_check(). */
barker_status barkergo_verify(int32_t scheme, const uint8_t *secret, size_t secret_len,
                              uint32_t tolerance, const char *headers, size_t count,
                              const uint8_t *body, size_t len);

#endif
