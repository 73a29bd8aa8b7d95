/* mtls: posts signed data to a receiver that asks for a certificate (mutual TLS) and whose own
 * certificate comes from a private authority.
 *
 *   cc -std=c99 mtls.c -lbarker -o mtls
 *   ./mtls --ca FILE --certificate FILE --private-key FILE [--key KEY] URL [DATA]
 *
 * The files are PEM. Only this authority is trusted, not those of the platform. The certificate may
 * be followed by those that lead to its authority. Its private key must not be encrypted, and may
 * be in the same file. The data is signed with --key.
 *
 * Exit status: 0 the receiver answered 2xx, 1 it did not or could not be reached, 2 wrong usage.
 */
#include <barker.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PEM = 256 * 1024 };

struct options {
    const char *ca, *certificate, *private_key, *key, *url, *data;
};

static const char **option_named(struct options *options, const char *name)
{
    if (strcmp(name, "--ca") == 0)
        return &options->ca;
    if (strcmp(name, "--certificate") == 0)
        return &options->certificate;
    if (strcmp(name, "--private-key") == 0)
        return &options->private_key;
    if (strcmp(name, "--key") == 0)
        return &options->key;
    return NULL;
}

static bool parse_options(int argc, char **argv, struct options *options)
{
    for (int i = 1; i < argc; i++) {
        const char **option = option_named(options, argv[i]);
        if (option != NULL && i + 1 < argc)
            *option = argv[++i];
        else if (strncmp(argv[i], "--", 2) == 0)
            return false;
        else if (options->url == NULL)
            options->url = argv[i];
        else if (options->data == NULL)
            options->data = argv[i];
        else
            return false;
    }
    return options->ca != NULL && options->certificate != NULL && options->private_key != NULL &&
           options->url != NULL;
}

/* Reads a file. Free the result; NULL, and a line on standard error, if it cannot be read. */
static uint8_t *read_pem(const char *path, size_t *len)
{
    uint8_t *pem = malloc(MAX_PEM);
    FILE *file = pem != NULL ? fopen(path, "rb") : NULL;
    *len = file != NULL ? fread(pem, 1, MAX_PEM, file) : 0;
    bool whole = file != NULL && !ferror(file) && *len < MAX_PEM;
    if (file != NULL)
        fclose(file);
    if (whole)
        return pem;
    fprintf(stderr, "mtls: cannot read %s\n", path);
    free(pem);
    return NULL;
}

/* Sets the client certificate. False, and a line on standard error, if the files cannot be used. */
static bool set_certificate(barker_webhook *hook, const struct options *options)
{
    size_t len = 0, key_len = 0;
    uint8_t *pem = read_pem(options->certificate, &len);
    uint8_t *key = read_pem(options->private_key, &key_len);
    barker_status status = BARKER_OK;
    if (pem != NULL && key != NULL)
        status = barker_webhook_set_client_certificate(hook, pem, len, key, key_len);
    if (status != BARKER_OK)
        fprintf(stderr, "mtls: %s\n", barker_webhook_error(hook));
    bool set = pem != NULL && key != NULL && status == BARKER_OK;
    free(pem);
    free(key);
    return set;
}

/* Sets the authority to trust and the key to sign with. */
static barker_status configure(barker_webhook *hook, const struct options *options)
{
    barker_status status = barker_webhook_set_url(hook, options->url);
    if (status == BARKER_OK)
        status = barker_webhook_set_https_only(hook, 1);
    if (status == BARKER_OK)
        status = barker_webhook_set_platform_ca(hook, 0);
    if (status == BARKER_OK)
        status = barker_webhook_add_ca_file(hook, options->ca);
    if (status == BARKER_OK && options->key != NULL)
        status = barker_webhook_set_key(hook, options->key, strlen(options->key));
    return status;
}

/* Sends, prints the answer, and returns the exit status. */
static int deliver(barker_webhook *hook, const struct options *options)
{
    const char *data = options->data != NULL ? options->data : "";
    uint16_t http_status = 0;
    barker_buffer body = {0};
    barker_status status = configure(hook, options);
    if (status == BARKER_OK)
        status = barker_webhook_send_data(hook, data, strlen(data), &http_status, &body);
    if (status != BARKER_OK) {
        fprintf(stderr, "mtls: %s\n", barker_webhook_error(hook));
        return 1;
    }

    printf("HTTP %u\n", (unsigned)http_status);
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
        fputs("usage: mtls --ca FILE --certificate FILE --private-key FILE [--key KEY] URL"
              " [DATA]\n", stderr);
        return 2;
    }

    barker_webhook *hook = barker_webhook_new();
    int exit_status = set_certificate(hook, &options) ? deliver(hook, &options) : 1;
    barker_webhook_free(hook);
    return exit_status;
}
