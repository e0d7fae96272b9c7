#include <gtest/gtest.h>

#include "host/universal/json.hpp"
#include "json_read.hpp"
#include "testdata.hpp"

namespace trunkline::telegram {
namespace {

// The two sides were written apart: whatever the connector reports must be an event to the host's
// own reader.
TEST(TelegramUniversalTest, TheHostReadsEveryEvent) {
    for (const auto& path : recorded_updates()) {
        SCOPED_TRACE(path.filename().string());
        const auto update = parse(read_file(path));
        for (const auto& event : to_universal(update->as_object(), kBotId).items) {
            const auto read = universal::read_event(json::serialize(event.json));
            EXPECT_TRUE(read) << read.error().context;
            if (read) {
                EXPECT_EQ((*read).extra(), "") << "a member the host does not know";
            }
        }
    }
}

}  // namespace
}  // namespace trunkline::telegram
