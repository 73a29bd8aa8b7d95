// wrong.cpp: what must not compile without exceptions, one mistake at a time, by the number in
// MISTAKE; with 0 all is well.
#include <barker.hpp>

#include <map>
#include <string_view>
#include <vector>

int main()
{
    std::error_code ec;
    barker::webhook hook;
    std::vector<barker::webhook> hooks;
#if MISTAKE == 1 // an error that nobody would hear of
    hook.set_url("https://receiver.example/");
#elif MISTAKE == 2 // an answer whose webhook is gone
    return barker::webhook().send(ec).ok();
#elif MISTAKE == 3 // no NUL at its end
    hook.set_url(std::string_view("https://receiver.example/"), ec);
#elif MISTAKE == 4 // one handle for two
    barker::webhook copy = hook;
#elif MISTAKE == 5 // does 0 stop, or go on?
    barker::send_many(hooks, 1, [](std::size_t, barker::status) { return 0; }, ec);
#elif MISTAKE == 6 // bytes of more than a byte
    hook.set_data(std::vector<int>(), ec);
#elif MISTAKE == 7 // a number without a unit
    hook.set_timeout(5, ec);
#elif MISTAKE == 8 // finer than it can be
    hook.set_tolerance(std::chrono::milliseconds(500), ec);
#elif MISTAKE == 9 // headers that are no texts
    hook.verify(std::map<std::string, int>(), "", ec);
#endif
}
