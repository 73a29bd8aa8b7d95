/**
 * @file barker.hpp
 * Barker for C++: sends signed webhooks and verifies received ones. This header is a layer over
 * barker.h for C++11 and later. Link with libbarker.
 *
 *     barker::webhook hook;
 *     hook.set_url("https://receiver.example/hook");
 *     hook.set_secret(barker::scheme::standard, secret);
 *     barker::response answer = hook.send("{\"event\": \"dog.barked\"}");
 *     std::cout << answer.status() << '\n';
 *
 * Errors. The last parameter of each function that can fail says how it reports a failure, as in
 * Asio and std::filesystem. Without it, the function throws barker::error. With a std::error_code,
 * the function sets that, to status::ok if it succeeds, and throws no error of barker's:
 *
 *     std::error_code ec;
 *     barker::response answer = hook.send(ec);
 *     if (ec == barker::status::timeout)
 *         std::cerr << hook.error() << '\n';
 *     else if (!ec && !answer.ok())
 *         std::cerr << "HTTP " << answer.status() << '\n';
 *
 * This parameter has the type on_error, so that each function needs only one declaration instead of
 * a pair of overloads. With -fno-exceptions it is required. An exception that comes from a function
 * of the program (a log, or the progress of a batch) always leaves the call.
 *
 * Text parameters take a `const char *` or a std::string: C needs the NUL at the end, which a
 * std::string_view does not guarantee. Bytes parameters take anything that has data() and size().
 * Results are views of memory that belongs to the webhook. This layer allocates memory only for the
 * function that is passed to set_log(), the array of handles in send_many(), more than 64 headers
 * that are not in an array of barker::header, and the text of a barker::error.
 *
 * The library prints nothing, never exits, and does not touch the program's signals, locale or
 * environment.
 */
#ifndef BARKER_HPP
#define BARKER_HPP

#include <barker.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <iterator>
#include <list>
#include <memory>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>
#ifdef __cpp_exceptions
#include <exception>
#include <stdexcept>
#endif
#if __cplusplus >= 201703L
#include <string_view>
#endif

// A program must have only one of these, even if its shared libraries hide their symbols.
#ifdef __GNUC__
#define BARKER_VISIBLE __attribute__((visibility("default")))
#else
#define BARKER_VISIBLE
#endif

namespace barker {

/**
 * Outcome of a call, as barker_status; its numbers are part of the ABI. It is a std::error_code
 * too: compare one with it.
 *
 * 1xx: the call was wrong, nothing was changed and nothing was sent. 2xx: no whole answer came from
 * the receiver. 3xx: the received message must not be trusted. 9xx: the system or the library
 * itself failed. In C++, `null` is also for a webhook that was moved from, and `utf8` for a
 * std::string with a NUL in it.
 */
enum class status : std::int32_t {
    /** Success. */
    ok = BARKER_OK,
    /** A pointer that must not be NULL is NULL. */
    null = BARKER_ERR_NULL,
    /** A text is not UTF-8. */
    utf8 = BARKER_ERR_UTF8,
    /** The URL cannot be used, or none was set before sending. */
    url = BARKER_ERR_URL,
    /** The name or value of a request header cannot be sent. */
    header = BARKER_ERR_HEADER,
    /** A number is out of range. */
    range = BARKER_ERR_RANGE,
    /** The secret does not have the form that its scheme requires; or the handle has no secret that
     *  can sign, or no secret at all because one was refused. */
    secret = BARKER_ERR_SECRET,
    /** The message id cannot be used, or none was set where one is required. */
    id = BARKER_ERR_ID,
    /** A certificate, its key or a revocation list cannot be used. */
    certificate = BARKER_ERR_CERTIFICATE,
    /** The handle is lent to an engine or a batch; or the engine is in use, by another thread or by
     *  the call that runs this callback. */
    busy = BARKER_ERR_BUSY,
    /** The receiver's host name does not exist, or has no address. */
    resolve = BARKER_ERR_RESOLVE,
    /** No address of the receiver accepted a connection. */
    connect = BARKER_ERR_CONNECT,
    /** The TLS handshake failed for a reason that has no status of its own. */
    tls = BARKER_ERR_TLS,
    /** The connection broke while the request was being sent. The receiver may have the webhook. */
    send = BARKER_ERR_SEND,
    /** The connection broke before the complete answer came. The receiver may have the webhook. */
    receive = BARKER_ERR_RECEIVE,
    /** The timeout expired. The receiver may have the webhook. */
    timeout = BARKER_ERR_TIMEOUT,
    /** The answer is not an HTTP/1.x response. The receiver may have the webhook. */
    protocol = BARKER_ERR_PROTOCOL,
    /** The body of the answer is larger than set_max_body() allows, the rest of the answer is
     *  larger than 64 KiB, or it has more than 128 headers or 16 interim (1xx) responses. The
     *  receiver may have the webhook. */
    too_large = BARKER_ERR_TOO_LARGE,
    /** The send or its batch was stopped. If sending had begun, the receiver may have the
     *  webhook. */
    stopped = BARKER_ERR_STOPPED,
    /** The address policy does not allow the receiver's address, port or scheme. Nothing was
     *  sent. */
    refused = BARKER_ERR_REFUSED,
    /** The proxy could not connect to the receiver, or the environment names a proxy that cannot be
     *  used. */
    proxy = BARKER_ERR_PROXY,
    /** No name server answered for the receiver's host name. The host may exist: try again
     *  later. */
    resolve_again = BARKER_ERR_RESOLVE_AGAIN,
    /** The receiver's certificate has expired, or is not valid yet. */
    certificate_expired = BARKER_ERR_CERTIFICATE_EXPIRED,
    /** The receiver's certificate is not for the host of the URL. */
    certificate_name = BARKER_ERR_CERTIFICATE_NAME,
    /** The receiver's certificate was issued by an authority that is not trusted. */
    certificate_issuer = BARKER_ERR_CERTIFICATE_ISSUER,
    /** The receiver's certificate is self-signed, and is not trusted itself. */
    certificate_self_signed = BARKER_ERR_CERTIFICATE_SELF_SIGNED,
    /** The receiver's certificate was revoked. */
    certificate_revoked = BARKER_ERR_CERTIFICATE_REVOKED,
    /** A header that the signature needs is missing. */
    header_missing = BARKER_ERR_HEADER_MISSING,
    /** A timestamp, message id or signature does not have the form that its scheme requires. */
    header_malformed = BARKER_ERR_HEADER_MALFORMED,
    /** A header that the signature needs has two different values. */
    header_ambiguous = BARKER_ERR_HEADER_AMBIGUOUS,
    /** The signature does not match this body, this timestamp and this key. */
    signature = BARKER_ERR_SIGNATURE,
    /** The timestamp is further in the past than the tolerance allows. The signature is right,
     *  except that Ed25519 signatures are not checked in this case. */
    too_old = BARKER_ERR_TOO_OLD,
    /** The timestamp is further in the future than the tolerance allows. As above for the
     *  signature. */
    too_new = BARKER_ERR_TOO_NEW,
    /** The message is genuine and current, but was accepted before. */
    replayed = BARKER_ERR_REPLAYED,
    /** The message is genuine and current, but there is no room to remember it: answer 503. */
    replay_full = BARKER_ERR_REPLAY_FULL,
    /** A bug in barker. The handle stays usable. Please report it. */
    internal = BARKER_ERR_INTERNAL,
    /** The system lacks something that the call needs: file descriptors, memory, a thread or random
     *  bytes. */
    system = BARKER_ERR_SYSTEM,
};

/** How a message is signed, and what its secret looks like. */
enum class scheme : std::int32_t {
    /** The scheme of the Python package barker: HMAC-MD5 over `timestamp;body`, in BARKER_TIMESTAMP
     *  and BARKER_SIGNATURE. The secret is any bytes. */
    barker = BARKER_SCHEME_BARKER,
    /** The same with HMAC-SHA256. */
    barker_sha256 = BARKER_SCHEME_BARKER_SHA256,
    /** The same with HMAC-SHA512. */
    barker_sha512 = BARKER_SCHEME_BARKER_SHA512,
    /** Standard Webhooks, in webhook-id, webhook-timestamp and webhook-signature. Verifying also
     *  accepts Svix's names of these headers. The secret is text: base64 of at least 16 bytes,
     *  alone or after `whsec_`, signs with HMAC-SHA256 (v1); `whsk_` and base64 of an Ed25519
     *  private key signs with that key (v1a); `whpk_` and base64 of the public key can only verify.
     *  <https://github.com/standard-webhooks/standard-webhooks> */
    standard = BARKER_SCHEME_STANDARD,
    /** The same with the names svix-id, svix-timestamp and svix-signature. */
    svix = BARKER_SCHEME_SVIX,
    /** HMAC-SHA256 over the body, in X-Hub-Signature-256. No timestamp. The secret is text. */
    github = BARKER_SCHEME_GITHUB,
    /** HMAC-SHA256 over `timestamp.body`, in Stripe-Signature. The secret is the whole text that
     *  Stripe shows, including `whsec_`. */
    stripe = BARKER_SCHEME_STRIPE,
    /** HMAC-SHA256 over `v0:timestamp:body`, in X-Slack-Request-Timestamp and X-Slack-Signature.
     *  The secret is text. */
    slack = BARKER_SCHEME_SLACK,
    /** HMAC-SHA256 over the body, in X-Shopify-Hmac-SHA256; verifying also accepts
     *  Shopify-Hmac-SHA256. No timestamp. The secret is text. */
    shopify = BARKER_SCHEME_SHOPIFY,
};

/** How to spell header names that contain underscores when sending. */
enum class spelling : std::int32_t {
    /** BARKER_SIGNATURE, which the Python package reads and nginx drops by default. */
    underscore = BARKER_SPELLING_UNDERSCORE,
    /** BARKER-SIGNATURE, which passes everywhere. */
    dash = BARKER_SPELLING_DASH,
    /** Send both. */
    both = BARKER_SPELLING_BOTH,
};

/** Which addresses a message may be sent to, apart from networks that are explicitly allowed or
 *  denied. */
enum class addresses : std::int32_t {
    /** All addresses, and Unix sockets. */
    any = BARKER_ADDRESSES_ANY,
    /** Addresses of the public internet. Choose this if strangers choose the URLs. */
    public_internet = BARKER_ADDRESSES_PUBLIC,
    /** Only the networks that were allowed. */
    listed = BARKER_ADDRESSES_LISTED,
};

/** The oldest version of TLS that is accepted. */
enum class tls : std::int32_t {
    /** TLS 1.2 (RFC 5246). */
    v1_2 = BARKER_TLS_1_2,
    /** TLS 1.3 (RFC 8446). */
    v1_3 = BARKER_TLS_1_3,
};

/** What is to become of a message after a try: see retry::judge(). */
enum class verdict : std::int32_t {
    /** The receiver answered 2xx: it has the message. */
    delivered = BARKER_VERDICT_DELIVERED,
    /** Send it again, after a while. */
    retry = BARKER_VERDICT_RETRY,
    /** Do not send it again: the schedule is over, or it is of no use. */
    dead = BARKER_VERDICT_DEAD,
    /** The receiver answered 410: send it nothing more at all. */
    gone = BARKER_VERDICT_GONE,
};

/** How important a line of the log is. */
enum class log_level : std::int32_t {
    /** Nothing is logged. */
    off = BARKER_LOG_OFF,
    /** A delivery failed. */
    error = BARKER_LOG_ERROR,
    /** A delivery was answered. */
    info = BARKER_LOG_INFO,
    /** A step of a delivery. */
    debug = BARKER_LOG_DEBUG,
};

/**
 * A view of NUL-terminated text. A parameter takes a `const char *`, a std::string or a
 * barker::buffer. Read a result with c_str(), str(), == and <<, or as a std::string_view.
 *
 * A std::string that contains a NUL is refused as if it were not UTF-8. It is never cut short.
 */
class text {
public:
    /** NULL means no text; some parameters accept that. */
    text(const char *c_str) noexcept : c_str_(c_str) {}

    template <class String, class = decltype(static_cast<const char *>(
                                std::declval<const String &>().c_str())),
              class = decltype(std::declval<const String &>().data())>
    text(const String &string) noexcept
        : c_str_(std::strlen(string.c_str()) == string.size() ? string.c_str() : "\xff")
    {
    }

    /** NULL if there is no text, for example because there is no header with the name that was
     *  asked for. */
    BARKER_MUST_USE const char *c_str() const noexcept { return c_str_; }
    explicit operator bool() const noexcept { return c_str_ != nullptr; }
    BARKER_MUST_USE
    std::size_t size() const noexcept { return c_str_ != nullptr ? std::strlen(c_str_) : 0; }

    /** A copy; empty if there is no text. */
    BARKER_MUST_USE std::string str() const { return c_str_ != nullptr ? c_str_ : ""; }

#if __cplusplus >= 201703L
    operator std::string_view() const noexcept { return {c_str_ != nullptr ? c_str_ : "", size()}; }
#endif

    /** Whether both texts are the same. No text equals only no text: it differs from an empty
     *  one. */
    friend bool operator==(text a, text b) noexcept
    {
        return a.c_str_ == b.c_str_ || (a && b && std::strcmp(a.c_str_, b.c_str_) == 0);
    }
    friend bool operator!=(text a, text b) noexcept { return !(a == b); }

    template <class Traits>
    friend std::basic_ostream<char, Traits> &operator<<(std::basic_ostream<char, Traits> &stream,
                                                        text text)
    {
        return stream << (text ? text.c_str() : "");
    }

private:
    const char *c_str_;
};

/**
 * A view of bytes. A parameter takes a std::string, std::string_view, std::vector, std::array or
 * std::span of char, unsigned char or std::byte, a barker::buffer, or a `const char *` without its
 * NUL. Read a result with data() and size(), or as a std::string_view or std::span<const unsigned
 * char>.
 */
class bytes {
    template <class Byte>
    struct is_byte
        : std::integral_constant<bool, sizeof(Byte) == 1 && !std::is_class<Byte>::value &&
                                           !std::is_same<Byte, bool>::value> {};

public:
    /** No bytes. */
    bytes() noexcept : data_(nullptr), size_(0) {}
    bytes(const void *data, std::size_t size) noexcept
        : data_(static_cast<const std::uint8_t *>(data)), size_(size)
    {
    }

    /** NULL is refused with status::null, so that an environment variable that is not set does not
     *  become an empty secret. */
    bytes(const char *c_str) noexcept : bytes(c_str, c_str != nullptr ? std::strlen(c_str) : 1) {}
    bytes(text text) noexcept : bytes(text.c_str()) {}

    template <class Container,
              class Byte = typename std::decay<
                  decltype(*std::declval<const Container &>().data())>::type,
              class = typename std::enable_if<is_byte<Byte>::value>::type>
    bytes(const Container &container) noexcept : bytes(container.data(), container.size())
    {
    }

    BARKER_MUST_USE const std::uint8_t *data() const noexcept { return data_; }
    BARKER_MUST_USE std::size_t size() const noexcept { return size_; }
    BARKER_MUST_USE bool empty() const noexcept { return size_ == 0; }
    BARKER_MUST_USE const std::uint8_t *begin() const noexcept { return data_; }
    BARKER_MUST_USE const std::uint8_t *end() const noexcept { return data_ + size_; }

    /** A copy. */
    BARKER_MUST_USE std::string str() const { return std::string(chars(), size_); }

#if __cplusplus >= 201703L
    operator std::string_view() const noexcept { return {chars(), size_}; }
#endif

private:
    const char *chars() const noexcept { return reinterpret_cast<const char *>(data_); }

    const std::uint8_t *data_;
    std::size_t size_;
};

/** A header: `name` and `value`, NUL-terminated texts that it does not own. When verifying, names
 *  may be in upper or lower case, with dashes or underscores, or in CGI form
 *  (HTTP_BARKER_SIGNATURE). */
using header = barker_header;

/** Returns the version of the library that the program runs with, such as "0.1.0". It may be newer
 *  than BARKER_VERSION, the version of the header that the program was compiled with. */
BARKER_MUST_USE inline text version() noexcept
{
    return barker_version();
}

/** Returns the version of the library that the program runs with as a number, to compare with
 *  BARKER_VERSION_NUMBER. */
BARKER_MUST_USE inline std::uint32_t version_number() noexcept
{
    return barker_version_number();
}

/** Returns a sentence that describes a status. */
BARKER_MUST_USE inline text status_string(status status) noexcept
{
    return barker_status_string(static_cast<std::int32_t>(status));
}

/** The category of barker's error codes. */
BARKER_VISIBLE inline const std::error_category &category() noexcept
{
    class category final : public std::error_category {
    public:
        const char *name() const noexcept override { return "barker"; }
        std::string message(int status) const override { return barker_status_string(status); }
    };
    static const category category;
    return category;
}

BARKER_MUST_USE inline std::error_code make_error_code(status status) noexcept
{
    return {static_cast<int>(status), category()};
}

} // namespace barker

namespace std {
template <>
struct is_error_code_enum<barker::status> : true_type {};
} // namespace std

// The rest differs without exceptions. A program may have parts of both kinds: hence two names.
#ifdef __cpp_exceptions
#define BARKER_OR_THROW = on_error()
namespace barker { inline namespace throwing {
#else
#define BARKER_OR_THROW
namespace barker { inline namespace nonthrowing {
#endif

#ifdef __cpp_exceptions
/** The exception for a failure. what() is a sentence that says what to change. */
class BARKER_VISIBLE error : public std::runtime_error {
public:
    error(barker::status status, const char *sentence)
        : std::runtime_error(sentence), status_(status)
    {
    }

    BARKER_MUST_USE barker::status status() const noexcept { return status_; }
    BARKER_MUST_USE std::error_code code() const noexcept { return status_; }

private:
    barker::status status_;
};
#endif

/** How a call reports a failure: see the top of this file. Leave it out, or pass a
 *  std::error_code. */
class on_error {
public:
    on_error(std::error_code &code) noexcept : code_(&code) {}
#ifdef __cpp_exceptions
    on_error() noexcept : code_(nullptr) {}
#endif

    /** Reports an outcome. For the functions of this header. */
    void operator()(barker_status outcome, const char *sentence) const
    {
#ifdef __cpp_exceptions
        if (code_ == nullptr) {
            if (outcome != BARKER_OK)
                throw error(static_cast<status>(outcome), sentence);
            return;
        }
#else
        static_cast<void>(sentence);
#endif
        *code_ = static_cast<status>(outcome);
    }

    /** The same for calls that leave no sentence in a webhook. */
    void operator()(barker_status outcome) const
    {
        (*this)(outcome, barker_status_string(outcome));
    }

private:
    std::error_code *code_;
};

/** Bytes that the library allocated, followed by a NUL. They are wiped when the buffer is
 *  destroyed, because they may be a secret. Move-only. */
class buffer {
public:
    buffer() noexcept : c_() {}
    buffer(buffer &&other) noexcept : c_(other.c_) { other.c_ = barker_buffer(); }
    buffer &operator=(buffer &&other) noexcept
    {
        std::swap(c_, other.c_);
        return *this;
    }
    ~buffer()
    {
        for (volatile std::uint8_t *byte = c_.data; byte != c_.data + c_.len; ++byte)
            *byte = 0;
        barker_buffer_free(&c_);
    }

    BARKER_MUST_USE const std::uint8_t *data() const noexcept { return c_.data; }
    BARKER_MUST_USE std::size_t size() const noexcept { return c_.len; }
    BARKER_MUST_USE bool empty() const noexcept { return c_.len == 0; }
    BARKER_MUST_USE const std::uint8_t *begin() const noexcept { return data(); }
    BARKER_MUST_USE const std::uint8_t *end() const noexcept { return data() + size(); }

    /** As NUL-terminated text. */
    BARKER_MUST_USE const char *c_str() const noexcept
    {
        return c_.data != nullptr ? reinterpret_cast<const char *>(c_.data) : "";
    }
    /** A copy. */
    BARKER_MUST_USE std::string str() const { return std::string(c_str(), size()); }

#if __cplusplus >= 201703L
    operator std::string_view() const noexcept { return {c_str(), size()}; }
#endif

    /** For a function of barker.h to fill. What the buffer held is released. */
    BARKER_MUST_USE barker_buffer *out() noexcept
    {
        *this = buffer();
        return &c_;
    }

private:
    barker_buffer c_;
};

namespace detail {

inline std::uint32_t to_uint32(std::int64_t number) noexcept
{
    return number < 0            ? 0
           : number > UINT32_MAX ? UINT32_MAX
                                 : static_cast<std::uint32_t>(number);
}

/** A negative number does not turn the check off, as 0 does. */
inline std::uint32_t to_tolerance(std::chrono::seconds seconds) noexcept
{
    return seconds.count() < 0 ? 1 : to_uint32(seconds.count());
}

inline header to_header(header header) noexcept
{
    return header;
}

template <class Pair>
header to_header(const Pair &pair) noexcept
{
    return {text(pair.first).c_str(), text(pair.second).c_str()};
}

/** The texts of a temporary would be gone before they are used. */
template <class Pair>
header to_header(const Pair &&pair) = delete;

/** Headers in an array, as C needs them, from any range of headers or pairs. */
class header_array {
public:
    template <class Range>
    explicit header_array(const Range &range) : data_(few_), size_(0)
    {
        take(range, 0);
    }
    header_array(const header_array &) = delete;
    header_array &operator=(const header_array &) = delete;

    const header *data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }

private:
    enum : std::size_t { few = 64 };

    template <class Array>
    auto take(const Array &array, int) noexcept -> typename std::enable_if<
        std::is_same<typename std::decay<decltype(*array.data())>::type, header>::value>::type
    {
        data_ = array.data();
        size_ = array.size();
    }

    template <std::size_t count>
    void take(const header (&array)[count], int) noexcept
    {
        data_ = array;
        size_ = count;
    }

    template <class Range>
    void take(const Range &range, long)
    {
        for (auto &&item : range)
            append(to_header(std::forward<decltype(item)>(item)));
        if (size_ > few)
            data_ = many_.data();
    }

    void append(header header)
    {
        if (size_ < few) {
            few_[size_] = header;
        } else {
            if (size_ == few)
                many_.assign(few_, few_ + few);
            many_.push_back(header);
        }
        ++size_;
    }

    const header *data_;
    std::size_t size_;
    header few_[few];
    std::vector<header> many_;
};

/** Keeps an exception that a function of the program throws while C calls it, and throws it again
 *  when C has returned. */
class caught {
public:
#ifdef __cpp_exceptions
    explicit operator bool() const noexcept { return thrown_ != nullptr; }

    /** Takes the exception that another one kept. If both have one, the first stays. */
    void take(caught &other) noexcept
    {
        if (thrown_ == nullptr)
            thrown_ = other.thrown_;
        other.thrown_ = nullptr;
    }

    template <class Work>
    void run(Work work) noexcept
    {
        try {
            work();
        } catch (...) {
            thrown_ = std::current_exception();
        }
    }

    void rethrow()
    {
        std::exception_ptr thrown;
        std::swap(thrown, thrown_);
        if (thrown != nullptr)
            std::rethrow_exception(thrown);
    }

private:
    std::exception_ptr thrown_;
#else
    explicit operator bool() const noexcept { return false; }

    void take(caught &) noexcept {}

    template <class Work>
    void run(Work work)
    {
        work();
    }

    void rethrow() noexcept {}
#endif
};

/** The log of one webhook. Clones share the function. */
class log_sink {
public:
    template <class Function>
    log_sink(log_level level, Function &&function)
        : level_(level), tell_(tell<typename std::decay<Function>::type>),
          function_(std::make_shared<typename std::decay<Function>::type>(
              std::forward<Function>(function)))
    {
    }

    /** A log with the same function, for another webhook. */
    log_sink(const log_sink &other)
        : level_(other.level_), tell_(other.tell_), function_(other.function_)
    {
    }

    barker_status attach(barker_webhook *hook)
    {
        return barker_webhook_set_log(hook, static_cast<std::int32_t>(level_), tell_, this);
    }

    caught thrown;

private:
    template <class Function>
    static void tell(void *user, barker_log_level level, const char *line)
    {
        log_sink &sink = *static_cast<log_sink *>(user);
        Function &function = *static_cast<Function *>(sink.function_.get());
        if (!sink.thrown)
            sink.thrown.run([&] { function(static_cast<log_level>(level), line); });
    }

    log_level level_;
    barker_log tell_;
    std::shared_ptr<void> function_;
};

/** The progress of a batch. */
template <class Function>
class progress_call {
public:
    explicit progress_call(Function &function) : function_(function) {}

    static std::int32_t tell(void *user, std::size_t index, barker_status outcome)
    {
        progress_call &call = *static_cast<progress_call *>(user);
        bool go_on = false;
        call.thrown.run([&] { go_on = call.ask(index, static_cast<status>(outcome), result()); });
        return go_on ? 0 : 1;
    }

    caught thrown;

private:
    using result = typename std::is_void<decltype(std::declval<Function &>()(
        std::size_t(), status()))>::type;
    static_assert(result::value || std::is_same<bool, decltype(std::declval<Function &>()(
                                       std::size_t(), status()))>::value,
                  "progress returns nothing, or a bool: whether to continue");

    bool ask(std::size_t index, status outcome, std::true_type)
    {
        function_(index, outcome);
        return true;
    }

    bool ask(std::size_t index, status outcome, std::false_type)
    {
        return function_(index, outcome);
    }

    Function &function_;
};

struct batch;

} // namespace detail

/** The headers of an answer, in the order in which they came: a range of barker::header. */
class header_list {
public:
    using iterator = const header *;

    explicit header_list(const barker_webhook *hook) noexcept
        : size_(0), first_(barker_webhook_response_headers(hook, &size_))
    {
    }

    BARKER_MUST_USE iterator begin() const noexcept { return first_; }
    BARKER_MUST_USE iterator end() const noexcept { return first_ + size_; }
    BARKER_MUST_USE std::size_t size() const noexcept { return size_; }
    BARKER_MUST_USE bool empty() const noexcept { return size_ == 0; }
    /** One of the headers; two NULLs if the index is out of range. */
    BARKER_MUST_USE header operator[](std::size_t index) const noexcept
    {
        return index < size_ ? first_[index] : header{nullptr, nullptr};
    }

private:
    std::size_t size_;
    const header *first_;
};

/** The answer to the last send. It is a view of memory that belongs to the webhook, and is valid
 *  until the webhook sends again or is destroyed. Moving the webhook keeps it valid. */
class response {
public:
    explicit response(const barker_webhook *hook) noexcept : hook_(hook) {}

    /** The HTTP status, such as 204; 0 if none came. If a status came, it is kept even if the send
     *  then fails because the rest of the answer was cut off, was too large or was not HTTP. So are
     *  the headers, if all of them came. A receiver that answered 200 has the message. */
    BARKER_MUST_USE
    unsigned status() const noexcept { return barker_webhook_response_status(hook_); }
    /** Whether the receiver accepted the message: 200 to 299. */
    BARKER_MUST_USE bool ok() const noexcept { return status() >= 200 && status() <= 299; }

    /** The body, followed by a NUL that size() does not count. It is empty if the send failed. */
    BARKER_MUST_USE bytes body() const noexcept
    {
        std::size_t size = 0;
        const std::uint8_t *data = barker_webhook_response_body(hook_, &size);
        return {data, size};
    }

    BARKER_MUST_USE header_list headers() const noexcept { return header_list(hook_); }
    /** The value of the first header with this name, in upper or lower case; no text if there is
     *  none. */
    BARKER_MUST_USE text header(text name) const noexcept
    {
        return barker_webhook_response_header(hook_, name.c_str());
    }

private:
    const barker_webhook *hook_;
};

/** What webhook::sign() returns. */
struct signature {
    /** Empty if the scheme has no timestamp. */
    buffer timestamp;
    buffer value;
};

/** What generate_key_pair() returns, as text. */
struct key_pair {
    /** "whsk_" and base64, for the sender. */
    buffer private_key;
    /** "whpk_" and base64, for the receivers, which can then verify but not sign. */
    buffer public_key;
};

/**
 * A webhook: what to send, to which URL and with which secrets, and the outcome of the last send. A
 * new one has no URL and no data, signs with the key "BARKER", which everyone knows, and has a
 * timeout of 5 seconds and a tolerance of 300 seconds.
 *
 * Move-only: to send from several threads, give each thread a clone(). Every function of a webhook
 * that was moved from fails with status::null.
 *
 * Thread-safety: only one thread at a time may use a webhook; it need not be the thread that made
 * it. Different webhooks are independent of each other, and so are a webhook and its clones. The
 * const functions only read the webhook: any number of threads may call them on one webhook at
 * once, as long as no thread changes, moves or destroys it. The one function that may be called
 * while another thread sends is set_stopped().
 *
 * After fork(), the child may keep using its webhooks, except one that another thread was using
 * during the fork. It shares no connections with the parent.
 *
 * A setter that fails changes nothing, except that a secret that is refused drops the default one:
 * see set_secret(). Setters copy what they are passed.
 */
class webhook {
public:
#ifdef __cpp_exceptions
    webhook() : webhook(barker_webhook_new())
    {
        if (hook_ == nullptr)
            throw barker::error(barker::status::internal, "the webhook could not be made");
    }
#else
    /** Check operator bool: without exceptions, nothing else says whether this failed. */
    webhook() : webhook(barker_webhook_new()) {}
#endif
    webhook(webhook &&) noexcept = default;
    webhook &operator=(webhook &&) noexcept = default;

    /** Whether there is a webhook. There is none after a move. */
    explicit operator bool() const noexcept { return hook_ != nullptr; }

    /** Returns a webhook with the same settings, which shares the idle connections. To send from
     *  several threads, give each thread a clone. The outcome of the last send is not copied. */
    BARKER_MUST_USE webhook clone(on_error ec BARKER_OR_THROW) const
    {
        webhook copy(barker_webhook_clone(hook_.get()));
        barker_status outcome = copy ? BARKER_OK : BARKER_ERR_NULL;
        if (copy && log_ != nullptr) {
            copy.log_.reset(new detail::log_sink(*log_));
            outcome = copy.log_->attach(copy.hook_.get());
        }
        ec(outcome);
        return copy;
    }

    /** The handle, for functions of barker.h. It belongs to the webhook. */
    BARKER_MUST_USE barker_webhook *handle() const noexcept { return hook_.get(); }

    /** The status of the last call that could change this webhook. During and after send_many(), it
     *  is the status of this webhook's delivery. */
    BARKER_MUST_USE barker::status status() const noexcept
    {
        return static_cast<barker::status>(barker_webhook_status(hook_.get()));
    }

    /** A sentence that says why the last call that could change this webhook failed and, if the
     *  caller can fix it, what to change; empty if it succeeded. The sentence never contains a key
     *  or a body. It is valid until the next call that changes the webhook. */
    BARKER_MUST_USE text error() const noexcept { return barker_webhook_error(hook_.get()); }

    // ---- what to send ----

    /** Sets the receiver's URL: absolute, http or https, at most 8000 bytes, with spaces
     *  percent-encoded. A user name and password in it are sent as Basic authentication, unless an
     *  Authorization header was added. The fragment is not sent. For a Unix socket, write "unix:",
     *  the absolute path of the socket, a colon and the path to request:
     *  "unix:/run/app.sock:/hook".
     *
     *  Fails with status::null, utf8 or url. */
    void set_url(text url, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_url(hook_.get(), url.c_str()), ec);
    }

    /** Sets the data that send() sends if no data is passed to it. Fails with status::null. */
    void set_data(bytes data, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_data(hook_.get(), data.data(), data.size()), ec);
    }

    /** Sets the Content-Type, such as "application/json"; nullptr, the default, sends none. Fails
     *  with status::utf8 or header. */
    void set_content_type(text content_type, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_content_type(hook_.get(), content_type.c_str()), ec);
    }

    /** Adds a request header, which is sent exactly as spelled here. The same name may be added
     *  more than once. User-Agent and Accept replace the ones that barker sends.
     *
     *  A name is 1 to 256 characters of an HTTP token (RFC 9110 section 5.6.2). These are refused:
     *  Host, Content-Length, Content-Type, Transfer-Encoding, Connection, Expect, TE, Upgrade and
     *  the headers of every signature scheme. A value is at most 8000 bytes of printable ASCII.
     *  Fails with status::null, utf8 or header. */
    void add_header(text name, text value, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_add_header(hook_.get(), name.c_str(), value.c_str()), ec);
    }

    /** Removes all headers that were added with add_header(). */
    void clear_headers(on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_clear_headers(hook_.get()), ec);
    }

    // ---- how messages are signed ----

    /** Sets the only secret that signs and verifies; it replaces all secrets that were set before.
     *  Until you set one, the secret is "BARKER" under scheme::barker, which everyone knows. Use at
     *  least 24 random bytes: see generate_secret(). The library keeps only what the algorithm
     *  derives from the secret, and wipes that when the secret is replaced or the webhook is
     *  destroyed.
     *
     *  Fails with status::null, range if there is no such scheme, or secret. Only the Barker
     *  schemes accept an empty secret. A secret that is refused also drops the default one: a
     *  webhook that has no other secret then refuses to sign, send and verify (status::secret)
     *  until one is set. */
    void set_secret(scheme scheme, bytes secret, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_secret(hook_.get(), static_cast<std::int32_t>(scheme),
                                           secret.data(), secret.size()),
                 ec);
    }

    /** Adds a secret to the ones that were set, at most 16. The default secret is dropped, even if
     *  the new one is refused.
     *
     *  Sending signs under every scheme that has a secret, so that receivers can move from one
     *  scheme to another. If the header can hold several signatures (Standard Webhooks, Svix,
     *  Stripe), every secret of the scheme signs; otherwise only the first one does. Verifying
     *  accepts a message that was signed with any of the secrets, so that secrets can be rotated:
     *  put the new one first.
     *
     *  Fails like set_secret(), and with status::range if there is no room for another secret. */
    void add_secret(scheme scheme, bytes secret, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_add_secret(hook_.get(), static_cast<std::int32_t>(scheme),
                                           secret.data(), secret.size()),
                 ec);
    }

    /** Sets the key of the Python package's scheme. This is set_secret() with scheme::barker. */
    void set_key(bytes key, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_key(hook_.get(), key.data(), key.size()), ec);
    }

    /** Sets how the names BARKER_TIMESTAMP and BARKER_SIGNATURE are spelled when sending; the
     *  default is spelling::underscore. By default nginx drops names with underscores, but the
     *  Python package reads only those. Verifying accepts both. */
    void set_spelling(spelling spelling, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_spelling(hook_.get(), static_cast<std::int32_t>(spelling)), ec);
    }

    /** Sets the message id that Standard Webhooks signs: 1 to 256 printable ASCII characters,
     *  without spaces and dots. If you send a message again, keep its id, so that the receiver
     *  recognizes the message. With nullptr, the default, each send makes a new id: see id(). Fails
     *  with status::utf8 or id. */
    void set_id(text id, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_id(hook_.get(), id.c_str()), ec);
    }

    // ---- how messages are delivered ----

    /** Sets how long a whole send may take: signing, lookup, connection, TLS, request and answer.
     *  The default is 5 seconds; less than 1 ms fails with status::range.
     *
     *  This and other durations are cut to the longest that C can express: 49 days in milliseconds,
     *  136 years in seconds. Less than 0 counts as 0. */
    void set_timeout(std::chrono::milliseconds timeout, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_timeout(hook_.get(), detail::to_uint32(timeout.count())), ec);
    }

    /** Sets which idle connections are kept for reuse: how many (32 by default), and how long they
     *  may be idle (60 seconds by default). Choose a time that is less than the receiver's own
     *  limit. If a receiver announces its limit (Keep-Alive: timeout=...), barker keeps to that as
     *  well. A webhook and its clones share these connections; when a webhook sends, it applies its
     *  own limits. */
    void set_idle_limits(std::uint32_t connections, std::chrono::seconds time,
                         on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_idle_limits(hook_.get(), connections,
                                                detail::to_uint32(time.count())),
                 ec);
    }

    /** Sets how old a connection may be when it is used again: 600 seconds by default; 0 allows any
     *  age. An older one is closed and the host is looked up again, so that even a busy webhook
     *  notices when the host's addresses change. */
    void set_max_connection_age(std::chrono::seconds age, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_max_connection_age(hook_.get(),
                                                       detail::to_uint32(age.count())),
                 ec);
    }

    /** Closes the idle connections that the webhook shares with its clones. */
    void close_idle(on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_close_idle(hook_.get()), ec);
    }

    /** Sets how long the addresses of a host are used before the system is asked again: 60 seconds
     *  by default; 0 asks each time a connection is opened, and never uses old addresses. If the
     *  system does not answer within 250 milliseconds, or reports a temporary failure, the old
     *  addresses are used once more, for at most an hour. If no address of a host accepts a
     *  connection, its addresses are forgotten. */
    void set_lookup_lifetime(std::chrono::seconds lifetime, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_lookup_lifetime(hook_.get(),
                                                    detail::to_uint32(lifetime.count())),
                 ec);
    }

    /** Sets how many bytes the body of an answer may have, 1 MiB by default. If it has more, the
     *  send fails with status::too_large. Barker does not decompress bodies. */
    void set_max_body(std::uint32_t size, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_max_body(hook_.get(), size), ec);
    }

    /** Sets how many redirects in a row are followed, within the timeout; the default, 0, follows
     *  none. A redirect that is not followed is an answer like any other.
     *
     *  301, 302, 307 and 308 send the same message to the new URL. For 303, barker fetches the new
     *  URL with a GET without data and signature. A redirect is never followed from https to http.
     *  Unless to_other_origins is true, only redirects to the same scheme, host and port as the URL
     *  are followed. If it is true, any other server that a receiver names gets the message, its
     *  signature and the added headers except Authorization and Cookie. */
    void set_redirects(std::uint32_t max, bool to_other_origins, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_redirects(hook_.get(), max, to_other_origins), ec);
    }

    /** Sets the proxy for all receivers except Unix sockets: "http://user:password@host:port" for
     *  HTTP CONNECT or "socks5://..." for SOCKS5; user and password are optional. nullptr, the
     *  default, uses no proxy. Requests over http go through a tunnel too, so the proxy is asked
     *  only for a host and a port. The proxy looks up the receiver's host name. Fails with
     *  status::utf8 or url. */
    void set_proxy(text url, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_proxy(hook_.get(), url.c_str()), ec);
    }

    /** Uses the proxies that the environment names now: http_proxy for http; https_proxy or
     *  HTTPS_PROXY for https; otherwise all_proxy or ALL_PROXY. no_proxy or NO_PROXY lists the
     *  names, addresses and networks that are reached without a proxy, separated by commas or
     *  spaces, each with or without a port. Without this call, barker does not read the environment
     *  for proxies. If a variable does not name a proxy, sends that would use it fail with
     *  status::proxy. */
    void set_proxy_from_environment(on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_proxy_from_environment(hook_.get()), ec);
    }

    /** Sets a function that is called with a line for each event of a delivery:
     *  `log(barker::log_level, const char *line)`. Lines that are less important than `level` are
     *  left out. A line contains no secret, data, header or password, and no path of a URL. It is
     *  valid during the call.
     *
     *  The function is called on the thread that sends, during the send, and must not use the
     *  webhooks that are being sent with. The webhook keeps it, and clones that are made afterwards
     *  share it: if they send from several threads, it is called on all of them. If it throws, the
     *  exception leaves the send when that has ended; until then the function is not called
     *  again. */
    template <class Function>
    void set_log(log_level level, Function &&function, on_error ec BARKER_OR_THROW)
    {
        std::unique_ptr<detail::log_sink> log(
            new detail::log_sink(level, std::forward<Function>(function)));
        barker_status outcome = log->attach(hook_.get());
        if (outcome == BARKER_OK)
            log_ = std::move(log);
        conclude(outcome, ec);
    }

    /** Logs nothing, which is the default. */
    void clear_log(on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_log(hook_.get(), BARKER_LOG_OFF, nullptr, nullptr), ec);
        log_.reset();
    }

    // ---- where messages may be sent ----

    /** Sets which addresses messages may be sent to; the default is addresses::any. If strangers
     *  choose the URLs, choose public_internet: otherwise a URL may lead to anything that this
     *  machine can reach.
     *
     *  Every address is checked after the host was looked up, right before a connection to it is
     *  opened or used again, so its spelling in the URL does not matter. The first of these rules
     *  that applies decides: an address in a network of deny_network() is refused; an address in a
     *  network of allow_network() is allowed; `any` allows all other addresses, and `listed`
     *  refuses them; `public_internet` refuses everything in the IANA special-purpose address
     *  registries (private use, loopback, link-local and others), multicast, broadcast, the
     *  metadata services of clouds, and IPv6 outside 2000::/3. For IPv4 addresses within IPv6, see
     *  barker_webhook_set_address_policy() in barker.h. Unix sockets are refused unless the policy
     *  is `any`.
     *
     *  If all addresses of a host are refused, the send fails with status::refused. A clone gets a
     *  copy of the policy, which can then be changed on its own. */
    void set_address_policy(addresses addresses, on_error ec BARKER_OR_THROW)
    {
        conclude(
            barker_webhook_set_address_policy(hook_.get(), static_cast<std::int32_t>(addresses)),
            ec);
    }

    /** Allows a network that the address policy would refuse: "10.0.0.0/8", "fd00::/8" or a single
     *  address. Fails with status::null, utf8, or range if this is not a network. */
    void allow_network(text network, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_allow_network(hook_.get(), network.c_str()), ec);
    }

    /** Denies a network, even if something else allows it. Fails like allow_network(). */
    void deny_network(text network, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_deny_network(hook_.get(), network.c_str()), ec);
    }

    /** Allows a port, 1 to 65535. Once a port is allowed, a send to a URL with a port that is not,
     *  or to a Unix socket, fails with status::refused. Fails with status::range. */
    void allow_port(std::uint32_t port, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_allow_port(hook_.get(), port), ec);
    }

    /** Sets whether only https URLs are allowed. If so, a send to any other URL, including that of
     *  a Unix socket, fails with status::refused. */
    void set_https_only(bool https_only, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_https_only(hook_.get(), https_only), ec);
    }

    // ---- TLS, for connections that are opened afterwards; clones copy the settings ----

    /** Trusts the certificate authorities in PEM, one or more, in addition to those of the
     *  platform. A self-signed certificate counts as an authority. Fails with status::null or
     *  certificate. */
    void add_ca(bytes pem, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_add_ca(hook_.get(), pem.data(), pem.size()), ec);
    }

    /** Like add_ca(), but reads the certificates from a file, once, during the call. Fails with
     *  status::null, utf8, certificate or system. */
    void add_ca_file(text path, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_add_ca_file(hook_.get(), path.c_str()), ec);
    }

    /** Sets whether the certificate authorities of the platform are trusted, as they are by
     *  default. On Linux these are the ones that OpenSSL would find, or those that SSL_CERT_FILE
     *  and SSL_CERT_DIR name. */
    void set_platform_ca(bool trusted, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_platform_ca(hook_.get(), trusted), ec);
    }

    /** Reads the certificate authorities of the platform now, which the first connection over TLS
     *  would otherwise do. Call it after the other functions that set up TLS. Fails with
     *  status::null, certificate, tls or system. */
    void preload_ca(on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_preload_ca(hook_.get()), ec);
    }

    /** Refuses the certificates that these lists in PEM revoke, anywhere in a receiver's chain. A
     *  certificate whose issuer has no list here is not affected. Barker does not download lists.
     *  Fails with status::null or certificate. */
    void add_crl(bytes pem, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_add_crl(hook_.get(), pem.data(), pem.size()), ec);
    }

    /** Sets the certificate that is shown to receivers that ask for one (mutual TLS), in PEM and
     *  followed by the certificates that lead to an authority, and its private key in PEM, not
     *  encrypted: RSA, ECDSA or Ed25519. Pass barker::bytes() twice to show none. The TLS library
     *  keeps the key in memory and does not wipe it. Fails with status::null or certificate. */
    void set_client_certificate(bytes pem, bytes key, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_client_certificate(hook_.get(), pem.data(), pem.size(),
                                                       key.data(), key.size()),
                 ec);
    }

    /** Sets the name that the receiver's certificate must have and that is sent to the receiver
     *  (SNI): a DNS name or an IP address. nullptr, the default, uses the host of the URL. Fails
     *  with status::utf8 or certificate. */
    void set_server_name(text name, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_server_name(hook_.get(), name.c_str()), ec);
    }

    /** Sets the oldest version of TLS that is accepted; the default is tls::v1_2. */
    void set_min_tls(tls version, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_min_tls(hook_.get(), static_cast<std::int32_t>(version)), ec);
    }

    /** INSECURE: accepts any certificate, so that anyone on the way to the receiver can read and
     *  change what is sent. Use it only in tests. To trust one particular certificate, use
     *  add_ca(). */
    void set_insecure_skip_verify(bool skip, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_insecure_skip_verify(hook_.get(), skip), ec);
    }

    // ---- what was set ----

    /** The URL as it was set, valid until it is set again; no text if none was set. */
    BARKER_MUST_USE text url() const noexcept { return barker_webhook_url(hook_.get()); }

    /** The data as it was set, valid until it is set again. */
    BARKER_MUST_USE bytes data() const noexcept
    {
        std::size_t size = 0;
        const std::uint8_t *data = barker_webhook_data(hook_.get(), &size);
        return {data, size};
    }

    BARKER_MUST_USE std::chrono::milliseconds timeout() const noexcept
    {
        return std::chrono::milliseconds(barker_webhook_timeout(hook_.get()));
    }

    /** 0 if the check is turned off. */
    BARKER_MUST_USE std::chrono::seconds tolerance() const noexcept
    {
        return std::chrono::seconds(barker_webhook_tolerance(hook_.get()));
    }

    // ---- sending ----

    /** Signs the data that was set with the current time, sends it in a POST request and waits for
     *  the answer. An answer with any HTTP status is a success: check response::status().
     *
     *  Barker never sends a message again on its own if the receiver may already have it. After
     *  status::send, receive, timeout, protocol, too_large or stopped, the caller decides. Also
     *  fails with status::url if no URL was set, secret if no secret can sign, system, refused,
     *  resolve, resolve_again, connect, proxy, tls and certificate_expired, _name, _issuer,
     *  _self_signed or _revoked. */
    BARKER_MUST_USE barker::response send(on_error ec BARKER_OR_THROW) &
    {
        std::uint16_t http_status;
        return sent(barker_webhook_send(hook_.get(), &http_status, nullptr), ec);
    }

    /** Like send(), but sends the data passed here, which it reads during the call and does not
     *  copy. The data that was set stays as it is. */
    BARKER_MUST_USE barker::response send(bytes data, on_error ec BARKER_OR_THROW) &
    {
        std::uint16_t http_status;
        return sent(barker_webhook_send_data(hook_.get(), data.data(), data.size(), &http_status,
                                             nullptr),
                    ec);
    }

    /** Ends the send that is running, or the next one, and all sends that follow, until it is
     *  called with false. They fail with status::stopped. Use it to cancel a send, or before the
     *  program ends.
     *
     *  Any thread may call it at any time, even while another thread sends, alone or in a batch. A
     *  signal handler must not call it. It does not wait for the send to end. It does not stop
     *  clones, and a new clone of a stopped webhook can send. */
    void set_stopped(bool stopped, on_error ec BARKER_OR_THROW) const
    {
        ec(barker_webhook_set_stopped(hook_.get(), stopped));
    }

    // ---- the last send, even if it failed: valid until the next; no text before the first ----

    /** The answer. */
    BARKER_MUST_USE
    barker::response response() const noexcept { return barker::response(hook_.get()); }

    /** The message id: pass it to set_id() to send the same message again. Empty if no scheme signs
     *  an id. */
    BARKER_MUST_USE text id() const noexcept { return barker_webhook_id(hook_.get()); }

    /** The timestamp, as it is written in the header of the first scheme. Empty if the scheme has
     *  none. */
    BARKER_MUST_USE
    text timestamp() const noexcept { return barker_webhook_timestamp(hook_.get()); }

    /** The signature: the value of the first scheme's header. */
    BARKER_MUST_USE
    text signature() const noexcept { return barker_webhook_signature(hook_.get()); }

    // ---- signing without sending ----

    /** Signs data without sending it, for programs that have their own HTTP client. It returns the
     *  headers to send with the data, each as "Name: value" and a line break (CR LF). Send the
     *  names spelled as they are.
     *
     *  The timestamp is in decimal Unix seconds with at most 9 digits of fraction, which only the
     *  Barker schemes use; nullptr is the current time. Fails with status::null, secret if no
     *  secret can sign, system, or header_malformed if the timestamp does not have this form. */
    BARKER_MUST_USE
    buffer sign_headers(bytes data, text timestamp, on_error ec BARKER_OR_THROW) const
    {
        buffer headers;
        ec(barker_webhook_sign_headers(hook_.get(), timestamp.c_str(), data.data(), data.size(),
                                       headers.out()));
        return headers;
    }

    BARKER_MUST_USE buffer sign_headers(bytes data, on_error ec BARKER_OR_THROW) const
    {
        return sign_headers(data, nullptr, ec);
    }

    /** Like sign_headers(), but returns only the values, under the scheme whose secret was set
     *  first. With scheme::barker, send them as BARKER_TIMESTAMP and BARKER_SIGNATURE. Also fails
     *  with status::id if the scheme signs an id and none was set. */
    BARKER_MUST_USE
    barker::signature sign(bytes data, text timestamp, on_error ec BARKER_OR_THROW) const
    {
        barker::signature signature;
        ec(barker_webhook_sign(hook_.get(), timestamp.c_str(), data.data(), data.size(),
                               signature.timestamp.out(), signature.value.out()));
        return signature;
    }

    BARKER_MUST_USE barker::signature sign(bytes data, on_error ec BARKER_OR_THROW) const
    {
        return sign(data, nullptr, ec);
    }

    // ---- verifying ----

    /** Checks whether a received message is genuine and current. It is if its headers hold a
     *  signature of this body that was made with one of the webhook's secrets, and a timestamp
     *  within the webhook's tolerance. Pass all headers as they came, and the body before anything
     *  has parsed it:
     *
     *      std::error_code ec;
     *      hook.verify(request.headers, request.body, ec);
     *      if (ec)
     *          return 401;
     *
     *  Headers are any range of barker::header, any range of pairs of texts, such as a
     *  std::map<std::string, std::string>, or a list in braces: {{"name", "value"}, ...}.
     *
     *  Signatures are compared in constant time. Within the tolerance, a message that was verified
     *  once verifies again, unless a replay limit was set. If the webhook has several secrets and
     *  none matches, the status is that of the secret that got furthest in the checks.
     *
     *  Fails with status::null, secret if the webhook has no secret because one was refused,
     *  header_missing, header_malformed, header_ambiguous, signature, too_old or too_new; with a
     *  replay limit also with replayed (answer 2xx: the message was accepted before) or replay_full
     *  (answer 503). */
    template <class Range>
    void verify(const Range &headers, bytes body, on_error ec BARKER_OR_THROW) const
    {
        const detail::header_array array(headers);
        ec(barker_webhook_verify(hook_.get(), array.data(), array.size(), body.data(),
                                 body.size()));
    }

    void verify(std::initializer_list<std::pair<text, text>> headers, bytes body,
                on_error ec BARKER_OR_THROW) const
    {
        verify<std::initializer_list<std::pair<text, text>>>(headers, body, ec);
    }

    /** Makes a webhook that has a replay limit accept a message once more. Use it when the receiver
     *  could not process a message that it had verified, and the sender will send it again. Pass
     *  the headers and the body that were passed to verify(). It does not fail if the message was
     *  not remembered. */
    template <class Range>
    void forget(const Range &headers, bytes body, on_error ec BARKER_OR_THROW) const
    {
        const detail::header_array array(headers);
        ec(barker_webhook_forget(hook_.get(), array.data(), array.size(), body.data(),
                                 body.size()));
    }

    void forget(std::initializer_list<std::pair<text, text>> headers, bytes body,
                on_error ec BARKER_OR_THROW) const
    {
        forget<std::initializer_list<std::pair<text, text>>>(headers, body, ec);
    }

    /** Sets how far a received timestamp may be from the current time, in the past or in the
     *  future: 300 seconds by default; 0 turns the check off, so that old messages can be replayed.
     *  Less than 0 counts as 1, the strictest. */
    void set_tolerance(std::chrono::seconds tolerance, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_tolerance(hook_.get(), detail::to_tolerance(tolerance)), ec);
    }

    /** Makes verify() refuse a message that it accepted before. The number is how many messages to
     *  remember, in at most 40 bytes each; the default, 0, remembers none.
     *
     *  A message is recognized by its id or, if the scheme has no id, by everything that is signed.
     *  It is remembered as long as its timestamp is within the tolerance and, if there is room, for
     *  the tolerance again after that. Under a scheme without timestamps, a message is remembered
     *  for twice the tolerance, and can be replayed afterwards. If the check of timestamps is
     *  turned off, it is remembered for 20 minutes. Clones that are made afterwards share this
     *  memory; processes do not. Setting a limit again forgets all messages. */
    void set_replay_limit(std::uint32_t messages, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_replay_limit(hook_.get(), messages), ec);
    }

private:
    friend struct detail::batch;

    struct deleter {
        void operator()(barker_webhook *hook) const noexcept { barker_webhook_free(hook); }
    };

    explicit webhook(barker_webhook *hook) noexcept : hook_(hook) {}

    void conclude(barker_status outcome, on_error ec) const
    {
        ec(outcome, barker_webhook_error(hook_.get()));
    }

    barker::response sent(barker_status outcome, on_error ec)
    {
        if (log_ != nullptr)
            log_->thrown.rethrow();
        conclude(outcome, ec);
        return response();
    }

    std::unique_ptr<detail::log_sink> log_; // must outlive the handle
    std::unique_ptr<barker_webhook, deleter> hook_;
};

namespace detail {

/** The handles of a batch. */
struct batch {
    template <class Range>
    explicit batch(Range &hooks)
    {
        for (webhook &hook : hooks)
            handles.push_back(hook.handle());
    }

    /** Collects what the logs have thrown. */
    template <class Range>
    static void gather(Range &hooks, caught &thrown)
    {
        for (webhook &hook : hooks)
            if (hook.log_ != nullptr)
                thrown.take(hook.log_->thrown);
    }

    std::vector<barker_webhook *> handles;
};

} // namespace detail

/**
 * Signs and sends the data of many webhooks at once. It returns when every delivery was answered or
 * has failed. Everything happens on the calling thread, except that other threads look up host
 * names.
 *
 * Each webhook then has the outcome of its delivery, as after send(): see webhook::status(). The
 * timeout of a webhook starts when its delivery starts. To send one body to many receivers, clone a
 * webhook and set only the URLs. Clones that have the data and secrets of their original send one
 * message with one id, which is signed at most once a second.
 *
 *     std::vector<barker::webhook> hooks;
 *     for (const std::string &url : urls) {
 *         hooks.push_back(original.clone());
 *         hooks.back().set_url(url);
 *     }
 *     barker::send_many(hooks, 100, [&](std::size_t index, barker::status status) {
 *         std::cout << urls[index] << ": " << barker::status_string(status) << '\n';
 *     });
 *
 * At most max_in_flight deliveries run at once, each of which needs a file descriptor; 0 means 64.
 * Each time a delivery has ended, `progress` is called on this thread. It may return nothing, or a
 * bool: false stops the batch. An exception from it stops the batch too, and leaves this function.
 * Until send_many() has returned, do not change, move or destroy the webhooks.
 *
 * A delivery that fails is not a failure of this function. It fails with status::null, or range
 * because a webhook is in the range twice: nothing was tried. Or it fails with stopped or system:
 * deliveries that had not ended have status::stopped.
 *
 * @param hooks  any range of webhooks, or of std::reference_wrapper to them, each only once, which
 *               nothing else uses during the call
 */
template <class Range, class Progress,
          class = decltype(std::declval<Progress &>()(std::size_t(), status()))>
void send_many(Range &&hooks, std::uint32_t max_in_flight, Progress &&progress,
               on_error ec BARKER_OR_THROW)
{
    const detail::batch batch(hooks);
    detail::progress_call<Progress> call(progress);
    const barker_status outcome = barker_send_many(
        batch.handles.data(), batch.handles.size(), max_in_flight, call.tell, &call);
    batch.gather(hooks, call.thrown);
    call.thrown.rethrow();
    ec(outcome);
}

/** The same without progress. */
template <class Range>
void send_many(Range &&hooks, std::uint32_t max_in_flight, on_error ec BARKER_OR_THROW)
{
    send_many(hooks, max_in_flight, [](std::size_t, status) {}, ec);
}

/**
 * Deliveries that run while the program does other things: one descriptor to watch, and one
 * function to call. Only one thread at a time may use it, except for wake(). Move-only.
 *
 *     barker::engine engine;
 *     engine.add(std::move(hook), [](barker::webhook sent) {
 *         std::cout << barker::status_string(sent.status()) << '\n';
 *     });
 *     while (engine.count() > 0) // and whenever fd() is readable, or timeout() has passed
 *         engine.step(std::chrono::milliseconds(1000));
 *
 * If it is destroyed, the deliveries that have not ended are stopped, and their functions are not
 * called. After fork(), the child's engines are empty and have other descriptors.
 */
class engine {
public:
#ifdef __cpp_exceptions
    engine() : engine_(barker_engine_new())
    {
        if (engine_ == nullptr)
            throw barker::error(barker::status::system, "the engine could not be made");
    }
#else
    /** Check operator bool: without exceptions, nothing else says whether this failed. */
    engine() : engine_(barker_engine_new()) {}
#endif
    engine(engine &&) noexcept = default;
    engine &operator=(engine &&other) noexcept
    {
        engine_ = std::move(other.engine_); // before what it points to
        lent_ = std::move(other.lent_);
        return *this;
    }

    /** Whether there is an engine. There is none after a move. */
    explicit operator bool() const noexcept { return engine_ != nullptr; }

    /** Sets how many deliveries may run at once, in all (0 means 256) and to one host and port (0
     *  means 64). The others wait for their turn. Fails with status::null or busy. */
    void set_limits(std::uint32_t in_all, std::uint32_t per_host, on_error ec BARKER_OR_THROW)
    {
        ec(barker_engine_set_limits(engine_.get(), in_all, per_host));
    }

    /** Adds a message: the data that was set is signed and sent in the next steps. Then step()
     *  calls `end` with the webhook, which has its outcome, as after send(). If this fails, the
     *  webhook stays the caller's. Fails with status::null, url, busy or system.
     *
     *  @param end  a function or function object that takes a barker::webhook */
    template <class End>
    void add(webhook &&hook, End end, on_error ec BARKER_OR_THROW)
    {
        std::list<lent> one;
        one.emplace_back(std::move(hook), std::move(end));
        const barker_status outcome =
            barker_engine_add(engine_.get(), one.front().hook.handle(), &one.front());
        if (outcome != BARKER_OK) {
            hook = std::move(one.front().hook);
        } else {
            one.front().self = one.begin();
            lent_.splice(lent_.end(), one);
        }
        ec(outcome);
    }

    /** The descriptor that becomes readable when step() has something to do; -1 if there is none.
     *  Do not read from it and do not close it. */
    BARKER_MUST_USE int fd() const noexcept { return barker_engine_fd(engine_.get()); }

    /** After how many milliseconds to call step() even if the descriptor does not become readable,
     *  as for poll(): -1 means never. Ask again after add() and step(). */
    BARKER_MUST_USE int timeout() const noexcept { return barker_engine_timeout(engine_.get()); }

    /** Continues the deliveries as far as possible without waiting for any of them, and calls the
     *  functions of those that have ended. If nothing can be done at once, waits for at most
     *  `wait`. What such a function throws leaves step(); the next step goes on. Fails with
     *  status::null, busy or system. */
    void step(std::chrono::milliseconds wait, on_error ec BARKER_OR_THROW)
    {
        const barker_status outcome =
            barker_engine_step(engine_.get(), detail::to_uint32(wait.count()));
        void *user;
        while (barker_engine_next(engine_.get(), &user) != nullptr) {
            lent &ended = *static_cast<lent *>(user);
            webhook hook = std::move(ended.hook);
            const std::function<void(webhook)> end = std::move(ended.end);
            lent_.erase(ended.self);
            end(std::move(hook));
        }
        ec(outcome);
    }

    /** The same without waiting. */
    void step(on_error ec BARKER_OR_THROW) { step(std::chrono::milliseconds(0), ec); }

    /** How many webhooks the engine has. */
    BARKER_MUST_USE std::size_t count() const noexcept
    {
        return barker_engine_count(engine_.get());
    }

    /** Makes a step() that waits return at once, or if none waits, the next one. Any thread may
     *  call it. Fails with status::null. */
    void wake(on_error ec BARKER_OR_THROW) const { ec(barker_engine_wake(engine_.get())); }

private:
    struct lent {
        template <class End>
        lent(webhook &&lent_hook, End &&at_end)
            : hook(std::move(lent_hook)), end(share(std::forward<End>(at_end)))
        {
        }

        /** As std::function copies what it holds, which may not be copied. */
        template <class End>
        static std::function<void(webhook)> share(End &&at_end)
        {
            using function = typename std::decay<End>::type;
            auto shared = std::make_shared<function>(std::forward<End>(at_end));
            return [shared](webhook sent) { (*shared)(std::move(sent)); };
        }

        webhook hook;
        std::function<void(webhook)> end;
        std::list<lent>::iterator self;
    };

    struct deleter {
        void operator()(barker_engine *engine) const noexcept { barker_engine_free(engine); }
    };

    std::list<lent> lent_;
    std::unique_ptr<barker_engine, deleter> engine_; // ends before what it points to
};

/** What retry::judge() returns. */
struct judgement {
    barker::verdict verdict;
    /** How long to wait before the message is sent again; 0 unless it is verdict::retry. */
    std::chrono::milliseconds wait;
};

/**
 * A retry policy: when a message is sent again, and when it is given up. A new policy is the one
 * that Standard Webhooks suggests; barker_retry in barker.h says what that is, and after which
 * statuses the receiver may have the message.
 *
 *     barker::retry retry;
 *     hook.set_id(barker::generate_id()); // the same in all tries
 *     for (std::uint32_t tries = 1;; ++tries) {
 *         std::error_code ec; // judge() knows what came of it
 *         std::cout << hook.send(ec).status() << '\n';
 *         const barker::judgement next = retry.judge(hook, tries);
 *         if (next.verdict != barker::verdict::retry)
 *             break;
 *         std::this_thread::sleep_for(next.wait);
 *     }
 *
 * Move-only. The setters of one that was moved from fail with status::null. A setter that fails
 * changes nothing. Durations that are longer than C can say are set to the longest that it can, and
 * less than 0 is taken for 0.
 *
 * Thread-safety: one thread at a time changes, moves or destroys a policy. While none does, any
 * number of threads may judge by it at once.
 */
class retry {
public:
#ifdef __cpp_exceptions
    retry() : retry_(barker_retry_new())
    {
        if (retry_ == nullptr)
            throw barker::error(barker::status::internal, "the retry policy could not be made");
    }
#else
    /** Look at operator bool: without exceptions there is no other way to tell. */
    retry() : retry_(barker_retry_new()) {}
#endif
    retry(retry &&) noexcept = default;
    retry &operator=(retry &&) noexcept = default;

    /** Whether there is a policy: not if it was moved from. */
    explicit operator bool() const noexcept { return retry_ != nullptr; }

    /** The policy, for functions of barker.h; this object's own. */
    BARKER_MUST_USE barker_retry *handle() const noexcept { return retry_.get(); }

    /** Sets the schedule: how long to wait after each try that failed, in a range of std::chrono's
     *  durations, 100 at most. If the try after the last delay fails as well, the message is dead.
     *  Fails with status::range. */
    template <class Range>
    void set_delays(const Range &delays, on_error ec BARKER_OR_THROW)
    {
        std::uint32_t numbers[max_delays + 1];
        std::size_t count = 0;
        for (const std::chrono::milliseconds delay : delays)
            if (count <= max_delays)
                numbers[count++] = detail::to_uint32(delay.count());
        ec(barker_retry_set_delays(retry_.get(), numbers, count));
    }

    void set_delays(std::initializer_list<std::chrono::milliseconds> delays,
                    on_error ec BARKER_OR_THROW)
    {
        set_delays<std::initializer_list<std::chrono::milliseconds>>(delays, ec);
    }

    /** Sets how far waits are varied at random: 0 to 100 percent, 20 by default. A delay of the
     *  schedule becomes up to this much longer or shorter; the overload delay, and the wait that a
     *  Retry-After header asks for, only become longer. Fails with status::range. */
    void set_jitter(std::uint32_t percent, on_error ec BARKER_OR_THROW)
    {
        ec(barker_retry_set_jitter(retry_.get(), percent));
    }

    /** Sets how much longer a Retry-After header may make a wait: 2 hours by default; 0 ignores the
     *  header. */
    void set_retry_after(std::chrono::seconds limit, on_error ec BARKER_OR_THROW)
    {
        ec(barker_retry_set_retry_after(retry_.get(), detail::to_uint32(limit.count())));
    }

    /** Sets the shortest wait after 429, 502, 503, 504 and status::timeout: a minute by default. */
    void set_overload_delay(std::chrono::milliseconds delay, on_error ec BARKER_OR_THROW)
    {
        ec(barker_retry_set_overload_delay(retry_.get(), detail::to_uint32(delay.count())));
    }

    /** Sets the HTTP statuses after which a message is not sent again: a range of std::uint16_t,
     *  each 300 to 599, 300 at most; by default there are none. 410 is always verdict::gone. Fails
     *  with status::range. */
    template <class Range>
    void set_final_statuses(const Range &statuses, on_error ec BARKER_OR_THROW)
    {
        std::uint16_t numbers[max_statuses + 1];
        std::size_t count = 0;
        for (const std::uint16_t status : statuses)
            if (count <= max_statuses)
                numbers[count++] = status;
        ec(barker_retry_set_final_statuses(retry_.get(), numbers, count));
    }

    void set_final_statuses(std::initializer_list<std::uint16_t> statuses,
                            on_error ec BARKER_OR_THROW)
    {
        set_final_statuses<std::initializer_list<std::uint16_t>>(statuses, ec);
    }

    /** Says what is to become of a message after a send. Call it after each send, before the
     *  webhook sends again; other calls in between change nothing. `tries` is how often the message
     *  was sent so far, this time included; 0 counts as 1. A webhook that has sent nothing is
     *  verdict::retry as long as there are delays, and one that was moved from is verdict::dead. A
     *  policy that was moved from judges as a new one. */
    BARKER_MUST_USE judgement judge(const webhook &hook, std::uint32_t tries) const noexcept
    {
        std::uint32_t wait = 0;
        const barker_verdict verdict =
            barker_retry_judge(retry_.get(), hook.handle(), tries, &wait);
        return {static_cast<barker::verdict>(verdict), std::chrono::milliseconds(wait)};
    }

    /** The same for the outcome of a send without its webhook: because the program stored it, or
     *  sent the message with another HTTP client. `status` is status::ok if the receiver answered;
     *  for another client, status::timeout if no answer came in time, and status::receive if it
     *  failed otherwise. `http_status` is 0, and `retry_after` nullptr, if there is none. */
    BARKER_MUST_USE judgement judge(barker::status status, std::uint16_t http_status,
                                    text retry_after, std::uint32_t tries) const noexcept
    {
        std::uint32_t wait = 0;
        const barker_verdict verdict =
            barker_retry_judge_outcome(retry_.get(), static_cast<std::int32_t>(status),
                                       http_status, retry_after.c_str(), tries, &wait);
        return {static_cast<barker::verdict>(verdict), std::chrono::milliseconds(wait)};
    }

private:
    enum : std::size_t { max_delays = 100, max_statuses = 300 };

    struct deleter {
        void operator()(barker_retry *retry) const noexcept { barker_retry_free(retry); }
    };

    std::unique_ptr<barker_retry, deleter> retry_;
};

/** Like webhook::verify(), but without a webhook. A webhook that is kept verifies faster, because
 *  it prepares its secrets only once. A tolerance of 0 turns the check of the timestamp off. Also
 *  fails with status::secret or range. */
template <class Range>
void verify(scheme scheme, bytes secret, std::chrono::seconds tolerance, const Range &headers,
            bytes body, on_error ec BARKER_OR_THROW)
{
    const detail::header_array array(headers);
    ec(barker_verify(static_cast<std::int32_t>(scheme), secret.data(), secret.size(),
                     detail::to_tolerance(tolerance), array.data(), array.size(), body.data(),
                     body.size()));
}

inline void verify(scheme scheme, bytes secret, std::chrono::seconds tolerance,
                   std::initializer_list<std::pair<text, text>> headers, bytes body,
                   on_error ec BARKER_OR_THROW)
{
    verify<std::initializer_list<std::pair<text, text>>>(scheme, secret, tolerance, headers, body,
                                                         ec);
}

/** Makes a secret of 32 random bytes, as text: "whsec_" and base64. This text is a valid secret for
 *  every scheme. Fails with status::system. */
BARKER_MUST_USE inline buffer generate_secret(on_error ec BARKER_OR_THROW)
{
    buffer secret;
    ec(barker_generate_secret(secret.out()));
    return secret;
}

/** Makes an Ed25519 key pair for Standard Webhooks, as text. Fails with status::system. */
BARKER_MUST_USE inline key_pair generate_key_pair(on_error ec BARKER_OR_THROW)
{
    key_pair pair;
    ec(barker_generate_key_pair(pair.private_key.out(), pair.public_key.out()));
    return pair;
}

/** Makes a message id: "msg_" and 32 random hexadecimal digits. Fails with status::system. */
BARKER_MUST_USE inline buffer generate_id(on_error ec BARKER_OR_THROW)
{
    buffer id;
    ec(barker_generate_id(id.out()));
    return id;
}

} // inline namespace
} // namespace barker

#undef BARKER_OR_THROW
#undef BARKER_VISIBLE

#endif
