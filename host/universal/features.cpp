#include "host/universal/features.hpp"

#include <algorithm>

#include <boost/json.hpp>

#include "host/universal/reader.hpp"

namespace trunkline::universal {

namespace json = boost::json;

namespace {

constexpr std::size_t kKindsMax = 64;
constexpr std::int64_t kTextMin =
    16;  // below, splitting would make a message of every word; no messenger is there

std::uint64_t limit(
    Members& members, std::string_view name, std::uint64_t otherwise, std::int64_t min = 0
) {
    const auto value = members.integer(name, min);
    return value ? static_cast<std::uint64_t>(*value) : otherwise;
}

void read_unit(Reading& reading, Members& members, TextUnit& out) {
    const std::string unit = members.text("text_unit", 32);
    if (unit.empty()) return;
    if (unit == "code_points")
        out = TextUnit::code_points;
    else if (unit == "utf16")
        out = TextUnit::utf16;
    else if (unit == "bytes")
        out = TextUnit::bytes;
    else
        reading.fail("text_unit: expected code_points, utf16 or bytes");
}

using Names = std::set<std::string, std::less<>>;

/// What the list names; `name` is the member it stands under.
Names read_names(Reading& reading, std::string_view name, const json::array& list) {
    const Reading::Step step{reading, name};
    Names out;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const Reading::Step at{reading, i};
        const auto* text = list[i].if_string();
        if (text == nullptr) {
            reading.fail("expected a string");
            return out;
        }
        out.insert(std::string{text->data(), text->size()});
    }
    return out;
}

void read_attachments(Reading& reading, const json::value& value, KindFeatures& out) {
    const Reading::Step step{reading, "attachments"};
    out.attachments.clear();
    const auto* kinds = value.if_object();
    if (kinds == nullptr) return reading.fail("expected an object");
    if (kinds->size() > kKindsMax) return reading.fail("too many kinds");
    for (const auto& kind : *kinds) {
        const std::string name{kind.key().data(), kind.key().size()};
        const Reading::Step at{reading, name};
        Members members{reading, kind.value()};
        AttachmentLimits& limits = out.attachments[name];
        limits.max_bytes = limit(members, "max_bytes", kNoLimit, 1);
        limits.caption_max = limit(members, "caption_max", kNoLimit);
        limits.note = members.text("note", 256);
        members.refuse_rest();
    }
}

void read_albums(Reading& reading, const json::value& value, KindFeatures& out) {
    const Reading::Step step{reading, "albums"};
    Members members{reading, value};
    AlbumLimits& limits = out.albums.emplace();
    limits.max = limit(members, "max", kNoLimit, 2);
    limits.buttons = members.flag("buttons").value_or(true);
    if (const auto* sets = members.list("mix", kKindsMax)) {
        const Reading::Step at_mix{reading, "mix"};
        for (std::size_t i = 0; i < sets->size() && reading.good(); ++i) {
            const Reading::Step at{reading, i};
            const auto* kinds = (*sets)[i].if_array();
            if (kinds == nullptr) return reading.fail("expected a list of kinds that go together");
            limits.mix.push_back(read_names(reading, "kinds", *kinds));
        }
    }
    if (reading.good() && limits.mix.empty()) reading.fail("mix: names no kinds that go together");
    members.refuse_rest();
}

void read_buttons(Reading& reading, const json::value& value, KindFeatures& out) {
    const Reading::Step step{reading, "buttons"};
    Members members{reading, value};
    ButtonLimits& limits = out.buttons.emplace();
    limits.rows = limit(members, "rows", kNoLimit, 1);
    limits.per_row = limit(members, "per_row", kNoLimit, 1);
    limits.text_max = limit(members, "text_max", kNoLimit, 1);
    limits.payload_max_bytes = limit(members, "payload_max_bytes", kNoLimit, 1);
    limits.urls = members.flag("urls").value_or(true);
    if (const auto* asks = members.list("asks", kKindsMax))
        limits.asks = read_names(reading, "asks", *asks);
    members.refuse_rest();
}

void read_kind(Reading& reading, const json::value& value, KindFeatures& out) {
    const auto* object = value.if_object();
    if (object == nullptr) return reading.fail("expected an object");
    const auto taken_away = [&](const char* name) {
        const auto* found = object->if_contains(name);
        return found != nullptr && found->is_null();
    };
    if (taken_away("buttons")) out.buttons.reset();
    if (taken_away("attachments")) out.attachments.clear();
    if (taken_away("albums")) out.albums.reset();
    if (taken_away("spans")) out.spans.clear();
    if (taken_away("text_max")) out.text_max = kNoLimit;
    Members members{reading, value};
    out.text_max = limit(members, "text_max", out.text_max, kTextMin);
    read_unit(reading, members, out.text_unit);
    if (const auto* spans = members.list("spans", kKindsMax))
        out.spans = read_names(reading, "spans", *spans);
    if (const auto* attachments = members.take("attachments"))
        read_attachments(reading, *attachments, out);
    out.attachments_max = limit(members, "attachments_max", out.attachments_max, 1);
    if (const auto* albums = members.take("albums")) read_albums(reading, *albums, out);
    if (const auto* buttons = members.take("buttons")) read_buttons(reading, *buttons, out);
    const auto flag = [&](std::string_view name, bool& into) {
        const auto value_read = members.flag(name);
        if (value_read || taken_away(std::string{name}.c_str())) into = value_read.value_or(false);
    };
    flag("send", out.send);
    flag("edit", out.edit);
    flag("delete", out.remove);
    flag("react", out.react);
    flag("reply", out.reply);
    flag("quote", out.quote);
    flag("typing", out.typing);
    flag("read", out.read);
    flag("location", out.location);
    flag("contact", out.contact);
    members.refuse_rest();
}

}  // namespace

bool AlbumLimits::together(std::string_view one, std::string_view other) const {
    return std::any_of(mix.begin(), mix.end(), [&](const auto& kinds) {
        return kinds.contains(one) && kinds.contains(other);
    });
}

Result<Features> Features::parse(const json::object& features) {
    Reading reading;
    Features out;
    if (features.size() > kKindsMax) reading.fail("too many kinds of conversation");
    // "*" first: the others start from it, wherever it stands.
    if (const auto* other = features.if_contains("*")) {
        const Reading::Step step{reading, "*"};
        read_kind(reading, *other, out.other_);
    }
    for (const auto& kind : features) {
        const std::string name{kind.key().data(), kind.key().size()};
        if (name == "*") continue;
        const Reading::Step step{reading, name};
        KindFeatures own = out.other_;
        read_kind(reading, kind.value(), own);
        out.kinds_.emplace(name, std::move(own));
    }
    if (!reading.good()) return Error{Fault::malformed, "features: " + reading.problem()};
    return out;
}

Result<Features> Features::parse(std::string_view text) {
    Reading reading;
    const json::value value = parse_bounded(reading, text, {});
    if (!reading.good()) return Error{Fault::malformed, "features: " + reading.problem()};
    const auto* object = value.if_object();
    if (object == nullptr) return Error{Fault::malformed, "features: expected an object"};
    return parse(*object);
}

const KindFeatures& Features::of(std::string_view conversation_kind) const {
    const auto found = kinds_.find(conversation_kind);
    return found == kinds_.end() ? other_ : found->second;
}

}  // namespace trunkline::universal
