/* process.h: what a program can see of itself while it runs. */
#ifndef PROCESS_H
#define PROCESS_H

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Milliseconds on a clock that is never set. */
static inline long long process_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Entries of a directory: /proc/self/fd has the open descriptors, /proc/self/task the threads. */
static inline int process_entries(const char *path)
{
    DIR *directory = opendir(path);
    int count = 0;
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

/* Waits, within bounds, until no more than so many threads are left; gives how many are. */
static inline int process_wait_for_threads(int count)
{
    for (int i = 0; i < 1000 && process_entries("/proc/self/task") > count; i++)
        usleep(10000);
    return process_entries("/proc/self/task");
}

/* A figure of /proc/self/status, such as VmRSS (KiB in memory) or VmHWM (the most it ever was). */
static inline long process_figure(const char *name)
{
    char line[256];
    long figure = -1;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && figure < 0 && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
            sscanf(line + strlen(name) + 1, "%ld", &figure);
    if (status != NULL)
        fclose(status);
    return figure;
}

#endif
