#include "host/tasks/instance.hpp"

#include "host/tasks/input.hpp"
#include "host/tasks/local_instance.hpp"
#include "host/tasks/remote_instance.hpp"

namespace trunkline::tasks {
namespace {

constexpr std::size_t kSecretMin = 4;  // shorter ones would blank out ordinary words
constexpr std::size_t kLineMax = 4096;

}  // namespace

HostTap::HostTap(const tl_host& host, const Setup& setup, const tl_random& random)
    : host_{host},
      random_{random},
      account_{setup.account.empty() ? "application" : setup.account.text()} {
    for (const auto& secret : setup.secrets) {
        if (secret.reveal().size() >= kSecretMin) secrets_.push_back(secret.reveal());
    }
    table_ = host;
    table_.size = sizeof(tl_host);
    table_.ctx = this;
    table_.log = log;
    table_.extension = extension;
}

std::string HostTap::redact(std::string_view text) const {
    // Cut after redacting: a secret across the cut would otherwise lose only its tail.
    std::string line{text.substr(0, 4 * kLineMax)};
    for (const auto& secret : secrets_) {
        for (auto at = line.find(secret); at != std::string::npos; at = line.find(secret, at + 3)) {
            line.replace(at, secret.size(), "***");
        }
    }
    if (line.size() > kLineMax) line.resize(kLineMax);
    return line;
}

void HostTap::log(void* context, std::int32_t level, tl_view text) noexcept {
    auto& self = *static_cast<HostTap*>(context);
    if (text.data == nullptr) return;
    try {
        const std::string line = self.redact(text_of(text));
        const std::string tagged = "account=" + self.account_ + " " + line;
        self.host_.log(self.host_.ctx, level, lend(tagged));
        if (!self.keeping_) return;
        const std::lock_guard lock{self.keep_};
        self.last_line_ = line.substr(0, 300);
    } catch (...) {
        // Out of memory while logging: the line is lost, nothing else.
        return;
    }
}

const void* HostTap::extension(void* context, tl_view id) noexcept {
    const auto& self = *static_cast<HostTap*>(context);
    if (id.data == nullptr) return nullptr;
    if (text_of(id) == TL_EXT_RANDOM) return &self.random_;
    return self.host_.extension(self.host_.ctx, id);
}

std::string HostTap::last_line() {
    const std::lock_guard lock{keep_};
    return last_line_;
}

void doubt(Handled& handled, std::uint32_t count) noexcept {
    if (handled.code == TL_OK && handled.done < count) handled.code = TL_E_INTERNAL;
    if (handled.done > count || (handled.code != TL_OK && handled.done == count)) {
        handled.code = TL_E_INTERNAL;
        handled.done = 0;
    }
}

Error refusal(
    const plugins::Generation& generation, const Setup& setup, tl_code code, const std::string& said
) {
    const Fault fault = code == TL_E_BAD_CONFIG  ? Fault::account_broken
                        : code == TL_E_BAD_STATE ? Fault::conflict
                                                 : Fault::unavailable;
    return Error{
        fault,
        generation.label() + " refuses account " + setup.account.text() + ": " +
            plugins::name_of(code) + (said.empty() ? "" : ": " + said)};
}

async::Awaitable<Result<std::shared_ptr<Instance>>> make_instance(
    const std::shared_ptr<plugins::Generation>& generation,
    const Setup& setup,
    const Saved& saved,
    const tl_random& random,
    const Services& services
) {
    if (generation->isolation() == plugins::Isolation::none) {
        auto made = LocalInstance::make(generation, setup, saved, random, services.loop_index);
        if (!made) co_return made.error();
        co_return std::shared_ptr<Instance>{*std::move(made)};
    }
    auto made = co_await RemoteInstance::make(generation, setup, saved, random, services);
    if (!made) co_return made.error();
    co_return std::shared_ptr<Instance>{*std::move(made)};
}

async::Awaitable<Saved> saved_of(Instance& instance) {
    if (LocalInstance* local = instance.local()) co_return local->save();
    auto saved = co_await instance.remote()->save();
    co_return saved;
}

}  // namespace trunkline::tasks
