/* wiped.c: what is left of secrets in the memory of this process: nothing once its handles are
 * freed, in all that can be written except the stack; and on the stack, nothing of keys once the
 * call has returned.
 *
 * The receivers run in a process of their own. The secrets stand nowhere in this program: they are
 * made from numbers, in one place that is wiped, and searched for inverted. */
#define _GNU_SOURCE

#include "check.h"
#include "hmac_md5.h"
#include "peer.h"
#include "sha2.h"

#include <sys/wait.h>
#include <ucontext.h>

#define STEP(text) {text, sizeof text - 1, 0}
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define MOVED "HTTP/1.1 307 X\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
#define TUNNEL "HTTP/1.1 200 OK\r\n\r\n"

enum { SECRET_LEN = 48, PRIVATE_LEN = 43, PIECE_AT = 12, PIECE_LEN = 12, DIRECT_SENDS = 8 };

enum kind { KEY, LONGER_KEY, STANDARD, PRIVATE, HEADER, URL, PROXY, KINDS };

static const char *const kinds[KINDS] = {
    "key of HMAC-MD5", "key of HMAC-SHA512", "whsec_ key", "whsk_ key", "Authorization header",
    "password of the URL", "password of the proxy",
};

/* How a secret may lie about: as it is, as base64 decodes or encodes it, or as HMAC pads it. */
enum form { AS_IT_IS, DECODED, ENCODED, PADDED_INSIDE, PADDED_OUTSIDE, FORMS };

static const char *const forms[FORMS] = {"as it is", "decoded", "encoded", "padded for inside",
                                         "padded for outside"};

/* Letters that differ from secret to secret, and are base64. */
static unsigned char letter(enum kind kind, unsigned i)
{
    unsigned number = i * i * 7 + i * (3 + (unsigned)kind) + (unsigned)kind * 5;
    return i == PRIVATE_LEN - 1 ? 'c' : (unsigned char)('a' + number % 26);
}

static unsigned char base64_digit(unsigned value)
{
    return (unsigned char)(value < 26 ? 'A' + value : value < 52 ? 'a' + value - 26
                           : value < 62 ? '0' + value - 52 : value == 62 ? '+' : '/');
}

static unsigned char decoded(enum kind kind, unsigned i)
{
    uint32_t group = 0;
    for (unsigned k = 0; k < 4; k++)
        group = group << 6 | (uint32_t)(letter(kind, i / 3 * 4 + k) - 'a' + 26);
    return (unsigned char)(group >> (16 - i % 3 * 8));
}

/* With two letters and a colon before it, as Basic authentication has it. */
static unsigned char encoded(enum kind kind, unsigned i)
{
    uint32_t group = 0;
    for (unsigned k = 0; k < 3; k++)
        group = group << 8 | letter(kind, i / 4 * 3 + k);
    return base64_digit(group >> (18 - i % 4 * 6) & 63);
}

static unsigned char byte_of(enum kind kind, enum form form, unsigned i)
{
    unsigned char key = kind == STANDARD ? decoded(kind, i) : letter(kind, i);
    return form == AS_IT_IS        ? letter(kind, i)
           : form == DECODED       ? decoded(kind, i)
           : form == ENCODED       ? encoded(kind, i)
           : form == PADDED_INSIDE ? key ^ 0x36
                                   : key ^ 0x5c;
}

/* How often a piece of a secret lies there; a piece, as the allocator may have written over the
 * start of what was freed. */
static size_t count(const unsigned char *from, const unsigned char *end, enum kind kind,
                    enum form form)
{
    unsigned char inverted[PIECE_LEN];
    size_t found = 0;
    for (unsigned i = 0; i < PIECE_LEN; i++)
        inverted[i] = (unsigned char)~byte_of(kind, form, PIECE_AT + i);
    for (; from + PIECE_LEN <= end; from++) {
        unsigned i = 0;
        while (i < PIECE_LEN && from[i] == (unsigned char)~inverted[i])
            i++;
        found += i == PIECE_LEN;
    }
    return found;
}

/* How many words lie there of the two states that HMAC makes of a key. */
static unsigned count_states(const unsigned char *from, const unsigned char *end, enum kind kind)
{
    const unsigned bits = kind == LONGER_KEY ? 64 : 32, words = kind == KEY ? 4 : 8;
    const unsigned len = kind == STANDARD ? SECRET_LEN * 3 / 4 : SECRET_LEN;
    unsigned found = 0;
    for (int outside = 0; outside < 2; outside++) {
        uint32_t md5[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
        uint64_t sha2[8];
        uint8_t block[128];
        for (unsigned i = 0; i < sizeof block; i++) {
            unsigned char byte = i >= len           ? 0
                                 : kind == STANDARD ? decoded(kind, i)
                                                    : letter(kind, i);
            block[i] = (uint8_t)(byte ^ (outside ? 0x5c : 0x36));
        }
        if (kind == KEY)
            md5_block(md5, block);
        else
            sha2_state(bits, block, sha2);
        for (unsigned i = 0; i < words; i++) {
            const uint32_t half = kind == KEY ? md5[i] : (uint32_t)sha2[i];
            const void *word = bits == 64 ? (const void *)&sha2[i] : &half;
            found += memmem(from, (size_t)(end - from), word, bits / 8) != NULL;
        }
    }
    return found;
}

typedef size_t findings[KINDS][FORMS];

/* One word of a state may be there by chance. */
static int has_states(const unsigned char *from, const unsigned char *end)
{
    for (int kind = KEY; kind <= STANDARD; kind++)
        if (count_states(from, end, (enum kind)kind) > 1)
            return 1;
    return 0;
}

/* Searches what can be written, except the stack; returns whether there are states of keys. */
static int search(findings found)
{
    static char line[512];
    size_t searched = 0;
    int has_any_states = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    memset(found, 0, sizeof(findings));
    while (CHECK(maps != NULL) && fgets(line, sizeof line, maps) != NULL) {
        uintptr_t from, end;
        if (sscanf(line, "%lx-%lx rw", &from, &end) != 2 || strstr(line, " rw") == NULL
            || strstr(line, "[stack]") != NULL)
            continue;
        searched += end - from;
        has_any_states |= has_states((const unsigned char *)from, (const unsigned char *)end);
        for (int kind = 0; kind < KINDS; kind++)
            for (int form = 0; form < FORMS; form++)
                found[kind][form] += count((const unsigned char *)from, (const unsigned char *)end,
                                           (enum kind)kind, (enum form)form);
    }
    fclose(maps);
    printf("searched %zu KiB\n", searched / 1024);
    return has_any_states;
}

static char text[512];

/* Keys must not stay on the stack of a call. Each call gets one that is empty. */
static unsigned char stack[512 * 1024];

static void call_on_stack(void (*call)(void))
{
    static ucontext_t here, there;
    memset(stack, 0, sizeof stack);
    CHECK_EQUAL(getcontext(&there), 0);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = sizeof stack;
    there.uc_link = &here;
    makecontext(&there, call, 0);
    CHECK_EQUAL(swapcontext(&here, &there), 0);
}

static void check_stack(const char *call)
{
    const unsigned char *end = stack + sizeof stack;
    for (int kind = KEY; kind <= PRIVATE; kind++)
        for (int form = 0; form < FORMS; form++)
            if (!CHECK_EQUAL(count(stack, end, (enum kind)kind, (enum form)form), 0))
                fprintf(stderr, "    of the %s, %s, after %s\n", kinds[kind], forms[form], call);
    if (!CHECK(!has_states(stack, end)))
        fprintf(stderr, "    states of keys after %s\n", call);
}

/* The secret between these, until wipe(). */
static const char *with(const char *before, enum kind kind, const char *after)
{
    size_t len = strlen(before);
    memcpy(text, before, len);
    for (unsigned i = 0; i < (kind == PRIVATE ? PRIVATE_LEN : SECRET_LEN); i++)
        text[len++] = (char)letter(kind, i);
    memcpy(text + len, after, strlen(after) + 1);
    return text;
}

static void set_secret(barker_webhook *hook, int32_t scheme, const char *before, enum kind kind)
{
    const uint8_t *secret = bytes_of(with(before, kind, ""));
    CHECK_OK(barker_webhook_add_secret(hook, scheme, secret, strlen(text)));
    explicit_bzero(text, sizeof text);
}

/* Sets a text that holds a secret; twice, as what is replaced must be wiped too. */
#define SET(hook, wanted, before, kind, after, call)    \
    do {                                                \
        for (int twice = 0; twice < 2; twice++) {       \
            const char *value = with(before, kind, after); \
            CHECK_EQUAL(call, wanted);                  \
            explicit_bzero(text, sizeof text);          \
        }                                               \
    } while (0)

/* Receivers in a process of their own: one that redirects, and one that is a proxy. */
static pid_t start_receivers(unsigned ports[2])
{
    static const struct peer_step proxied[] = {STEP(TUNNEL), STEP(OK)};
    static const struct peer_step direct[] = {STEP(MOVED), STEP(OK), STEP(MOVED), STEP(OK),
                                              STEP(MOVED), STEP(OK), STEP(MOVED), STEP(OK)};
    struct peer peers[2];
    int ends[2];
    pid_t child = pipe(ends) == 0 ? fork() : -1;
    if (child < 0)
        abort();
    if (child > 0) {
        CHECK_EQUAL(read(ends[0], ports, 2 * sizeof *ports), 2 * sizeof *ports);
        return child;
    }
    peer_start(&peers[0], direct, DIRECT_SENDS);
    peer_start(&peers[1], proxied, 2);
    ports[0] = peers[0].port;
    ports[1] = peers[1].port;
    int is_told = write(ends[1], ports, 2 * sizeof *ports) == (ssize_t)(2 * sizeof *ports);
    int are_played = peer_stop(&peers[0]) & peer_stop(&peers[1]);
    _exit(is_told && are_played ? 0 : 1);
}

static void send_once(barker_webhook *hook)
{
    uint16_t http_status = 0;
    if (!CHECK_OK(barker_webhook_send_data(hook, bytes_of("x"), 1, &http_status, NULL)))
        fprintf(stderr, "    %s\n", barker_webhook_error(hook));
    CHECK_EQUAL(http_status, 200);
}

static barker_webhook *with_keys(void)
{
    barker_webhook *hook = barker_webhook_new();
    for (int twice = 0; twice < 2; twice++) {
        const uint8_t *key = bytes_of(with("", KEY, ""));
        CHECK_OK(barker_webhook_set_key(hook, key, strlen(text)));
        explicit_bzero(text, sizeof text);
        set_secret(hook, BARKER_SCHEME_BARKER_SHA512, "", LONGER_KEY);
        set_secret(hook, BARKER_SCHEME_STANDARD, "whsec_", STANDARD);
        set_secret(hook, BARKER_SCHEME_STANDARD, "whsk_", PRIVATE);
    }
    SET(hook, BARKER_ERR_SECRET, "whsec_", STANDARD, "*",
        barker_webhook_add_secret(hook, BARKER_SCHEME_SVIX, bytes_of(value), strlen(value)));
    SET(hook, BARKER_ERR_SECRET, "whsk_", PRIVATE, "A",
        barker_webhook_add_secret(hook, BARKER_SCHEME_SVIX, bytes_of(value), strlen(value)));
    barker_buffer headers = {0};
    CHECK_OK(barker_webhook_sign_headers(hook, NULL, bytes_of("x"), 1, &headers));
    barker_buffer_free(&headers);
    CHECK_OK(barker_webhook_set_redirects(hook, 1, 0));
    CHECK_OK(barker_webhook_set_timeout(hook, 60000));
    return hook;
}

/* A handle that logs in by its URL, whose clone goes through a proxy that wants a password too. */
static void use_passwords(const barker_webhook *keys, barker_webhook *hooks[2],
                          const unsigned ports[2])
{
    char end[64];
    hooks[0] = barker_webhook_clone(keys);
    snprintf(end, sizeof end, "@127.0.0.1:%u/", ports[0]);
    SET(hooks[0], BARKER_OK, "http://ab:", URL, end, barker_webhook_set_url(hooks[0], value));
    SET(hooks[0], BARKER_ERR_URL, "http://ab:", URL, "@127.0.0.1:99999/",
        barker_webhook_set_url(hooks[0], value));
    SET(hooks[0], BARKER_ERR_URL, "http:\\ab:", URL, "@[/",
        barker_webhook_set_url(hooks[0], value));
    SET(hooks[0], BARKER_ERR_URL, "ftp://ab:", URL, "@a/", barker_webhook_set_url(hooks[0], value));
    send_once(hooks[0]);
    CHECK_OK(barker_send_many(hooks, 1, 1, NULL, NULL));
    CHECK_OK(barker_webhook_status(hooks[0]));

    hooks[1] = barker_webhook_clone(hooks[0]);
    snprintf(end, sizeof end, "@127.0.0.1:%u", ports[1]);
    SET(hooks[1], BARKER_OK, "ab:", PROXY, end, barker_webhook_set_proxy(hooks[1], value));
    SET(hooks[1], BARKER_OK, "http://ab:", PROXY, end, barker_webhook_set_proxy(hooks[1], value));
    SET(hooks[1], BARKER_ERR_URL, "ftp://ab:", PROXY, end,
        barker_webhook_set_proxy(hooks[1], value));
    SET(hooks[1], BARKER_ERR_URL, "socks5://ab:", PROXY, "@:1",
        barker_webhook_set_proxy(hooks[1], value));
    send_once(hooks[1]);
}

static barker_webhook *use_header(const barker_webhook *keys, unsigned port)
{
    char url[64];
    barker_webhook *hook = barker_webhook_clone(keys);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", port);
    CHECK_OK(barker_webhook_set_url(hook, url));
    SET(hook, BARKER_OK, "Bearer ", HEADER, "",
        barker_webhook_add_header(hook, "Authorization", value));
    SET(hook, BARKER_ERR_HEADER, "Bearer ", HEADER, "\n",
        barker_webhook_add_header(hook, "Authorization", value));
    send_once(hook);
    send_once(hook);
    return hook;
}

static barker_webhook *hook_on_stack;
static barker_buffer headers_on_stack;
static const struct setting {
    int32_t scheme;
    const char *before;
    enum kind kind;
} settings[] = {
    {BARKER_SCHEME_BARKER, "", KEY},
    {BARKER_SCHEME_BARKER_SHA512, "", LONGER_KEY},
    {BARKER_SCHEME_STANDARD, "whsec_", STANDARD},
    {BARKER_SCHEME_STANDARD, "whsk_", PRIVATE},
}, *setting;

static void set_it(void)
{
    CHECK_OK(barker_webhook_set_secret(hook_on_stack, setting->scheme, bytes_of(text),
                                       strlen(text)));
}

static void add_it(void)
{
    CHECK_OK(barker_webhook_add_secret(hook_on_stack, setting->scheme, bytes_of(text),
                                       strlen(text)));
}

static void refuse_it(void)
{
    strcat(text, "*");
    CHECK_EQUAL(barker_webhook_add_secret(hook_on_stack, BARKER_SCHEME_SVIX, bytes_of(text),
                                          strlen(text)), BARKER_ERR_SECRET);
}

static void sign_with_it(void)
{
    CHECK_OK(barker_webhook_sign_headers(hook_on_stack, NULL, bytes_of("x"), 1, &headers_on_stack));
}

static void verify_with_it(void)
{
    const barker_header headers[] = {
        {"BARKER_TIMESTAMP", "1"}, {"BARKER_SIGNATURE", "db1541f495c52e2985cd5744441db766"},
        {"webhook-id", "a"}, {"webhook-timestamp", "1"},
        {"webhook-signature", "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
    };
    CHECK(barker_webhook_verify(hook_on_stack, headers, 5, bytes_of("x"), 1) != BARKER_OK);
    CHECK(barker_verify(setting->scheme, bytes_of(text), strlen(text), 0, headers, 5, bytes_of("x"),
                        1) != BARKER_OK);
}

static void clone_it(void)
{
    barker_webhook_free(barker_webhook_clone(hook_on_stack));
}

/* The search finds what a call leaves. */
static void leave_it(void)
{
    char copy[sizeof text];
    memcpy(copy, text, sizeof copy);
    __asm__ volatile("" : : "r"(copy) : "memory");
}

static void use_stack(void)
{
    static const struct {
        const char *name;
        void (*call)(void);
    } calls[] = {
        {"setting", set_it}, {"adding", add_it}, {"signing", sign_with_it},
        {"verifying", verify_with_it}, {"cloning", clone_it}, {"refusing", refuse_it},
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        setting = &settings[i];
        hook_on_stack = barker_webhook_new();
        with(setting->before, setting->kind, "");
        call_on_stack(leave_it);
        CHECK(count(stack, stack + sizeof stack, setting->kind, AS_IT_IS) > 0);
        for (size_t k = 0; k < sizeof calls / sizeof *calls; k++) {
            call_on_stack(calls[k].call);
            check_stack(calls[k].name);
        }
        barker_buffer_free(&headers_on_stack);
        barker_webhook_free(hook_on_stack);
        explicit_bzero(text, sizeof text);
    }
    memset(stack, 0, sizeof stack);
}

int main(void)
{
    static findings before, after;
    unsigned ports[2] = {0};
    check_begin();
    use_stack();
    pid_t receivers = start_receivers(ports);
    barker_webhook *keys = with_keys(), *hooks[2], *authorized;
    use_passwords(keys, hooks, ports);
    authorized = use_header(keys, ports[0]);

    /* What the handles must hold is found, so the search does find. */
    CHECK(search(before));
    CHECK(before[PRIVATE][DECODED] > 0);
    CHECK(before[HEADER][AS_IT_IS] > 0);
    CHECK(before[URL][AS_IT_IS] > 0 && before[URL][ENCODED] > 0);
    CHECK(before[PROXY][ENCODED] > 0);

    barker_webhook_free(keys);
    barker_webhook_free(hooks[0]);
    barker_webhook_free(hooks[1]);
    barker_webhook_free(authorized);
    CHECK(!search(after));
    for (int kind = 0; kind < KINDS; kind++)
        for (int form = 0; form < FORMS; form++)
            if (!CHECK_EQUAL(after[kind][form], 0))
                fprintf(stderr, "    of the %s, %s\n", kinds[kind], forms[form]);
    int status = 1;
    CHECK_EQUAL(waitpid(receivers, &status, 0), receivers);
    CHECK_EQUAL(status, 0);
    return check_end("wiped");
}
