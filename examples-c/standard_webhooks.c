/* standard_webhooks: everything that a sender and a receiver of Standard Webhooks do
 * (https://www.standardwebhooks.com).
 *
 *   cc -std=c99 standard_webhooks.c -lbarker -o standard_webhooks
 *   ./standard_webhooks secret                                makes a shared secret
 *   ./standard_webhooks key-pair                              makes a private and a public key
 *   ./standard_webhooks sign SECRETS [--id ID] DATA           prints the headers to send with it
 *   ./standard_webhooks send SECRETS [--id ID] URL DATA       signs it and posts it
 *   ./standard_webhooks verify SECRETS ID TIMESTAMP SIGNATURE DATA
 *
 * SECRETS is `--secret SECRET`, once or more: "whsec_..." or "whsk_..." to sign, "whsec_..." or
 * "whpk_..." to verify. To rotate a secret, pass the new one and then the old one: first at the
 * receivers, then at the sender; then omit the old one. To send a message again, pass its id. (A
 * real program keeps its secrets in a file, because other users can see the command line.)
 *
 * Exit status: 0 done, valid, or the receiver answered 2xx; 1 otherwise; 2 wrong usage.
 */
#include <barker.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { MAX_ARGUMENTS = 4 };

struct command {
    const char *arguments[MAX_ARGUMENTS];
    int count;
};

static int fail(const char *why)
{
    fprintf(stderr, "standard_webhooks: %s\n", why);
    return 1;
}

/* ---- making secrets ---- */

static int make_secret(void)
{
    barker_buffer secret = {0};
    barker_status status = barker_generate_secret(&secret);
    if (status != BARKER_OK)
        return fail(barker_status_string(status));
    printf("%s\n", (const char *)secret.data);
    barker_buffer_free(&secret);
    return 0;
}

static int make_key_pair(void)
{
    barker_buffer private_key = {0}, public_key = {0};
    barker_status status = barker_generate_key_pair(&private_key, &public_key);
    if (status != BARKER_OK)
        return fail(barker_status_string(status));
    printf("%s\n%s\n", (const char *)private_key.data, (const char *)public_key.data);
    barker_buffer_free(&private_key);
    barker_buffer_free(&public_key);
    return 0;
}

/* ---- using secrets ---- */

static int sign(barker_webhook *hook, const struct command *command)
{
    const char *data = command->arguments[0];
    barker_buffer headers = {0};
    barker_status status = barker_webhook_sign_headers(hook, NULL, data, strlen(data), &headers);
    if (status != BARKER_OK)
        return fail(barker_status_string(status));
    fwrite(headers.data, 1, headers.len, stdout);
    barker_buffer_free(&headers);
    return 0;
}

static int send(barker_webhook *hook, const struct command *command)
{
    const char *data = command->arguments[1];
    uint16_t http_status = 0;
    if (barker_webhook_set_url(hook, command->arguments[0]) != BARKER_OK ||
        barker_webhook_set_content_type(hook, "application/json") != BARKER_OK ||
        barker_webhook_send_data(hook, data, strlen(data), &http_status, NULL) != BARKER_OK)
        return fail(barker_webhook_error(hook));
    printf("HTTP %u\n", (unsigned)http_status);
    printf("webhook-id: %s\n", barker_webhook_id(hook));
    return http_status >= 200 && http_status <= 299 ? 0 : 1;
}

static int verify(barker_webhook *hook, const struct command *command)
{
    const barker_header headers[] = {
        {"webhook-id", command->arguments[0]},
        {"webhook-timestamp", command->arguments[1]},
        {"webhook-signature", command->arguments[2]},
    };
    const char *data = command->arguments[3];
    barker_status status = barker_webhook_verify(hook, headers, 3, data, strlen(data));
    puts(status == BARKER_OK ? "valid" : barker_status_string(status));
    return status == BARKER_OK ? 0 : 1;
}

/* ---- the program ---- */

static const struct {
    const char *name;
    int arguments;
    int (*run)(barker_webhook *hook, const struct command *command);
} commands[] = {
    {"sign", 1, sign},
    {"send", 2, send},
    {"verify", 4, verify},
};

/* The first secret replaces the default key; the others are added to it. */
static barker_status take_option(barker_webhook *hook, const char *name, const char *value,
                                 int *secrets)
{
    if (strcmp(name, "--id") == 0)
        return barker_webhook_set_id(hook, value);
    if ((*secrets)++ == 0)
        return barker_webhook_set_secret(hook, BARKER_SCHEME_STANDARD, value, strlen(value));
    return barker_webhook_add_secret(hook, BARKER_SCHEME_STANDARD, value, strlen(value));
}

static int usage(void)
{
    fputs("usage: standard_webhooks secret | key-pair\n"
          "       standard_webhooks sign --secret SECRET... [--id ID] DATA\n"
          "       standard_webhooks send --secret SECRET... [--id ID] URL DATA\n"
          "       standard_webhooks verify --secret SECRET... ID TIMESTAMP SIGNATURE DATA\n",
          stderr);
    return 2;
}

static int run_command(barker_webhook *hook, const char *name, const struct command *command)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(name, commands[i].name) == 0 && command->count == commands[i].arguments)
            return commands[i].run(hook, command);
    return usage();
}

static int run(barker_webhook *hook, int argc, char **argv)
{
    struct command command = {{0}, 0};
    int secrets = 0;
    for (int i = 2; i < argc; i++) {
        bool option = strcmp(argv[i], "--secret") == 0 || strcmp(argv[i], "--id") == 0;
        if (option && i + 1 < argc) {
            if (take_option(hook, argv[i], argv[i + 1], &secrets) != BARKER_OK)
                return fail(barker_webhook_error(hook));
            i++;
        } else if (strncmp(argv[i], "--", 2) == 0 || command.count == MAX_ARGUMENTS) {
            return usage();
        } else {
            command.arguments[command.count++] = argv[i];
        }
    }
    return secrets > 0 ? run_command(hook, argv[1], &command) : usage();
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "secret") == 0)
        return make_secret();
    if (argc == 2 && strcmp(argv[1], "key-pair") == 0)
        return make_key_pair();
    if (argc < 3)
        return usage();
    barker_webhook *hook = barker_webhook_new();
    int exit_status = run(hook, argc, argv);
    barker_webhook_free(hook);
    return exit_status;
}
