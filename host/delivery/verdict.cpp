#include "host/delivery/verdict.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <ctime>
#include <string>

#include <boost/json.hpp>

namespace trunkline::delivery {

namespace json = boost::json;

namespace {

using Kind = lanes::Verdict::Kind;

constexpr lanes::Milliseconds kWaitMin{1'000};
constexpr lanes::Milliseconds kWaitMax{std::chrono::hours{1}};
constexpr std::size_t kRejectedMax = 1'000;
constexpr std::size_t kReasonBytesMax = 200;
constexpr std::size_t kSniffBytes = 512;

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const auto first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string lower(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return out;
}

// A page is known by its label, or, where there is none, by how it begins.
bool is_page(const net::ClientReply& reply) {
    const auto label = lower(net::find_header(reply.headers, "content-type"));
    const auto type = trimmed(std::string_view{label}.substr(0, label.find(';')));
    if (type == "text/html" || type == "application/xhtml+xml") return true;
    auto body = trimmed(reply.body);
    if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
    const auto start = lower(body.substr(0, kSniffBytes));
    return start.starts_with("<!doctype html") || start.starts_with("<html");
}

std::optional<json::value> parse(const std::string& body) {
    boost::system::error_code error;
    json::parse_options options;
    options.max_depth = 16;
    auto value = json::parse(body, error, {}, options);
    if (error) return std::nullopt;
    return value;
}

lanes::Verdict fault(const net::ClientReply& reply, std::string detail) {
    lanes::Verdict verdict;
    verdict.kind = Kind::fault;
    verdict.status = reply.status;
    verdict.detail = std::move(detail);
    return verdict;
}

lanes::Verdict of_kind(Kind kind, const net::ClientReply& reply) {
    auto verdict = fault(reply, "status " + std::to_string(reply.status));
    verdict.kind = kind;
    return verdict;
}

lanes::Verdict read_success(const net::ClientReply& reply, const AnswerRules& rules) {
    auto verdict = of_kind(Kind::accepted, reply);
    if (trimmed(reply.body).empty()) return verdict;
    if (is_page(reply)) {
        if (rules.html_is_acceptance) return verdict;
        return fault(reply, "a page instead of an answer");
    }
    // A cut answer may hide an `accepted_through`: taking it for "all" could lose events.
    if (reply.truncated) return fault(reply, "the answer is too long to be read");
    const auto value = parse(reply.body);
    if (!value || !value->is_object()) return verdict;
    const auto* through = value->get_object().if_contains("accepted_through");
    if (through == nullptr) return verdict;
    if (through->is_uint64()) {
        verdict.through = through->get_uint64();
    } else if (through->is_int64() && through->get_int64() >= 0) {
        verdict.through = static_cast<store::Sequence>(through->get_int64());
    } else {
        return fault(reply, "accepted_through is not a sequence");
    }
    return verdict;
}

lanes::Verdict read_unprocessable(const net::ClientReply& reply) {
    auto verdict = of_kind(Kind::unclear, reply);
    const auto value = reply.truncated ? std::nullopt : parse(reply.body);
    if (!value || !value->is_object()) return verdict;
    const auto* list = value->get_object().if_contains("rejected");
    if (list == nullptr || !list->is_array()) return verdict;
    for (const auto& entry : list->get_array()) {
        if (!entry.is_object() || verdict.rejected.size() >= kRejectedMax) continue;
        const auto* id = entry.get_object().if_contains("id");
        lanes::Verdict::Rejected rejected;
        if (id == nullptr || !id->is_string() || !Ulid::parse(id->get_string(), rejected.id))
            continue;
        if (const auto* reason = entry.get_object().if_contains("reason");
            reason != nullptr && reason->is_string()) {
            rejected.reason = std::string{reason->get_string()}.substr(0, kReasonBytesMax);
        }
        verdict.rejected.push_back(std::move(rejected));
    }
    if (!verdict.rejected.empty()) verdict.kind = Kind::rejected;
    return verdict;
}

// The three forms of RFC 9110 5.6.7. Names of days are not checked against the date.
std::optional<WallMs> read_http_date(const std::string& text) {
    for (const char* form :
         {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
        std::tm parts{};
        const char* end = ::strptime(text.c_str(), form, &parts);
        if (end != nullptr && *end == '\0') return static_cast<WallMs>(::timegm(&parts)) * 1'000;
    }
    return std::nullopt;
}

}  // namespace

std::optional<lanes::Milliseconds> read_retry_after(std::string_view value, WallMs now) {
    const auto text = trimmed(value);
    if (text.empty() || text.size() > 64) return std::nullopt;
    const bool digits =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (digits) {
        std::uint64_t seconds = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
        if (error != std::errc{} || seconds > 3'600) return kWaitMax;
        return std::clamp(
            lanes::Milliseconds{static_cast<std::int64_t>(seconds) * 1'000}, kWaitMin, kWaitMax
        );
    }
    const auto date = read_http_date(std::string{text});
    if (!date) return std::nullopt;
    return std::clamp(lanes::Milliseconds{*date - now}, kWaitMin, kWaitMax);
}

lanes::Verdict read_answer(const net::ClientReply& reply, const AnswerRules& rules, WallMs now) {
    const int status = reply.status;
    if (status == 0) {
        auto verdict = fault(reply, reply.reason.empty() ? "no answer" : reply.reason);
        if (reply.fault == Fault::cancelled) verdict.kind = Kind::cancelled;
        return verdict;
    }
    if (status >= 200 && status < 300) return read_success(reply, rules);
    switch (status) {
        case 400:
            return of_kind(Kind::unclear, reply);
        case 422:
            return read_unprocessable(reply);
        case 413:
            return of_kind(Kind::too_large, reply);
        case 410:
            return of_kind(Kind::gone, reply);
        case 401:
        case 403: {
            auto verdict = of_kind(Kind::fault, reply);
            verdict.alarm = true;  // keys or clock differ: a person must look
            return verdict;
        }
        case 429:
        case 503: {
            auto verdict = of_kind(Kind::fault, reply);
            verdict.wait = read_retry_after(net::find_header(reply.headers, "retry-after"), now);
            return verdict;
        }
        default:
            return of_kind(Kind::fault, reply);
    }
}

}  // namespace trunkline::delivery
