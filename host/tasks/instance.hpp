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
#include "host/tasks/buckets.hpp"
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

    friend class LocalInstance;
    friend class RemoteInstance;
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
    bool crowded = false;  ///< from `done` on, each is to be handed in again by itself
};

/// A count that contradicts the status is the connector's bug: then nothing of the call can be
/// believed.
void doubt(Handled& handled, std::uint32_t count) noexcept;

/// Why a connector refuses an account: `account_broken` (BAD_CONFIG), `conflict` (BAD_STATE: try
/// without state) or `unavailable`.
Error refusal(
    const plugins::Generation& generation, const Setup& setup, tl_code code, const std::string& said
);

class LocalInstance;
class RemoteInstance;

/// A connector's object in one generation: here, or in a child. Keeps the generation alive. On its
/// loop. Exactly one of `local` and `remote` is there.
class Instance {
public:
    virtual ~Instance() = default;
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    virtual LocalInstance* local() noexcept { return nullptr; }
    virtual RemoteInstance* remote() noexcept { return nullptr; }
    /// `text` without the secrets of its account, for a log and for people.
    virtual std::string redact(std::string_view text) const = 0;
    const plugins::Generation& generation() const noexcept { return *generation_; }
    /// The quotas that its generation declares.
    const Buckets& buckets() const noexcept { return buckets_; }

protected:
    explicit Instance(std::shared_ptr<plugins::Generation> generation)
        : generation_{std::move(generation)}, buckets_{buckets_of(generation_->manifest().json)} {}

    std::shared_ptr<plugins::Generation> generation_;

private:
    const Buckets buckets_;
};

/// Makes an instance where its generation runs. Fails as `refusal` says, with the connector's last
/// log line; in a child also when that cannot be started.
async::Awaitable<Result<std::shared_ptr<Instance>>> make_instance(
    const std::shared_ptr<plugins::Generation>& generation,
    const Setup& setup,
    const Saved& saved,
    const tl_random& random,
    const Services& services
);
/// Its caches; none when they cannot be had.
async::Awaitable<Saved> saved_of(Instance& instance);

}  // namespace trunkline::tasks
