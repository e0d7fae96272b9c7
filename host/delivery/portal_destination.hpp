#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "host/base/id.hpp"
#include "host/delivery/sealers.hpp"
#include "host/lanes/destination.hpp"
#include "host/net/client.hpp"
#include "host/seal/seal.hpp"

namespace trunkline::delivery {

/// What a portal is at one moment. A value; asked for anew before every request, so that a changed
/// URL or a key being rotated is in force with the next one.
struct PortalSettings {
    std::string url;
    std::string warn_url;  ///< where its owner is told that patience ends; "" = nowhere
    seal::KeyRing keys;
    bool encrypt = true;
    bool allow_private = false;
    bool html_is_acceptance = false;  ///< a 2xx page counts as accepted
};
using PortalSettingsSource = std::function<PortalSettings()>;  ///< callable from any thread, quick

/// One lane of a portal: turns a delivery into a sealed batch, posts it and says what the answer
/// means. Lives on its lane's loop, whose client it uses.
class PortalDestination final : public lanes::SequentialDestination {
public:
    struct Setup {
        PortalId portal;
        std::string lane;  ///< the portal's name for it: "messages"
        PortalSettingsSource settings;
        lanes::Milliseconds timeout{
            15'000};  ///< of a request that no delivery says otherwise for, to its last byte
        std::function<net::Client&()> client;   ///< the one of the lane's loop
        std::optional<async::Executor> loop{};  ///< the lane's; without it nobody is warned
        std::shared_ptr<Sealers> sealers{};     ///< the loop's; none = its own
    };

    PortalDestination(Setup setup, const Clock& clock);
    ~PortalDestination() override;

    async::Awaitable<lanes::Verdict> deliver(lanes::Delivery delivery) override;
    store::Append gap_notice(const lanes::Gap& gap, const store::Record* only) override;
    std::optional<lanes::Gap> gap_of(const store::Record& notice) override;
    /// One sealed request to `warn_url`; that it failed is in the log.
    void warn(const lanes::Warning& warning) override;
    std::string target() const override;

    /// Sends the empty batch that opens a portal (or its new URL).
    async::Awaitable<lanes::Verdict> knock(std::uint64_t epoch);

private:
    struct Letter;
    /// None, and `unreadable` names them, when it holds events that cannot be read.
    std::optional<Letter> written(const lanes::Delivery& delivery, lanes::Verdict& unreadable)
        const;
    async::Awaitable<lanes::Verdict> post(Letter letter);
    net::ClientRequest sealed(const Letter& letter, std::string url);

    Setup setup_;
    const Clock& clock_;
};

}  // namespace trunkline::delivery
