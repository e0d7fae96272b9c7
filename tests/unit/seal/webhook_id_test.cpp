// The same list keeps its id over tries and restarts; another list has another id.

#include "host/seal/webhook_id.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace trunkline::seal {
namespace {

std::string id_of(
    const char* portal, const char* lane, std::uint64_t epoch, const std::vector<std::string>& ids
) {
    const PortalId name{portal};
    return webhook_id({.portal = name, .lane = lane, .epoch = epoch, .event_ids = ids});
}

TEST(WebhookIdTest, IsAFunctionOfTheList) {
    const std::string id = id_of("acme", "messages", 1, {"a", "b"});
    // Fixed for good: a portal that remembers ids must not see another one after an upgrade.
    EXPECT_EQ(id, "batch_C01NiAjx4pb0vly0a0CqsJXh");
    EXPECT_EQ(id.size(), 30u);
    EXPECT_EQ(id, id_of("acme", "messages", 1, {"a", "b"}));
}

TEST(WebhookIdTest, ChangesWithEverythingItDependsOn) {
    const std::string id = id_of("acme", "messages", 1, {"a", "b"});
    EXPECT_NE(id, id_of("acm", "emessages", 1, {"a", "b"}));
    EXPECT_NE(id, id_of("acme", "presence", 1, {"a", "b"}));
    EXPECT_NE(id, id_of("acme", "messages", 2, {"a", "b"}));
    EXPECT_NE(id, id_of("acme", "messages", 1, {"b", "a"}));
    EXPECT_NE(id, id_of("acme", "messages", 1, {"ab"}));
    EXPECT_NE(id, id_of("acme", "messages", 1, {"a"}));
    EXPECT_NE(id, id_of("acme", "messages", 1, {"a", "b", ""}));
    EXPECT_NE(id_of("acme", "messages", 1, {}), id_of("acme", "messages", 1, {""}));
}

}  // namespace
}  // namespace trunkline::seal
