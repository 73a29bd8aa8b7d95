/**
 * @file barker.hpp
 * Barker from C++: sends signed webhooks and verifies received ones. Header only, over barker.h,
 * for C++11 and later; link with libbarker.
 *
 *     barker::webhook hook;
 *     hook.set_url("https://receiver.example/hook");
 *     hook.set_secret(barker::scheme::standard, secret);
 *     barker::response answer = hook.send("{\"event\": \"dog.barked\"}");
 *     std::cout << answer.status() << '\n';
 *
 * Errors. Each function that can fail takes, last, what becomes of a failure, as in Asio and
 * std::filesystem: left out, barker::error is thrown; a std::error_code, and it is set, to
 * status::ok by a success, and nothing of barker's is thrown:
 *
 *     std::error_code ec;
 *     hook.send(ec);
 *     if (ec == barker::status::timeout)
 *         std::cerr << hook.error() << '\n';
 *
 * It is one parameter of type on_error and not a pair of overloads, so that each function is
 * declared and described once. With -fno-exceptions it cannot be left out. What a function of the
 * program's own throws (the log, the progress of a batch) comes out of the call in either case.
 *
 * Text that is passed in is a `const char *` or a std::string: C needs the NUL at its end, which a
 * std::string_view does not promise. Bytes are whatever has data() and size(). What comes out are
 * views of the webhook's own memory. Nothing is allocated beyond what barker.h does, but for the
 * function given to set_log(), the array of handles of send_many(), more than 64 headers that do
 * not lie in an array of barker::header, and the text of a barker::error.
 *
 * The library prints nothing, never exits, and leaves the program's signals, locale and environment
 * alone.
 */
#ifndef BARKER_HPP
#define BARKER_HPP

#include <barker.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iosfwd>
#include <iterator>
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

// One in a program, also if its parts are shared libraries that hide what they can.
#ifdef __GNUC__
#define BARKER_VISIBLE __attribute__((visibility("default")))
#else
#define BARKER_VISIBLE
#endif

namespace barker {

/**
 * Outcome of a call, as barker_status; its numbers are part of the ABI. It is a std::error_code
 * too: compare one with it.
 */
enum class status : std::int32_t {
    /** The call did what it was asked. */
    ok = BARKER_OK,

    // 1xx: the call was wrong, nothing was changed and nothing was sent.

    /** A pointer that must not be NULL was NULL, or the webhook was moved from. */
    null = BARKER_ERR_NULL,
    /** A text is not UTF-8, or a std::string has a NUL in it. */
    utf8 = BARKER_ERR_UTF8,
    /** The URL cannot be used, or none was set before a send. */
    url = BARKER_ERR_URL,
    /** A request header's name or value cannot be sent. */
    header = BARKER_ERR_HEADER,
    /** A number is outside its limits. */
    range = BARKER_ERR_RANGE,
    /** The secret is not of the form that its scheme wants, or no secret can sign. */
    secret = BARKER_ERR_SECRET,
    /** The message id cannot be used, or none was set where one is needed. */
    id = BARKER_ERR_ID,
    /** A certificate, its key or a revocation list cannot be used. */
    certificate = BARKER_ERR_CERTIFICATE,

    // 2xx: no answer came from the receiver.

    /** The receiver's host name does not exist, or has no address. */
    resolve = BARKER_ERR_RESOLVE,
    /** No address of the receiver accepted a connection. */
    connect = BARKER_ERR_CONNECT,
    /** The TLS handshake failed, for a reason that has no status of its own. */
    tls = BARKER_ERR_TLS,
    /** The connection broke while the request was being sent. */
    send = BARKER_ERR_SEND,
    /** The connection broke before the whole answer had come. The receiver may have the webhook. */
    receive = BARKER_ERR_RECEIVE,
    /** The timeout passed first. The receiver may have the webhook. */
    timeout = BARKER_ERR_TIMEOUT,
    /** What came back is not an HTTP/1.x response. The receiver may have the webhook. */
    protocol = BARKER_ERR_PROTOCOL,
    /** The answer is too large: see set_max_body(). The receiver may have the webhook. */
    too_large = BARKER_ERR_TOO_LARGE,
    /** The send was stopped first. If sending had begun, the receiver may have the webhook. */
    stopped = BARKER_ERR_STOPPED,
    /** The address policy does not allow the address, port or scheme. Nothing was sent. */
    refused = BARKER_ERR_REFUSED,
    /** The proxy does not lead to the receiver, or the environment names one that is none. */
    proxy = BARKER_ERR_PROXY,
    /** No name server answered for the receiver's host name. It may exist: try again later. */
    resolve_again = BARKER_ERR_RESOLVE_AGAIN,
    /** The receiver's certificate has expired, or is not valid yet. */
    certificate_expired = BARKER_ERR_CERTIFICATE_EXPIRED,
    /** The receiver's certificate is for other names than the URL's host. */
    certificate_name = BARKER_ERR_CERTIFICATE_NAME,
    /** The receiver's certificate comes from an authority that is not trusted. */
    certificate_issuer = BARKER_ERR_CERTIFICATE_ISSUER,
    /** The receiver's certificate is self-signed, and is not trusted itself. */
    certificate_self_signed = BARKER_ERR_CERTIFICATE_SELF_SIGNED,
    /** The receiver's certificate was revoked. */
    certificate_revoked = BARKER_ERR_CERTIFICATE_REVOKED,

    // 3xx: the received message must not be trusted.

    /** A header that the signature needs is not among those given. */
    header_missing = BARKER_ERR_HEADER_MISSING,
    /** A timestamp, message id or signature is not written as its scheme says. */
    header_malformed = BARKER_ERR_HEADER_MALFORMED,
    /** A header that the signature needs was given twice, with different values. */
    header_ambiguous = BARKER_ERR_HEADER_AMBIGUOUS,
    /** The signature is not that of this body, this timestamp and this key. */
    signature = BARKER_ERR_SIGNATURE,
    /** The signature is right, but its timestamp is further in the past than the tolerance. */
    too_old = BARKER_ERR_TOO_OLD,
    /** The signature is right, but its timestamp is further in the future than the tolerance. */
    too_new = BARKER_ERR_TOO_NEW,
    /** The message is right and current, but it was accepted before: answer 2xx. */
    replayed = BARKER_ERR_REPLAYED,
    /** The message is right and current, but there is no room to remember it: answer 503. */
    replay_full = BARKER_ERR_REPLAY_FULL,

    // 9xx: the system or the library itself failed.

    /** A defect in barker itself. The webhook stays usable. Please report it. */
    internal = BARKER_ERR_INTERNAL,
    /** The system did not give what it was asked for: random bytes, or word of its connections. */
    system = BARKER_ERR_SYSTEM,
};

/** How a message is signed, and what its secret is. */
enum class scheme : std::int32_t {
    /** The Python package's: HMAC-MD5 over `timestamp;body`, in BARKER_TIMESTAMP and
     *  BARKER_SIGNATURE. The secret is any bytes. */
    barker = BARKER_SCHEME_BARKER,
    /** The same with HMAC-SHA256. */
    barker_sha256 = BARKER_SCHEME_BARKER_SHA256,
    /** The same with HMAC-SHA512. */
    barker_sha512 = BARKER_SCHEME_BARKER_SHA512,
    /** Standard Webhooks, in webhook-id, webhook-timestamp and webhook-signature; when verifying,
     *  under Svix's names as well. The secret is text: base64, alone or after `whsec_`, signs with
     *  HMAC-SHA256 (v1); `whsk_` and base64 of an Ed25519 private key signs with that (v1a);
     *  `whpk_` and base64 of the public key verifies only. */
    standard = BARKER_SCHEME_STANDARD,
    /** The same under the names svix-id, svix-timestamp and svix-signature. */
    svix = BARKER_SCHEME_SVIX,
    /** HMAC-SHA256 over the body, in X-Hub-Signature-256. No timestamp. Any bytes. */
    github = BARKER_SCHEME_GITHUB,
    /** HMAC-SHA256 over `timestamp.body`, in Stripe-Signature. The secret is the whole text that
     *  Stripe shows, `whsec_` included. */
    stripe = BARKER_SCHEME_STRIPE,
    /** HMAC-SHA256 over `v0:timestamp:body`, in X-Slack-Request-Timestamp and X-Slack-Signature.
     *  Any bytes. */
    slack = BARKER_SCHEME_SLACK,
    /** HMAC-SHA256 over the body, in X-Shopify-Hmac-SHA256. No timestamp. Any bytes. */
    shopify = BARKER_SCHEME_SHOPIFY,
};

/** How names with underscores are spelled when sent. */
enum class spelling : std::int32_t {
    /** BARKER_SIGNATURE, which the Python original reads and nginx drops by default. */
    underscore = BARKER_SPELLING_UNDERSCORE,
    /** BARKER-SIGNATURE, which passes everywhere. */
    dash = BARKER_SPELLING_DASH,
    /** Both. */
    both = BARKER_SPELLING_BOTH,
};

/** Which addresses a webhook may be sent to, beside the networks that are allowed and denied. */
enum class addresses : std::int32_t {
    /** All, and Unix sockets. */
    any = BARKER_ADDRESSES_ANY,
    /** Those of the public internet. Choose this when strangers choose the URLs. */
    public_internet = BARKER_ADDRESSES_PUBLIC,
    /** None but the networks that were allowed. */
    listed = BARKER_ADDRESSES_LISTED,
};

/** The oldest TLS that is spoken. */
enum class tls : std::int32_t {
    v1_2 = BARKER_TLS_1_2,
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

/** How much a message of the log matters. */
enum class log_level : std::int32_t {
    /** Nothing is told. */
    off = BARKER_LOG_OFF,
    /** A delivery failed. */
    error = BARKER_LOG_ERROR,
    /** A delivery was answered. */
    info = BARKER_LOG_INFO,
    /** Each step on the way. */
    debug = BARKER_LOG_DEBUG,
};

/**
 * A view of NUL-terminated text: a parameter takes a `const char *`, a std::string or a
 * barker::buffer; a result is read as a std::string_view, or with c_str(), str(), == and <<.
 *
 * A std::string with a NUL in it is refused as one that is not UTF-8, and never cut short.
 */
class text {
public:
    /** NULL is no text, which some parameters take. */
    text(const char *c_str) noexcept : c_str_(c_str) {}

    template <class String, class = decltype(static_cast<const char *>(
                                std::declval<const String &>().c_str())),
              class = decltype(std::declval<const String &>().data())>
    text(const String &string) noexcept
        : c_str_(std::strlen(string.c_str()) == string.size() ? string.c_str() : "\xff")
    {
    }

    /** NULL if there is no text, such as no header of the name that was asked for. */
    const char *c_str() const noexcept { return c_str_; }
    explicit operator bool() const noexcept { return c_str_ != nullptr; }
    std::size_t size() const noexcept { return c_str_ != nullptr ? std::strlen(c_str_) : 0; }

    /** A copy; empty if there is no text. */
    std::string str() const { return c_str_ != nullptr ? c_str_ : ""; }

#if __cplusplus >= 201703L
    operator std::string_view() const noexcept { return {c_str_ != nullptr ? c_str_ : "", size()}; }
#endif

    /** Whether the texts are the same; no text is like no other, nor like an empty one. */
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
 * A view of bytes: a parameter takes a std::string, std::string_view, std::vector, std::array or
 * std::span of char, unsigned char or std::byte, a barker::buffer, or a `const char *` without its
 * NUL; a result is read with data() and size(), and as a std::string_view or
 * std::span<const unsigned char>.
 */
class bytes {
    template <class Byte>
    struct is_byte
        : std::integral_constant<bool, sizeof(Byte) == 1 && !std::is_class<Byte>::value &&
                                           !std::is_same<Byte, bool>::value> {};

public:
    /** None. */
    bytes() noexcept : data_(nullptr), size_(0) {}
    bytes(const void *data, std::size_t size) noexcept
        : data_(static_cast<const std::uint8_t *>(data)), size_(size)
    {
    }

    /** A NULL is refused with status::null, so that a variable that is not set is not taken for an
     *  empty secret. */
    bytes(const char *c_str) noexcept : bytes(c_str, c_str != nullptr ? std::strlen(c_str) : 1) {}
    bytes(text text) noexcept : bytes(text.c_str()) {}

    template <class Container,
              class Byte = typename std::decay<
                  decltype(*std::declval<const Container &>().data())>::type,
              class = typename std::enable_if<is_byte<Byte>::value>::type>
    bytes(const Container &container) noexcept : bytes(container.data(), container.size())
    {
    }

    const std::uint8_t *data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    const std::uint8_t *begin() const noexcept { return data_; }
    const std::uint8_t *end() const noexcept { return data_ + size_; }

    /** A copy. */
    std::string str() const { return std::string(chars(), size_); }

#if __cplusplus >= 201703L
    operator std::string_view() const noexcept { return {chars(), size_}; }
#endif

private:
    const char *chars() const noexcept { return reinterpret_cast<const char *>(data_); }

    const std::uint8_t *data_;
    std::size_t size_;
};

/** A header: `name` and `value`, NUL-terminated texts that belong to somebody else. When verifying,
 *  names match in any case, with dashes or underscores, and in CGI form (HTTP_BARKER_SIGNATURE). */
using header = barker_header;

/** Gives the version of the library that the program runs with, such as "0.1.0"; it may be newer
 *  than the BARKER_VERSION that the program was compiled with. */
inline text version() noexcept
{
    return barker_version();
}

/** Gives the sentence of a status. */
/** The version of the library that the program runs with, to compare with BARKER_VERSION_NUMBER. */
inline std::uint32_t version_number() noexcept
{
    return barker_version_number();
}

inline text status_string(status status) noexcept
{
    return barker_status_string(static_cast<std::int32_t>(status));
}

/** The category of the error codes that are barker's. */
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

inline std::error_code make_error_code(status status) noexcept
{
    return {static_cast<int>(status), category()};
}

} // namespace barker

namespace std {
template <>
struct is_error_code_enum<barker::status> : true_type {};
} // namespace std

// What follows is another thing without exceptions: a program may have parts compiled both ways.
#ifdef __cpp_exceptions
#define BARKER_OR_THROW = on_error()
namespace barker { inline namespace throwing {
#else
#define BARKER_OR_THROW
namespace barker { inline namespace nonthrowing {
#endif

#ifdef __cpp_exceptions
/** A failure that is thrown; what() is its sentence, which says what to change. */
class BARKER_VISIBLE error : public std::runtime_error {
public:
    error(barker::status status, const char *sentence)
        : std::runtime_error(sentence), status_(status)
    {
    }

    barker::status status() const noexcept { return status_; }
    std::error_code code() const noexcept { return status_; }

private:
    barker::status status_;
};
#endif

/** What becomes of a failure: see the top of this file. Leave it out, or pass a std::error_code. */
class on_error {
public:
    on_error(std::error_code &code) noexcept : code_(&code) {}
#ifdef __cpp_exceptions
    on_error() noexcept : code_(nullptr) {}
#endif

    /** For the functions of this header: reports an outcome. */
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

    /** The same, for calls that leave no sentence in a webhook. */
    void operator()(barker_status outcome) const
    {
        (*this)(outcome, barker_status_string(outcome));
    }

private:
    std::error_code *code_;
};

/** Bytes that the library made, and a NUL after the last. Wiped when destroyed: they may be a
 *  secret. Move-only. */
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

    const std::uint8_t *data() const noexcept { return c_.data; }
    std::size_t size() const noexcept { return c_.len; }
    bool empty() const noexcept { return c_.len == 0; }
    const std::uint8_t *begin() const noexcept { return data(); }
    const std::uint8_t *end() const noexcept { return data() + size(); }

    /** As NUL-terminated text. */
    const char *c_str() const noexcept
    {
        return c_.data != nullptr ? reinterpret_cast<const char *>(c_.data) : "";
    }
    /** A copy. */
    std::string str() const { return std::string(c_str(), size()); }

#if __cplusplus >= 201703L
    operator std::string_view() const noexcept { return {c_str(), size()}; }
#endif

    /** For a function of barker.h to fill: what was held is released. */
    barker_buffer *out() noexcept
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

/** 0 turns the check off, which nobody means by less. */
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

/** Its texts would be gone before they are used. */
template <class Pair>
header to_header(const Pair &&pair) = delete;

/** Headers in an array, as C wants them: of any range of headers or pairs. */
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

/** Keeps what a function of the program's throws while C calls it, to throw it when C is done. */
class caught {
public:
#ifdef __cpp_exceptions
    explicit operator bool() const noexcept { return thrown_ != nullptr; }

    /** Takes over what another has kept; of two, the first stays. */
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

/** The log of one webhook. The function is shared with its clones. */
class log_sink {
public:
    template <class Function>
    log_sink(log_level level, Function &&function)
        : level_(level), tell_(tell<typename std::decay<Function>::type>),
          function_(std::make_shared<typename std::decay<Function>::type>(
              std::forward<Function>(function)))
    {
    }

    /** Another webhook's, with the same function. */
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
                  "progress gives nothing, or a bool: whether to go on");

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

    iterator begin() const noexcept { return first_; }
    iterator end() const noexcept { return first_ + size_; }
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    /** One of them; two NULLs if there is none of this index. */
    header operator[](std::size_t index) const noexcept
    {
        return index < size_ ? first_[index] : header{nullptr, nullptr};
    }

private:
    std::size_t size_;
    const header *first_;
};

/** The answer to the last send: a view of the webhook's memory, until it sends again or is
 *  destroyed. Moving the webhook does not end it. */
class response {
public:
    explicit response(const barker_webhook *hook) noexcept : hook_(hook) {}

    /** The HTTP status, such as 204; 0 if no status came. One that came is kept even if the send
     *  fails later, because the rest of the answer was cut off, too large or not HTTP; and so are
     *  the headers, if all of them came. A receiver that said 200 has the message. */
    unsigned status() const noexcept { return barker_webhook_response_status(hook_); }
    /** Whether the receiver accepted the message: 200 to 299. */
    bool ok() const noexcept { return status() >= 200 && status() <= 299; }

    /** The body; a NUL that size() does not count follows. It is empty if the send failed. */
    bytes body() const noexcept
    {
        std::size_t size = 0;
        const std::uint8_t *data = barker_webhook_response_body(hook_, &size);
        return {data, size};
    }

    header_list headers() const noexcept { return header_list(hook_); }
    /** The value of the first header of this name, in any case; no text if there is none. */
    text header(text name) const noexcept
    {
        return barker_webhook_response_header(hook_, name.c_str());
    }

private:
    const barker_webhook *hook_;
};

/** What webhook::sign() gives. */
struct signature {
    /** Empty if the scheme has no timestamp. */
    buffer timestamp;
    buffer value;
};

/** What generate_key_pair() gives, as text. */
struct key_pair {
    /** "whsk_" and base64, for the sender. */
    buffer private_key;
    /** "whpk_" and base64, for receivers, who can then verify but not sign. */
    buffer public_key;
};

/**
 * A webhook: what to send, to whom, under which key; and the outcome of its last send. It starts
 * without URL and data, with the key "BARKER", a timeout of 5 seconds and a tolerance of 300
 * seconds.
 *
 * Move-only; clone() it to send from several threads. One that was moved from fails with
 * status::null, whatever it is asked to do.
 *
 * Thread-safety: a webhook is used by one thread at a time, any thread. Different ones are
 * independent, clones among them. The const functions only read: any number of threads may call
 * them on one webhook at once, while none changes, moves or destroys it. set_stopped() alone may be
 * called while another thread sends.
 *
 * After fork(), the child may go on using its webhooks; connections are never shared with the
 * parent.
 *
 * A setter that fails changes nothing. What setters are given is copied.
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
    /** Look at operator bool: without exceptions there is no other way to tell. */
    webhook() : webhook(barker_webhook_new()) {}
#endif
    webhook(webhook &&) noexcept = default;
    webhook &operator=(webhook &&) noexcept = default;

    /** Whether there is a webhook: not if it was moved from. */
    explicit operator bool() const noexcept { return hook_ != nullptr; }

    /** Makes one with the same configuration, which shares the idle connections: the way to send
     *  from several threads. The outcome of the last send is not taken over. */
    webhook clone(on_error ec BARKER_OR_THROW) const
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

    /** The handle, for functions of barker.h; the webhook's own. */
    barker_webhook *handle() const noexcept { return hook_.get(); }

    /** The status of the last call that could change this webhook; within and after send_many(),
     *  that of its delivery. */
    barker::status status() const noexcept
    {
        return static_cast<barker::status>(barker_webhook_status(hook_.get()));
    }

    /** Tells in a sentence why the last call that could change this webhook failed and, where the
     *  caller can mend it, what to change; empty if it succeeded. It never holds a key or a body,
     *  and is valid until the next call that changes the webhook. */
    text error() const noexcept { return barker_webhook_error(hook_.get()); }

    // ---- what is sent ----

    /** Sets the receiver's URL: absolute, http or https, at most 8000 bytes, spaces
     *  percent-encoded. A user name and password are sent as Basic authentication, unless an
     *  Authorization header was added. A fragment is not sent. For a Unix socket, "unix:", its
     *  absolute path, a colon, and the path to ask for: "unix:/run/app.sock:/hook".
     *
     *  Fails with status::null, utf8 or url. */
    void set_url(text url, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_url(hook_.get(), url.c_str()), ec);
    }

    /** Sets the data that send() without data sends. Fails with status::null. */
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

    /** Adds a request header, spelled on the wire as given here. The same name may be added again;
     *  User-Agent and Accept take the place of barker's.
     *
     *  A name is 1 to 256 characters of an HTTP token (RFC 9110 section 5.6.2), but none of Host,
     *  Content-Length, Content-Type, Transfer-Encoding, Connection, Expect, TE, Upgrade and those
     *  of the signature schemes; a value is at most 8000 bytes of printable ASCII. Fails with
     *  status::null, utf8 or header. */
    void add_header(text name, text value, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_add_header(hook_.get(), name.c_str(), value.c_str()), ec);
    }

    /** Removes all headers that add_header() added. */
    void clear_headers(on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_clear_headers(hook_.get()), ec);
    }

    // ---- how it is signed ----

    /** Sets the one secret that signs and verifies, in place of all that were set before. Without
     *  any, it is "BARKER" under scheme::barker, which everyone knows. Use at least 24 random
     *  bytes: see generate_secret(). The library keeps only what the algorithm derives from it, and
     *  wipes that when it is replaced or destroyed.
     *
     *  Fails with status::null, range if there is no such scheme, or secret; an empty one is
     *  refused except by the Barker schemes. A secret that is refused takes the default one away: a
     *  handle without another signs and accepts nothing (status::secret) until one is set. */
    void set_secret(scheme scheme, bytes secret, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_secret(hook_.get(), static_cast<std::int32_t>(scheme),
                                           secret.data(), secret.size()),
                 ec);
    }

    /** Adds a secret beside those that were set, 16 at most. A default that was never replaced does
     *  not stay.
     *
     *  A send signs under every scheme that has a secret, so that receivers may move from one to
     *  another. Where a header holds several signatures (Standard Webhooks, Svix, Stripe), every
     *  secret of the scheme signs; in the others, the first. Verifying accepts a message that any
     *  of the secrets signed, so that secrets may be rotated: put the new one first.
     *
     *  Fails as set_secret(), and with status::range if there is no room. */
    void add_secret(scheme scheme, bytes secret, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_add_secret(hook_.get(), static_cast<std::int32_t>(scheme),
                                           secret.data(), secret.size()),
                 ec);
    }

    /** Sets the key of the original's scheme: set_secret() with scheme::barker. */
    void set_key(bytes key, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_key(hook_.get(), key.data(), key.size()), ec);
    }

    /** Sets how the names BARKER_TIMESTAMP and BARKER_SIGNATURE are spelled when sent;
     *  spelling::underscore if never set. nginx drops names with underscores unless it is told
     *  otherwise; the Python original reads no others. Verifying takes either. */
    void set_spelling(spelling spelling, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_spelling(hook_.get(), static_cast<std::int32_t>(spelling)), ec);
    }

    /** Sets the message id that Standard Webhooks signs: 1 to 256 printable ASCII characters
     *  without blank and dot. Keep the id when a message is sent again, so that the receiver knows
     *  it; with nullptr, the default, each send makes its own: see id(). Fails with status::utf8 or
     *  id. */
    void set_id(text id, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_id(hook_.get(), id.c_str()), ec);
    }

    // ---- how it is delivered ----

    /** Sets how long a send may take in all: signing, lookup, connection, TLS, request and answer;
     *  at least 1 ms, else it fails with status::range. 5 seconds if never set.
     *
     *  This and other durations that are longer than C can say are set to the longest that it can:
     *  49 days in milliseconds, 136 years in seconds. Less than 0 is taken for 0. */
    void set_timeout(std::chrono::milliseconds timeout, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_timeout(hook_.get(), detail::to_uint32(timeout.count())), ec);
    }

    /** Sets which idle connections are kept to be used again: how many, 32 if never set, and for
     *  how long one may have been idle, 60 seconds if never set. Choose less than the receiver's
     *  own limit; one that the receiver tells (Keep-Alive: timeout=...) is heeded anyway. A webhook
     *  shares them with its clones, and each keeps to its own limits when it sends. */
    void set_idle_limits(std::uint32_t connections, std::chrono::seconds time,
                         on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_idle_limits(hook_.get(), connections,
                                                detail::to_uint32(time.count())),
                 ec);
    }

    /** Sets how old a connection may be that is used again, 600 seconds if never set; 0 is any age.
     *  An older one is closed, and the host is looked up anew, so that a change of its addresses is
     *  followed however busy the webhook is. */
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

    /** Sets for how long the addresses of a host are used before the system is asked again: 60
     *  seconds if never set; 0 asks each time that a connection is opened, and uses no old
     *  addresses. If the system does not answer within 250 milliseconds, or has no answer for now,
     *  the old addresses serve once more, for at most an hour. If none of a host's addresses takes
     *  a connection, they are forgotten. */
    void set_lookup_lifetime(std::chrono::seconds lifetime, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_lookup_lifetime(hook_.get(),
                                                    detail::to_uint32(lifetime.count())),
                 ec);
    }

    /** Sets how many bytes the body of an answer may have, 1 MiB if never set; more is
     *  status::too_large. Bodies are given as they come: a compressed one is not unpacked. */
    void set_max_body(std::uint32_t size, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_max_body(hook_.get(), size), ec);
    }

    /** Sets how many redirects are followed, one after the other, within the timeout; 0, the
     *  default, follows none. One that is not followed is an answer like any other.
     *
     *  301, 302, 307 and 308 send the same message to where they lead; for 303 the answer is
     *  fetched with a GET without data and signature. From https to http none is followed. Unless
     *  they may lead to other origins, they stay with the URL's scheme, host and port; if they may,
     *  the message, with its signature and the added headers but for Authorization and Cookie, is
     *  sent to whatever other receiver the first one names. */
    void set_redirects(std::uint32_t max, bool to_other_origins, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_redirects(hook_.get(), max, to_other_origins), ec);
    }

    /** Sets the proxy that leads to every receiver but Unix sockets:
     *  "http://user:password@host:port" for HTTP CONNECT or "socks5://..." for SOCKS5, user and
     *  password as needed; nullptr, the default, is none. Also http goes through a tunnel, so that
     *  the proxy sees no more than host and port; names of receivers are looked up by the proxy.
     *  Fails with status::utf8 or url. */
    void set_proxy(text url, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_proxy(hook_.get(), url.c_str()), ec);
    }

    /** Takes the proxies that the environment names at this moment: http_proxy, https_proxy and
     *  HTTPS_PROXY, else all_proxy or ALL_PROXY; and in no_proxy or NO_PROXY, separated by commas
     *  or blanks, names, addresses and networks that are reached without one, each also with a
     *  port. Without this call the environment is not read. A variable that does not name a proxy
     *  fails the sends that would use it with status::proxy. */
    void set_proxy_from_environment(on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_proxy_from_environment(hook_.get()), ec);
    }

    /** Has a function told what happens in deliveries: `log(barker::log_level, const char *line)`,
     *  what matters as much as this level or more. A line holds no secret, data, header or
     *  password, nor a URL's path, and lives as long as the call.
     *
     *  The function is called on the thread that sends, in the middle of that, and must not use the
     *  webhooks that are being sent with. It is kept, and shared with the clones that are made
     *  afterwards: if they send from several threads, it is called on all of them. What it throws
     *  comes out of the send when that has ended; until then it is told no more. */
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

    /** Has nobody told, as by default. */
    void clear_log(on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_log(hook_.get(), BARKER_LOG_OFF, nullptr, nullptr), ec);
        log_.reset();
    }

    // ---- where it may go ----

    /** Sets which addresses may be sent to; addresses::any if never set. Choose public_internet
     *  when strangers choose the URLs: without it, a URL may lead to whatever this machine reaches.
     *
     *  Every address is judged right before a connection to it is opened or used again, after the
     *  host was looked up, in whatever spelling it came. Of the following, the first that applies
     *  decides: one in a network of deny_network() is refused; one in a network of allow_network()
     *  is allowed; `any` allows all others, and `listed` refuses them; `public_internet` refuses
     *  all of the IANA special-purpose address registries (private use, loopback, link-local and
     *  the like), multicast, broadcast, the metadata services of clouds, and IPv6 outside of
     *  2000::/3, and judges IPv4 that is embedded in IPv6: see barker_webhook_set_address_policy()
     *  in barker.h. Unless it is `any`, Unix sockets are refused.
     *
     *  If all addresses of a host are refused, the send fails with status::refused. Clones copy the
     *  policy and go on with their own. */
    void set_address_policy(addresses addresses, on_error ec BARKER_OR_THROW)
    {
        conclude(
            barker_webhook_set_address_policy(hook_.get(), static_cast<std::int32_t>(addresses)),
            ec);
    }

    /** Allows a network that the address policy does not: "10.0.0.0/8", "fd00::/8", or an address
     *  alone. Fails with status::null, utf8, or range if it is no network. */
    void allow_network(text network, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_allow_network(hook_.get(), network.c_str()), ec);
    }

    /** Denies a network, whatever else allows it. Fails as allow_network(). */
    void deny_network(text network, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_deny_network(hook_.get(), network.c_str()), ec);
    }

    /** Allows a port, 1 to 65535; once one is, a send to a URL of another port, or to a Unix
     *  socket, fails with status::refused. Fails with status::range. */
    void allow_port(std::uint32_t port, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_allow_port(hook_.get(), port), ec);
    }

    /** Sets whether a send to a URL that is not https, a Unix socket's too, fails with
     *  status::refused. */
    void set_https_only(bool https_only, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_https_only(hook_.get(), https_only), ec);
    }

    // ---- whom to trust over TLS: for connections made afterwards; clones take it over ----

    /** Trusts the certificate authorities in PEM too, one or more, beside those of the platform. A
     *  certificate that is its own issuer is such an authority. Fails with status::null or
     *  certificate. */
    void add_ca(bytes pem, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_add_ca(hook_.get(), pem.data(), pem.size()), ec);
    }

    /** As add_ca(), from a file, which is read once, now. Fails with status::null, utf8 or
     *  certificate. */
    void add_ca_file(text path, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_add_ca_file(hook_.get(), path.c_str()), ec);
    }

    /** Sets whether the platform's certificate authorities are trusted, as if never set: on Linux
     *  those that OpenSSL would find, or those that SSL_CERT_FILE and SSL_CERT_DIR name. */
    void set_platform_ca(bool trusted, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_platform_ca(hook_.get(), trusted), ec);
    }

    /** Refuses the certificates that these lists in PEM revoke, in a receiver's whole chain. A
     *  certificate whose issuer has no list here is not affected; nothing is fetched from anywhere.
     *  Fails with status::null or certificate. */
    void add_crl(bytes pem, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_add_crl(hook_.get(), pem.data(), pem.size()), ec);
    }

    /** Sets the certificate in PEM, with those that lead to an authority after it, that is shown to
     *  a receiver who asks for one (mutual TLS), and its private key in PEM, not encrypted: RSA,
     *  ECDSA or Ed25519. Two times barker::bytes() shows none. The key is kept in memory as the TLS
     *  library holds it, which does not wipe it. Fails with status::null or certificate. */
    void set_client_certificate(bytes pem, bytes key, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_client_certificate(hook_.get(), pem.data(), pem.size(),
                                                       key.data(), key.size()),
                 ec);
    }

    /** Sets the name that the receiver's certificate must have, and that is asked for (SNI): a DNS
     *  name or an IP address; nullptr, the default, is the URL's host. Fails with status::utf8 or
     *  certificate. */
    void set_server_name(text name, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_server_name(hook_.get(), name.c_str()), ec);
    }

    /** Sets the oldest version of TLS that is spoken; tls::v1_2 if never set. */
    void set_min_tls(tls version, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_min_tls(hook_.get(), static_cast<std::int32_t>(version)), ec);
    }

    /** INSECURE: takes any certificate of a receiver, so that anyone on the way can read and change
     *  what is sent. For tests alone; to trust one certificate, use add_ca(). */
    void set_insecure_skip_verify(bool skip, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_insecure_skip_verify(hook_.get(), skip), ec);
    }

    // ---- what was set ----

    /** The URL as it was set, until it is set again; no text if none was. */
    text url() const noexcept { return barker_webhook_url(hook_.get()); }

    /** The data as it was set, until it is set again. */
    bytes data() const noexcept
    {
        std::size_t size = 0;
        const std::uint8_t *data = barker_webhook_data(hook_.get(), &size);
        return {data, size};
    }

    std::chrono::milliseconds timeout() const noexcept
    {
        return std::chrono::milliseconds(barker_webhook_timeout(hook_.get()));
    }

    /** 0 if the check is turned off. */
    std::chrono::seconds tolerance() const noexcept
    {
        return std::chrono::seconds(barker_webhook_tolerance(hook_.get()));
    }

    // ---- sending ----

    /** Signs the data that was set with the present time, POSTs it and waits for the answer, of any
     *  HTTP status: look at it.
     *
     *  Barker never sends a message again by itself when the receiver may have it: after
     *  status::send, receive, timeout, protocol, too_large or stopped that is for the caller to
     *  decide. Fails also with status::url if none was set, secret if none can sign, system,
     *  refused, resolve, resolve_again, connect, proxy, tls and certificate_expired, _name,
     *  _issuer, _self_signed or _revoked. */
    barker::response send(on_error ec BARKER_OR_THROW) &
    {
        std::uint16_t http_status;
        return sent(barker_webhook_send(hook_.get(), &http_status, nullptr), ec);
    }

    /** As send(), but sends this data, which it borrows for the call and does not copy. The data
     *  that was set stays as it is. */
    barker::response send(bytes data, on_error ec BARKER_OR_THROW) &
    {
        std::uint16_t http_status;
        return sent(barker_webhook_send_data(hook_.get(), data.data(), data.size(), &http_status,
                                             nullptr),
                    ec);
    }

    /** Ends the send that is under way, or the next one, and all that follow until it is called
     *  with false: they fail with status::stopped. For cancelling, and for ending a program.
     *
     *  Any thread may call it at any time, also while another sends, alone or in a batch; but not a
     *  signal handler. It does not wait for the send's end. Clones are stopped each by itself, and
     *  start unstopped. */
    void set_stopped(bool stopped, on_error ec BARKER_OR_THROW) const
    {
        ec(barker_webhook_set_stopped(hook_.get(), stopped));
    }

    // ---- the last send, also one that failed, and of none before it; until the next ----

    /** Its answer. */
    barker::response response() const noexcept { return barker::response(hook_.get()); }

    /** Its message id: give it to set_id() to send the same message again. Empty if nothing signs
     *  an id, no text before the first send. */
    text id() const noexcept { return barker_webhook_id(hook_.get()); }

    /** Its timestamp, as it stands in the header of the first scheme. Empty if the scheme has none,
     *  no text before the first send. */
    text timestamp() const noexcept { return barker_webhook_timestamp(hook_.get()); }

    /** Its signature: the value of the first scheme's header. No text before the first send. */
    text signature() const noexcept { return barker_webhook_signature(hook_.get()); }

    // ---- signing without sending ----

    /** Signs data without sending it, for programs with an HTTP client of their own: gives the
     *  headers to send with it, each as "Name: value" and a line break (CR LF), names spelled as
     *  they must be.
     *
     *  The timestamp is decimal Unix seconds with at most 9 digits of fraction, which only the
     *  Barker schemes use; nullptr is now. Fails with status::null, secret if none can sign,
     *  system, or header_malformed for a timestamp not of that form. */
    buffer sign_headers(bytes data, text timestamp, on_error ec BARKER_OR_THROW) const
    {
        buffer headers;
        ec(barker_webhook_sign_headers(hook_.get(), timestamp.c_str(), data.data(), data.size(),
                                       headers.out()));
        return headers;
    }

    buffer sign_headers(bytes data, on_error ec BARKER_OR_THROW) const
    {
        return sign_headers(data, nullptr, ec);
    }

    /** As sign_headers(), but gives the values alone, under the scheme whose secret was set first:
     *  with scheme::barker, send them as BARKER_TIMESTAMP and BARKER_SIGNATURE. Fails with
     *  status::id too, if the scheme signs an id and none was set. */
    barker::signature sign(bytes data, text timestamp, on_error ec BARKER_OR_THROW) const
    {
        barker::signature signature;
        ec(barker_webhook_sign(hook_.get(), timestamp.c_str(), data.data(), data.size(),
                               signature.timestamp.out(), signature.value.out()));
        return signature;
    }

    barker::signature sign(bytes data, on_error ec BARKER_OR_THROW) const
    {
        return sign(data, nullptr, ec);
    }

    // ---- verifying ----

    /** Tells whether a received message is correct and current: whether its headers hold a
     *  signature of this body by one of the webhook's secrets, and a timestamp within its
     *  tolerance. Give all the headers as they came, and the body before anything has parsed it:
     *
     *      std::error_code ec;
     *      hook.verify(request.headers, request.body, ec);
     *      if (ec)
     *          answer(401);
     *
     *  Headers are any range of barker::header, or of pairs of texts, such as a
     *  std::map<std::string, std::string>, or in braces: {{"name", "value"}, ...}.
     *
     *  Signatures are compared in constant time. Within the tolerance, a message that was verified
     *  once verifies again, unless set_replay_limit() was called. If several secrets fail, the
     *  status tells of the one that came furthest.
     *
     *  Fails with status::null, header_missing, header_malformed, header_ambiguous, signature,
     *  too_old or too_new; with a replay limit also with replayed (answer 2xx: it was accepted
     *  already) or replay_full (answer 503). */
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

    /** Lets a message be accepted once more by a webhook with a replay limit: for a receiver that
     *  could not process what it had verified, and whose sender will send it again. Give the
     *  headers and the body as they were given to verify(). It is no failure if the message was not
     *  remembered. */
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

    /** Sets how far a received timestamp may lie from now, in the past or in the future: 300
     *  seconds if never set; 0 turns the check off, and old messages can be replayed. Less than 0
     *  is taken for 1, the strictest. */
    void set_tolerance(std::chrono::seconds tolerance, on_error ec BARKER_OR_THROW)
    {
        conclude(barker_webhook_set_tolerance(hook_.get(), detail::to_tolerance(tolerance)), ec);
    }

    /** Has verify() refuse a message that it accepted before; 0, the default, remembers none.
     *
     *  A message is known by its id, or by what is signed where the scheme has no id, and is
     *  remembered, in 40 bytes at most, as long as its timestamp passes, and while there is room for
     *  the tolerance longer. Under a scheme without timestamp it is remembered for twice the
     *  tolerance, and can be replayed after that. If timestamps are not checked, it is remembered
     *  for 20 minutes. Clones made afterwards share what is remembered; processes do not. Setting a
     *  limit again forgets everything. */
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

    std::unique_ptr<detail::log_sink> log_; // outlives the handle
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

    /** Adds what the logs have thrown. */
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
 * Signs and sends the data of many webhooks at once, and returns when all were answered or have
 * failed. All of it is done on the calling thread; only the names of hosts are looked up on others.
 *
 * The outcome is left in each, as send() leaves it: see webhook::status(). Each delivery has its
 * webhook's timeout, from when it begins. For one body to many receivers, clone a webhook and set
 * only the URLs: clones with the data and secrets of their original have one message, with one id,
 * that is signed once a second at most.
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
 * At most max_in_flight are under way at once, each with a descriptor; 0 is 64. Whenever a delivery
 * has ended, `progress` is called on this thread; if it gives a bool, false stops the batch, and so
 * does what it throws, which comes out of here. Until then, the webhooks must not be changed, moved
 * or destroyed.
 *
 * It is no failure that deliveries fail. Fails with status::null or range (a webhook is there
 * twice), and nothing was tried; or stopped or system, and those not ended have status::stopped.
 *
 * @param hooks  any range of webhooks, or of std::reference_wrapper to them, no two the same, used
 *               by nobody else meanwhile
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
 *         hook.send(ec);
 *         const barker::judgement next = retry.judge(hook, tries);
 *         if (next.verdict != barker::verdict::retry)
 *             return next.verdict;
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
    barker_retry *handle() const noexcept { return retry_.get(); }

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
    judgement judge(const webhook &hook, std::uint32_t tries) const noexcept
    {
        std::uint32_t wait = 0;
        const barker_verdict verdict =
            barker_retry_judge(retry_.get(), hook.handle(), tries, &wait);
        return {static_cast<barker::verdict>(verdict), std::chrono::milliseconds(wait)};
    }

private:
    enum : std::size_t { max_delays = 100, max_statuses = 300 };

    struct deleter {
        void operator()(barker_retry *retry) const noexcept { barker_retry_free(retry); }
    };

    std::unique_ptr<barker_retry, deleter> retry_;
};

/** As webhook::verify(), for a program that holds no webhook. One that is kept verifies faster,
 *  because its secrets are prepared once. A tolerance of 0 is no check. Fails with status::secret
 *  and range too. */
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

/** Makes a secret of 32 random bytes, as text: "whsec_" and base64. As it stands it is a secret for
 *  every scheme. Fails with status::system. */
inline buffer generate_secret(on_error ec BARKER_OR_THROW)
{
    buffer secret;
    ec(barker_generate_secret(secret.out()));
    return secret;
}

/** Makes an Ed25519 key pair for Standard Webhooks, as text. Fails with status::system. */
inline key_pair generate_key_pair(on_error ec BARKER_OR_THROW)
{
    key_pair pair;
    ec(barker_generate_key_pair(pair.private_key.out(), pair.public_key.out()));
    return pair;
}

/** Makes a message id: "msg_" and 32 random hex digits. Fails with status::system. */
inline buffer generate_id(on_error ec BARKER_OR_THROW)
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
