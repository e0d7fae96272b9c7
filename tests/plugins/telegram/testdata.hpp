#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <trunkline/testing.hpp>

#include "to_universal.hpp"

namespace trunkline::telegram {

inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream stream{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{stream}, {}};
}

/// Every recorded update, by name.
inline std::vector<std::filesystem::path> recorded_updates() {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator{TELEGRAM_TESTDATA "/updates"}) {
        if (entry.path().string().ends_with(".in.json")) found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
}

/// A translation as reviewable text: one line for each thing it asks for.
inline std::string written(const Translated& translated) {
    std::string text;
    const auto line = [&text](const boost::json::object& object) {
        text += boost::json::serialize(object) + "\n";
    };
    for (const auto& alias : translated.aliases)
        line({{"alias", alias.conversation}, {"former", alias.former}});
    for (const auto& event : translated.items) {
        boost::json::object object{
            {"item", event.json}, {"conversation", event.conversation}, {"dedup", event.dedup}};
        if (!event.note.empty()) object["note"] = event.note;
        if (event.outgoing) object["outgoing"] = true;
        if (event.keep_raw) object["raw"] = true;
        line(object);
    }
    for (const auto& query : translated.callback_queries)
        line({{"answer", query}});
    for (const auto& state : translated.business)
        line({{"business", state.name}, {"enabled", state.enabled}});
    return text;
}

inline constexpr std::int64_t kBotId = 777001;

/// The connector as the host sees it, with an account that receives by webhook or poll.
inline const tl_plugin& telegram_plugin() {
    return *tl_connector_entry(TL_ABI_MAJOR, TL_ABI_MINOR);
}

inline testing::Account webhook_account() {
    return {.settings = R"({"token":"777001:AAtoken","secret":"s3cret","receive":"webhook"})"};
}
inline testing::Account poll_account() {
    return {
        .settings =
            R"({"token":"777001:AAtoken","receive":"poll","api_base":"http://127.0.0.1:9/","poll_timeout":"20s"})"};
}

}  // namespace trunkline::telegram
