// second.cpp: another part of the program that webhook.cpp is, always without exceptions and, where
// the program is linked with the shared library, a shared library that hides what it can: what
// barker.hpp defines may be there twice, in both kinds.
#include "check.hpp"

__attribute__((visibility("default"))) std::error_code second_part();

std::error_code second_part()
{
    std::error_code ec;
    barker::webhook hook;
    hook.set_url("no URL", ec);
    return ec;
}
