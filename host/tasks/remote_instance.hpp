#pragma once

#include <span>

#include "host/isolation/keeper.hpp"
#include "host/tasks/collector.hpp"
#include "host/tasks/instance.hpp"

namespace trunkline::tasks {

/// A connector's object in a child. When the child dies, the object is made again in the next one,
/// as on a first start; what it knew of open tasks is then to be fed again.
class RemoteInstance final : public Instance, private isolation::Tenant {
public:
    /// Fails as `refusal` says, or with `unavailable` when child after child dies of it.
    static async::Awaitable<Result<std::shared_ptr<RemoteInstance>>> make(
        const std::shared_ptr<plugins::Generation>& generation,
        const Setup& setup,
        const Saved& saved,
        const tl_random& random,
        const Services& services
    );
    ~RemoteInstance() override;

    RemoteInstance* remote() noexcept override { return this; }
    std::string redact(std::string_view text) const override { return host_.redact(text); }

    /// The child in which it exists; 0 = in none at the moment.
    std::uint64_t life() const noexcept;

    /// Waits until it exists in a child. Fails with `unavailable` and a pause while there is none
    /// and there will not be soon; `patient`: waits for the next one, however long that takes.
    /// `cancelled` after `give_up`. One at a time.
    async::Awaitable<Result<void>> ready(bool patient);
    void give_up();

    /// Hands inputs to the connector; only when ready. `slots` say how far their tasks have come.
    async::Awaitable<isolation::Keeper::Answer> handle(
        std::span<const tl_input> inputs, std::span<const Collector::Slot> slots
    );
    /// Hands in a CANCEL. What comes of it interests nobody.
    void cancel(const tl_input& input);

    async::Awaitable<Saved> save();

private:
    RemoteInstance(
        std::shared_ptr<plugins::Generation> generation,
        const Setup& setup,
        const tl_random& random,
        const Services& services
    );

    /// None: the child died meanwhile.
    async::Awaitable<std::optional<Result<void>>> create(std::uint64_t life, const Saved& saved);
    async::Awaitable<Result<void>> exist(bool patient, const Saved& saved);
    std::string frame_of(
        std::uint64_t call, std::span<const tl_input> inputs, std::span<const Collector::Slot> slots
    ) const;

    void said(std::int32_t level, std::string_view text) override;
    bool has_file(const std::string& file) override;

    const Setup& setup_;
    const Services& services_;
    HostTap host_;
    std::shared_ptr<isolation::Keeper> keeper_;
    std::uint64_t number_ = 0;   ///< by which the child knows it
    std::uint64_t made_in_ = 0;  ///< the child's
    bool given_up_ = false;
};

}  // namespace trunkline::tasks
