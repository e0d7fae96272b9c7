// What a connector asks for over HTTP: requests, sources of files, answers to webhooks.
#include <cctype>

#include "host/tasks/arguments.hpp"
#include "host/tasks/collector.hpp"

namespace trunkline::tasks {
namespace {

constexpr std::size_t kMethodMax = 16;
constexpr std::size_t kUrlMax = 8192;
constexpr std::size_t kNameMax = 256;
constexpr std::size_t kFieldMax = 16ULL << 10U;
constexpr std::size_t kFieldsBytesMax = 64ULL << 10U;
constexpr std::size_t kAnswerMax = 1ULL << 20U;
constexpr std::chrono::milliseconds kTimeout{30'000};
constexpr std::uint64_t kReplyBytes = 65'536;
constexpr std::uint32_t kHttpFlags =
    TL_HTTP_ONCE | TL_HTTP_NO_REDIRECT | TL_HTTP_LONG | TL_HTTP_CONCAT;

tl_status read_headers(
    const tl_pair* pairs, std::uint32_t count, net::Headers& out, std::uint64_t& bytes
) {
    if (count > TL_MAX_PAIRS) return TL_E_LIMIT;
    if (pairs == nullptr && count > 0) return TL_E_BAD_INPUT;
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        if (const auto status = check_view(pairs[i].name, kNameMax); status != TL_OK) return status;
        if (const auto status = check_view(pairs[i].value, kFieldMax); status != TL_OK)
            return status;
        const auto name = text_of(pairs[i].name);
        const auto value = text_of(pairs[i].value);
        if (!is_token(name) || !is_field_value(value)) return TL_E_BAD_INPUT;
        sum += name.size() + value.size();
        out.push_back({std::string{name}, std::string{value}});
    }
    bytes += sum;
    return sum > kFieldsBytesMax ? TL_E_LIMIT : TL_OK;
}

void add_request(Fingerprint& print, const tl_http& http) {
    print.add(text_of(http.method));
    print.add(text_of(http.url));
    print.add(text_of(http.body));
    print.add(std::uint64_t{http.part_count});
    for (std::uint32_t i = 0; i < http.part_count; ++i) {
        const tl_part& part = http.parts[i];
        for (const tl_view view : {part.name, part.filename, part.mime, part.bytes, part.file})
            print.add(text_of(view));
    }
}

}  // namespace

tl_status Collector::read_parts(const tl_http& http, net::ClientRequest& out, std::uint64_t& bytes)
    const {
    if (http.part_count > TL_MAX_PARTS) return TL_E_LIMIT;
    if (http.parts == nullptr && http.part_count > 0) return TL_E_BAD_INPUT;
    if (http.part_count > 0 && http.body.size > 0) return TL_E_BAD_INPUT;
    for (std::uint32_t i = 0; i < http.part_count; ++i) {
        const tl_part& part = http.parts[i];
        for (const tl_view view : {part.name, part.filename, part.mime, part.file}) {
            if (const auto status = check_view(view, TL_MAX_KEY); status != TL_OK) return status;
            if (!is_field_value(text_of(view))) return TL_E_BAD_INPUT;
        }
        if (const auto status = check_view(part.bytes, TL_MAX_REQUEST); status != TL_OK)
            return status;
        if (part.bytes.size > 0 && part.file.size > 0) return TL_E_BAD_INPUT;
        if ((part.flags & ~std::uint64_t{TL_PART_BASE64}) != 0) return TL_E_BAD_INPUT;
        if (part.flags != 0 && !out.joined) return TL_E_BAD_INPUT;
        net::Part kept;
        kept.name = text_of(part.name);
        kept.filename = text_of(part.filename);
        kept.mime = text_of(part.mime);
        kept.bytes = text_of(part.bytes);
        kept.base64 = (part.flags & TL_PART_BASE64) != 0;
        if (part.file.size > 0) {
            if (files_) kept.file = files_(std::string{text_of(part.file)});
            if (!kept.file) return TL_E_BAD_INPUT;
        }
        bytes += part.bytes.size;
        out.parts.push_back(std::move(kept));
    }
    return TL_OK;
}

tl_status Collector::read_request(
    const tl_http* given, tl_http& http, net::ClientRequest& out, std::uint64_t& bytes
) const {
    if (!read_sized(given, http)) return TL_E_BAD_INPUT;
    if ((http.flags & ~kHttpFlags) != 0 || http.timeout_ms < 0) return TL_E_BAD_INPUT;
    if (const auto status = check_view(http.bucket, TL_MAX_KEY); status != TL_OK) return status;
    if (const auto status = check_view(http.method, kMethodMax); status != TL_OK) return status;
    if (const auto status = check_view(http.url, kUrlMax); status != TL_OK) return status;
    if (const auto status = check_view(http.body, TL_MAX_REQUEST); status != TL_OK) return status;
    if (!is_token(text_of(http.method)) || !is_url(text_of(http.url))) return TL_E_BAD_INPUT;
    if (http.reply_max > TL_MAX_REPLY) return TL_E_LIMIT;
    if (http.timeout_ms > std::int64_t{TL_MAX_TIMEOUT}) return TL_E_LIMIT;
    if (const auto status = read_headers(http.headers, http.header_count, out.headers, bytes);
        status != TL_OK) {
        return status;
    }
    out.joined = (http.flags & TL_HTTP_CONCAT) != 0;
    if (const auto status = read_parts(http, out, bytes); status != TL_OK) return status;
    bytes += http.body.size;
    if (bytes > TL_MAX_REQUEST) return TL_E_LIMIT;

    out.method = text_of(http.method);
    out.url = text_of(http.url);
    out.body = text_of(http.body);
    out.follow_redirects = (http.flags & TL_HTTP_NO_REDIRECT) == 0;
    out.once = (http.flags & TL_HTTP_ONCE) != 0;
    if ((http.flags & TL_HTTP_LONG) != 0) out.in_flight_per_host_max = 0;
    out.timeout = http.timeout_ms == 0 ? kTimeout : std::chrono::milliseconds{http.timeout_ms};
    out.reply_bytes_max = http.reply_max == 0 ? kReplyBytes : http.reply_max;
    out.allow_private = setup_.allow_private;
    return TL_OK;
}

/// A quota that nobody counts must not be believed in.
tl_status Collector::check_bucket(const Slot& slot, tl_view bucket) const {
    if (bucket.size == 0) return TL_OK;
    if (slot.task->buckets == nullptr) return TL_E_BAD_INPUT;
    const auto known = slot.task->buckets->find(text_of(bucket));
    if (known == slot.task->buckets->end()) return TL_E_BAD_INPUT;
    return known->second && slot.task->first_key.empty() ? TL_E_BAD_INPUT : TL_OK;
}

tl_status Collector::http(Slot& slot, std::uint32_t step, const tl_http* given) {
    if (const auto status = check_step(slot, step); status != TL_OK) return status;
    tl_http http;
    Step wanted;
    std::uint64_t bytes = 0;
    if (const auto status = read_request(given, http, wanted.request, bytes); status != TL_OK)
        return status;
    if (const auto status = check_bucket(slot, http.bucket); status != TL_OK) return status;
    // Without a name the mark could never be found again, and the promise would be empty.
    if (wanted.request.once && slot.task->durable_key.empty()) return TL_E_UNSUPPORTED;

    Fingerprint print{TL_IN_HTTP_REPLY};
    print.add(std::uint64_t{step});
    add_request(print, http);
    slot.asked.last_step = step;
    tl_status status = TL_OK;
    if (!is_new(slot, print.value(), status)) return status;
    wanted.kind = TL_IN_HTTP_REPLY;
    wanted.step = step;
    wanted.fingerprint = print.value();
    wanted.bucket = text_of(http.bucket);
    slot.bytes += bytes;
    slot.collected.steps.push_back(std::move(wanted));
    return TL_OK;
}

tl_status Collector::source(Slot& slot, const tl_http* given, std::int64_t expires_ms) {
    if (slot.task->first_kind != TL_IN_FILE || slot.asked.sourced || expires_ms < 0)
        return TL_E_BAD_INPUT;
    tl_http http;
    Source kept;
    std::uint64_t bytes = 0;
    if (const auto status = read_request(given, http, kept.request, bytes); status != TL_OK)
        return status;
    if (http.part_count > 0 || (http.flags & TL_HTTP_ONCE) != 0) return TL_E_BAD_INPUT;
    if (http.bucket.size > 0) return TL_E_UNSUPPORTED;  // whoever fetches it later counts nothing
    Fingerprint print{134};
    add_request(print, http);
    tl_status status = TL_OK;
    slot.asked.sourced = true;
    if (!is_new(slot, print.value(), status)) return status;
    kept.expires_ms = expires_ms;
    slot.collected.source = std::move(kept);
    return TL_OK;
}

tl_status Collector::answer(Slot& slot, const tl_answer* given) {
    tl_answer answer;
    if (!read_sized(given, answer)) return TL_E_BAD_INPUT;
    if (answer.status < 200 || answer.status > 599) return TL_E_BAD_INPUT;
    if (const auto status = check_view(answer.body, kAnswerMax); status != TL_OK) return status;
    Answer kept;
    std::uint64_t bytes = 0;
    if (const auto status = read_headers(answer.headers, answer.header_count, kept.headers, bytes);
        status != TL_OK) {
        return status;
    }
    if (slot.task->first_kind == TL_IN_REPLAY) return TL_OK;  // nobody is there to be answered
    if (slot.task->first_kind != TL_IN_WEBHOOK || slot.asked.answered) return TL_E_BAD_INPUT;
    Fingerprint print{135};
    print.add(static_cast<std::uint64_t>(answer.status));
    print.add(text_of(answer.body));
    tl_status status = TL_OK;
    slot.asked.answered = true;
    if (!is_new(slot, print.value(), status)) return status;
    kept.status = answer.status;
    kept.body = text_of(answer.body);
    slot.bytes += bytes + kept.body.size();
    slot.collected.answer = std::move(kept);
    return TL_OK;
}

}  // namespace trunkline::tasks
