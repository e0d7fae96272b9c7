#include "host/store/planner.hpp"

namespace trunkline::store {

namespace {

constexpr std::size_t kKeyMax = 4096;
constexpr std::size_t kNoteMax = 4096;
constexpr std::size_t kStateBytesMax = 4096;
constexpr std::size_t kValueMax = 64U << 20U;

Error above(const char* what) {
    return {Fault::malformed, std::string{"too large for the store: "} + what};
}

Result<void> check_append(const Append& append) {
    if (append.body.size() > kValueMax) return above("body");
    if (append.conversation.size() > kKeyMax) return above("conversation");
    for (const auto& put : append.with) {
        if (put.key.size() > kKeyMax || put.value.size() > kValueMax) return above("row");
    }
    return {};
}

Result<void> check_sizes(const Batch& batch) {
    for (const auto& append : batch.append) {
        auto fits = check_append(append);
        if (!fits) return fits;
    }
    for (const auto& dead : batch.dead) {
        if (dead.reason.size() > kKeyMax || dead.detail.size() > kKeyMax) return above("reason");
        if (!dead.instead) continue;
        auto fits = check_append(*dead.instead);
        if (!fits) return fits;
    }
    for (const auto& put : batch.put) {
        if (put.key.size() > kKeyMax || put.value.size() > kValueMax) return above("row");
    }
    for (const auto& change : batch.conversations) {
        if (change.note && change.note->size() > kNoteMax) return above("note");
        if (change.current && change.current->size() > kKeyMax) return above("conversation");
        if (change.kind && change.kind->size() > kKeyMax) return above("conversation kind");
    }
    for (const auto& state : batch.states) {
        if (state.state.size() > kStateBytesMax) return above("state");
    }
    return {};
}

std::uint64_t size_of(const Batch& batch) {
    std::uint64_t bytes = 64;
    for (const auto& append : batch.append) {
        bytes += 128 + append.body.size() + append.conversation.size();
        for (const auto& put : append.with)
            bytes += 64 + put.key.size() + put.value.size();
    }
    for (const auto& put : batch.put)
        bytes += 64 + put.key.size() + put.value.size();
    for (const auto& state : batch.states)
        bytes += state.state.size();
    return bytes;
}

}  // namespace

Result<Prepared> prepare(const Vault& vault, Batch batch, std::uint64_t ticket) {
    const auto fits = check_sizes(batch);
    if (!fits) return fits.error();
    Prepared out;
    out.dedup.resize(batch.append.size());
    out.conversations.resize(batch.append.size());
    out.changed.resize(batch.conversations.size());
    for (std::size_t i = 0; i < batch.append.size(); ++i) {
        const auto& append = batch.append[i];
        if (!append.dedup.empty()) out.dedup[i] = vault.digest(Family::seen, 0, append.dedup);
        if (!append.conversation.empty()) {
            out.conversations[i] = vault.digest(Family::conv, append.lane, append.conversation);
        }
    }
    for (std::size_t i = 0; i < batch.conversations.size(); ++i) {
        const auto& change = batch.conversations[i];
        out.changed[i] = vault.digest(Family::conv, change.lane, change.conversation);
    }
    out.bytes = size_of(batch);
    out.ticket = ticket;
    out.batch = std::move(batch);
    return out;
}

}  // namespace trunkline::store
