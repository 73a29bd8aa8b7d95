/* load.c: loads a library as a plugin would, and prints as JSON how long that took, how many bytes of
 * memory it costs, and the files that are mapped since then.
 *
 *     load LIBRARY */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct mapped {
    char names[8192]; /* each file once, with a line break after it */
    long resident;    /* KiB that the process has in memory */
};

static void look(struct mapped *mapped)
{
    char line[1024];
    FILE *maps = fopen("/proc/self/smaps", "r");
    if (maps == NULL)
        exit(1);
    memset(mapped, 0, sizeof *mapped);
    while (fgets(line, sizeof line, maps) != NULL) {
        const char *name = strchr(line, '/');
        if (strncmp(line, "Rss:", 4) == 0)
            mapped->resident += strtol(line + 4, NULL, 10);
        else if (name != NULL && strstr(mapped->names, name) == NULL &&
                 strlen(mapped->names) + strlen(name) < sizeof mapped->names)
            strcat(mapped->names, name);
    }
    fclose(maps);
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int main(int argc, char **argv)
{
    static struct mapped before, after;
    if (argc != 2)
        return 1;
    look(&before);
    look(&before); /* once more: now the pages that looking takes are in memory */
    int64_t start = now();
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    int64_t took = now() - start;
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    look(&after);
    printf("{\"time\": %lld, \"memory\": %ld, \"files\": [", (long long)took,
           (after.resident - before.resident) * 1024);
    const char *separator = "";
    for (char *name = strtok(after.names, "\n"); name != NULL; name = strtok(NULL, "\n")) {
        if (strstr(before.names, name) != NULL)
            continue;
        printf("%s\"%s\"", separator, name);
        separator = ", ";
    }
    printf("]}\n");
    return 0;
}
