/* fanout: signs data once and posts it to many URLs at the same time.
 *
 *   cc -std=c99 fanout.c -lbarker -o fanout
 *   ./fanout [--key KEY] [--type CONTENT_TYPE] [--at-once N] DATA URL...
 *
 * Prints a line when each delivery has ended. Everything happens on one thread.
 * Exit status: 0 every receiver answered 2xx, 1 one did not or could not be reached, 2 wrong usage.
 */
#include <barker.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *key, *type, *data;
    uint32_t at_once; /* 0: barker's default */
    char **urls;
    size_t count;
};

static bool parse_number(const char *text, uint32_t *number)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9 || text[digits] != '\0')
        return false;
    *number = (uint32_t)strtoul(text, NULL, 10);
    return true;
}

static bool parse_options(int argc, char **argv, struct options *options)
{
    int i = 1;
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        if (strcmp(argv[i], "--key") == 0)
            options->key = argv[i + 1];
        else if (strcmp(argv[i], "--type") == 0)
            options->type = argv[i + 1];
        else if (strcmp(argv[i], "--at-once") != 0 || !parse_number(argv[i + 1], &options->at_once))
            return false;
    }
    if (argc - i < 2)
        return false;
    options->data = argv[i];
    options->urls = argv + i + 1;
    options->count = (size_t)(argc - i - 1);
    return true;
}

/* The message without a receiver; NULL, and a line on standard error, if it cannot be made. */
static barker_webhook *make_message(const struct options *options)
{
    barker_webhook *hook = barker_webhook_new();
    barker_status status = barker_webhook_set_data(hook, options->data, strlen(options->data));
    if (status == BARKER_OK && options->key != NULL)
        status = barker_webhook_set_key(hook, options->key, strlen(options->key));
    if (status == BARKER_OK && options->type != NULL)
        status = barker_webhook_set_content_type(hook, options->type);
    if (status == BARKER_OK)
        return hook;
    fprintf(stderr, "fanout: %s\n", barker_webhook_error(hook));
    barker_webhook_free(hook);
    return NULL;
}

/* Makes a clone for each receiver: clones share the message, its signature and connections. */
static bool address(barker_webhook **hooks, const barker_webhook *message,
                    const struct options *options)
{
    for (size_t i = 0; i < options->count; i++) {
        hooks[i] = barker_webhook_clone(message);
        if (barker_webhook_set_url(hooks[i], options->urls[i]) != BARKER_OK) {
            fprintf(stderr, "fanout: %s: %s\n", options->urls[i], barker_webhook_error(hooks[i]));
            return false;
        }
    }
    return true;
}

struct progress {
    barker_webhook **hooks;
    char **urls;
    size_t accepted;
};

/* Called by barker_send_many() each time a delivery has ended. Returning 1 would stop the rest. */
static int32_t tell(void *user, size_t index, barker_status status)
{
    struct progress *progress = user;
    const barker_webhook *hook = progress->hooks[index];
    unsigned http_status = barker_webhook_response_status(hook);
    (void)status;
    if (http_status != 0) /* the receiver decided, even if its answer then broke off */
        printf("%s: HTTP %u\n", progress->urls[index], http_status);
    else
        printf("%s: %s\n", progress->urls[index], barker_webhook_error(hook));
    fflush(stdout);
    progress->accepted += http_status >= 200 && http_status <= 299;
    return 0;
}

/* Sends, and returns the exit status. */
static int deliver(barker_webhook **hooks, const struct options *options)
{
    struct progress progress = {hooks, options->urls, 0};
    barker_status status =
        barker_send_many(hooks, options->count, options->at_once, tell, &progress);
    if (status != BARKER_OK)
        fprintf(stderr, "fanout: %s\n", barker_status_string(status));
    printf("%zu of %zu accepted it\n", progress.accepted, options->count);
    return progress.accepted == options->count ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    if (!parse_options(argc, argv, &options)) {
        fputs("usage: fanout [--key KEY] [--type CONTENT_TYPE] [--at-once N] DATA URL...\n",
              stderr);
        return 2;
    }

    barker_webhook *message = make_message(&options);
    if (message == NULL)
        return 1;
    int exit_status = 1;
    barker_webhook **hooks = calloc(options.count, sizeof *hooks);
    if (hooks == NULL)
        perror("fanout");
    else if (address(hooks, message, &options))
        exit_status = deliver(hooks, &options);
    for (size_t i = 0; hooks != NULL && i < options.count; i++)
        barker_webhook_free(hooks[i]);
    free(hooks);
    barker_webhook_free(message);
    return exit_status;
}
