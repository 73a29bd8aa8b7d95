/* stack.c: sends, verifies and signs in a thread whose stack has 64 KiB, for tests/test_embedded.py:
 *
 *   stack URL
 *
 * An overflow ends the program with SIGSEGV. Prints how deep each went, in KiB.
 */
#define _GNU_SOURCE

#include "check.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { SIZE = 64 * 1024, PAINT = 0xA5 };

static const char *url;

static void send_one(barker_webhook *hook)
{
    uint16_t http_status = 0;
    barker_buffer body = {0};
    CHECK_OK(barker_webhook_set_url(hook, url));
    CHECK_OK(barker_webhook_set_timeout(hook, 60000));
    CHECK_OK(barker_webhook_send(hook, &http_status, &body));
    CHECK_EQUAL(http_status, 204);
    barker_buffer_free(&body);
}

static void send_twice(void)
{
    barker_webhook *hook = barker_webhook_new();
    send_one(hook);
    send_one(hook);
    barker_webhook_free(hook);
}

/* The three headers of Standard Webhooks, cut out of the lines that signing gave. */
static void cut(char *lines, barker_header headers[3])
{
    for (int i = 0; i < 3; i++) {
        headers[i].name = lines;
        lines = strstr(lines, ": ");
        *lines = '\0';
        headers[i].value = lines += 2;
        lines = strstr(lines, "\r\n");
        *lines = '\0';
        lines += 2;
    }
}

static void sign_and_verify(void)
{
    barker_buffer private_key = {0}, public_key = {0}, lines = {0};
    barker_header headers[3];
    barker_webhook *sender = barker_webhook_new(), *receiver = barker_webhook_new();
    CHECK_OK(barker_generate_key_pair(&private_key, &public_key));
    CHECK_OK(barker_webhook_set_secret(sender, BARKER_SCHEME_STANDARD, private_key.data,
                                       private_key.len));
    CHECK_OK(barker_webhook_set_secret(receiver, BARKER_SCHEME_STANDARD, public_key.data,
                                       public_key.len));
    CHECK_OK(barker_webhook_set_id(sender, "msg_1"));
    CHECK_OK(barker_webhook_set_replay_limit(receiver, 100));
    if (CHECK_OK(barker_webhook_sign_headers(sender, NULL, bytes_of("x"), 1, &lines))) {
        cut((char *)lines.data, headers);
        CHECK_OK(barker_webhook_verify(receiver, headers, 3, bytes_of("x"), 1));
        CHECK_EQUAL(barker_webhook_verify(receiver, headers, 3, bytes_of("x"), 1),
                    BARKER_ERR_REPLAYED);
    }
    barker_webhook_free(sender);
    barker_webhook_free(receiver);
    barker_buffer_free(&private_key);
    barker_buffer_free(&public_key);
    barker_buffer_free(&lines);
}

/* ---- a small stack ---- */

static void *run(void *work)
{
    (*(void (**)(void))work)();
    return NULL;
}

/* Runs the work on a painted stack above an inaccessible page. */
static void on_small_stack(const char *what, void (*work)(void))
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), untouched = 0;
    unsigned char *map = mmap(NULL, page + SIZE, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_attr_t attributes;
    pthread_t thread;
    if (!CHECK(map != MAP_FAILED && mprotect(map, page, PROT_NONE) == 0))
        return;
    unsigned char *stack = map + page;
    memset(stack, PAINT, SIZE);
    pthread_attr_init(&attributes);
    CHECK_EQUAL(pthread_attr_setstack(&attributes, stack, SIZE), 0);
    if (CHECK_EQUAL(pthread_create(&thread, &attributes, run, &work), 0))
        pthread_join(thread, NULL);
    while (untouched < SIZE && stack[untouched] == PAINT)
        untouched++;
    printf("%s: %zu of 64 KiB\n", what, (SIZE - untouched + 1023) / 1024);
    pthread_attr_destroy(&attributes);
    munmap(map, page + SIZE);
}

int main(int argc, char **argv)
{
    check_begin();
    if (!CHECK(argc == 2))
        return check_end("stack");
    url = argv[1];
    on_small_stack("sending", send_twice);
    on_small_stack("signing and verifying", sign_and_verify);
    return check_end("stack");
}
