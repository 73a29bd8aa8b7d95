/* panic.c: a panic in the library comes out as BARKER_ERR_INTERNAL with a sentence, prints nothing,
 * and leaves the handle usable. Links a library built with the feature fault-injection. */
#define _POSIX_C_SOURCE 200809L

#include "check.h"

#include <pthread.h>

barker_status barker_test_panic(barker_webhook *hook);

static void panic_and_go_on(void)
{
    barker_webhook *hook = barker_webhook_new();
    CHECK_OK(barker_webhook_set_url(hook, "http://127.0.0.1/kept"));
    for (int i = 0; i < 100; i++) {
        CHECK_FAILS(hook, barker_test_panic(hook), BARKER_ERR_INTERNAL);
        CHECK(strstr(barker_webhook_error(hook), "report") != NULL);
        CHECK_TEXT(barker_webhook_url(hook), "http://127.0.0.1/kept");
    }
    CHECK_OK(barker_webhook_set_timeout(hook, 1000));
    CHECK_TEXT(barker_webhook_error(hook), "");
    barker_buffer timestamp = {0}, signature = {0};
    CHECK_OK(barker_webhook_sign(hook, "0", NULL, 0, &timestamp, &signature));
    barker_buffer_free(&timestamp);
    barker_buffer_free(&signature);
    CHECK_EQUAL(barker_test_panic(NULL), BARKER_ERR_NULL);
    barker_webhook_free(hook);
}

static void *in_thread(void *unused)
{
    panic_and_go_on();
    return unused;
}

/* Runs the panics with standard error going into a file; gives how much was written there. */
static long printed_while_panicking(void)
{
    FILE *printed = tmpfile();
    int kept = dup(STDERR_FILENO);
    pthread_t thread;
    if (!CHECK(printed != NULL && kept >= 0))
        return -1;
    dup2(fileno(printed), STDERR_FILENO);
    panic_and_go_on();
    pthread_create(&thread, NULL, in_thread, NULL);
    pthread_join(thread, NULL);
    dup2(kept, STDERR_FILENO);
    close(kept);

    char text[4096];
    fseek(printed, 0, SEEK_END);
    long size = ftell(printed);
    rewind(printed);
    fwrite(text, 1, fread(text, 1, sizeof text, printed), stderr);
    fclose(printed);
    return size;
}

int main(void)
{
    check_begin();
    CHECK_EQUAL(printed_while_panicking(), 0);
    return check_end("panic");
}
