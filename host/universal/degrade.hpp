#pragma once

#include <string_view>
#include <vector>

#include "host/base/result.hpp"
#include "host/universal/features.hpp"
#include "host/universal/universal.pb.h"

namespace trunkline::universal {

/// What is to be sent in place of a command, in this order; each part fits the messenger.
struct Degraded {
    std::vector<Command>
        parts;  ///< one or more; each has the command's id and type, and keeps `expires`
    std::vector<Change>
        changes;  ///< for the `status` event: what was degraded and how, each said once
};

/// Fits `command` to what the messenger carries. Spans to plain text (a link to "text (address)"),
/// a file to its address, buttons to a numbered list, a long text or caption to several messages.
/// Texts are split at a paragraph, a line or a word, never inside a grapheme, an address or, where
/// it can be helped, a word; spans go with their text. Attachments need an address (`public_url`,
/// else `url`) to be turned into a link. A command that needs nothing comes back as its one part.
/// `unsupported` when there is no equivalent (an edit where nothing can be edited, an edit that is
/// too long); the context is a code and, after a colon, a sentence without message text. `[any]`
Result<Degraded> degrade(
    const Command& command, const Features& features, std::string_view conversation_kind
);

}  // namespace trunkline::universal
