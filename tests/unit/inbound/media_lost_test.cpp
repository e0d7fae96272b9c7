#include "host/inbound/media_lost.hpp"

#include "tests/unit/world/host_world.hpp"

namespace trunkline::inbound {
namespace {

using MediaLostTest = test::HostWorld;

TEST_F(MediaLostTest, APortalIsToldWhichFileOfWhichMessageItWillNotGet) {
    media::Lost lost;
    lost.reason = "no_room";
    lost.until_ms = clock.wall_ms() + 1'000;
    lost.job.conversation = "42";
    lost.job.kind = "direct";
    lost.job.message = "m1";
    lost.job.attachment_kind = "image";
    lost.job.url = "http://host/media/t/a.png";
    lost.job.dies_ms = lost.until_ms;
    store::Batch batch;
    batch.put.push_back({store::Table::copy, "job/x", "{}", 0});
    ASSERT_TRUE(store.commit_and_wait(std::move(batch)));

    const auto told_it = run<Result<void>>([&] {
        return tell_lost(ground, store, account, lost, {{store::Table::copy, "job/x"}});
    });
    ASSERT_TRUE(told_it);
    EXPECT_FALSE(row(store::Table::copy, "job/x")) << "so it is not told again";
    ASSERT_EQ(told().size(), 1u);
    const universal::Event event = told()[0];
    EXPECT_EQ(event.type(), "notice");
    EXPECT_EQ(event.code(), "media_lost");
    EXPECT_EQ(event.reason(), "no_room");
    EXPECT_EQ(event.until(), lost.until_ms);
    EXPECT_EQ(event.conversation().id(), "42");
    EXPECT_EQ(event.message().id(), "m1");
    EXPECT_EQ(event.message().attachments(0).url(), "http://host/media/t/a.png");
    EXPECT_FALSE(event.text().empty());
}

TEST_F(MediaLostTest, WhatCannotBeWrittenIsStillToBeTold) {
    store::Batch batch;
    batch.put.push_back({store::Table::copy, "job/x", "{}", 0});
    ASSERT_TRUE(store.commit_and_wait(std::move(batch)));
    store.refuse_writes = true;
    media::Lost lost;
    lost.reason = "gone";
    const auto told_it = run<Result<void>>([&] {
        return tell_lost(ground, store, account, lost, {{store::Table::copy, "job/x"}});
    });
    store.refuse_writes = false;
    EXPECT_FALSE(told_it);
    EXPECT_TRUE(row(store::Table::copy, "job/x"));
    EXPECT_TRUE(told().empty());
}

}  // namespace
}  // namespace trunkline::inbound
