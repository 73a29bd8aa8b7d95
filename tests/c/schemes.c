/* schemes.c: every signature scheme through the C interface: signing, verifying, several secrets,
 * ids, spelling of names, replays. */
#include "check.h"
#include "lists.h"

#include <pthread.h>
#include <stdlib.h>

enum { MAX_LINES = 16 };

static const char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
static const barker_scheme schemes[] = {EVERY_SCHEME};
enum { SCHEMES = sizeof schemes / sizeof *schemes };

static barker_webhook *with_secret(int32_t scheme, const char *text)
{
    barker_webhook *hook = barker_webhook_new();
    CHECK_OK(barker_webhook_set_secret(hook, scheme, bytes_of(text), strlen(text)));
    return hook;
}

/* What barker_webhook_sign_headers() gave, split in place. */
struct lines {
    barker_buffer text;
    barker_header headers[MAX_LINES];
    size_t count;
};

static struct lines sign(const barker_webhook *hook, const char *timestamp, const char *body)
{
    struct lines lines = {0};
    CHECK_OK(barker_webhook_sign_headers(hook, timestamp, bytes_of(body), strlen(body),
                                         &lines.text));
    char *line = (char *)lines.text.data, *end;
    for (; line != NULL && (end = strstr(line, "\r\n")) != NULL; line = end + 2) {
        char *colon = strstr(line, ": ");
        if (!CHECK(colon != NULL && colon < end && lines.count < MAX_LINES))
            break;
        *colon = *end = '\0';
        lines.headers[lines.count++] = (barker_header){line, colon + 2};
    }
    CHECK(line != NULL && *line == '\0');
    return lines;
}

static barker_status verify(const barker_webhook *hook, const struct lines *lines, const char *body)
{
    return barker_webhook_verify(hook, lines->headers, lines->count, bytes_of(body), strlen(body));
}

static void each_scheme(void)
{
    for (size_t i = 0; i < SCHEMES; i++) {
        barker_webhook *hook = with_secret(schemes[i], secret);
        barker_webhook *other = with_secret(schemes[i], "whsec_AAKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        struct lines lines = sign(hook, NULL, "the body");
        CHECK_OK(verify(hook, &lines, "the body"));
        CHECK_EQUAL(verify(hook, &lines, "the bodY"), BARKER_ERR_SIGNATURE);
        CHECK_EQUAL(verify(other, &lines, "the body"), BARKER_ERR_SIGNATURE);
        CHECK_OK(barker_verify(schemes[i], bytes_of(secret), strlen(secret), 300, lines.headers,
                               lines.count, bytes_of("the body"), 8));
        for (size_t k = 0; k < lines.count; k++) {
            const char *name = lines.headers[k].name;
            CHECK_EQUAL(barker_webhook_add_header(hook, name, "x"), BARKER_ERR_HEADER);
        }
        barker_buffer_free(&lines.text);
        barker_webhook_free(hook);
        barker_webhook_free(other);
    }
}

static void known_answers(void)
{
    const char *body = "{\"test\": 2432232314}";
    barker_buffer timestamp = {0}, signature = {0};
    barker_webhook *hook = with_secret(BARKER_SCHEME_STANDARD, secret);
    CHECK_EQUAL(barker_webhook_sign(hook, "1614265330", bytes_of(body), strlen(body), &timestamp,
                                    &signature), BARKER_ERR_ID);
    CHECK_OK(barker_webhook_set_id(hook, "msg_p5jXN8AQM9LWM0D4loKWxJek"));
    CHECK_OK(barker_webhook_sign(hook, "1614265330.75", bytes_of(body), strlen(body), &timestamp,
                                 &signature));
    CHECK_TEXT((const char *)timestamp.data, "1614265330");
    CHECK_TEXT((const char *)signature.data, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    barker_buffer_free(&timestamp);
    barker_buffer_free(&signature);
    barker_webhook_free(hook);

    hook = with_secret(BARKER_SCHEME_GITHUB, "It's a Secret to Everybody");
    struct lines lines = sign(hook, NULL, "Hello, World!");
    CHECK_EQUAL(lines.count, 1);
    CHECK_TEXT(lines.headers[0].name, "X-Hub-Signature-256");
    CHECK_TEXT(lines.headers[0].value,
               "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
    barker_buffer_free(&lines.text);
    barker_webhook_free(hook);
}

/* Split at its comma, repeated, and joined with another one, before and after, as gateways do it. */
static void split_and_joined(void)
{
    static const char other[] = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    barker_webhook *hook = with_secret(BARKER_SCHEME_STANDARD, secret);
    struct lines lines = sign(hook, NULL, "x");
    const char *whole = lines.headers[2].value;
    char twice[256], before[256], after[256];
    snprintf(twice, sizeof twice, "%s,%s", whole, whole);
    snprintf(before, sizeof before, "%s, %s", other, whole);
    snprintf(after, sizeof after, "%s, %s", whole, other);
    const char *const cases[][3] = {
        {"v1", whole + 3, NULL}, {whole + 3, "v1", NULL}, {twice, NULL, NULL},
        {before, NULL, NULL}, {after, NULL, NULL}, {other, whole, NULL}, {whole, other, NULL},
        {whole + 3, other, "v1"}, {other, before, after},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lines received = lines;
        received.count = 2;
        for (size_t k = 0; k < 3 && cases[i][k] != NULL; k++)
            received.headers[received.count++] = (barker_header){"webhook-signature", cases[i][k]};
        if (!CHECK_OK(verify(hook, &received, "x")))
            fprintf(stderr, "    case %zu\n", i);
        CHECK_EQUAL(verify(hook, &received, "y"), BARKER_ERR_SIGNATURE);
    }
    barker_buffer_free(&lines.text);
    barker_webhook_free(hook);
}

/* Under the name that Shopify has sent lately, and the one before. */
static void shopify(void)
{
    static const char body[] = "{\"foo\": \"bar\"}";
    static const char *const names[] = {"X-Shopify-Hmac-SHA256", "shopify-hmac-sha256",
                                        "HTTP_SHOPIFY_HMAC_SHA256"};
    barker_webhook *hook = with_secret(BARKER_SCHEME_SHOPIFY, "test_secret_key");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        barker_header header = {names[i], "B23tXN681gZ0qIWNRrgtzBE9XSDo5yaUu6wfmhu3a7g="};
        CHECK_OK(barker_webhook_verify(hook, &header, 1, bytes_of(body), strlen(body)));
        CHECK_EQUAL(barker_webhook_add_header(hook, names[i], "x"), BARKER_ERR_HEADER);
    }
    barker_webhook_free(hook);
}

static barker_status set(barker_webhook *hook, int32_t scheme, const char *text)
{
    return barker_webhook_set_secret(hook, scheme, bytes_of(text), strlen(text));
}

/* The first three are those of the tests of Standard Webhooks for Python. */
static void forms_of_secrets(void)
{
    static const char *const taken[] = {
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS=", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr==", "whsec_AAECAwQFBgcICQoLDA0ODw",
    };
    static const char *const refused[] = {"whsec_AAECAwQFBgcICQoLDA0O", "AAAA", "whsec_AAECA*"};
    static const char *const spaced[] = {"secret\n", " secret", "secret\r\n", "\tsecret", "\n"};
    barker_webhook *hook = barker_webhook_new();
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        CHECK_OK(set(hook, BARKER_SCHEME_STANDARD, taken[i]));
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        CHECK_FAILS(hook, set(hook, BARKER_SCHEME_SVIX, refused[i]), BARKER_ERR_SECRET);
    for (size_t i = 0; i < sizeof spaced / sizeof *spaced; i++) {
        for (size_t k = 0; k < SCHEMES; k++) {
            if (schemes[k] < BARKER_SCHEME_GITHUB)
                continue;
            CHECK_FAILS(hook, set(hook, schemes[k], spaced[i]), BARKER_ERR_SECRET);
            CHECK(strstr(barker_webhook_error(hook), "white space") != NULL);
        }
        CHECK_OK(set(hook, BARKER_SCHEME_BARKER, spaced[i]));
    }
    barker_webhook_free(hook);
}

/* The ways in which a secret is refused, of a program that does not look at the outcome. */
static barker_status refuse(barker_webhook *hook, int way)
{
    const uint8_t *star = bytes_of("*");
    return way == 0   ? barker_webhook_set_secret(hook, BARKER_SCHEME_STANDARD, star, 1)
           : way == 1 ? barker_webhook_add_secret(hook, BARKER_SCHEME_STANDARD, star, 1)
           : way == 2 ? barker_webhook_set_secret(hook, 99, star, 1)
           : way == 3 ? barker_webhook_add_secret(hook, -1, star, 1)
           : way == 4 ? barker_webhook_set_secret(hook, BARKER_SCHEME_GITHUB, NULL, 0)
           : way == 5 ? barker_webhook_set_secret(hook, BARKER_SCHEME_BARKER, NULL, 1)
           : way == 6 ? barker_webhook_add_secret(hook, BARKER_SCHEME_BARKER, NULL, 1)
                      : barker_webhook_set_key(hook, NULL, 1);
}

static void check_trusts_nobody(barker_webhook *hook, const struct lines *by_default)
{
    barker_buffer a = {0}, b = {0};
    uint16_t http_status;
    CHECK_EQUAL(verify(hook, by_default, "x"), BARKER_ERR_SECRET);
    CHECK_EQUAL(barker_webhook_sign_headers(hook, NULL, NULL, 0, &a), BARKER_ERR_SECRET);
    CHECK_EQUAL(barker_webhook_sign(hook, NULL, NULL, 0, &a, &b), BARKER_ERR_SECRET);
    CHECK_OK(barker_webhook_set_url(hook, "http://127.0.0.1:1/"));
    CHECK_FAILS(hook, barker_webhook_send(hook, &http_status, NULL), BARKER_ERR_SECRET);
    CHECK(strstr(barker_webhook_error(hook), "refused") != NULL);
    CHECK_OK(barker_send_many(&hook, 1, 1, NULL, NULL));
    CHECK_EQUAL(barker_webhook_status(hook), BARKER_ERR_SECRET);
}

static void refused_secrets(void)
{
    barker_webhook *stranger = barker_webhook_new();
    struct lines by_default = sign(stranger, NULL, "x");
    CHECK_OK(verify(stranger, &by_default, "x"));
    for (int way = 0; way < 8; way++) {
        barker_webhook *hook = barker_webhook_new();
        CHECK(refuse(hook, way) != BARKER_OK);
        check_trusts_nobody(hook, &by_default);
        barker_webhook *copy = barker_webhook_clone(hook);
        check_trusts_nobody(copy, &by_default);
        CHECK_OK(way % 2 ? barker_webhook_add_secret(copy, BARKER_SCHEME_SLACK, bytes_of("s"), 1)
                         : set(copy, BARKER_SCHEME_SLACK, "s"));
        struct lines own = sign(copy, NULL, "x");
        CHECK_EQUAL(verify(copy, &by_default, "x"), BARKER_ERR_HEADER_MISSING);
        CHECK_OK(verify(copy, &own, "x"));
        /* Beside another secret, one that is refused changes nothing. */
        CHECK(refuse(copy, way) != BARKER_OK);
        CHECK_OK(verify(copy, &own, "x"));
        check_trusts_nobody(hook, &by_default);
        barker_buffer_free(&own.text);
        barker_webhook_free(copy);
        barker_webhook_free(hook);
    }
    barker_buffer_free(&by_default.text);
    barker_webhook_free(stranger);
}

static void several_secrets(void)
{
    barker_buffer private_key = {0}, public_key = {0}, fresh = {0};
    CHECK_OK(barker_generate_key_pair(&private_key, &public_key));
    CHECK_OK(barker_generate_secret(&fresh));
    barker_webhook *sender = with_secret(BARKER_SCHEME_BARKER, "old");
    CHECK_OK(barker_webhook_add_secret(sender, BARKER_SCHEME_STANDARD, fresh.data, fresh.len));
    CHECK_OK(barker_webhook_add_secret(sender, BARKER_SCHEME_STANDARD, private_key.data,
                                       private_key.len));
    CHECK_OK(barker_webhook_set_spelling(sender, BARKER_SPELLING_BOTH));
    struct lines lines = sign(sender, NULL, "x");
    CHECK_EQUAL(lines.count, 7);
    CHECK_TEXT(lines.headers[0].name, "BARKER_TIMESTAMP");
    CHECK_TEXT(lines.headers[1].name, "BARKER-TIMESTAMP");
    CHECK(strncmp(lines.headers[4].value, "msg_", 4) == 0);
    CHECK(strstr(lines.headers[6].value, " v1a,") != NULL);

    barker_webhook *receiver = with_secret(BARKER_SCHEME_STANDARD, (const char *)public_key.data);
    CHECK_OK(verify(receiver, &lines, "x"));
    barker_buffer unsigned_headers = {0};
    CHECK_EQUAL(barker_webhook_sign_headers(receiver, NULL, NULL, 0, &unsigned_headers),
                BARKER_ERR_SECRET);
    barker_webhook_free(receiver);
    receiver = with_secret(BARKER_SCHEME_STANDARD, (const char *)fresh.data);
    CHECK_OK(verify(receiver, &lines, "x"));
    barker_webhook_free(receiver);
    receiver = with_secret(BARKER_SCHEME_BARKER, "new");
    CHECK_EQUAL(verify(receiver, &lines, "x"), BARKER_ERR_SIGNATURE);
    CHECK_OK(barker_webhook_add_secret(receiver, BARKER_SCHEME_BARKER, bytes_of("old"), 3));
    CHECK_OK(verify(receiver, &lines, "x"));
    for (int i = 2; i < 16; i++)
        CHECK_OK(barker_webhook_add_secret(receiver, BARKER_SCHEME_BARKER, bytes_of("k"), 1));
    CHECK_FAILS(receiver, barker_webhook_add_secret(receiver, BARKER_SCHEME_BARKER, NULL, 0),
                BARKER_ERR_RANGE);
    CHECK_OK(verify(receiver, &lines, "x"));
    barker_webhook_free(receiver);
    barker_webhook_free(sender);
    barker_buffer_free(&lines.text);
    barker_buffer_free(&private_key);
    barker_buffer_free(&public_key);
    barker_buffer_free(&fresh);
}

struct race {
    const barker_webhook *hook;
    const struct lines *lines;
    int accepted, refused;
};

static void *verify_once(void *argument)
{
    struct race *race = argument;
    barker_status status = verify(race->hook, race->lines, "once");
    race->accepted = status == BARKER_OK;
    race->refused = status == BARKER_ERR_REPLAYED;
    return NULL;
}

/* Of many threads that verify one message, one accepts it. */
static void replays(int32_t scheme)
{
    enum { THREADS = 8 };
    barker_webhook *hook = with_secret(scheme, secret);
    CHECK_OK(barker_webhook_set_replay_limit(hook, 2));
    struct lines lines = sign(hook, "1700000000", "once"), second = sign(hook, "1700000001", "2");
    struct lines third = sign(hook, "1700000002", "3");
    CHECK_OK(barker_webhook_set_tolerance(hook, 0));

    pthread_t threads[THREADS];
    struct race races[THREADS];
    int accepted = 0, refused = 0;
    for (int i = 0; i < THREADS; i++) {
        races[i] = (struct race){hook, &lines, 0, 0};
        CHECK_EQUAL(pthread_create(&threads[i], NULL, verify_once, &races[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        accepted += races[i].accepted;
        refused += races[i].refused;
    }
    CHECK_EQUAL(accepted, 1);
    CHECK_EQUAL(refused, THREADS - 1);

    CHECK_OK(verify(hook, &second, "2"));
    CHECK_EQUAL(verify(hook, &third, "3"), BARKER_ERR_REPLAY_FULL);
    CHECK_OK(barker_webhook_forget(hook, lines.headers, lines.count, bytes_of("once"), 4));
    CHECK_OK(verify(hook, &third, "3"));
    CHECK_EQUAL(verify(hook, &lines, "once"), BARKER_ERR_REPLAY_FULL);
    CHECK_EQUAL(verify(hook, &second, "2"), BARKER_ERR_REPLAYED);
    CHECK_OK(barker_webhook_set_replay_limit(hook, 0));
    CHECK_OK(verify(hook, &second, "2"));
    barker_buffer_free(&lines.text);
    barker_buffer_free(&second.text);
    barker_buffer_free(&third.text);
    barker_webhook_free(hook);
}

static void ids(void)
{
    barker_buffer first = {0}, second = {0};
    CHECK_OK(barker_generate_id(&first));
    CHECK_OK(barker_generate_id(&second));
    CHECK_EQUAL(first.len, 36);
    CHECK(strncmp((const char *)first.data, "msg_", 4) == 0);
    CHECK(strcmp((const char *)first.data, (const char *)second.data) != 0);
    barker_buffer_free(&first);
    barker_buffer_free(&second);

    /* The id of a send that failed serves for sending again. */
    uint16_t http_status;
    barker_webhook *hook = with_secret(BARKER_SCHEME_STANDARD, secret);
    CHECK_OK(barker_webhook_set_url(hook, "http://127.0.0.1:1/"));
    CHECK_EQUAL(barker_webhook_send(hook, &http_status, NULL), BARKER_ERR_CONNECT);
    char id[64];
    snprintf(id, sizeof id, "%s", barker_webhook_id(hook));
    CHECK_EQUAL(strlen(id), 36);
    CHECK_EQUAL(barker_webhook_send(hook, &http_status, NULL), BARKER_ERR_CONNECT);
    CHECK(strcmp(id, barker_webhook_id(hook)) != 0);
    CHECK_OK(barker_webhook_set_id(hook, id));
    CHECK_EQUAL(barker_webhook_send(hook, &http_status, NULL), BARKER_ERR_CONNECT);
    CHECK_TEXT(barker_webhook_id(hook), id);
    barker_webhook_free(hook);
}

int main(void)
{
    check_begin();
    each_scheme();
    known_answers();
    split_and_joined();
    shopify();
    forms_of_secrets();
    refused_secrets();
    several_secrets();
    replays(BARKER_SCHEME_STANDARD);
    replays(BARKER_SCHEME_STRIPE);
    ids();
    return check_end("schemes");
}
