#include "host/universal/fidelity.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <boost/json.hpp>

#include "host/universal/degrade.hpp"
#include "host/universal/fidelity_samples.hpp"

namespace trunkline::universal {

namespace json = boost::json;

namespace {

// What may come from a customer, in the order people ask about it.
constexpr std::array<std::string_view, 36> kIncoming{
    "text",      "spans",   "image",    "video",  "audio",    "voice",  "video_note", "animation",
    "sticker",   "file",    "link",     "album",  "location", "venue",  "contact",    "product",
    "reply",     "quote",   "forward",  "topic",  "start",    "edited", "deleted",    "reaction",
    "callback",  "member",  "blocked",  "typing", "presence", "read",   "delivered",  "title",
    "migration", "profile", "outgoing", "history"};

constexpr std::size_t kFeaturesMax = 256;
constexpr std::size_t kTextMax = 256;

/// "converted: as its still picture" is what the manifest says of one feature.
bool read_statement(std::string_view text, Fidelity& row) {
    const auto colon = text.find(':');
    row.how_well = text.substr(0, colon);
    if (colon != std::string_view::npos) {
        text.remove_prefix(colon + 1);
        const auto begin = text.find_first_not_of(' ');
        row.how = begin == std::string_view::npos ? std::string_view{} : text.substr(begin);
    }
    if (row.how_well == "converted") return !row.how.empty();
    return row.how_well == "full" || row.how_well == "refused" || row.how_well == "never";
}

Error bad_statement(std::string_view feature) {
    return Error{
        Fault::malformed,
        "receives." + std::string{feature.substr(0, 64)} +
            ": expected full, \"converted: how\", refused or never"};
}

Result<void> add_incoming(const json::object& manifest, std::vector<Fidelity>& rows) {
    const auto* given = manifest.if_contains("receives");
    static const json::object kNothing;
    if (given != nullptr && !given->is_object())
        return Error{Fault::malformed, "receives: expected an object"};
    const auto& told = given == nullptr ? kNothing : given->as_object();
    if (told.size() > kFeaturesMax) return Error{Fault::malformed, "receives: too many features"};
    const auto add = [&rows](std::string_view feature, const json::value* value) {
        Fidelity row;
        row.direction = "in";
        row.feature = feature;
        row.how_well = "never";
        const auto* text = value == nullptr ? nullptr : value->if_string();
        const bool good = value == nullptr || (text != nullptr && text->size() <= kTextMax &&
                                               read_statement({text->data(), text->size()}, row));
        rows.push_back(std::move(row));
        return good;
    };
    for (const auto feature : kIncoming) {
        if (!add(feature, told.if_contains(feature))) return bad_statement(feature);
    }
    // Kinds of this one messenger: polls, dice, gifts.
    for (const auto& each : told) {
        const std::string_view feature{each.key()};
        if (std::find(kIncoming.begin(), kIncoming.end(), feature) != kIncoming.end()) continue;
        if (!add(feature, &each.value())) return bad_statement(feature);
    }
    return {};
}

/// What becomes of a sample in conversations of one kind.
Fidelity outgoing(const Sample& sample, const Features& features, std::string_view kind) {
    Fidelity row;
    row.direction = "out";
    row.feature = sample.feature;
    row.how_well = "full";
    row.limit = sample.limit(features.of(kind));
    const auto sent = degrade(sample.command(features.of(kind)), features, kind);
    if (!sent) {
        row.how_well = "refused";
        row.how = sent.error().context;
        return row;
    }
    for (const Change& change : sent->changes) {
        row.how_well = "converted";
        if (!row.how.empty()) row.how += "; ";
        row.how += change.what() + ": " + change.how();
    }
    const auto note = sample.note(features.of(kind));
    if (!note.empty()) {
        if (!row.how.empty()) row.how += "; ";
        row.how += note;
    }
    return row;
}

Result<void> add_outgoing(const json::object& manifest, std::vector<Fidelity>& rows) {
    const auto* given = manifest.if_contains("features");
    if (given == nullptr || !given->is_object())
        return Error{Fault::malformed, "features: expected an object"};
    const auto features = Features::parse(given->as_object());
    if (!features) return features.error();
    for (const Sample& sample : fidelity_samples()) {
        const auto usual = outgoing(sample, *features, "*");
        rows.push_back(usual);
        for (const auto& each : given->as_object()) {
            if (each.key() == "*") continue;
            auto own = outgoing(sample, *features, each.key());
            if (own.how_well == usual.how_well && own.how == usual.how && own.limit == usual.limit)
                continue;
            own.kind = each.key();
            rows.push_back(std::move(own));
        }
    }
    return {};
}

/// A cell must stay one.
std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '|') out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

}  // namespace

Result<std::vector<Fidelity>> fidelity_of(const json::object& manifest) {
    std::vector<Fidelity> rows;
    if (const auto added = add_incoming(manifest, rows); !added) return added.error();
    if (const auto added = add_outgoing(manifest, rows); !added) return added.error();
    return rows;
}

std::string fidelity_table(const std::vector<Fidelity>& rows) {
    std::string out =
        "| way | feature | fidelity | how | limit |\n| --- | --- | --- | --- | --- |\n";
    for (const Fidelity& row : rows) {
        out += "| " + row.direction + " | " + cell(row.feature);
        if (!row.kind.empty()) out += " (" + cell(row.kind) + ")";
        out +=
            " | " + cell(row.how_well) + " | " + cell(row.how) + " | " + cell(row.limit) + " |\n";
    }
    return out;
}

json::array fidelity_json(const std::vector<Fidelity>& rows) {
    json::array out;
    for (const Fidelity& row : rows)
        out.push_back(json::object{
            {"way", row.direction},
            {"feature", row.feature},
            {"kind", row.kind},
            {"fidelity", row.how_well},
            {"how", row.how},
            {"limit", row.limit}});
    return out;
}

}  // namespace trunkline::universal
