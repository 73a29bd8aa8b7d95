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

enum { NAMES_ADDRESSES = 4 };

/* What the program's names mean; it ends with a name of NULL. */
struct names_entry {
    const char *name;
    const char *addresses[NAMES_ADDRESSES];
};
static const struct names_entry *names_known;

static atomic_uint names_delay; /* milliseconds until an answer comes */
static atomic_int names_asked, names_running, names_most_running;
static sigset_t names_mask; /* the signals that the last asking thread blocked */

static inline struct addrinfo *names_answer(const char *address, struct addrinfo *next)
{
    struct {
        struct addrinfo info;
        struct sockaddr_in6 address;
    } *answer = calloc(1, sizeof *answer);
    struct sockaddr_in *four = (struct sockaddr_in *)&answer->address;
    int is_four = inet_pton(AF_INET, address, &four->sin_addr) == 1;
    if (!is_four && inet_pton(AF_INET6, address, &answer->address.sin6_addr) != 1)
        abort();
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

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    (void)service, (void)hints;
    int running = atomic_fetch_add(&names_running, 1) + 1, most = names_most_running;
    while (most < running && !atomic_compare_exchange_weak(&names_most_running, &most, running))
        ;
    names_asked++;
    pthread_sigmask(SIG_SETMASK, NULL, &names_mask);
    for (unsigned waited = 0; waited < names_delay; waited++)
        usleep(1000);
    *found = NULL;
    for (const struct names_entry *entry = names_known; entry->name != NULL; entry++)
        for (int i = NAMES_ADDRESSES - 1; strcmp(entry->name, name) == 0 && i >= 0; i--)
            if (entry->addresses[i] != NULL)
                *found = names_answer(entry->addresses[i], *found);
    names_running--;
    return *found != NULL ? 0 : EAI_NONAME;
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
