// second.cpp: another part of the program that webhook.cpp is, always without exceptions: what
// barker.hpp defines may be there twice, in both kinds.
#include "check.hpp"

std::error_code second_part();

std::error_code second_part()
{
    std::error_code ec;
    barker::webhook hook;
    hook.set_url("no URL", ec);
    CHECK(hook.error());
    return ec;
}
