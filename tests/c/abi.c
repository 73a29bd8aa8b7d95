/* abi.c: the recorded ABI against the header and the library that this is compiled with. It does not
 * compile if the header broke the record, nor link if the library did. See docs/abi.md.
 */
#include <barker.h>

/* In 32 bits a pointer is smaller, but everything has the same order and the same types. */
#define SAME_TYPE(a, b) __builtin_types_compatible_p(__typeof__(a), __typeof__(b))
#define STRUCT(since, name, ...)                                                                   \
    struct recorded_##name {                                                                       \
        __VA_ARGS__                                                                                \
    };                                                                                             \
    _Static_assert(sizeof(name) == sizeof(struct recorded_##name), #name " has another size");
#define MEMBER(since, type, name)                                                                  \
    _Static_assert(offsetof(type, name) == offsetof(struct recorded_##type, name),                 \
                   #type "." #name " is at another place");                                        \
    _Static_assert(SAME_TYPE(((type *)0)->name, ((struct recorded_##type *)0)->name),              \
                   #type "." #name " has another type");
#define ENUM(since, name, type) _Static_assert(SAME_TYPE(name, type), #name " is not " #type);
#define VALUE(since, type, name, number) _Static_assert(name == number, #name " is not " #number);
#define CALLBACK(since, name, result, ...)                                                         \
    typedef result(*recorded_##name) __VA_ARGS__;                                                  \
    _Static_assert(SAME_TYPE(name, recorded_##name), #name " has another prototype");
#define FUNCTION(since, name, result, ...)                                                         \
    extern result(*const recorded_##name) __VA_ARGS__;                                             \
    result(*const recorded_##name) __VA_ARGS__ = name;

#include "abi.h"
