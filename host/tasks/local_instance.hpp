#pragma once

#include "host/tasks/instance.hpp"

namespace trunkline::tasks {

/// A connector's object in the host. Keeps the generation mapped. Made, called and destroyed on its
/// loop; making, saving and destroying additionally exclude each other between all loops, as the
/// border promises to a connector.
class LocalInstance final : public Instance {
public:
    /// Fails as `refusal` says.
    static Result<std::shared_ptr<LocalInstance>> make(
        std::shared_ptr<plugins::Generation> generation,
        const Setup& setup,
        const Saved& saved,
        const tl_random& random,
        std::size_t loop
    );
    ~LocalInstance() override;

    LocalInstance* local() noexcept override { return this; }
    std::string redact(std::string_view text) const override { return host_.redact(text); }

    Handled handle(
        const tl_input* inputs, std::uint32_t count, std::uint32_t* done, const tl_effects& effects
    ) noexcept;
    Saved save() const;

private:
    LocalInstance(
        std::shared_ptr<plugins::Generation> generation,
        const Setup& setup,
        const tl_random& random,
        std::size_t loop
    );

    HostTap host_;
    tl_instance* object_ = nullptr;
};

}  // namespace trunkline::tasks
