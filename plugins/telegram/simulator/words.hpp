#pragma once

#include <trunkline/simulator/calls.hpp>

#include "plugins/telegram/simulator/world.hpp"

namespace trunkline::telegram::simulator {

Refusal bad_request(const std::string& what);

/// What the Bot API says, in its own words.
class BotWords final : public kit::Words {
public:
    kit::Response answer(const json::value& result) const override;
    kit::Response refuse(const Refusal& refusal) const override;
    Refusal revoked() const override { return {401, "Unauthorized", {}}; }
    Refusal too_many(std::int64_t retry_after_s) const override;
    Refusal server_error(int code) const override;
    Refusal wrong(const kit::Finding& finding) const override;
    json::object note(const std::string& method, const json::value& result) const override;
};

}  // namespace trunkline::telegram::simulator
