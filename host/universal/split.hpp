#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/universal/features.hpp"
#include "host/universal/universal.pb.h"

/// Texts with spans. Only for the sources of this folder.
namespace trunkline::universal {

/// A text and its spans, in code points, inside it.
struct Styled {
    std::string text;
    std::vector<Span> spans;
};

struct SplitLimits {
    std::uint64_t first = kNoLimit;  ///< of the first piece, e.g. a caption
    std::uint64_t rest = kNoLimit;
    TextUnit unit = TextUnit::code_points;
};

/// Cuts a text into pieces within the limits; one piece when it fits. Cuts at the best place of the
/// piece's second half: outside links, mentions and code before inside; at a paragraph, a line or a
/// word before inside a word; outside other spans before inside. A grapheme is cut only when it
/// alone is too long. Blanks at a cut vanish; a span that is cut goes on in the next piece.
std::vector<Styled> split(const Styled& styled, const SplitLimits& limits);

/// Takes out spans whose type is not in `supported`. A link that goes leaves its address behind its
/// text: "shop (https://...)". Returns the types taken out.
std::set<std::string> keep_spans(
    Styled& styled, const std::set<std::string, std::less<>>& supported
);

}  // namespace trunkline::universal
