#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include "portal/fields.hpp"
#include "portal/store/batches.hpp"
#include "portal/store/conversations.hpp"
#include "portal/store/migrations.hpp"
#include "portal/store/views.hpp"
#include "portal/wire/batch.hpp"

namespace trunkline::portal::test {

constexpr WallMs kNow = 1'763'800'000'000;

inline std::unique_ptr<store::Database> memory_database() {
    auto database = store::Database::open(":memory:", store::Database::Mode::read_write);
    EXPECT_TRUE(database) << database.error().context;
    auto migrated = store::migrate(**database);
    EXPECT_TRUE(migrated) << migrated.error().context;
    return *std::move(database);
}

/// An event of customer Ann in conversation 5012345; `more` adds or replaces members.
inline json::object event(std::int64_t sequence, const std::string& type, json::object more) {
    json::object event{
        {"id", "01EVENT" + std::to_string(sequence)},
        {"sequence", sequence},
        {"type", type},
        {"time", "2026-11-22T08:00:00.123Z"},
        {"connector", "telegram"},
        {"account", "acme-telegram"},
        {"line", "support"},
        {"conversation", {{"id", "5012345"}, {"kind", "direct"}}},
        {"sender", {{"id", "5012345"}, {"name", "Ann Lee"}}},
    };
    for (auto& member : more)
        event[member.key()] = member.value();
    return event;
}

inline json::object message(std::int64_t sequence, const std::string& text) {
    return event(
        sequence, "message", {{"message", {{"id", "r" + std::to_string(sequence)}, {"text", text}}}}
    );
}

inline json::object gap_notice(
    std::int64_t sequence, std::int64_t from, const std::string& reason
) {
    return event(
        sequence,
        "notice",
        {{"code", "gap"},
         {"text", "given up"},
         {"gap",
          {{"from", from},
           {"through", sequence},
           {"count", sequence - from + 1},
           {"reason", reason}}}}
    );
}

inline std::string batch_text(
    std::int64_t epoch, json::array events, const std::string& lane = "messages"
) {
    return json::serialize(json::object{
        {"portal", "acme"}, {"lane", lane}, {"epoch", epoch}, {"events", std::move(events)}});
}

/// Keeps a batch in a transaction of its own, as the receiver does.
inline store::KeptBatch keep(
    store::Database& database,
    std::int64_t epoch,
    json::array events,
    const std::string& lane = "messages",
    store::LaneKind kind = store::LaneKind::guaranteed
) {
    auto batch = wire::parse_batch(batch_text(epoch, std::move(events), lane));
    EXPECT_TRUE(batch) << batch.error().context;
    database.begin();
    auto kept = store::keep_batch(database, batch->content, kind, kNow);
    EXPECT_TRUE(kept) << kept.error().context;
    auto committed = database.commit();
    EXPECT_TRUE(committed) << committed.error().context;
    return *kept;
}

inline std::vector<std::string> texts(store::Database& database, std::int64_t conversation = 1) {
    std::vector<std::string> found;
    for (const auto& view : store::list_messages(database, conversation, 0, 100)) {
        found.push_back(text_of(object_of(view.as_object(), "body"), "text"));
    }
    return found;
}

/// "from-through" of every gap, explained ones with their reason, in the order of their sequences.
inline std::set<std::string> gaps(store::Database& database) {
    std::set<std::string> found;
    for (const auto& value : store::list_gaps(database, 100)) {
        const auto& gap = value.as_object();
        auto text = std::to_string(number_of(gap, "from")) + "-" +
                    std::to_string(number_of(gap, "through"));
        if (flag_of(gap, "explained")) text += " " + text_of(gap, "reason");
        found.insert(std::move(text));
    }
    return found;
}

/// A folder that goes with the test.
class Folder {
public:
    Folder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "trunkline-portal-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

}  // namespace trunkline::portal::test
