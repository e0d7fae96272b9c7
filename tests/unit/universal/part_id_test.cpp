#include "host/universal/part_id.hpp"

#include <gtest/gtest.h>

namespace trunkline::universal {
namespace {

TEST(PartIdTest, EveryPartFindsItsCommand) {
    for (const std::string id :
         {"c", "c-1", "c/", "/1", "c/x", "c/1x", "c/7", "c/7/8", "2026/07", "//0", "c/-1"}) {
        for (const std::size_t parts : {1U, 2U, 11U}) {
            for (std::size_t part = 0; part < parts; ++part)
                EXPECT_EQ(command_of_part(part_id(id, part, parts)), id) << parts << " " << part;
        }
    }
}

TEST(PartIdTest, PartsDifferAndAWholeCommandKeepsItsId) {
    EXPECT_EQ(part_id("c-1", 0, 1), "c-1");
    EXPECT_EQ(part_id("c-1", 0, 2), "c-1/0");
    EXPECT_EQ(part_id("c-1", 1, 2), "c-1/1");
    EXPECT_EQ(part_id("c/7", 0, 1), "c/7/0") << "or it would be taken for a part of c";
}

}  // namespace
}  // namespace trunkline::universal
