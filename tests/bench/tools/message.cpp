#include "tests/bench/tools/message.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <time.h>

namespace trunkline::bench {
namespace {

constexpr std::uint64_t kConversationsMax = 10'000'000;
constexpr std::uint64_t kNumbersMax = 100'000'000;

struct Name {
    std::string_view text;
    char field;
};
constexpr std::array<Name, 6> kNames{
    {{"{update}", 'u'},
     {"{conversation}", 'c'},
     {"{number}", 'n'},
     {"{portal}", 'p'},
     {"{mark}", 'm'},
     {"{pad}", 'f'}}};

}  // namespace

const std::string_view kTelegramUpdate =
    R"({"update_id":{update},"message":{"message_id":{number},"from":{"id":{conversation},"is_bot":false,)"
    R"("first_name":"Ada","last_name":"Lovelace","username":"ada_{conversation}","language_code":"en"},)"
    R"("chat":{"id":{conversation},"first_name":"Ada","last_name":"Lovelace","username":"ada_{conversation}","type":"private"},)"
    R"("date":1755800000,"text":"{mark} {pad}","entities":[{"offset":0,"length":4,"type":"hashtag"}]}})";

std::int64_t now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::string mark_of(const Fields& fields) {
    return "#seq=" + std::to_string(fields.conversation) + ':' + std::to_string(fields.number) +
           "# #t=" + std::to_string(fields.made_ns) + '#';
}

std::string_view filler(std::size_t bytes) {
    static const std::string text = [] {
        std::string out;
        while (out.size() < 65'536)
            out += "Hello, where is my order? It was due on Monday, thank you. ";
        return out;
    }();
    return std::string_view{text}.substr(0, bytes);
}

bool detail::read_mark(std::string_view text, std::size_t at, Mark& mark) {
    const char* const end = text.data() + text.size();
    auto [after, bad] = std::from_chars(text.data() + at, end, mark.conversation);
    if (bad != std::errc{} || after == end || *after != ':') return false;
    if (mark.conversation >= kConversationsMax) return false;
    auto [last, worse] = std::from_chars(after + 1, end, mark.number);
    if (worse != std::errc{} || last == end || *last != '#') return false;
    if (mark.number == 0 || mark.number > kNumbersMax) return false;
    constexpr std::string_view kTime = "# #t=";
    const auto rest = text.substr(static_cast<std::size_t>(last - text.data()));
    if (rest.starts_with(kTime)) std::from_chars(last + kTime.size(), end, mark.made_ns);
    return true;
}

Template::Template(std::string_view text) {
    std::string plain;
    while (!text.empty()) {
        const auto name = std::ranges::find_if(kNames, [&](const Name& each) {
            return text.starts_with(each.text);
        });
        if (name == kNames.end()) {
            plain += text.front();
            text.remove_prefix(1);
            continue;
        }
        parts_.push_back({std::exchange(plain, {}), name->field});
        text.remove_prefix(name->text.size());
    }
    parts_.push_back({std::move(plain), 0});
}

void Template::render(const Fields& fields, std::size_t size, std::string& out) const {
    const auto start = out.size();
    auto pad_at = std::string::npos;
    for (const auto& [plain, field] : parts_) {
        out += plain;
        if (field == 'u') out += std::to_string(fields.update);
        if (field == 'c') out += std::to_string(fields.conversation);
        if (field == 'n') out += std::to_string(fields.number);
        if (field == 'p') out += std::to_string(fields.portal);
        if (field == 'm') out += mark_of(fields);
        if (field == 'f') pad_at = out.size();
    }
    const auto have = out.size() - start;
    if (pad_at != std::string::npos && have < size) out.insert(pad_at, filler(size - have));
}

}  // namespace trunkline::bench
