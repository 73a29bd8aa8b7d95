/* wiped.c: what is left of secrets in the memory of this process: nothing once its handles are
 * freed, in all that can be written except the stack; and on the stack and in the vector registers,
 * nothing of keys once the call has returned.
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

enum { SHORT = 48, LONG = 150, PRIVATE_LEN = 43, MAX_BLOCK = 128, PIECE_LEN = 12, DIRECT_SENDS = 8 };

/* Keys of each digest that are shorter and longer than its block, and other secrets. */
enum kind {
    MD5, LONG_MD5, SHA256, LONG_SHA256, SHA512, LONG_SHA512, PRIVATE, HEADER, URL, PROXY, KINDS,
    HMAC_KINDS = PRIVATE
};

static const struct {
    const char *name;
    unsigned len; /* as text */
    unsigned bits; /* of a word of the digest; 0 for MD5 */
    int32_t scheme;
    const char *before; /* stands before the key in the secret */
} kinds[KINDS] = {
    {"short key of HMAC-MD5", SHORT, 0, BARKER_SCHEME_BARKER, ""},
    {"long key of HMAC-MD5", LONG, 0, BARKER_SCHEME_BARKER, ""},
    {"whsec_ key", SHORT, 32, BARKER_SCHEME_STANDARD, "whsec_"},
    {"long key of HMAC-SHA256", LONG, 32, BARKER_SCHEME_BARKER_SHA256, ""},
    {"short key of HMAC-SHA512", SHORT, 64, BARKER_SCHEME_BARKER_SHA512, ""},
    {"long key of HMAC-SHA512", LONG, 64, BARKER_SCHEME_BARKER_SHA512, ""},
    {"whsk_ key", PRIVATE_LEN, 0, BARKER_SCHEME_STANDARD, "whsk_"},
    {"Authorization header", SHORT, 0, 0, ""},
    {"password of the URL", SHORT, 0, 0, ""},
    {"password of the proxy", SHORT, 0, 0, ""},
};

/* How a secret may lie about: as it is; as base64 decodes or encodes it; as HMAC hashes a long key
 * and pads it; as SHA-2 reads that into words. */
enum form {
    AS_IT_IS, DECODED, ENCODED, HASHED, INNER_PAD, OUTER_PAD, INNER_WORDS, OUTER_WORDS, FORMS
};

static const char *const forms[FORMS] = {
    "as it is", "decoded", "encoded", "hashed", "padded for inside", "padded for outside",
    "padded for inside, in words", "padded for outside, in words",
};

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

static int is_long(enum kind kind)
{
    return kinds[kind].len == LONG;
}

/* The key in a block, as HMAC has it before it pads it: hashed if it is longer. */
static void make_block(enum kind kind, uint8_t block[MAX_BLOCK])
{
    uint8_t key[LONG];
    unsigned len = kind == SHA256 ? SHORT * 3 / 4 : kinds[kind].len;
    for (unsigned i = 0; i < len; i++)
        key[i] = kind == SHA256 ? decoded(kind, i) : letter(kind, i);
    memset(block, 0, MAX_BLOCK);
    if (!is_long(kind))
        memcpy(block, key, len);
    else if (kinds[kind].bits == 0)
        md5(key, len, block);
    else
        sha2(kinds[kind].bits, key, len, block);
}

static unsigned char byte_of(enum kind kind, enum form form, unsigned i)
{
    uint8_t block[MAX_BLOCK];
    if (form < HASHED)
        return form == AS_IT_IS ? letter(kind, i) : form == DECODED ? decoded(kind, i)
                                                                    : encoded(kind, i);
    make_block(kind, block);
    unsigned last = form >= INNER_WORDS && kinds[kind].bits > 0 ? kinds[kind].bits / 8 - 1 : 0;
    unsigned char pad = form == HASHED                              ? 0
                        : form == INNER_PAD || form == INNER_WORDS ? 0x36
                                                                    : 0x5c;
    return block[i ^ last] ^ pad;
}

/* A piece of each secret in each form, inverted. It fits into a register, and is not the start of
 * what was allocated, which the allocator may have written over. */
static unsigned char pieces[KINDS][FORMS][PIECE_LEN];

static void make_pieces(void)
{
    for (unsigned kind = 0; kind < KINDS; kind++)
        for (unsigned form = 0; form < FORMS; form++)
            for (unsigned i = 0, at = form >= HASHED && is_long(kind) ? 4 : 16; i < PIECE_LEN; i++)
                pieces[kind][form][i] = (unsigned char)~byte_of(kind, form, at + i);
}

/* How often the piece lies there. */
static size_t count(const unsigned char *from, const unsigned char *end, enum kind kind,
                    enum form form)
{
    const unsigned char *inverted = pieces[kind][form];
    size_t found = 0;
    for (; from + PIECE_LEN <= end; from++) {
        unsigned i = 0;
        while (i < PIECE_LEN && (from[i] ^ inverted[i]) == 0xff)
            i++;
        found += i == PIECE_LEN;
    }
    return found;
}

/* Whether the state of a digest lies there: two of its words, as one may be there by chance. */
static int has_state(const unsigned char *from, const unsigned char *end, enum kind kind,
                     uint8_t *block)
{
    const unsigned bits = kinds[kind].bits;
    uint32_t md5[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    uint64_t sha2[8];
    unsigned found = 0;
    if (bits == 0) {
        md5_block(md5, block);
    } else {
        sha2_begin(bits, sha2);
        sha2_block(bits, sha2, block);
    }
    for (unsigned i = 0; i < (bits == 0 ? 4 : 8); i++) {
        const uint32_t half = bits == 0 ? md5[i] : (uint32_t)sha2[i];
        const void *word = bits == 64 ? (const void *)&sha2[i] : &half;
        found += memmem(from, (size_t)(end - from), word, bits == 64 ? 8 : 4) != NULL;
    }
    return found > 1;
}

/* Whether one of the two states lies there that HMAC makes of a key. */
static int has_states(const unsigned char *from, const unsigned char *end, enum kind kind)
{
    uint8_t block[MAX_BLOCK];
    int found = 0;
    for (int outside = 0; outside < 2; outside++) {
        make_block(kind, block);
        for (unsigned i = 0; i < MAX_BLOCK; i++)
            block[i] ^= outside ? 0x5c : 0x36;
        found |= has_state(from, end, kind, block);
    }
    return found;
}

struct findings {
    size_t pieces[KINDS][FORMS];
    int states[HMAC_KINDS];
};

static void search_in(const unsigned char *from, const unsigned char *end, struct findings *found)
{
    for (unsigned kind = 0; kind < KINDS; kind++)
        for (unsigned form = 0; form < FORMS; form++)
            found->pieces[kind][form] += count(from, end, kind, form);
    for (unsigned kind = 0; kind < HMAC_KINDS; kind++)
        found->states[kind] |= has_states(from, end, kind);
}

/* Searches what can be written, except the stack. */
static void search(struct findings *found)
{
    static char line[512];
    size_t searched = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    memset(found, 0, sizeof *found);
    while (CHECK(maps != NULL) && fgets(line, sizeof line, maps) != NULL) {
        uintptr_t from, end;
        if (sscanf(line, "%lx-%lx rw", &from, &end) != 2 || strstr(line, " rw") == NULL
            || strstr(line, "[stack]") != NULL)
            continue;
        searched += end - from;
        search_in((const unsigned char *)from, (const unsigned char *)end, found);
    }
    fclose(maps);
    printf("searched %zu KiB\n", searched / 1024);
}

static char text[512];

/* Keys must stay neither on the stack of a call nor in the vector registers, which the dynamic
 * linker or a signal may write to the stack. Each call gets both empty. */
static unsigned char stack[512 * 1024];

static struct {
    unsigned char before_mxcsr[24];
    uint32_t mxcsr;
    unsigned char rest[16 * 1024];
} registers __attribute__((aligned(64)));

#ifdef __x86_64__
enum { KNOWS_REGISTERS = 1, VECTORS = 0xe6 }; /* of SSE, AVX and AVX-512, as XSAVE counts them */

static void clear_registers(void)
{
    memset(&registers, 0, sizeof registers);
    registers.mxcsr = 0x1f80; /* as it is when a process begins */
    __asm__ volatile("xrstor64 %0" : : "m"(registers), "a"(VECTORS), "d"(0) : "memory");
}

static void save_registers(void)
{
    __asm__ volatile("xsave64 %0" : "+m"(registers) : "a"(VECTORS), "d"(0) : "memory");
}

static void leave_in_register(const char *bytes)
{
    __asm__ volatile("movups (%0), %%xmm15" : : "r"(bytes) : "xmm15", "memory");
}
#else
enum { KNOWS_REGISTERS = 0 };

static void clear_registers(void)
{
    printf("the stack alone: this program knows no vector registers of this processor\n");
}

static void save_registers(void)
{
}

static void leave_in_register(const char *bytes)
{
    (void)bytes;
}
#endif

static void call_on_stack(void (*call)(void))
{
    static ucontext_t here, there;
    memset(stack, 0, sizeof stack);
    CHECK_EQUAL(getcontext(&there), 0);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = sizeof stack;
    there.uc_link = &here;
    makecontext(&there, call, 0);
    clear_registers();
    int is_back = swapcontext(&here, &there);
    save_registers();
    CHECK_EQUAL(is_back, 0);
}

static void check_nothing_left(const unsigned char *from, size_t len, enum kind kind,
                               const char *call, const char *where)
{
    for (unsigned form = 0; form < FORMS; form++)
        if (!CHECK_EQUAL(count(from, from + len, kind, form), 0))
            fprintf(stderr, "    of the %s, %s, after %s, %s\n", kinds[kind].name, forms[form], call,
                    where);
    if (kind < HMAC_KINDS && !CHECK(!has_states(from, from + len, kind)))
        fprintf(stderr, "    states of the %s, after %s, %s\n", kinds[kind].name, call, where);
}

/* The secret between these, until wipe(). */
static const char *with(const char *before, enum kind kind, const char *after)
{
    size_t len = strlen(before);
    memcpy(text, before, len);
    for (unsigned i = 0; i < kinds[kind].len; i++)
        text[len++] = (char)letter(kind, i);
    memcpy(text + len, after, strlen(after) + 1);
    return text;
}

static void add_secret(barker_webhook *hook, enum kind kind)
{
    with(kinds[kind].before, kind, "");
    CHECK_OK(barker_webhook_add_secret(hook, kinds[kind].scheme, text, strlen(text)));
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
    int is_sent = write(ends[1], ports, 2 * sizeof *ports) == (ssize_t)(2 * sizeof *ports);
    int are_played = peer_stop(&peers[0]) & peer_stop(&peers[1]);
    _exit(is_sent && are_played ? 0 : 1);
}

static void send_once(barker_webhook *hook)
{
    uint16_t http_status = 0;
    if (!CHECK_OK(barker_webhook_send_data(hook, "x", 1, &http_status, NULL)))
        fprintf(stderr, "    %s\n", barker_webhook_error(hook));
    CHECK_EQUAL(http_status, 200);
}

static barker_webhook *with_keys(void)
{
    barker_webhook *hook = barker_webhook_new();
    for (int twice = 0; twice < 2; twice++) {
        with("", MD5, "");
        CHECK_OK(barker_webhook_set_key(hook, text, strlen(text)));
        explicit_bzero(text, sizeof text);
        for (enum kind kind = LONG_MD5; kind <= PRIVATE; kind++)
            add_secret(hook, kind);
    }
    SET(hook, BARKER_ERR_SECRET, "whsec_", SHA256, "*",
        barker_webhook_add_secret(hook, BARKER_SCHEME_SVIX, value, strlen(value)));
    SET(hook, BARKER_ERR_SECRET, "whsk_", PRIVATE, "A",
        barker_webhook_add_secret(hook, BARKER_SCHEME_SVIX, value, strlen(value)));
    barker_buffer headers = {0};
    CHECK_OK(barker_webhook_sign_headers(hook, NULL, "x", 1, &headers));
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
static enum kind kind_on_stack;
static size_t secret_len; /* after it the text has a letter of no secret */

static void set_it(void)
{
    CHECK_OK(barker_webhook_set_secret(hook_on_stack, kinds[kind_on_stack].scheme, text, secret_len));
}

static void add_it(void)
{
    CHECK_OK(barker_webhook_add_secret(hook_on_stack, kinds[kind_on_stack].scheme, text, secret_len));
}

static void refuse_it(void)
{
    CHECK_EQUAL(barker_webhook_add_secret(hook_on_stack, BARKER_SCHEME_SVIX, text, secret_len + 1),
                BARKER_ERR_SECRET);
}

static void sign_with_it(void)
{
    CHECK_OK(barker_webhook_sign_headers(hook_on_stack, NULL, "x", 1, &headers_on_stack));
}

static void verify_with_it(void)
{
    const barker_header headers[] = {
        {"BARKER_TIMESTAMP", "1"}, {"BARKER_SIGNATURE", "db1541f495c52e2985cd5744441db766"},
        {"webhook-id", "a"}, {"webhook-timestamp", "1"},
        {"webhook-signature", "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
    };
    CHECK(barker_webhook_verify(hook_on_stack, headers, 5, "x", 1) != BARKER_OK);
    CHECK(barker_verify(kinds[kind_on_stack].scheme, text, secret_len, 0, headers, 5, "x", 1) !=
          BARKER_OK);
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
    leave_in_register(text + strlen(kinds[kind_on_stack].before) + 16);
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
    for (enum kind kind = MD5; kind <= PRIVATE; kind++) {
        kind_on_stack = kind;
        hook_on_stack = barker_webhook_new();
        secret_len = strlen(with(kinds[kind].before, kind, "*")) - 1;
        call_on_stack(leave_it);
        const unsigned char *saved = (const unsigned char *)&registers;
        CHECK(count(stack, stack + sizeof stack, kind, AS_IT_IS) > 0);
        CHECK(!KNOWS_REGISTERS || count(saved, saved + sizeof registers, kind, AS_IT_IS) > 0);
        for (size_t k = 0; k < sizeof calls / sizeof *calls; k++) {
            call_on_stack(calls[k].call);
            check_nothing_left(saved, sizeof registers, kind, calls[k].name, "in registers");
            check_nothing_left(stack, sizeof stack, kind, calls[k].name, "on the stack");
        }
        barker_buffer_free(&headers_on_stack);
        barker_webhook_free(hook_on_stack);
        explicit_bzero(text, sizeof text);
    }
    memset(&registers, 0, sizeof registers);
    memset(stack, 0, sizeof stack);
}

int main(void)
{
    static struct findings before, after;
    unsigned ports[2] = {0};
    check_begin();
    make_pieces();
    use_stack();
    pid_t receivers = start_receivers(ports);
    barker_webhook *keys = with_keys(), *hooks[2], *authorized;
    use_passwords(keys, hooks, ports);
    authorized = use_header(keys, ports[0]);

    /* What the handles must hold is found, so the search does find. */
    search(&before);
    for (unsigned kind = 0; kind < HMAC_KINDS; kind++)
        if (!CHECK(before.states[kind]))
            fprintf(stderr, "    of the %s\n", kinds[kind].name);
    CHECK(before.pieces[PRIVATE][DECODED] > 0);
    CHECK(before.pieces[HEADER][AS_IT_IS] > 0);
    CHECK(before.pieces[URL][AS_IT_IS] > 0 && before.pieces[URL][ENCODED] > 0);
    CHECK(before.pieces[PROXY][ENCODED] > 0);

    barker_webhook_free(keys);
    barker_webhook_free(hooks[0]);
    barker_webhook_free(hooks[1]);
    barker_webhook_free(authorized);
    search(&after);
    for (unsigned kind = 0; kind < KINDS; kind++)
        for (unsigned form = 0; form < FORMS; form++)
            if (!CHECK_EQUAL(after.pieces[kind][form], 0))
                fprintf(stderr, "    of the %s, %s\n", kinds[kind].name, forms[form]);
    for (unsigned kind = 0; kind < HMAC_KINDS; kind++)
        if (!CHECK(!after.states[kind]))
            fprintf(stderr, "    states of the %s\n", kinds[kind].name);
    int status = 1;
    CHECK_EQUAL(waitpid(receivers, &status, 0), receivers);
    CHECK_EQUAL(status, 0);
    return check_end("wiped");
}
