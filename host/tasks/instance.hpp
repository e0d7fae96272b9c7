#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <trunkline/abi.h>
#include <trunkline/ext/random.h>

#include "host/plugins/generation.hpp"
#include "host/plugins/guard.hpp"
#include "host/tasks/strand.hpp"

namespace trunkline::tasks {

/// The host as one instance sees it: the generation's, with the account's secrets kept out of the
/// log and random bytes of the tasks at hand. `[any]` except `random`.
class HostTap {
public:
    HostTap(const tl_host& host, const Setup& setup, const tl_random& random);
    HostTap(const HostTap&) = delete;
    HostTap& operator=(const HostTap&) = delete;

    const tl_host& table() const noexcept { return table_; }
    std::string last_line();  ///< of what the connector said, redacted

private:
    static void log(void* context, std::int32_t level, tl_view text) noexcept;
    static const void* extension(void* context, tl_view id) noexcept;
    std::string redact(std::string_view text) const;

    const tl_host& host_;
    const tl_random& random_;
    std::string account_;
    std::vector<std::string> secrets_;
    tl_host table_{};
    std::atomic<bool> keeping_{true};  ///< lines are kept only while the instance is being made
    std::mutex keep_;                  ///< a connector may log from any thread
    std::string last_line_;

    friend class Instance;
};

struct Saved {
    std::string state;
    std::uint32_t schema = 0;
};

/// What one call of `handle` came to.
struct Handled {
    tl_code code = TL_OK;
    std::uint32_t done = 0;
    std::string escaped;  ///< what was thrown across the border
    std::chrono::microseconds took{0};
};

/// A connector's object in one generation. Keeps the generation mapped. Made, called and destroyed
/// on its loop; making, saving and destroying additionally exclude each other between all loops, as
/// the border promises to a connector.
class Instance {
public:
    /// Fails with `account_broken` (BAD_CONFIG), `conflict` (BAD_STATE: try without state) or
    /// `unavailable`, and the connector's last log line.
    static Result<std::shared_ptr<Instance>> make(
        std::shared_ptr<plugins::Generation> generation,
        const Setup& setup,
        const Saved& saved,
        const tl_random& random,
        std::size_t loop
    );
    ~Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    Handled handle(
        const tl_input* inputs, std::uint32_t count, std::uint32_t* done, const tl_effects& effects
    ) noexcept;
    Saved save() const;

    const plugins::Generation& generation() const noexcept { return *generation_; }

private:
    Instance(
        std::shared_ptr<plugins::Generation> generation,
        const Setup& setup,
        const tl_random& random,
        std::size_t loop
    );

    std::shared_ptr<plugins::Generation> generation_;
    HostTap host_;
    tl_instance* object_ = nullptr;
};

}  // namespace trunkline::tasks
