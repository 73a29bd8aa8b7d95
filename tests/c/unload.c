/* unload.c: opens the library with dlopen(), uses all of it and closes it again, a hundred times:
 *
 *   unload LIBRARY
 *
 * Linked with -rdynamic and without the library, whose lookups are answered by names.h. What stays
 * allocated is counted, exactly only with GLIBC_TUNABLES=glibc.malloc.tcache_count=0.
 */
#define _GNU_SOURCE

#include "check.h"
#include "names.h"
#include "peer.h"
#include "process.h"

#include <dlfcn.h>
#include <malloc.h>

#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"
#define STEP(text, flags) {text, sizeof text - 1, flags}

/* The smallest block that the C library allocates has 32 bytes: a round that left one would show. */
enum { BATCHES = 10, ROUNDS = 10, LEAK = 32 };

static const char *library;
static struct peer receiver;

static const struct names_entry names[] = {{"known.test", {"127.0.0.1"}}, {NULL, {NULL}}};

/* The functions that a round calls, by their names. */
#define FUNCTIONS(F)                                                                          \
    F(barker_webhook_new) F(barker_webhook_free) F(barker_webhook_error)                      \
    F(barker_webhook_set_url) F(barker_webhook_set_timeout) F(barker_webhook_send)            \
    F(barker_webhook_sign) F(barker_webhook_verify) F(barker_buffer_free)                     \
    F(barker_generate_key_pair) F(barker_webhook_add_secret)                                  \
    F(barker_webhook_set_lookup_lifetime)
#define DECLARE(name) __typeof__(name) *name##_;
#define LOAD(name) *(void **)&f->name##_ = dlsym(f->handle, #name);

struct functions {
    void *handle;
    FUNCTIONS(DECLARE)
};

static int load(struct functions *f)
{
    f->handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!CHECK(f->handle != NULL)) {
        fprintf(stderr, "    %s\n", dlerror());
        return 0;
    }
    FUNCTIONS(LOAD)
    return CHECK(f->barker_generate_key_pair_ != NULL);
}

static void send_by_name(const struct functions *f, barker_webhook *hook, barker_status expected)
{
    char url[64];
    uint16_t http_status = 0;
    barker_buffer body = {0};
    snprintf(url, sizeof url, "http://known.test:%u/", receiver.port);
    CHECK_OK(f->barker_webhook_set_url_(hook, url));
    if (!CHECK_EQUAL(f->barker_webhook_send_(hook, &http_status, &body), expected))
        fprintf(stderr, "    %s\n", f->barker_webhook_error_(hook));
    f->barker_buffer_free_(&body);
}

static void sign_and_verify(const struct functions *f, barker_webhook *hook)
{
    barker_buffer timestamp = {0}, signature = {0}, private_key = {0}, public_key = {0};
    CHECK_OK(f->barker_webhook_sign_(hook, NULL, bytes_of("x"), 1, &timestamp, &signature));
    const barker_header headers[] = {{"BARKER_TIMESTAMP", (char *)timestamp.data},
                                     {"BARKER_SIGNATURE", (char *)signature.data}};
    CHECK_OK(f->barker_webhook_verify_(hook, headers, 2, bytes_of("x"), 1));
    CHECK_OK(f->barker_generate_key_pair_(&private_key, &public_key));
    CHECK_OK(f->barker_webhook_add_secret_(hook, BARKER_SCHEME_STANDARD, private_key.data,
                                           private_key.len));
    f->barker_buffer_free_(&timestamp);
    f->barker_buffer_free_(&signature);
    f->barker_buffer_free_(&private_key);
    f->barker_buffer_free_(&public_key);
}

static void *use(void *unused)
{
    struct functions f;
    if (!load(&f))
        return unused;
    barker_webhook *hook = f.barker_webhook_new_();
    CHECK_OK(f.barker_webhook_set_timeout_(hook, 60000));
    sign_and_verify(&f, hook);
    send_by_name(&f, hook, BARKER_OK);
    f.barker_webhook_free_(hook);
    CHECK_EQUAL(dlclose(f.handle), 0);
    return unused;
}

/* Ten rounds, every other one on a thread that ends after it: what a thread leaves to its end runs
 * when the library was closed. Gives the bytes that stay allocated. */
static size_t batch(void)
{
    static const struct peer_step step = STEP(NO_CONTENT, PEER_CLOSE);
    struct peer_step steps[ROUNDS];
    pthread_t thread;
    for (int i = 0; i < ROUNDS; i++)
        steps[i] = step;
    peer_start(&receiver, steps, ROUNDS);
    for (int i = 0; i < ROUNDS; i++)
        if (i % 2 == 0)
            use(NULL);
        else if (CHECK_EQUAL(pthread_create(&thread, NULL, use, NULL), 0))
            pthread_join(thread, NULL);
    CHECK(peer_stop(&receiver));
    peer_free(&receiver);
    return mallinfo2().uordblks;
}

/* Closes the library amid a lookup, whose thread returns to it all the same. */
static void close_amid_lookup(void)
{
    struct functions f;
    names_delay = 1000;
    if (!load(&f))
        return;
    barker_webhook *hook = f.barker_webhook_new_();
    CHECK_OK(f.barker_webhook_set_timeout_(hook, 50));
    CHECK_OK(f.barker_webhook_set_lookup_lifetime_(hook, 0));
    send_by_name(&f, hook, BARKER_ERR_TIMEOUT);
    f.barker_webhook_free_(hook);
    CHECK_EQUAL(dlclose(f.handle), 0);
    CHECK_EQUAL(names_running, 1);
    names_delay = 0;
}

int main(int argc, char **argv)
{
    check_begin();
    if (!CHECK(argc == 2))
        return check_end("unload");
    library = argv[1];
    names_known = names;
    int threads = process_entries("/proc/self/task"), descriptors = process_entries("/proc/self/fd");
    size_t first = batch(), last = 0;
    for (int i = 1; i < BATCHES; i++)
        last = batch();
    printf("%d rounds keep %lld bytes more than %d\n", BATCHES * ROUNDS,
           (long long)(last - first), ROUNDS);
    CHECK(last < first + (BATCHES - 1) * ROUNDS * LEAK);
    close_amid_lookup();
    CHECK_EQUAL(process_wait_for_threads(threads), threads);
    CHECK_EQUAL(process_entries("/proc/self/fd"), descriptors);
    return check_end("unload");
}
