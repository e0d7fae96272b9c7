// The words for how an account is, and what they tell people.
#include "host/accounts/health.hpp"

#include <gmock/gmock.h>

namespace trunkline::accounts {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

Health in(State state) {
    Health health;
    health.state = state;
    return health;
}

TEST(HealthTest, EveryStateHasAWordThatLeadsBack) {
    for (const State state :
         {State::connecting,
          State::connected,
          State::in_review,
          State::degraded,
          State::rate_limited,
          State::bad_credentials,
          State::conflict,
          State::disconnected})
        EXPECT_EQ(state_of(to_string(state)), state) << to_string(state);
    EXPECT_EQ(state_of("ready"), std::nullopt);
    EXPECT_EQ(state_of(""), std::nullopt);
}

TEST(HealthTest, AConnectorsWordsAreTaken) {
    const auto state = [](const char* word, WallMs until = 0) {
        return health_of(word, "code", "text", until)->state;
    };
    EXPECT_EQ(state("ok"), State::connected);
    EXPECT_EQ(state("degraded"), State::degraded);
    EXPECT_EQ(state("broken"), State::bad_credentials);
    EXPECT_EQ(state("in_review"), State::in_review);
    EXPECT_EQ(state("conflict"), State::conflict);
    EXPECT_EQ(state("rate_limited", 5), State::rate_limited);
    EXPECT_EQ(state("blocked", 5), State::rate_limited) << "until then";
    EXPECT_EQ(state("blocked"), State::degraded) << "for nobody knows how long";
    EXPECT_FALSE(health_of("fine", "", "", 0));
    EXPECT_EQ(health_of("broken", "not_connected", "", 0)->state, State::disconnected);
}

TEST(HealthTest, NothingIsSentOnlyWhereNothingCouldBe) {
    EXPECT_TRUE(stands_still(State::bad_credentials));
    EXPECT_TRUE(stands_still(State::disconnected));
    for (const State state :
         {State::connecting,
          State::connected,
          State::in_review,
          State::degraded,
          State::rate_limited,
          State::conflict})
        EXPECT_FALSE(stands_still(state)) << to_string(state);
}

TEST(HealthTest, SaysWhatIsToBeDone) {
    EXPECT_EQ(action_of(in(State::connected)), "");
    EXPECT_EQ(action_of(broken("token_rejected", "")), "reconnect");
    EXPECT_EQ(action_of(broken(kConnectorAbsent, "")), "install");
    EXPECT_EQ(action_of(broken(kConnectorRefused, "")), "check");
    EXPECT_EQ(action_of(broken(kNotConnected, "")), "connect");
    EXPECT_EQ(action_of(in(State::conflict)), "stop_other");

    EXPECT_THAT(explained(in(State::connected)), IsEmpty());
    EXPECT_THAT(
        explained(broken("token_rejected", "Telegram refuses the token")),
        HasSubstr("Telegram refuses the token. Connect it again")
    );
    EXPECT_THAT(explained(in(State::conflict)), HasSubstr("Another program serves it too. Stop"));
    EXPECT_EQ(explained(broken(kConnectorAbsent, "It is not there.")), "It is not there.");
}

}  // namespace
}  // namespace trunkline::accounts
