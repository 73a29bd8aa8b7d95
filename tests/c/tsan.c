/* tsan.c: tells ThreadSanitizer what Rust's standard library does, which comes compiled without it: that
 * a lock was taken when it was contended, and that waiting for a condition gives a lock back and
 * takes it again. Linked into the library with --wrap for each of these functions, whose names
 * tests/support/tsan.py looks up: LOCK_CONTENDED, WAIT and WAIT_TIMEOUT. */
#include <stdint.h>

#define JOIN_(prefix, name) prefix##name
#define JOIN(prefix, name) JOIN_(prefix, name)
#define REAL(name) JOIN(__real_, name)
#define WRAPPED(name) JOIN(__wrap_, name)

void __tsan_acquire(void *lock);
void __tsan_release(void *lock);

void REAL(LOCK_CONTENDED)(void *lock);
void WRAPPED(LOCK_CONTENDED)(void *lock)
{
    REAL(LOCK_CONTENDED)(lock);
    __tsan_acquire(lock);
}

void REAL(WAIT)(void *condition, void *lock);
void WRAPPED(WAIT)(void *condition, void *lock)
{
    __tsan_release(lock);
    REAL(WAIT)(condition, lock);
    __tsan_acquire(lock);
}

_Bool REAL(WAIT_TIMEOUT)(void *condition, void *lock, uint64_t seconds, uint32_t nanoseconds);
_Bool WRAPPED(WAIT_TIMEOUT)(void *condition, void *lock, uint64_t seconds, uint32_t nanoseconds)
{
    __tsan_release(lock);
    _Bool in_time = REAL(WAIT_TIMEOUT)(condition, lock, seconds, nanoseconds);
    __tsan_acquire(lock);
    return in_time;
}
