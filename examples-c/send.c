/* send: signs data and posts it to a URL.
 *
 *   cc -std=c99 send.c -lbarker -o send
 *   ./send URL [--key KEY] [--type CONTENT_TYPE] [DATA | @FILE | -]
 *
 * Exit status: 0 the receiver answered 2xx, 1 it did not or could not be reached, 2 wrong usage.
 */
#include <barker.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *url, *key, *type, *data;
};

static bool parse_options(int argc, char **argv, struct options *options)
{
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (strcmp(arg, "--key") == 0 && i + 1 < argc)
            options->key = argv[++i];
        else if (strcmp(arg, "--type") == 0 && i + 1 < argc)
            options->type = argv[++i];
        else if (strncmp(arg, "--", 2) == 0)
            return false;
        else if (options->url == NULL)
            options->url = arg;
        else if (options->data == NULL)
            options->data = arg;
        else
            return false;
    }
    return options->url != NULL;
}

/* Reads a stream to its end. Free the result; NULL is failure. */
static uint8_t *read_all(FILE *stream, size_t *len)
{
    size_t capacity = 4096;
    uint8_t *data = malloc(capacity);
    *len = 0;
    while (data != NULL) {
        *len += fread(data + *len, 1, capacity - *len, stream);
        if (*len < capacity)
            break;
        capacity *= 2;
        uint8_t *larger = realloc(data, capacity);
        if (larger == NULL)
            free(data);
        data = larger;
    }
    if (data != NULL && ferror(stream)) {
        free(data);
        data = NULL;
    }
    return data;
}

/* The bytes of standard input for "-", of a file for "@FILE", otherwise of the text itself. */
static uint8_t *load(const char *source, size_t *len)
{
    if (strcmp(source, "-") == 0)
        return read_all(stdin, len);
    if (source[0] == '@') {
        FILE *file = fopen(source + 1, "rb");
        uint8_t *data = file != NULL ? read_all(file, len) : NULL;
        if (file != NULL)
            fclose(file);
        return data;
    }
    *len = strlen(source);
    uint8_t *data = malloc(*len + 1);
    return data != NULL ? memcpy(data, source, *len + 1) : NULL;
}

static barker_status configure(barker_webhook *hook, const struct options *options)
{
    barker_status status = barker_webhook_set_url(hook, options->url);
    if (status == BARKER_OK && options->key != NULL)
        status = barker_webhook_set_key(hook, options->key, strlen(options->key));
    if (status == BARKER_OK && options->type != NULL)
        status = barker_webhook_set_content_type(hook, options->type);
    return status;
}

/* Sends, prints what was signed and the answer, and returns the exit status. */
static int deliver(barker_webhook *hook, const struct options *options, const uint8_t *data,
                   size_t len)
{
    uint16_t http_status = 0;
    barker_buffer body = {0};
    barker_status status = configure(hook, options);
    if (status == BARKER_OK)
        status = barker_webhook_send_data(hook, data, len, &http_status, &body);
    if (status != BARKER_OK) {
        fprintf(stderr, "send: %s\n", barker_webhook_error(hook));
        return 1;
    }

    printf("HTTP %u\n", (unsigned)http_status);
    printf("BARKER_TIMESTAMP: %s\n", barker_webhook_timestamp(hook));
    printf("BARKER_SIGNATURE: %s\n", barker_webhook_signature(hook));
    if (body.len > 0) {
        fwrite(body.data, 1, body.len, stdout);
        putchar('\n');
    }
    barker_buffer_free(&body);
    return http_status >= 200 && http_status <= 299 ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    if (!parse_options(argc, argv, &options)) {
        fputs("usage: send URL [--key KEY] [--type CONTENT_TYPE] [DATA | @FILE | -]\n", stderr);
        return 2;
    }

    size_t len = 0;
    uint8_t *data = load(options.data != NULL ? options.data : "", &len);
    barker_webhook *hook = barker_webhook_new();
    int exit_status = 1;
    if (data == NULL)
        perror("send: cannot read the data");
    else if (hook == NULL)
        fputs("send: out of memory\n", stderr);
    else
        exit_status = deliver(hook, &options, data, len);
    barker_webhook_free(hook);
    free(data);
    return exit_status;
}
