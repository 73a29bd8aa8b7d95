/* verify: checks whether a signature matches a timestamp and a body.
 *
 *   cc -std=c99 verify.c -lbarker -o verify
 *   ./verify [--key KEY] [--tolerance SECONDS] TIMESTAMP SIGNATURE [DATA | @FILE | -]
 *
 * Exit status: 0 valid, 1 not valid, 2 wrong usage or unreadable data.
 */
#include <barker.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *key, *timestamp, *signature, *data;
    uint32_t tolerance;
};

static bool parse_seconds(const char *text, uint32_t *seconds)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9 || text[digits] != '\0')
        return false;
    *seconds = (uint32_t)strtoul(text, NULL, 10);
    return true;
}

static bool parse_options(int argc, char **argv, struct options *options)
{
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (strcmp(arg, "--key") == 0 && i + 1 < argc)
            options->key = argv[++i];
        else if (strcmp(arg, "--tolerance") == 0 && i + 1 < argc) {
            if (!parse_seconds(argv[++i], &options->tolerance))
                return false;
        } else if (strncmp(arg, "--", 2) == 0)
            return false;
        else if (options->timestamp == NULL)
            options->timestamp = arg;
        else if (options->signature == NULL)
            options->signature = arg;
        else if (options->data == NULL)
            options->data = arg;
        else
            return false;
    }
    return options->signature != NULL;
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

int main(int argc, char **argv)
{
    struct options options = {.key = "BARKER", .tolerance = 300};
    if (!parse_options(argc, argv, &options)) {
        fputs("usage: verify [--key KEY] [--tolerance SECONDS] TIMESTAMP SIGNATURE"
              " [DATA | @FILE | -]\n", stderr);
        return 2;
    }

    size_t len = 0;
    uint8_t *data = load(options.data != NULL ? options.data : "", &len);
    if (data == NULL) {
        perror("verify: cannot read the data");
        return 2;
    }

    const barker_header headers[] = {
        {"BARKER_TIMESTAMP", options.timestamp},
        {"BARKER_SIGNATURE", options.signature},
    };
    barker_status status = barker_verify(BARKER_SCHEME_BARKER, options.key, strlen(options.key),
                                         options.tolerance, headers, 2, data, len);
    puts(status == BARKER_OK ? "valid" : barker_status_string(status));
    free(data);
    return status == BARKER_OK ? 0 : 1;
}
