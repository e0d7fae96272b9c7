#include "mutate.hpp"

#include <algorithm>
#include <array>

namespace trunkline::conform {

namespace json = boost::json;

namespace {

std::size_t draw(Random& random, std::size_t bound) {
    return bound < 2 ? 0 : static_cast<std::size_t>(random() % bound);
}

std::string with_bytes_changed(std::string text, Random& random) {
    static constexpr std::array<std::string_view, 16> kPieces{
        "\"",
        "{",
        "}",
        "[",
        "]",
        "\\",
        "\\u0000",
        "\\ud800",
        "null",
        "-1",
        "1e999",
        "\xff",
        "\xf0\x9f\x98\x80",
        "18446744073709551616",
        ",",
        ":"};
    const std::size_t at = draw(random, text.size() + 1);
    switch (draw(random, 6)) {
        case 0:
            return text.substr(0, at);
        case 1:
            return text.insert(at, kPieces[draw(random, kPieces.size())]);
        case 2:
            return text.erase(at, 1 + draw(random, 8));
        case 3:
            if (at < text.size()) text[at] = static_cast<char>(draw(random, 256));
            return text;
        case 4:
            if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << draw(random, 8)));
            return text;
        default: {
            const std::string piece = text.substr(at, 1 + draw(random, 64));
            return text.insert(draw(random, text.size() + 1), piece);
        }
    }
}

/// Every value below and with `value`.
void collect(json::value& value, std::vector<json::value*>& all) {
    // By hand instead of recursion: the depth of what was recorded is not ours.
    std::vector<json::value*> open{&value};
    while (!open.empty()) {
        json::value* const each = open.back();
        open.pop_back();
        all.push_back(each);
        if (auto* object = each->if_object()) {
            for (auto& member : *object)
                open.push_back(&member.value());
        } else if (auto* array = each->if_array()) {
            for (json::value& element : *array)
                open.push_back(&element);
        }
    }
}

std::vector<json::value*> values_in(json::value& value) {
    std::vector<json::value*> all;
    collect(value, all);
    return all;
}

json::value strange(Random& random) {
    switch (draw(random, 10)) {
        case 0:
            return nullptr;
        case 1:
            return true;
        case 2:
            return -1;
        case 3:
            return 1e300;
        case 4:
            return std::uint64_t{18446744073709551615ULL};
        case 5:
            return "";
        case 6:
            return json::value(std::string(1 + draw(random, 5000), 'x'));
        case 7:
            return json::object{};
        case 8:
            return json::array{};
        default:
            return json::array{json::object{{"", json::array{nullptr}}}};
    }
}

std::string with_value_changed(json::value document, Random& random) {
    auto all = values_in(document);
    json::value& chosen = *all[draw(random, all.size())];
    auto* const object = chosen.if_object();
    if (object != nullptr && !object->empty() && draw(random, 2) == 0) {
        const auto member =
            object->begin() + static_cast<std::ptrdiff_t>(draw(random, object->size()));
        if (draw(random, 2) == 0) {
            object->erase(member);
        } else {
            json::value moved = member->value();
            (*object)[std::string{member->key()} + "_"] = std::move(moved);
        }
    } else if (draw(random, 3) == 0) {
        json::value copy = *all[draw(random, all.size())];
        chosen = std::move(copy);
    } else {
        chosen = strange(random);
    }
    return json::serialize(document);
}

}  // namespace

std::string mutated(const std::string& text, Random& random) {
    auto document = parsed(text);
    if (document && draw(random, 2) == 0) return with_value_changed(*std::move(document), random);
    std::string other = text;
    for (std::size_t i = 0; i <= draw(random, 3); ++i)
        other = with_bytes_changed(std::move(other), random);
    return other;
}

std::string with_text(const std::string& body, const std::string& text) {
    auto document = parsed(body);
    if (!document) return {};
    json::value* longest = nullptr;
    for (json::value* each : values_in(*document)) {
        if (each->is_string() &&
            (longest == nullptr || each->get_string().size() > longest->get_string().size()))
            longest = each;
    }
    if (longest == nullptr) return {};
    const std::string mark = "conform-mark-" + std::to_string(body.size());
    *longest = mark;
    std::string written = json::serialize(*document);
    // By hand: what stands there afterwards need not be valid JSON.
    return written.replace(written.find(mark), mark.size(), text);
}

std::string with_long_text(const std::string& body, std::size_t bytes) {
    return with_text(body, std::string(bytes > body.size() ? bytes - body.size() : 1, 'x'));
}

std::string with_long_list(const std::string& body, std::size_t bytes) {
    auto document = parsed(body);
    if (!document) return {};
    json::value* longest = nullptr;
    for (json::value* each : values_in(*document)) {
        const auto* list = each->if_array();
        if (list != nullptr && !list->empty() &&
            (longest == nullptr || list->size() > longest->get_array().size()))
            longest = each;
    }
    if (longest == nullptr) return {};
    json::array& list = longest->get_array();
    const json::value element = list.back();
    const std::size_t each = json::serialize(element).size() + 1;
    for (std::size_t size = body.size(); size < bytes; size += each)
        list.push_back(element);
    return json::serialize(*document);
}

std::string with_number(const std::string& body, const std::string& number) {
    auto document = parsed(body);
    if (!document) return {};
    constexpr std::string_view kMark = "conform-number";
    for (json::value* each : values_in(*document)) {
        if (each->is_number()) *each = kMark;
    }
    std::string written = json::serialize(*document);
    const std::string quoted = "\"" + std::string{kMark} + "\"";
    for (auto at = written.find(quoted); at != std::string::npos; at = written.find(quoted, at))
        written.replace(at, quoted.size(), number);
    return written;
}

std::string with_doubled_members(const std::string& body) {
    const auto document = parsed(body);
    if (!document || !document->is_object() || document->get_object().empty()) return {};
    const std::string once = json::serialize(*document);
    std::string twice = once.substr(0, once.size() - 1);
    for (const auto& member : document->get_object()) {
        // Round brackets: in others it would be a list of one text.
        twice += "," + json::serialize(json::value(member.key())) + ":" +
                 (member.value().is_object() ? "[]" : "{}");
    }
    return twice + "," + once.substr(1);
}

}  // namespace trunkline::conform
