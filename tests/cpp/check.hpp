// check.hpp: what the C++ tests say. A program runs its checks, prints how many, and fails if one
// did.
#ifndef CHECK_HPP
#define CHECK_HPP

#include <barker.hpp>

#include <cstdio>

extern unsigned check_count, check_failures;

inline bool check_that(bool holds, const char *file, int line, const char *what)
{
    ++check_count;
    if (!holds) {
        ++check_failures;
        std::fprintf(stderr, "%s:%d: %s\n", file, line, what);
    }
    return holds;
}

inline void check_status(const std::error_code &got, barker::status wanted, const char *file,
                         int line, const char *what)
{
    if (!check_that(got == wanted, file, line, what))
        std::fprintf(stderr, "    is %d, should be %d\n", got.value(), static_cast<int>(wanted));
}

// For a result that a check does not look at.
template <class Result>
void ignore(const Result &)
{
}

template <class Call>
void perform(Call call)
{
    call();
}

#define CHECK(...) check_that(static_cast<bool>(__VA_ARGS__), __FILE__, __LINE__, #__VA_ARGS__)

// A call throws an error of this status, or none if that is ok.
#ifdef __cpp_exceptions
#define CHECK_THROWS(wanted, ...)                                                       \
    do {                                                                                \
        std::error_code thrown_ = barker::status::ok;                             \
        try {                                                                           \
            perform([&] { return __VA_ARGS__; });                                       \
        } catch (const barker::error &error_) {                                         \
            thrown_ = error_.code();                                                    \
            CHECK(error_.status() == (wanted) && std::strlen(error_.what()) > 0);       \
        }                                                                               \
        check_status(thrown_, wanted, __FILE__, __LINE__, #__VA_ARGS__ " throws " #wanted); \
    } while (0)
#else
#define CHECK_THROWS(wanted, ...) static_cast<void>(0)
#endif

// A call in both forms ends so. In the one, its code is set over another.
#define CHECK_BOTH(wanted, function, ...)                                               \
    do {                                                                                \
        std::error_code code_ = std::make_error_code(std::errc::io_error);              \
        perform([&] { return function(__VA_ARGS__, code_); });                         \
        check_status(code_, wanted, __FILE__, __LINE__,                                 \
                     #function "(" #__VA_ARGS__ ") is " #wanted);                       \
        CHECK_THROWS(wanted, function(__VA_ARGS__));                                    \
    } while (0)

// The same of a function without other arguments.
#define CHECK_BOTH_BARE(wanted, function)                                               \
    do {                                                                                \
        std::error_code code_ = std::make_error_code(std::errc::io_error);              \
        perform([&] { return function(code_); });                                      \
        check_status(code_, wanted, __FILE__, __LINE__, #function "() is " #wanted);    \
        CHECK_THROWS(wanted, function());                                               \
    } while (0)

#endif
