#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "host/base/result.hpp"

namespace trunkline::universal {

/// What a messenger counts when it limits a text.
enum class TextUnit { code_points, utf16, bytes };

inline constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

struct AttachmentLimits {
    std::uint64_t max_bytes = kNoLimit;
    std::uint64_t caption_max = kNoLimit;  ///< in the text's unit; 0 = the kind takes no caption
    std::string note;  ///< for people: what the connector itself makes of some files of the kind
};

/// Which files may stand in one message, where it is not just any.
struct AlbumLimits {
    std::uint64_t max = kNoLimit;
    /// Kinds that go together; those of two sets never do.
    std::vector<std::set<std::string, std::less<>>> mix;
    bool buttons = true;  ///< may have buttons under it

    bool together(std::string_view one, std::string_view other) const;
};

struct ButtonLimits {
    std::uint64_t rows = kNoLimit;
    std::uint64_t per_row = kNoLimit;
    std::uint64_t text_max = kNoLimit;  ///< in the text's unit
    std::uint64_t payload_max_bytes = kNoLimit;
    bool urls = true;                         ///< a button may open an address
    std::set<std::string, std::less<>> asks;  ///< what a button may ask the customer for
};

/// What one kind of conversation can carry.
struct KindFeatures {
    std::set<std::string, std::less<>> spans;
    std::map<std::string, AttachmentLimits, std::less<>> attachments;
    std::uint64_t attachments_max = 1;  ///< in one message, of whatever kinds
    std::optional<AlbumLimits> albums;  ///< instead, where only some kinds go together
    std::optional<ButtonLimits> buttons;
    std::uint64_t text_max = kNoLimit;
    TextUnit text_unit = TextUnit::code_points;
    bool send = true, edit = false, remove = false, react = false, reply = false, quote = false,
         typing = false, read = false;
    bool location = false, contact = false;
};

/// What a connector says its messenger can carry: the `features` of its manifest. An immutable
/// value.
///
///     "features": {
///       "*": {"text_max": 4096, "text_unit": "utf16",
///             "spans": ["bold", "italic", "link"],
///             "attachments": {"image": {"max_bytes": 10485760, "caption_max": 1024}, "file":
///             {"max_bytes": 52428800}}, "attachments_max": 1, "albums": {"max": 10, "mix":
///             [["image", "video"], ["file"]], "buttons": false}, "buttons": {"rows": 20,
///             "per_row": 8, "text_max": 64, "payload_max_bytes": 64, "urls": true, "asks":
///             ["text"]}, "edit": true, "delete": true, "react": false, "reply": true, "quote":
///             true, "typing": true, "read": false, "location": true, "contact": true},
///       "comments": {"buttons": null, "typing": false}}
///
/// Keys are conversation kinds; "*" is every kind not named. A named kind starts from "*" and
/// changes what it names; null takes a feature away. A number left out is no limit, a feature left
/// out of "*" is not there (`send` is).
class Features {
public:
    Features() = default;  ///< plain text without limit, and nothing else

    /// `malformed`, naming the member's path.
    static Result<Features> parse(const boost::json::object& features);
    static Result<Features> parse(std::string_view json);

    const KindFeatures& of(std::string_view conversation_kind) const;

private:
    KindFeatures other_;
    std::map<std::string, KindFeatures, std::less<>> kinds_;
};

}  // namespace trunkline::universal
