// webhook.cpp: all of barker.hpp, with right and with wrong input, in both forms of its errors.
//
//     webhook HTTP_URL HTTPS_URL    the receivers of tests/test_cpp.py, in a directory with its
//     certificates
#include "check.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <list>
#include <map>
#include <new>
#include <sstream>
#include <thread>
#if __cplusplus >= 202002L
#include <span>
#endif

unsigned check_count, check_failures;
std::error_code second_part();

using barker::status;
using std::chrono::milliseconds;
using std::chrono::seconds;

// ---- how often the program allocates: not the library, which does not ask C++ ----

static unsigned long allocations;

void *operator new(std::size_t size)
{
    ++allocations;
    void *memory = std::malloc(size);
    if (memory == nullptr)
        std::abort();
    return memory;
}

void operator delete(void *memory) noexcept
{
    std::free(memory);
}

void operator delete(void *memory, std::size_t) noexcept
{
    std::free(memory);
}

// ---- what the checks share ----

static const char *http_url, *https_url;
static const std::string with_nul("a\0b", 3);
static const char *const not_utf8 = "\xc3\x28";
static const char *const nobody = "http://127.0.0.1:1/";
static const char *const timestamp = "1566234234.123456";
static const char *const signature = "db1541f495c52e2985cd5744441db766"; // of "hello"
static const char *const standard_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

static std::string url_of(const char *path)
{
    return std::string(http_url) + path;
}

static std::string read_file(const char *path)
{
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

static barker::webhook hook_for(barker::text url)
{
    std::error_code ec;
    barker::webhook hook;
    hook.set_url(url, ec);
    CHECK(!ec);
    hook.set_timeout(seconds(60), ec);
    CHECK(!ec);
    return hook;
}

// ---- the checks ----

static void statuses()
{
    std::error_code ec = status::timeout;
    CHECK(ec && ec == status::timeout && ec != status::stopped);
    CHECK(&ec.category() == &barker::category() && ec.category().name() == std::string("barker"));
    CHECK(ec.message() == barker_status_string(BARKER_ERR_TIMEOUT));
    CHECK(ec.value() == BARKER_ERR_TIMEOUT && !std::error_code(status::ok));
    CHECK(barker::status_string(status::timeout) == ec.message());
    CHECK(barker::status_string(static_cast<status>(-1)) == "unknown status");
    CHECK(barker::version() == barker_version());
    CHECK(barker::version_number() == BARKER_VERSION_NUMBER);
    CHECK(second_part() == status::url);
#ifdef __cpp_exceptions
    const barker::error error(status::url, "a sentence");
    const std::runtime_error &base = error;
    CHECK(base.what() == std::string("a sentence") && error.status() == status::url);
    CHECK(error.code() == status::url);
#endif
}

static void texts()
{
    const std::string string = "text";
    const barker::text none = nullptr, text = string, empty = "";
    CHECK(text == "text" && text == string && "text" == text && text != "other");
    CHECK(text.size() == 4 && text.str() == string && text.c_str() == string.c_str() && text);
    CHECK(!none && none.size() == 0 && none.str().empty() && none.c_str() == nullptr);
    CHECK(none == none && none != empty && empty && empty.size() == 0);
    CHECK(barker::text(with_nul) != "a");
    std::ostringstream stream;
    stream << text << none << 7;
    CHECK(stream.str() == "text7");
#if __cplusplus >= 201703L
    const std::string_view view = text, of_none = none;
    CHECK(view == string && view.data() == string.data() && of_none.empty());
#endif
    static_assert(!std::is_constructible<barker::text, std::wstring>::value, "");
}

static bool same(barker::bytes bytes, const void *data, std::size_t size)
{
    return bytes.data() == data && bytes.size() == size && bytes.empty() == (size == 0) &&
           bytes.end() - bytes.begin() == static_cast<std::ptrdiff_t>(size);
}

static void byte_views()
{
    const std::string string = with_nul;
    const std::vector<unsigned char> vector = {1, 2, 0, 3};
    const std::array<char, 2> array = {{'x', 'y'}};
    const char *const c_str = "abc";
    CHECK(same(string, string.data(), 3) && barker::bytes(string).str() == with_nul);
    CHECK(same(vector, vector.data(), 4) && same(array, array.data(), 2));
    CHECK(same(c_str, c_str, 3) && same(barker::bytes(), nullptr, 0));
    CHECK(same(barker::text(c_str), c_str, 3) && barker::bytes("ab").size() == 2);
    CHECK(same(barker::bytes(vector.data() + 1, 2), vector.data() + 1, 2));
    static_assert(!std::is_constructible<barker::bytes, std::vector<int>>::value, "");
    static_assert(!std::is_constructible<barker::bytes, std::wstring>::value, "");
    static_assert(!std::is_constructible<barker::bytes, std::array<bool, 3>>::value, "");
#if __cplusplus >= 201703L
    const std::string_view view = "view";
    const std::vector<std::byte> std_bytes(5);
    const std::string_view back = barker::bytes(view);
    CHECK(same(view, view.data(), 4) && same(std_bytes, std_bytes.data(), 5) && back == view);
#endif
#if __cplusplus >= 202002L
    const std::span<const unsigned char> span = vector;
    const std::span<const unsigned char> span_back = barker::bytes(vector);
    CHECK(same(span, vector.data(), 4) && same(std::as_bytes(span), vector.data(), 4));
    CHECK(span_back.data() == vector.data() && span_back.size() == 4);
#endif
}

static void what_is_sent()
{
    barker::webhook hook;
    CHECK(hook && !hook.url() && hook.data().empty() && hook.status() == status::ok);
    CHECK(hook.handle() != nullptr && hook.error() == "");
    CHECK_BOTH(status::ok, hook.set_url, std::string("https://receiver.example/"));
    CHECK(hook.url() == "https://receiver.example/");
    for (const char *url : {"", "ftp://x/", "receiver.example"}) {
        CHECK_BOTH(status::url, hook.set_url, url);
        CHECK(hook.status() == status::url && hook.error().size() > 0);
    }
    CHECK_BOTH(status::null, hook.set_url, nullptr);
    CHECK_BOTH(status::utf8, hook.set_url, not_utf8);
    CHECK_BOTH(status::utf8, hook.set_url, with_nul);
    CHECK(hook.url() == "https://receiver.example/");

    CHECK_BOTH(status::ok, hook.set_data, with_nul);
    CHECK(hook.data().str() == with_nul);
    CHECK_BOTH(status::ok, hook.set_data, barker::bytes());
    CHECK_BOTH(status::null, hook.set_data, static_cast<const char *>(nullptr));
    CHECK(hook.data().empty());

    CHECK_BOTH(status::ok, hook.set_content_type, "text/plain");
    CHECK_BOTH(status::ok, hook.set_content_type, nullptr);
    CHECK_BOTH(status::header, hook.set_content_type, "\n");
    CHECK_BOTH(status::utf8, hook.set_content_type, with_nul);
    CHECK_BOTH(status::ok, hook.add_header, "X-Name", std::string("value"));
    CHECK_BOTH(status::header, hook.add_header, "Host", "x");
    CHECK_BOTH(status::header, hook.add_header, "X", "\r\n");
    CHECK_BOTH(status::null, hook.add_header, nullptr, "x");
    CHECK_BOTH(status::null, hook.add_header, "x", nullptr);
    CHECK_BOTH(status::utf8, hook.add_header, with_nul, "x");
    CHECK_BOTH(status::utf8, hook.add_header, "x", with_nul);
    CHECK_BOTH_BARE(status::ok, hook.clear_headers);
}

static void how_it_is_signed()
{
    barker::webhook hook;
    const char *const unset = std::getenv("BARKER_TEST_THAT_NOBODY_SETS");
    CHECK_BOTH(status::ok, hook.set_secret, barker::scheme::standard, standard_secret);
    CHECK_BOTH(status::secret, hook.set_secret, barker::scheme::standard, "*");
    CHECK_BOTH(status::secret, hook.set_secret, barker::scheme::github, "");
    CHECK_BOTH(status::null, hook.set_secret, barker::scheme::github, unset);
    CHECK_BOTH(status::range, hook.set_secret, static_cast<barker::scheme>(99), "x");
    CHECK_BOTH(status::ok, hook.add_secret, barker::scheme::slack, std::string("new"));
    CHECK_BOTH(status::secret, hook.add_secret, barker::scheme::standard, "*");
    CHECK_BOTH(status::range, hook.add_secret, static_cast<barker::scheme>(-1), "x");
    std::error_code ec;
    for (int i = 0; i < 16; ++i)
        hook.add_secret(barker::scheme::slack, "more", ec);
    CHECK(ec == status::range);
    CHECK_BOTH(status::ok, hook.set_key, "key");
    CHECK_BOTH(status::ok, hook.set_key, barker::bytes());
    CHECK_BOTH(status::null, hook.set_key, unset);
    CHECK_BOTH(status::ok, hook.set_spelling, barker::spelling::both);
    CHECK_BOTH(status::range, hook.set_spelling, static_cast<barker::spelling>(3));
    CHECK_BOTH(status::ok, hook.set_id, "msg_1");
    CHECK_BOTH(status::ok, hook.set_id, nullptr);
    CHECK_BOTH(status::id, hook.set_id, "with blank");
    CHECK_BOTH(status::utf8, hook.set_id, with_nul);
}

static void how_it_is_delivered()
{
    barker::webhook hook;
    CHECK(hook.timeout() == seconds(5) && hook.tolerance() == seconds(300));
    CHECK_BOTH(status::ok, hook.set_timeout, seconds(7));
    CHECK_BOTH(status::range, hook.set_timeout, milliseconds(0));
    CHECK_BOTH(status::range, hook.set_timeout, milliseconds(-1));
    CHECK(hook.timeout() == milliseconds(7000));
    CHECK_BOTH(status::ok, hook.set_timeout, milliseconds::max());
    CHECK(hook.timeout() == milliseconds(UINT32_MAX));
    CHECK_BOTH(status::ok, hook.set_tolerance, std::chrono::hours(1));
    CHECK(hook.tolerance() == seconds(3600));
    CHECK_BOTH(status::ok, hook.set_tolerance, seconds(0));
    CHECK(hook.tolerance() == seconds(0));
    CHECK_BOTH(status::ok, hook.set_tolerance, seconds(-1));
    CHECK(hook.tolerance() == seconds(1));
    CHECK_BOTH(status::ok, hook.set_tolerance, seconds::max());
    CHECK(hook.tolerance() == seconds(UINT32_MAX));
    CHECK_BOTH(status::ok, hook.set_idle_limits, 4, seconds(20));
    CHECK_BOTH(status::ok, hook.set_max_connection_age, seconds(0));
    CHECK_BOTH_BARE(status::ok, hook.close_idle);
    CHECK_BOTH(status::ok, hook.set_lookup_lifetime, seconds(0));
    CHECK_BOTH(status::ok, hook.set_max_body, 1000);
    CHECK_BOTH(status::ok, hook.set_redirects, 3, true);
    CHECK_BOTH(status::ok, hook.set_replay_limit, 10);
    CHECK_BOTH(status::ok, hook.set_proxy, "socks5://127.0.0.1:1");
    CHECK_BOTH(status::ok, hook.set_proxy, nullptr);
    CHECK_BOTH(status::url, hook.set_proxy, "ftp://127.0.0.1:1");
    CHECK_BOTH(status::utf8, hook.set_proxy, with_nul);
    CHECK_BOTH_BARE(status::ok, hook.set_proxy_from_environment);
    setenv("http_proxy", "not a proxy", 1);
    CHECK_BOTH_BARE(status::ok, hook.set_proxy_from_environment);
    CHECK_BOTH(status::ok, hook.set_url, nobody);
    CHECK_BOTH(status::proxy, hook.send, "x");
    unsetenv("http_proxy");
}

static void where_it_may_go()
{
    barker::webhook hook = hook_for(nobody);
    CHECK_BOTH(status::connect, hook.send, "x");
    CHECK_BOTH(status::ok, hook.set_address_policy, barker::addresses::public_internet);
    CHECK_BOTH(status::range, hook.set_address_policy, static_cast<barker::addresses>(3));
    CHECK_BOTH(status::refused, hook.send, "x");
    CHECK_BOTH(status::ok, hook.allow_network, "127.0.0.0/8");
    CHECK_BOTH(status::connect, hook.send, "x");
    CHECK_BOTH(status::ok, hook.allow_port, 443);
    CHECK_BOTH(status::refused, hook.send, "x");
    CHECK_BOTH(status::ok, hook.allow_port, 1);
    CHECK_BOTH(status::connect, hook.send, "x");
    CHECK_BOTH(status::ok, hook.set_https_only, true);
    CHECK_BOTH(status::refused, hook.send, "x");
    CHECK_BOTH(status::ok, hook.set_https_only, false);
    CHECK_BOTH(status::ok, hook.deny_network, std::string("127.0.0.1"));
    CHECK_BOTH(status::refused, hook.send, "x");
    for (const char *network : {"127.0.0.1/8", "", "receiver.example"}) {
        CHECK_BOTH(status::range, hook.allow_network, network);
        CHECK_BOTH(status::range, hook.deny_network, network);
    }
    CHECK_BOTH(status::null, hook.allow_network, nullptr);
    CHECK_BOTH(status::null, hook.deny_network, nullptr);
    CHECK_BOTH(status::utf8, hook.allow_network, with_nul);
    CHECK_BOTH(status::utf8, hook.deny_network, with_nul);
    CHECK_BOTH(status::range, hook.allow_port, 0);
    CHECK_BOTH(status::range, hook.allow_port, 65536);
}

// The receiver asks for a certificate of the client's.
static void whom_to_trust()
{
    const std::string ca = read_file("ours.pem"), certificate = read_file("client.pem");
    const std::string key = read_file("client.key"), crl = read_file("ours.crl");
    barker::webhook hook = hook_for(https_url);
    CHECK_BOTH(status::ok, hook.set_platform_ca, false);
    CHECK_BOTH(status::tls, hook.send, "x");
    CHECK_BOTH(status::certificate, hook.add_ca, key);
    CHECK_BOTH(status::null, hook.add_ca, static_cast<const char *>(nullptr));
    CHECK_BOTH(status::certificate, hook.add_ca_file, "missing.pem");
    CHECK_BOTH(status::null, hook.add_ca_file, nullptr);
    CHECK_BOTH(status::utf8, hook.add_ca_file, with_nul);
    CHECK_BOTH(status::ok, hook.add_ca, ca);
    CHECK_BOTH(status::ok, hook.add_ca_file, std::string("ours.pem"));
    CHECK_BOTH(status::ok, hook.add_crl, crl);
    CHECK_BOTH(status::certificate, hook.add_crl, ca);
    CHECK_BOTH(status::ok, hook.set_min_tls, barker::tls::v1_3);
    CHECK_BOTH(status::range, hook.set_min_tls, static_cast<barker::tls>(11));
    CHECK_BOTH(status::ok, hook.set_server_name, "receiver.example");
    CHECK_BOTH(status::certificate, hook.set_server_name, "a name");
    CHECK_BOTH(status::utf8, hook.set_server_name, with_nul);
    CHECK_BOTH(status::certificate_name, hook.send, "x");
    CHECK_BOTH(status::ok, hook.set_server_name, nullptr);
    CHECK_BOTH(status::tls, hook.send, "x"); // without a certificate
    CHECK_BOTH(status::certificate, hook.set_client_certificate, certificate, ca);
    CHECK_BOTH(status::certificate, hook.set_client_certificate, key, certificate);
    CHECK_BOTH(status::null, hook.set_client_certificate, certificate,
               static_cast<const char *>(nullptr));
    CHECK_BOTH(status::ok, hook.set_client_certificate, certificate, key);
    CHECK_BOTH(status::ok, hook.send, "x");
    CHECK(hook.response().status() == 200);
    CHECK_BOTH(status::ok, hook.set_client_certificate, barker::bytes(), barker::bytes());
    CHECK_BOTH(status::tls, hook.send, "x");

    barker::webhook insecure = hook_for(https_url);
    CHECK_BOTH(status::ok, insecure.set_client_certificate, certificate, key);
    CHECK_BOTH(status::certificate_issuer, insecure.send, "x");
    CHECK_BOTH(status::ok, insecure.set_insecure_skip_verify, true);
    CHECK_BOTH(status::ok, insecure.send, "x");
}

// The receiver sends back what it got, and its headers with "Echo-" before their names.
static void sending()
{
    std::error_code ec;
    barker::webhook hook;
    CHECK_BOTH_BARE(status::url, hook.send);
    CHECK(!hook.id() && !hook.timestamp() && !hook.signature() && hook.response().status() == 0);
    CHECK(hook.response().headers().empty() && hook.response().body().empty());
    hook = hook_for(url_of("echo"));
    hook.set_data("that was set", ec);
    hook.set_content_type("text/plain", ec);
    hook.add_header("X-Name", "value", ec);
    CHECK_BOTH_BARE(status::ok, hook.send);
    barker::response answer = hook.response();
    CHECK(answer.ok() && answer.status() == 200 && answer.body().str() == "that was set");
    CHECK(answer.body().data()[answer.body().size()] == 0);
    CHECK(answer.header("echo-x-name") == "value" && answer.header("Echo-Content-Type"));
    CHECK(answer.header("Echo-BARKER_TIMESTAMP") == hook.timestamp());
    CHECK(answer.header("Echo-BARKER_SIGNATURE") == hook.signature() && hook.id() == "");
    CHECK(!answer.header("X-None") && !answer.header(nullptr) && !answer.header(with_nul));

    std::size_t count = 0;
    for (barker::header header : answer.headers()) {
        CHECK(answer.header(header.name) && std::strlen(header.value) > 0);
        CHECK(header.name == answer.headers()[count].name);
        ++count;
    }
    CHECK(count > 3 && count == answer.headers().size());
    CHECK(answer.headers()[count].name == nullptr && answer.headers()[count].value == nullptr);
    auto second = std::next(answer.headers().begin());
    CHECK(second->name == answer.headers()[1].name && second != answer.headers().end());

    answer = hook.send(with_nul, ec);
    CHECK(!ec && answer.body().str() == with_nul && hook.data().str() == "that was set");
    const barker::webhook moved = std::move(hook);
    CHECK(answer.body().str() == with_nul);
    CHECK(answer.body().data() == moved.response().body().data());

    barker::webhook refused = hook_for(url_of("500"));
    answer = refused.send("x", ec);
    CHECK(!ec && answer.status() == 500 && !answer.ok());
    refused.set_max_body(1, ec);
    CHECK_BOTH(status::too_large, refused.send, "xx");
    CHECK(answer.status() == 500 && answer.header("Content-Length") == "2");
    CHECK(answer.body().empty());
    answer = hook_for(nobody).clone(ec).response();
    refused = hook_for(nobody);
    answer = refused.send("x", ec);
    CHECK(ec == status::connect && answer.status() == 0 && answer.body().empty());
    CHECK(refused.signature() && refused.status() == status::connect);
#ifdef __cpp_exceptions
    std::string what;
    try {
        ignore(refused.send("x"));
    } catch (const std::exception &error) {
        what = error.what();
    }
    CHECK(!what.empty() && refused.error() == what);
#endif
}

static void clones_and_moves()
{
    std::error_code ec;
    static_assert(!std::is_copy_constructible<barker::webhook>::value, "");
    static_assert(std::is_nothrow_move_constructible<barker::webhook>::value, "");
    static_assert(std::is_nothrow_move_assignable<barker::webhook>::value, "");
    static_assert(!std::is_copy_constructible<barker::buffer>::value, "");
    static_assert(std::is_nothrow_move_constructible<barker::buffer>::value, "");
    barker::webhook hook = hook_for(nobody);
    const barker::webhook clone = hook.clone(ec);
    CHECK(!ec && clone.url() == hook.url() && clone.handle() != hook.handle());
    barker_webhook *const handle = hook.handle();
    barker::webhook moved = std::move(hook);
    CHECK(moved.handle() == handle && !hook && hook.handle() == nullptr);
    moved = hook_for("http://other.example/");
    CHECK(moved.url() == "http://other.example/");
}

static void moved_from()
{
    barker::webhook hook;
    const barker::webhook taker = std::move(hook);
    const status null = status::null;
    CHECK(!hook && hook.status() == null && hook.error() && !hook.url() && hook.data().empty());
    CHECK(hook.timeout() == seconds(0) && hook.tolerance() == seconds(0));
    CHECK(!hook.id() && !hook.timestamp() && !hook.signature());
    CHECK(hook.response().status() == 0 && hook.response().headers().begin() ==
                                               hook.response().headers().end());
    CHECK_BOTH_BARE(null, hook.clone);
    CHECK_BOTH(null, hook.set_url, nobody);
    CHECK_BOTH(null, hook.set_data, "x");
    CHECK_BOTH(null, hook.set_content_type, "a/b");
    CHECK_BOTH(null, hook.add_header, "X", "y");
    CHECK_BOTH_BARE(null, hook.clear_headers);
    CHECK_BOTH(null, hook.set_secret, barker::scheme::slack, "x");
    CHECK_BOTH(null, hook.add_secret, barker::scheme::slack, "x");
    CHECK_BOTH(null, hook.set_key, "x");
    CHECK_BOTH(null, hook.set_spelling, barker::spelling::dash);
    CHECK_BOTH(null, hook.set_id, "x");
    CHECK_BOTH(null, hook.set_timeout, seconds(1));
    CHECK_BOTH(null, hook.set_idle_limits, 1, seconds(1));
    CHECK_BOTH_BARE(null, hook.close_idle);
    CHECK_BOTH(null, hook.set_lookup_lifetime, seconds(1));
    CHECK_BOTH(null, hook.set_max_body, 1);
    CHECK_BOTH(null, hook.set_redirects, 1, false);
    CHECK_BOTH(null, hook.set_proxy, nullptr);
    CHECK_BOTH_BARE(null, hook.set_proxy_from_environment);
    CHECK_BOTH(null, hook.set_log, barker::log_level::info, [](barker::log_level, const char *) {});
    CHECK_BOTH_BARE(null, hook.clear_log);
    CHECK_BOTH(null, hook.set_address_policy, barker::addresses::any);
    CHECK_BOTH(null, hook.allow_network, "::1");
    CHECK_BOTH(null, hook.deny_network, "::1");
    CHECK_BOTH(null, hook.allow_port, 1);
    CHECK_BOTH(null, hook.set_https_only, true);
    CHECK_BOTH(null, hook.add_ca, "x");
    CHECK_BOTH(null, hook.add_ca_file, "x");
    CHECK_BOTH(null, hook.set_platform_ca, true);
    CHECK_BOTH(null, hook.add_crl, "x");
    CHECK_BOTH(null, hook.set_client_certificate, "x", "x");
    CHECK_BOTH(null, hook.set_server_name, nullptr);
    CHECK_BOTH(null, hook.set_min_tls, barker::tls::v1_2);
    CHECK_BOTH(null, hook.set_insecure_skip_verify, false);
    CHECK_BOTH_BARE(null, hook.send);
    CHECK_BOTH(null, hook.send, "x");
    CHECK_BOTH(null, hook.set_stopped, true);
    CHECK_BOTH(null, hook.sign_headers, "x");
    CHECK_BOTH(null, hook.sign, "x", timestamp);
    CHECK_BOTH(null, hook.verify, std::vector<barker::header>(), "x");
    CHECK_BOTH(null, hook.forget, std::vector<barker::header>(), "x");
    CHECK_BOTH(null, hook.set_tolerance, seconds(1));
    CHECK_BOTH(null, hook.set_replay_limit, 1);
    barker::webhook hooks[2];
    hooks[1] = std::move(hook);
    CHECK_BOTH(null, barker::send_many, hooks, 2);
}

// One body to a receiver that answers, to one that is down, and to one that answers 500.
static std::vector<barker::webhook> batch_of(std::size_t count)
{
    std::error_code ec;
    const std::string urls[] = {url_of("echo"), nobody, url_of("500")};
    barker::webhook original = hook_for(nobody);
    original.set_data("to many", ec);
    std::vector<barker::webhook> hooks;
    for (std::size_t i = 0; i < count; ++i) {
        hooks.push_back(original.clone(ec));
        hooks.back().set_url(urls[i % 3], ec);
    }
    return hooks;
}

static void batches()
{
    std::vector<barker::webhook> hooks = batch_of(9);
    CHECK_BOTH(status::ok, barker::send_many, hooks, 4);
    for (std::size_t i = 0; i < hooks.size(); ++i) {
        const unsigned wanted[] = {200, 0, 500};
        CHECK(hooks[i].status() == (i % 3 == 1 ? status::connect : status::ok));
        CHECK(hooks[i].response().status() == wanted[i % 3]);
    }

    std::error_code ec;
    std::size_t ended = 0, failed = 0;
    barker::send_many(
        hooks, 0,
        [&](std::size_t index, status outcome) {
            ++ended;
            failed += outcome != status::ok;
            CHECK(hooks[index].status() == outcome);
        },
        ec);
    CHECK(!ec && ended == 9 && failed == 3);

    ended = 0;
    const auto until_second = [&](std::size_t, status) -> bool { return ++ended < 2; };
    barker::send_many(hooks, 1, until_second, ec);
    CHECK(ec == status::stopped && ended == 2 && hooks[8].status() == status::stopped);

    std::list<barker::webhook> list;
    list.push_back(hook_for(url_of("echo")));
    CHECK_BOTH(status::ok, barker::send_many, list, 1);
    std::vector<std::reference_wrapper<barker::webhook>> references(2, list.front());
    CHECK_BOTH(status::range, barker::send_many, references, 1);
    CHECK_BOTH(status::ok, barker::send_many, batch_of(2), 1);
    CHECK_BOTH(status::ok, barker::send_many, std::vector<barker::webhook>(), 1);
}

// A function object that cannot be copied.
struct keep {
    explicit keep(std::vector<barker::webhook> &kept) : kept(kept), only(new int(1)) {}
    void operator()(barker::webhook hook) { kept.push_back(std::move(hook)); }
    std::vector<barker::webhook> &kept;
    std::unique_ptr<int> only;
};

static void run(barker::engine &engine)
{
    std::error_code ec;
    while (engine.count() > 0 && !ec) {
        CHECK(engine.fd() >= 0 && engine.timeout() >= 0);
        engine.step(milliseconds(1000), ec);
    }
    CHECK(!ec);
}

static void engines()
{
    std::error_code ec;
    std::size_t ended = 0, failed = 0;
    barker::engine first, engine = std::move(first);
    const auto count = [&](barker::webhook sent) {
        ++ended;
        failed += sent.status() != status::ok;
    };
    CHECK(engine && !first && first.fd() == -1);
    CHECK_BOTH(status::null, first.set_limits, 1, 1);
    CHECK_BOTH(status::null, first.step, milliseconds(1));
    CHECK_BOTH_BARE(status::null, first.step);
    CHECK_BOTH_BARE(status::null, first.wake);
    CHECK_BOTH(status::ok, engine.set_limits, 4, 2);
    for (barker::webhook &hook : batch_of(9)) {
        engine.add(std::move(hook), count, ec);
        CHECK(!ec && !hook);
    }
    CHECK(engine.count() == 9);
    run(engine);
    CHECK(ended == 9 && failed == 3 && engine.timeout() == -1);

    std::vector<barker::webhook> kept;
    engine.add(hook_for(url_of("echo")), keep(kept), ec);
    run(engine);
    CHECK(kept.size() == 1 && kept[0].response().ok());

    barker::webhook bare;
    CHECK_BOTH(status::url, engine.add, std::move(bare), count);
    CHECK(bare && bare.status() == status::url && engine.count() == 0);

#ifdef __cpp_exceptions
    ended = 0;
    engine.add(hook_for(nobody), [](barker::webhook) { throw 7; });
    engine.add(hook_for(nobody), count);
    int thrown = 0;
    while (engine.count() > 0) {
        try {
            engine.step(milliseconds(1000));
        } catch (int number) {
            thrown = number;
        }
    }
    CHECK(thrown == 7 && ended == 1);
#endif

    CHECK_BOTH_BARE(status::ok, engine.wake);
    engine.step(milliseconds(600000), ec);
    CHECK(!ec);
    ended = 0;
    engine.add(hook_for(url_of("echo")), count, ec);
    engine = barker::engine();
    CHECK(ended == 0 && engine.count() == 0);
}

struct log_lines {
    std::vector<std::string> lines;
    void operator()(barker::log_level level, const char *line)
    {
        CHECK(level == barker::log_level::error);
        lines.emplace_back(line);
    }
};

static void logs()
{
    std::error_code ec;
    std::size_t lines = 0;
    barker::webhook hook = hook_for(nobody);
    const auto count = [&lines](barker::log_level, const char *) { ++lines; };
    CHECK_BOTH(status::ok, hook.set_log, barker::log_level::error, count);
    CHECK_BOTH(status::range, hook.set_log, static_cast<barker::log_level>(9), log_lines());
    ignore(hook.send("x", ec));
    CHECK(lines == 1);

    barker::webhook moved = std::move(hook), clone = moved.clone(ec);
    ignore(moved.send("x", ec));
    ignore(clone.send("x", ec));
    CHECK(lines == 3);
    moved = barker::webhook(); // the clone keeps the function
    ignore(clone.send("x", ec));
    CHECK(lines == 4);
    CHECK_BOTH_BARE(status::ok, clone.clear_log);
    ignore(clone.send("x", ec));
    CHECK(lines == 4);

    log_lines by_reference;
    clone.set_log(barker::log_level::error, std::ref(by_reference), ec);
    ignore(clone.send("x", ec));
    CHECK(by_reference.lines.size() == 1 && by_reference.lines[0].find("127.0.0.1:1") == 0);
}

#ifdef __cpp_exceptions
struct thrown {
    int number;
};

// What the program's own functions throw never crosses C, and comes out in either form.
static void exceptions_pass()
{
    std::error_code ec;
    int told = 0, caught = 0;
    barker::webhook hook = hook_for(url_of("echo"));
    hook.set_log(barker::log_level::debug, [&](barker::log_level, const char *) {
        ++told;
        throw thrown{told};
    });
    const std::vector<std::reference_wrapper<barker::webhook>> references(1, hook);
    const std::function<void()> sends[] = {
        [&] { ignore(hook.send("x")); },
        [&] { ignore(hook.send("x", ec)); },
        [&] { ignore(hook.send()); },
        [&] { barker::send_many(references, 1); },
    };
    for (const std::function<void()> &send : sends) {
        try {
            send();
        } catch (const thrown &exception) {
            ++caught;
            CHECK(exception.number == caught); // of a send, only the first line is told
        }
        CHECK(hook.status() == status::ok && hook.response().status() == 200);
    }
    CHECK(caught == 4 && told == 4);

    std::vector<barker::webhook> hooks = batch_of(9);
    std::size_t ended = 0;
    const auto progress = [&](std::size_t, status) {
        ++ended;
        throw thrown{7};
    };
    for (const bool with_code : {true, false}) {
        try {
            with_code ? barker::send_many(hooks, 1, progress, ec)
                      : barker::send_many(hooks, 1, progress);
        } catch (const thrown &exception) {
            caught += exception.number;
        }
        CHECK(hooks[8].status() == status::stopped);
    }
    CHECK(ended == 2 && caught == 4 + 7 + 7);

    // Of several that throw in a batch, the first is heard of, and none stays for the next send.
    bool throws = true;
    for (barker::webhook &each : hooks) {
        each.set_log(barker::log_level::error, [&](barker::log_level, const char *) {
            if (throws)
                throw thrown{1};
        });
    }
    try {
        barker::send_many(hooks, 0);
    } catch (const thrown &) {
        ++caught;
    }
    throws = false;
    CHECK_BOTH(status::ok, barker::send_many, hooks, 0);
    CHECK(caught == 4 + 7 + 7 + 1);
}
#endif

static void stopping()
{
    std::error_code ec;
    barker::webhook hook = hook_for(nobody);
    CHECK_BOTH(status::ok, hook.set_stopped, true);
    CHECK_BOTH(status::stopped, hook.send, "x");
    CHECK_BOTH(status::ok, hook.set_stopped, false);
    CHECK_BOTH(status::connect, hook.send, "x");

    hook.set_url(url_of("silent"), ec);
    std::thread other([&hook] {
        std::this_thread::sleep_for(milliseconds(50));
        std::error_code stop_ec;
        hook.set_stopped(true, stop_ec);
    });
    ignore(hook.send("x", ec));
    other.join();
    CHECK(ec == status::stopped);
    hook.set_stopped(false, ec);
    hook.set_timeout(milliseconds(50), ec);
    CHECK_BOTH(status::timeout, hook.send, "x");
}

static void signing()
{
    std::error_code ec;
    barker::webhook hook;
    const barker::signature both = hook.sign("hello", timestamp, ec);
    CHECK(!ec && both.timestamp.str() == timestamp && both.value.str() == signature);
    CHECK(hook.sign_headers("hello", timestamp, ec).str() ==
          std::string("BARKER_TIMESTAMP: ") + timestamp + "\r\nBARKER_SIGNATURE: " + signature +
              "\r\n");
    CHECK_BOTH(status::ok, hook.sign, "hello");
    CHECK_BOTH(status::ok, hook.sign_headers, std::vector<char>(100));
    CHECK_BOTH(status::header_malformed, hook.sign, "hello", "now");
    CHECK_BOTH(status::header_malformed, hook.sign_headers, "hello", "now");
    CHECK_BOTH(status::null, hook.sign, static_cast<const char *>(nullptr));
    CHECK(hook.sign("hello", with_nul, ec).value.empty() && ec);
    hook.set_secret(barker::scheme::standard, standard_secret, ec);
    CHECK_BOTH(status::id, hook.sign, "hello");
    hook.set_secret(barker::scheme::standard, barker::generate_key_pair(ec).public_key, ec);
    CHECK_BOTH(status::secret, hook.sign_headers, "hello");
}

using strings = std::map<std::string, std::string>;

static void verifying()
{
    std::error_code ec;
    barker::webhook hook;
    const barker::header array[] = {{"Host", "x"}, {"BARKER_TIMESTAMP", timestamp},
                                    {"barker-signature", signature}};
    const std::vector<barker::header> vector(std::begin(array), std::end(array));
    const std::list<barker::header> list(vector.begin(), vector.end());
    const strings map = {{"HTTP_BARKER_TIMESTAMP", timestamp}, {"BARKER_SIGNATURE", signature}};
    std::vector<std::pair<const char *, std::string>> many(200, {"X-Other", "value"});
    many.emplace_back("BARKER_TIMESTAMP", timestamp);
    many.emplace_back("BARKER_SIGNATURE", signature);
    CHECK_BOTH(status::too_old, hook.verify, vector, "hello");
    hook.set_tolerance(seconds(0), ec);
    CHECK_BOTH(status::ok, hook.verify, array, "hello");
    CHECK_BOTH(status::ok, hook.verify, vector, std::string("hello"));
    CHECK_BOTH(status::ok, hook.verify, list, "hello");
    CHECK_BOTH(status::ok, hook.verify, map, "hello");
    CHECK_BOTH(status::ok, hook.verify, many, "hello");
    hook.verify({{"BARKER_TIMESTAMP", timestamp}, {"BARKER_SIGNATURE", std::string(signature)}},
                "hello", ec);
    CHECK(!ec);

    CHECK_BOTH(status::signature, hook.verify, map, "hellO");
    CHECK_BOTH(status::null, hook.verify, map, static_cast<const char *>(nullptr));
    CHECK_BOTH(status::header_missing, hook.verify, strings(), "hello");
    const strings nul_value = {{"BARKER_TIMESTAMP", timestamp},
                               {"BARKER_SIGNATURE", std::string(signature) + '\0'}};
    CHECK_BOTH(status::header_malformed, hook.verify, nul_value, "hello");
    const strings nul_name = {{std::string("BARKER_TIMESTAMP\0x", 18), timestamp},
                              {"BARKER_SIGNATURE", signature}};
    CHECK_BOTH(status::header_missing, hook.verify, nul_name, "hello");
    std::vector<barker::header> twice = vector;
    twice.push_back({"BARKER_SIGNATURE", "00000000000000000000000000000000"});
    CHECK_BOTH(status::header_ambiguous, hook.verify, twice, "hello");
    twice.back().value = nullptr;
    CHECK_BOTH(status::null, hook.verify, twice, "hello");

    hook.set_replay_limit(10, ec);
    hook.verify(map, "hello", ec);
    CHECK(!ec);
    CHECK_BOTH(status::replayed, hook.verify, map, "hello");
    CHECK_BOTH(status::ok, hook.forget, map, "hello");
    hook.verify(map, "hello", ec);
    CHECK(!ec);
    hook.forget({{"BARKER_TIMESTAMP", timestamp}, {"BARKER_SIGNATURE", signature}}, "hello", ec);
    CHECK(!ec);

    const barker::scheme scheme = barker::scheme::barker;
    CHECK_BOTH(status::ok, barker::verify, scheme, "BARKER", seconds(0), map, "hello");
    CHECK_BOTH(status::too_old, barker::verify, scheme, "BARKER", seconds(300), map, "hello");
    CHECK_BOTH(status::too_old, barker::verify, scheme, "BARKER", seconds(-1), map, "hello");
    CHECK_BOTH(status::signature, barker::verify, scheme, "", seconds(0), map, "hello");
    CHECK_BOTH(status::null, barker::verify, scheme, static_cast<const char *>(nullptr), seconds(0),
               map, "hello");
    CHECK_BOTH(status::secret, barker::verify, barker::scheme::standard, "*", seconds(0), map, "x");
    CHECK_BOTH(status::range, barker::verify, static_cast<barker::scheme>(9), "x", seconds(0), map,
               "hello");
    barker::verify(scheme, "BARKER", seconds(0),
                   {{"BARKER_TIMESTAMP", timestamp}, {"BARKER_SIGNATURE", signature}}, "hello", ec);
    CHECK(!ec);
}

static void generating()
{
    std::error_code ec;
    barker::buffer secret = barker::generate_secret(ec);
    CHECK(!ec && secret.str().find("whsec_") == 0 && secret.size() == secret.str().size());
    CHECK(secret.c_str()[secret.size()] == '\0' && !secret.empty());
    const barker::key_pair pair = barker::generate_key_pair(ec);
    CHECK(!ec && pair.private_key.str().find("whsk_") == 0);
    CHECK(pair.public_key.str().find("whpk_") == 0);
    const barker::buffer id = barker::generate_id(ec);
    CHECK(!ec && id.str().find("msg_") == 0);
    CHECK_THROWS(status::ok, barker::generate_secret());
    CHECK_THROWS(status::ok, barker::generate_key_pair());
    CHECK_THROWS(status::ok, barker::generate_id());

    const std::string text = secret.str();
    const std::uint8_t *const data = secret.data();
    barker::buffer moved = std::move(secret);
    CHECK(moved.data() == data && secret.empty() && secret.c_str() == std::string());
    barker::buffer &itself = moved;
    moved = std::move(itself);
    CHECK(moved.str() == text);
    moved = barker::buffer();
    CHECK(moved.empty() && moved.begin() == moved.end());
#if __cplusplus >= 201703L
    const std::string_view view = id;
    CHECK(view == id.str());
#endif

    barker::webhook sender, receiver; // of the private and of the public key
    CHECK_BOTH(status::ok, sender.set_secret, barker::scheme::standard, pair.private_key);
    CHECK_BOTH(status::ok, receiver.set_secret, barker::scheme::standard, pair.public_key);
    CHECK_BOTH(status::ok, sender.set_id, id);
    const barker::signature signed_ = sender.sign("hello", ec);
    receiver.verify({{"webhook-id", id}, {"webhook-timestamp", signed_.timestamp},
                     {"webhook-signature", signed_.value}}, "hello", ec);
    CHECK(!ec);
}

static bool is_in(milliseconds wait, milliseconds least, milliseconds most)
{
    return least <= wait && wait <= most;
}

static void retrying()
{
    using std::chrono::hours;
    using std::chrono::minutes;
    std::error_code ec;
    barker::webhook hook = hook_for(url_of("500"));
    hook.send(ec);
    CHECK(!ec);

    barker::retry retry;
    barker::judgement next = retry.judge(hook, 1);
    CHECK(next.verdict == barker::verdict::retry && is_in(next.wait, seconds(4), seconds(6)));
    next = retry.judge(hook, 10);
    CHECK(next.verdict == barker::verdict::dead && next.wait == milliseconds(0));
    CHECK_BOTH(status::ok, retry.set_jitter, 0);
    CHECK_BOTH(status::ok, retry.set_delays, std::vector<minutes>(3, minutes(3)));
    CHECK(retry.judge(hook, 3).wait == minutes(3));
    CHECK_BOTH(status::ok, retry.set_delays, std::array<milliseconds, 2>{
        {milliseconds(-1), hours(24 * 365)}});
    CHECK(retry.judge(hook, 1).wait == milliseconds(0));
    CHECK(retry.judge(hook, 2).wait == milliseconds(UINT32_MAX));
    retry.set_delays({seconds(7), minutes(8)}, ec);
    CHECK(!ec && retry.judge(hook, 1).wait == seconds(7));
    CHECK(retry.judge(hook, 2).wait == minutes(8));
    CHECK_BOTH(status::ok, retry.set_retry_after, seconds(1));
    CHECK_BOTH(status::ok, retry.set_overload_delay, hours(1));
    CHECK(retry.judge(hook, 1).wait == seconds(7));

    CHECK_BOTH(status::range, retry.set_jitter, 101);
    CHECK_BOTH(status::range, retry.set_delays, std::vector<seconds>(101));
    CHECK_BOTH(status::range, retry.set_delays, std::vector<seconds>(1000));
    CHECK_BOTH(status::range, retry.set_final_statuses, std::vector<std::uint16_t>(1, 299));
    CHECK_BOTH(status::range, retry.set_final_statuses, std::vector<std::uint16_t>(301, 400));
    retry.set_final_statuses({400, 600}, ec);
    CHECK(ec == status::range);
    CHECK(retry.judge(hook, 1).wait == seconds(7) && retry.judge(hook, 2).wait == minutes(8));

    barker::retry taker = std::move(retry);
    CHECK(taker && !retry && retry.handle() == nullptr);
    CHECK(taker.judge(hook, 1).wait == seconds(7));
    CHECK(is_in(retry.judge(hook, 1).wait, seconds(4), seconds(6)));
    CHECK_BOTH(status::null, retry.set_jitter, 1);
    CHECK_BOTH(status::null, retry.set_delays, std::vector<seconds>());
    CHECK_BOTH(status::null, retry.set_retry_after, seconds(1));
    CHECK_BOTH(status::null, retry.set_overload_delay, seconds(1));
    CHECK_BOTH(status::null, retry.set_final_statuses, std::vector<std::uint16_t>());
    retry = std::move(taker);
    CHECK_BOTH(status::ok, retry.set_final_statuses, std::vector<std::uint16_t>(300, 500));
    CHECK(retry.judge(hook, 1).verdict == barker::verdict::dead);
    CHECK_BOTH(status::ok, retry.set_final_statuses, std::vector<std::uint16_t>());

    hook.set_url(url_of("echo"), ec);
    hook.send(ec);
    CHECK(retry.judge(hook, 1).verdict == barker::verdict::delivered);
    hook.set_url(nobody, ec);
    CHECK(retry.judge(hook, 1).verdict == barker::verdict::delivered);
    hook.send(ec);
    CHECK(ec == status::connect && retry.judge(hook, 1).verdict == barker::verdict::retry);
    CHECK(barker_retry_judge(retry.handle(), hook.handle(), 1, nullptr) == BARKER_VERDICT_RETRY);
    CHECK_BOTH(status::ok, retry.set_delays, std::vector<seconds>());
    CHECK(retry.judge(hook, 1).verdict == barker::verdict::dead);
    next = barker::retry().judge(status::ok, 503, "100", 1);
    CHECK(next.verdict == barker::verdict::retry && is_in(next.wait, seconds(100), seconds(120)));
    next = barker::retry().judge(status::refused, 0, nullptr, 1);
    CHECK(next.verdict == barker::verdict::dead && next.wait == seconds(0));
    const barker::webhook other = std::move(hook);
    CHECK(barker::retry().judge(other, 1).verdict == barker::verdict::retry);
    CHECK(barker::retry().judge(hook, 1).verdict == barker::verdict::dead);
}

// The layer over C allocates for nothing of this.
static void frugal()
{
    std::error_code ec;
    const strings headers = {{"BARKER_TIMESTAMP", timestamp}, {"BARKER_SIGNATURE", signature}};
    const std::string url = url_of("echo"), key(100, 'k');
    const unsigned long before = allocations;
    barker::webhook hook;
    hook.set_url(url, ec);
    hook.set_key(key, ec);
    hook.add_header("X-Name", "value", ec);
    hook.set_data(key, ec);
    hook.set_timeout(seconds(60), ec);
    ignore(hook.send(ec));
    CHECK(!ec);
    barker::response answer = hook.send(key, ec);
    CHECK(!ec && answer.header("Echo-X-Name") == "value" && answer.body().size() == key.size());
    for (barker::header header : answer.headers())
        CHECK(header.name != nullptr);
    hook.set_url("wrong", ec);
    CHECK(ec && hook.error().size() > 0);
    barker::webhook clone = hook.clone(ec);
    clone.set_key("BARKER", ec);
    clone.set_tolerance(seconds(0), ec);
    clone.verify(headers, "hello", ec);
    CHECK(!ec);
    clone.verify({{"BARKER_TIMESTAMP", timestamp}, {"BARKER_SIGNATURE", signature}}, "hello", ec);
    CHECK(!ec);
    const barker::signature both = clone.sign("hello", timestamp, ec);
    CHECK(!ec && both.value.c_str() == barker::text(signature));
    barker::retry retry;
    retry.set_delays({seconds(1), seconds(2)}, ec);
    retry.set_final_statuses({400, 413}, ec);
    CHECK(retry.judge(hook, 1).verdict == barker::verdict::delivered);
    const barker::webhook moved = std::move(clone);
    CHECK(allocations == before);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        std::fputs("usage: webhook HTTP_URL HTTPS_URL\n", stderr);
        return 2;
    }
    alarm(300);
    http_url = argv[1];
    https_url = argv[2];
    statuses();
    texts();
    byte_views();
    what_is_sent();
    how_it_is_signed();
    how_it_is_delivered();
    where_it_may_go();
    whom_to_trust();
    sending();
    clones_and_moves();
    moved_from();
    batches();
    engines();
    logs();
#ifdef __cpp_exceptions
    exceptions_pass();
#endif
    stopping();
    signing();
    verifying();
    generating();
    retrying();
    frugal();
    std::printf("webhook: %u checks, %u failed\n", check_count, check_failures);
    return check_count == 0 || check_failures != 0;
}
