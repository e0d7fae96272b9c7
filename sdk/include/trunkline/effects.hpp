#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <trunkline/abi.h>
#include <trunkline/text.hpp>

/// The values a connector hands to the host and gets back from it. All of them own their bytes, so
/// that they may live across `co_await`.
namespace trunkline::inline face {

/// Who waits with a retry; who shares a stored key.
enum class Scope : std::int32_t {
    conversation = TL_CONVERSATION,
    account = TL_ACCOUNT,
    connector = TL_CONNECTOR
};

struct Header {
    std::string name, value;
};

/// The value of the first header of that name, whatever its case; empty when there is none.
template <class Headers>
std::string_view header_value(const Headers& headers, std::string_view name) noexcept {
    for (const auto& header : headers) {
        if (equal_ignoring_case(header.name, name)) return header.value;
    }
    return {};
}

/// One part of a multipart body: `bytes`, or the id of a host file that the host streams.
struct Part {
    std::string name, filename, mime, bytes, file;
    bool base64 = false;  ///< only in a concatenated body
};

/// A call at the messenger. The host performs it, under the address guard, with the account's
/// limits and quotas.
class Request {
public:
    Request(std::string method, std::string url)
        : method_{std::move(method)}, url_{std::move(url)} {}

    static Request get(std::string url) { return {"GET", std::move(url)}; }
    static Request post(std::string url) { return {"POST", std::move(url)}; }

    Request& header(std::string name, std::string value) {
        headers_.push_back({std::move(name), std::move(value)});
        return *this;
    }

    Request& body(std::string bytes, std::string content_type) {
        body_ = std::move(bytes);
        return header("content-type", std::move(content_type));
    }
    Request& json(std::string text) { return body(std::move(text), "application/json"); }

    /// A field of an application/x-www-form-urlencoded body.
    Request& field(std::string_view name, std::string_view value) {
        if (body_.empty()) header("content-type", "application/x-www-form-urlencoded");
        if (!body_.empty()) body_.push_back('&');
        body_ += percent_encoded(name) + "=" + percent_encoded(value);
        return *this;
    }

    /// A part of a multipart/form-data body; with concatenated() of the plain body.
    Request& part(Part part) {
        parts_.push_back(std::move(part));
        return *this;
    }
    Request& concatenated() { return flag(TL_HTTP_CONCAT); }

    /// Not safe to repeat: the host makes "started" durable before the first byte leaves. After a
    /// crash without a recorded reply the task sees HttpReply::unknown and decides.
    Request& once() { return flag(TL_HTTP_ONCE); }

    /// A long poll: outside the limit of requests per messenger host, and it survives a reload.
    Request& long_poll() { return flag(TL_HTTP_LONG); }
    Request& keep_redirect() { return flag(TL_HTTP_NO_REDIRECT); }

    /// Of the whole exchange, in milliseconds. Default 30 s, at most TL_MAX_TIMEOUT.
    Request& timeout(std::int64_t ms) {
        timeout_ms_ = ms;
        return *this;
    }

    /// How many bytes of the answer's body are wanted. Default 64 KiB.
    Request& reply_max(std::uint64_t bytes) {
        reply_max_ = bytes;
        return *this;
    }

    /// The quota of the manifest that this call counts against.
    Request& bucket(std::string name) {
        bucket_ = std::move(name);
        return *this;
    }

    /// Calls `use` with the border's form of this request, valid during that call.
    template <class Use>
    auto lend(Use use) const {
        std::vector<tl_pair> pairs;
        pairs.reserve(headers_.size());
        for (const Header& each : headers_)
            pairs.push_back({raw(each.name), raw(each.value)});
        std::vector<tl_part> parts;
        parts.reserve(parts_.size());
        for (const Part& each : parts_) {
            const std::uint64_t flags = each.base64 ? std::uint64_t{TL_PART_BASE64} : 0;
            parts.push_back(
                {raw(each.name),
                 raw(each.filename),
                 raw(each.mime),
                 raw(each.bytes),
                 raw(each.file),
                 flags}
            );
        }
        const tl_http http{
            sizeof(tl_http),
            flags_,
            raw(method_),
            raw(url_),
            pairs.data(),
            parts.data(),
            static_cast<std::uint32_t>(pairs.size()),
            static_cast<std::uint32_t>(parts.size()),
            raw(body_),
            timeout_ms_,
            reply_max_,
            raw(bucket_)};
        return use(http);
    }

private:
    Request& flag(tl_http_flag flag) {
        flags_ |= static_cast<std::uint32_t>(flag);
        return *this;
    }

    std::string method_, url_, body_, bucket_;
    std::vector<Header> headers_;
    std::vector<Part> parts_;
    std::uint32_t flags_ = 0;
    std::int64_t timeout_ms_ = 0;
    std::uint64_t reply_max_ = 0;
};

/// What a call came to.
struct HttpReply {
    int status = 0;          ///< 0: no answer
    bool unknown = false;    ///< no answer, but the request may have arrived
    bool truncated = false;  ///< the body was longer than reply_max
    std::string body;
    std::string url;  ///< where redirects ended
    std::vector<Header> headers;

    bool ok() const noexcept { return status / 100 == 2; }
    std::string_view header(std::string_view name) const noexcept {
        return header_value(headers, name);
    }

    /// What `Retry-After` asks for (RFC 9110, 10.2.3), in milliseconds from now; absent when there
    /// is none or it is a date: messengers send seconds.
    std::optional<std::int64_t> retry_after_ms() const noexcept {
        constexpr std::int64_t kMax = 24 * 3600;
        const std::string_view text = header("retry-after");
        std::int64_t seconds = 0;
        for (const char c : text) {
            if (c < '0' || c > '9') return std::nullopt;
            seconds = std::min(seconds * 10 + (c - '0'), kMax);
        }
        if (text.empty()) return std::nullopt;
        return seconds * 1'000;
    }
};

/// One universal event; docs/connectors/reference/item.md describes `json`.
struct Item {
    std::string conversation;  ///< the messenger's id of the chat
    std::string dedup;         ///< from the messenger's facts, never from a clock; empty = none
    std::string json;          ///< universal form without id, sequence and account
    std::string raw = {};      ///< of type `unsupported`: what goes to quarantine
    std::string note = {};     ///< kept with the conversation; empty = unchanged
    bool outgoing = false;     ///< echo of what was sent from our side
    bool history = false;      ///< older than the connection
};

/// How a task ends: `co_return Outcome::done();`
class Outcome {
public:
    static Outcome done() { return Outcome{TL_DONE}; }

    /// A command that the messenger has accepted, with its ids for it (several after a split).
    static Outcome done(const std::vector<std::string>& ids) { return done().ids(ids); }

    /// The result of a profile, check or connect task, as JSON.
    static Outcome result(std::string json) { return done().value(std::move(json)); }

    /// A poll: the cursor to begin with next time, and in how many milliseconds (-1 = as the
    /// manifest says).
    static Outcome polled(std::string cursor, std::int64_t next_ms = -1) {
        return done().value(std::move(cursor)).delay(next_ms);
    }

    /// Again from the start, not before `delay_ms` from now; everything in `scope` waits with it.
    static Outcome retry(std::int64_t delay_ms, Scope scope, std::string code, std::string text) {
        Outcome outcome = said(TL_RETRY, std::move(code), std::move(text));
        outcome.scope_ = scope;
        return outcome.delay(delay_ms);
    }

    /// Refused for good.
    static Outcome rejected(std::string code, std::string text) {
        return said(TL_REJECTED, std::move(code), std::move(text));
    }

    /// It may have happened and nobody can tell: never tried again.
    static Outcome unknown(std::string code, std::string text) {
        return said(TL_UNKNOWN, std::move(code), std::move(text));
    }

    /// The account needs a person. Its outbound lane stops; commands stay in it.
    static Outcome account_broken(std::string code, std::string text) {
        return said(TL_ACCOUNT_BROKEN, std::move(code), std::move(text));
    }

    /// Again, degraded by the host to do without this feature of the manifest.
    static Outcome degrade(std::string feature) { return said(TL_DEGRADE, std::move(feature), ""); }

    /// The input cannot be understood: to quarantine. `text` is logged and must quote nothing of
    /// it.
    static Outcome bad_input(std::string text) { return failed(TL_E_BAD_INPUT, std::move(text)); }
    static Outcome unsupported(std::string text) {
        return failed(TL_E_UNSUPPORTED, std::move(text));
    }

    /// The request does not come from the messenger: 401, counted, nothing kept.
    static Outcome forged() { return failed(TL_E_FORGED, ""); }

    /// Adds ids of what was sent before it went wrong, so that it is never sent again.
    Outcome ids(const std::vector<std::string>& ids) const;

    Outcome value(std::string text) const {
        Outcome copy = *this;
        copy.value_ = std::move(text);
        return copy;
    }

    /// TL_OK, or the status by which the input that led here failed.
    tl_status status() const noexcept { return status_; }
    tl_outcome_kind kind() const noexcept { return kind_; }
    const std::string& text() const noexcept { return text_; }

    /// Calls `use` with the border's form of this outcome, valid during that call.
    template <class Use>
    auto lend(Use use) const {
        const tl_outcome outcome{
            sizeof(tl_outcome),
            kind_,
            delay_ms_,
            static_cast<std::uint32_t>(scope_),
            0,
            raw(value_),
            raw(code_),
            raw(text_)};
        return use(outcome);
    }

private:
    explicit Outcome(tl_outcome_kind kind, tl_status status = TL_OK)
        : kind_{kind}, status_{status} {}

    static Outcome said(tl_outcome_kind kind, std::string code, std::string text) {
        Outcome outcome{kind};
        outcome.code_ = std::move(code);
        outcome.text_ = std::move(text);
        return outcome;
    }
    static Outcome failed(tl_status status, std::string text) {
        Outcome outcome{TL_DONE, status};
        outcome.text_ = std::move(text);
        return outcome;
    }
    Outcome delay(std::int64_t ms) const {
        Outcome copy = *this;
        copy.delay_ms_ = ms;
        return copy;
    }

    tl_outcome_kind kind_ = TL_DONE;
    tl_status status_ = TL_OK;
    Scope scope_ = Scope::conversation;
    std::int64_t delay_ms_ = -1;
    std::string value_, code_, text_;
};

/// Ids as a JSON array of strings; control characters and quotes are escaped.
inline Outcome Outcome::ids(const std::vector<std::string>& ids) const {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string list = "[";
    for (const std::string& id : ids) {
        list += list.size() > 1 ? ",\"" : "\"";
        for (const char c : id) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte < 0x20) {
                list += "\\u00";
                list.append({kDigits[byte >> 4U], kDigits[byte & 15U]});
                continue;
            }
            if (c == '"' || c == '\\') list.push_back('\\');
            list.push_back(c);
        }
        list.push_back('"');
    }
    return value(list + "]");
}

/// The usual reading of an answer that was not 2xx: no answer -> unknown or retry; 429 -> retry
/// with Retry-After, `throttled` waits with it; 401 -> the account is broken; 408, 425 and 5xx ->
/// retry; the rest -> rejected. Connectors look for their messenger's own codes first.
inline Outcome failure_of(const HttpReply& reply, Scope throttled = Scope::account) {
    const std::string code = "http_" + std::to_string(reply.status);
    if (reply.unknown) return Outcome::unknown("no_answer", "The messenger's answer was lost.");
    if (reply.status == 0) {
        return Outcome::retry(
            1'000, Scope::account, "unreachable", "The messenger could not be reached."
        );
    }
    if (reply.status == 429) {
        return Outcome::retry(
            reply.retry_after_ms().value_or(5'000), throttled, code, "Too many requests."
        );
    }
    if (reply.status == 401)
        return Outcome::account_broken(code, "The messenger refused the credentials.");
    if (reply.status >= 500 || reply.status == 408 || reply.status == 425) {
        return Outcome::retry(
            reply.retry_after_ms().value_or(2'000),
            Scope::account,
            code,
            "The messenger is in trouble."
        );
    }
    return Outcome::rejected(code, "The messenger refused the request.");
}

}  // namespace trunkline::inline face
