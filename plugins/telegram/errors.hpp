#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

namespace trunkline::telegram {

/// What an answer of the Bot API means for the call it answers. Closed: every row of telegram.md
/// section 6 is one of these.
enum class Verdict {
    ok,
    not_modified,  ///< the edit changes nothing: as good as done
    ignore,        ///< a button press answered too late: nothing to do, nothing to report
    retry,     ///< refused for now, definitely not done; `delay` says how long the bot must wait
    unknown,   ///< may have been done; never repeat an unsafe call
    migrated,  ///< the group has a new id: `migrate_to`
    reply_missing,  ///< resend without the reply
    formatting,     ///< resend without entities
    file_address,  ///< Telegram could not take the file from this address: upload it, or send it as
                   ///< a document
    voice_forbidden,  ///< resend as a document
    caption_only,     ///< the message to edit is a file: its caption is what can be edited
    account_broken,   ///< the token is dead or the bot frozen: nobody's message will go out
    conflict,         ///< another program uses this bot
    rejected,         ///< refused for good
};

struct Answer {
    Verdict verdict = Verdict::unknown;
    std::int64_t delay_ms = 0;  ///< with `retry`, 0 = not told
    bool throttled = false;     ///< with `retry`: a 429, the whole bot waits
    std::int64_t migrate_to = 0;
    std::string code;           ///< for machines, e.g. "blocked_by_customer"
    std::string text;           ///< for people; Telegram's own words where they help
    boost::json::value result;  ///< with `ok`
};

/// An HTTP answer as the host handed it over. Views are borrowed for the call.
struct Reply {
    int status = 0;                 ///< 0 = no answer came
    bool may_have_arrived = false;  ///< with status 0: the request may have reached Telegram
    std::string_view retry_after;   ///< the header, "" when absent
    std::string_view body;
};

/// Reads an answer. `error_code` in the body wins over the HTTP status (they are equal at Telegram,
/// not at emulators); texts are matched without case, on substrings, because they are promised by
/// nobody. Never throws for bad input. `[any]`
Answer read_answer(const Reply& reply);

}  // namespace trunkline::telegram
