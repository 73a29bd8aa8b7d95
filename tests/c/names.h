/* names.h: stands in for the system's resolver. A program that includes it defines getaddrinfo()
 * itself, and a library that it links asks here; one that it opens does if the program was linked
 * with -rdynamic. */
#ifndef NAMES_H
#define NAMES_H

#include <arpa/inet.h>
#include <netdb.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAMES_ADDRESSES = 20 };

/* What the program's names mean; it ends with a name of NULL. A name that begins with a dot stands
 * for all that end with it. */
struct names_entry {
    const char *name;
    const char *addresses[NAMES_ADDRESSES];
};
static const struct names_entry *names_known;

/* Names that take longer, or have no address for another reason than that they do not exist. */
struct names_oddity {
    const char *name;
    unsigned delay; /* milliseconds */
    int failure;    /* what getaddrinfo() returns */
};
static const struct names_oddity *names_odd;

static atomic_uint names_delay; /* milliseconds until an answer comes */
static atomic_int names_ending; /* none takes any time any more */
static atomic_int names_asked, names_running, names_most_running;
static sigset_t names_mask; /* the signals that the last asking thread blocked */

/* An address, IPv6 perhaps with the number of an interface after a percent sign. */
static inline struct addrinfo *names_answer(const char *address, struct addrinfo *next)
{
    struct {
        struct addrinfo info;
        struct sockaddr_in6 address;
    } *answer = calloc(1, sizeof *answer);
    struct sockaddr_in *four = (struct sockaddr_in *)&answer->address;
    char bare[64] = "";
    size_t len = strcspn(address, "%");
    memcpy(bare, address, len);
    int is_four = inet_pton(AF_INET, bare, &four->sin_addr) == 1;
    if (!is_four && inet_pton(AF_INET6, bare, &answer->address.sin6_addr) != 1)
        abort();
    if (!is_four && address[len] != '\0')
        answer->address.sin6_scope_id = (uint32_t)atoi(address + len + 1);
    answer->address.sin6_family = is_four ? AF_INET : AF_INET6;
    answer->info = (struct addrinfo){
        .ai_family = is_four ? AF_INET : AF_INET6,
        .ai_socktype = SOCK_STREAM,
        .ai_addrlen = is_four ? sizeof *four : sizeof answer->address,
        .ai_addr = (struct sockaddr *)&answer->address,
        .ai_next = next,
    };
    return &answer->info;
}

static inline int names_is(const char *wanted, const char *name)
{
    size_t len = strlen(name), ending = strlen(wanted);
    return strcmp(name, wanted) == 0 ||
           (wanted[0] == '.' && len > ending && strcmp(name + len - ending, wanted) == 0);
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    static const struct names_oddity usual = {NULL, 0, EAI_NONAME};
    const struct names_oddity *odd = names_odd != NULL ? names_odd : &usual;
    const struct names_entry *entry = names_known;
    (void)service, (void)hints;
    int running = atomic_fetch_add(&names_running, 1) + 1, most = names_most_running;
    while (most < running && !atomic_compare_exchange_weak(&names_most_running, &most, running))
        ;
    names_asked++;
    pthread_sigmask(SIG_SETMASK, NULL, &names_mask);
    while (entry->name != NULL && !names_is(entry->name, name))
        entry++;
    while (odd->name != NULL && !names_is(odd->name, name))
        odd++;
    for (unsigned waited = 0; waited < names_delay + odd->delay && !names_ending; waited++)
        usleep(1000);
    *found = NULL;
    for (int i = NAMES_ADDRESSES - 1; entry->name != NULL && i >= 0; i--)
        if (entry->addresses[i] != NULL)
            *found = names_answer(entry->addresses[i], *found);
    names_running--;
    return *found != NULL ? 0 : odd->failure;
}

void freeaddrinfo(struct addrinfo *found)
{
    while (found != NULL) {
        struct addrinfo *next = found->ai_next;
        free(found);
        found = next;
    }
}

#endif
