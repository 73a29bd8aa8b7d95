/* sender.c: sends as its command line says, for tests/test_tls.py and tests/test_proxies.py, which run
 * the receivers:
 *
 *   sender URL STATUS [OPTION=VALUE...]
 *
 * Every send must end with the barker_status of that number, and if that is 0, be answered with
 * `http` and, if that is 200, the text of `answer`. Options, which take effect one after another:
 *
 *   ca, ca-bytes, crl  a PEM file; `ca` by its path, the others by their bytes
 *   platform           barker_webhook_set_platform_ca()
 *   certificate, key   PEM files of the client's own
 *   name, min-tls, insecure, timeout, max-body, proxy   as the setters; proxy=environment asks
 *                      that
 *   bad-ca, bad-ca-bytes, bad-crl, bad-key   must be refused, and change nothing
 *   unread-ca          a PEM file that must not be read, as there is no descriptor to do it with
 *   redirects, elsewhere   how many redirects are followed; that many, to other origins too
 *   header             a name, a colon and a value
 *   sends, size        how many sends (2), and the bytes of the last one's data (1)
 *   batch              so many clones send at once, in place of each send
 *   weaker             1: a clone that verifies nothing sends first, and leaves its connection idle
 *   http, answer       what answers (200, received)
 *   told               the HTTP status that is known of an answer that failed (0)
 *   says, hides        text that the sentence must hold; that neither it nor the log may hold
 *   turn               FILE,SECONDS,STATUS[,DESCRIPTORS], which may come several times: after the
 *                      sends the file takes the place of $SSL_CERT_FILE (-: none does), so many
 *                      seconds pass on the monotonic clock, and one more send, over a new
 *                      connection and with so many descriptors free, ends with that status
 *   then               a URL that is sent to at the end without a proxy, and must answer
 */
#define _GNU_SOURCE

#include "check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

enum { MAX_BATCH = 64, MAX_TURNS = 8, PATIENCE = 60000 };

static const char *answer = "received", *says = "", *hides, *then, *certificate;
static long sends = 2, size = 1, batch, weaker, http = 200, told;
static barker_status accepted = BARKER_OK; /* what setting a file gives */
static const char *turns[MAX_TURNS];
static size_t turn_count;
static _Atomic time_t passed; /* seconds that the monotonic clock is ahead of the system's */

/* Stands in for the system's, which the library would ask. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && clock == CLOCK_MONOTONIC)
        now->tv_sec += passed;
    return result;
}

/* The bytes of a file, which the caller frees. */
static uint8_t *slurp(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(1 << 20);
    if (!CHECK(file != NULL && bytes != NULL))
        exit(1);
    *len = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

static void set_from_file(barker_webhook *hook, const char *path,
                          barker_status (*set)(barker_webhook *, const void *, size_t))
{
    size_t len;
    uint8_t *pem = slurp(path, &len);
    CHECK_EQUAL(set(hook, pem, len), accepted);
    memset(pem, 0, len); /* it was copied */
    free(pem);
}

static void set_identity(barker_webhook *hook, const char *key_path)
{
    size_t len, key_len;
    uint8_t *pem = slurp(certificate, &len), *key = slurp(key_path, &key_len);
    CHECK_EQUAL(barker_webhook_set_client_certificate(hook, pem, len, key, key_len), accepted);
    memset(key, 0, key_len);
    free(pem);
    free(key);
}

static void add_header(barker_webhook *hook, char *field)
{
    char *colon = strchr(field, ':');
    if (!CHECK(colon != NULL))
        exit(1);
    *colon = '\0';
    CHECK_OK(barker_webhook_add_header(hook, field, colon + 1));
}

static void set_proxy(barker_webhook *hook, const char *url)
{
    if (strcmp(url, "environment") == 0)
        CHECK_OK(barker_webhook_set_proxy_from_environment(hook));
    else
        CHECK_OK(barker_webhook_set_proxy(hook, url));
}

static void set_delivery(barker_webhook *hook, const char *name, char *value)
{
    if (strcmp(name, "timeout") == 0)
        CHECK_OK(barker_webhook_set_timeout(hook, (uint32_t)atol(value)));
    else if (strcmp(name, "max-body") == 0)
        CHECK_OK(barker_webhook_set_max_body(hook, (uint32_t)atol(value)));
    else if (strcmp(name, "redirects") == 0)
        CHECK_OK(barker_webhook_set_redirects(hook, (uint32_t)atol(value), 0));
    else if (strcmp(name, "elsewhere") == 0)
        CHECK_OK(barker_webhook_set_redirects(hook, (uint32_t)atol(value), 1));
    else if (strcmp(name, "proxy") == 0)
        set_proxy(hook, value);
    else if (strcmp(name, "header") == 0)
        add_header(hook, value);
    else if (CHECK(strcmp(name, "min-tls") == 0))
        CHECK_OK(barker_webhook_set_min_tls(hook, (int32_t)atol(value)));
}

/* Leaves this number of descriptors free, and returns the limit that was in force. */
static struct rlimit spare(long descriptors)
{
    struct rlimit before, limit;
    int lowest = open("/dev/null", O_RDONLY);
    CHECK_EQUAL(close(lowest), 0);
    CHECK_EQUAL(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = (rlim_t)(lowest + descriptors);
    CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return before;
}

static void add_unread(barker_webhook *hook, const char *path)
{
    struct rlimit before = spare(0);
    CHECK_FAILS(hook, barker_webhook_add_ca_file(hook, path), BARKER_ERR_SYSTEM);
    CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void add_turn(const char *turn)
{
    if (CHECK(turn_count < MAX_TURNS))
        turns[turn_count++] = turn;
}

static void set_trust(barker_webhook *hook, const char *name, char *value)
{
    if (strcmp(name, "ca") == 0)
        CHECK_EQUAL(barker_webhook_add_ca_file(hook, value), accepted);
    else if (strcmp(name, "ca-bytes") == 0)
        set_from_file(hook, value, barker_webhook_add_ca);
    else if (strcmp(name, "crl") == 0)
        set_from_file(hook, value, barker_webhook_add_crl);
    else if (strcmp(name, "platform") == 0)
        CHECK_OK(barker_webhook_set_platform_ca(hook, (int32_t)atol(value)));
    else if (strcmp(name, "key") == 0)
        set_identity(hook, value);
    else if (strcmp(name, "unread-ca") == 0)
        add_unread(hook, value);
    else if (strcmp(name, "turn") == 0)
        add_turn(value);
    else if (strcmp(name, "name") == 0)
        CHECK_OK(barker_webhook_set_server_name(hook, value));
    else if (strcmp(name, "insecure") == 0)
        CHECK_OK(barker_webhook_set_insecure_skip_verify(hook, (int32_t)atol(value)));
    else
        set_delivery(hook, name, value);
}

/* Options that are this program's own; the others are for a handle. */
static int is_own_option(const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **text;
        long *number;
    } own[] = {
        {"answer", &answer, NULL}, {"says", &says, NULL}, {"hides", &hides, NULL},
        {"then", &then, NULL}, {"certificate", &certificate, NULL}, {"sends", NULL, &sends},
        {"size", NULL, &size}, {"batch", NULL, &batch}, {"weaker", NULL, &weaker},
        {"http", NULL, &http}, {"told", NULL, &told},
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (strcmp(name, own[i].name) != 0)
            continue;
        if (own[i].text != NULL)
            *own[i].text = value;
        else
            *own[i].number = atol(value);
        return 1;
    }
    return 0;
}

/* Prints each line and checks that it gives nothing away. */
static void hear(void *user, barker_log_level level, const char *line)
{
    (void)user;
    printf("%d %s\n", (int)level, line);
    CHECK(hides == NULL || strstr(line, hides) == NULL);
}

static void check_outcome(const barker_webhook *hook, barker_status wanted)
{
    size_t len = 0;
    const char *sentence = barker_webhook_error(hook);
    if (!CHECK_EQUAL(barker_webhook_status(hook), wanted))
        fprintf(stderr, "    %s\n", sentence);
    if (wanted == BARKER_OK) {
        CHECK_EQUAL(barker_webhook_response_status(hook), http);
        if (http == 200)
            CHECK_TEXT((const char *)barker_webhook_response_body(hook, &len), answer);
    } else {
        CHECK_EQUAL(barker_webhook_response_status(hook), told);
        CHECK(strlen(sentence) > 0);
        if (!CHECK(strstr(sentence, says) != NULL))
            fprintf(stderr, "    \"%s\" does not say \"%s\"\n", sentence, says);
        CHECK(hides == NULL || strstr(sentence, hides) == NULL);
    }
}

static void send_once(barker_webhook *hook, size_t len, barker_status wanted)
{
    barker_buffer body = {0};
    uint16_t http_status = 0;
    uint8_t *data = calloc(1, len + 1);
    CHECK_EQUAL(barker_webhook_send_data(hook, data, len, &http_status, &body), wanted);
    check_outcome(hook, wanted);
    CHECK_EQUAL(http_status, wanted == BARKER_OK ? http : 0);
    barker_buffer_free(&body);
    free(data);
}

static void send_batch(barker_webhook *hook, barker_status wanted)
{
    barker_webhook *hooks[MAX_BATCH];
    size_t count = batch < MAX_BATCH ? (size_t)batch : MAX_BATCH;
    for (size_t i = 0; i < count; i++)
        hooks[i] = barker_webhook_clone(hook);
    CHECK_OK(barker_send_many(hooks, count, 0, NULL, NULL));
    for (size_t i = 0; i < count; i++) {
        check_outcome(hooks[i], wanted);
        barker_webhook_free(hooks[i]);
    }
}

static void take_turn(barker_webhook *hook, const char *turn)
{
    char file[64];
    long seconds, wanted, descriptors;
    int fields = sscanf(turn, "%63[^,],%ld,%ld,%ld", file, &seconds, &wanted, &descriptors);
    if (!CHECK(fields >= 3))
        return;
    if (strcmp(file, "-") != 0)
        CHECK_EQUAL(rename(file, getenv("SSL_CERT_FILE")), 0);
    passed += seconds;
    CHECK_OK(barker_webhook_close_idle(hook));
    struct rlimit before;
    if (fields == 4)
        before = spare(descriptors);
    send_once(hook, 1, (barker_status)wanted);
    if (fields == 4)
        CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void send_weaker(const barker_webhook *hook)
{
    barker_webhook *clone = barker_webhook_clone(hook);
    CHECK_OK(barker_webhook_set_insecure_skip_verify(clone, 1));
    send_once(clone, 1, BARKER_OK);
    barker_webhook_free(clone); /* its connection stays idle, as the original lives */
}

int main(int argc, char **argv)
{
    check_begin();
    if (!CHECK(argc >= 3))
        return check_end("sender");
    barker_webhook *hook = barker_webhook_new();
    barker_status wanted = (barker_status)atol(argv[2]);
    CHECK_OK(barker_webhook_set_url(hook, argv[1]));
    CHECK_OK(barker_webhook_set_timeout(hook, PATIENCE));
    CHECK_OK(barker_webhook_set_log(hook, BARKER_LOG_DEBUG, hear, NULL));
    for (int i = 3; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (!CHECK(value != NULL))
            return check_end("sender");
        *value++ = '\0';
        int is_bad = strncmp(argv[i], "bad-", 4) == 0;
        accepted = is_bad ? BARKER_ERR_CERTIFICATE : BARKER_OK;
        if (!is_own_option(argv[i], value))
            set_trust(hook, argv[i] + (is_bad ? 4 : 0), value);
    }
    if (weaker)
        send_weaker(hook);
    for (long i = 0; i < sends; i++) {
        if (batch > 0)
            send_batch(hook, wanted);
        else
            send_once(hook, i == sends - 1 ? (size_t)size : 1, wanted);
    }
    for (size_t i = 0; i < turn_count; i++)
        take_turn(hook, turns[i]);
    if (then != NULL) {
        CHECK_OK(barker_webhook_set_proxy(hook, NULL));
        CHECK_OK(barker_webhook_set_url(hook, then));
        CHECK_OK(barker_webhook_set_timeout(hook, PATIENCE));
        send_once(hook, 1, BARKER_OK);
    }
    barker_webhook_free(hook);
    return check_end("sender");
}
