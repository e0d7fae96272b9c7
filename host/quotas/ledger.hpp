#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/async/blocking_pool.hpp"
#include "host/base/id.hpp"
#include "host/quotas/shared.hpp"
#include "host/store/store.hpp"

namespace trunkline::quotas {

/// A call that wants to be made. Owned by whoever asks.
struct Ask {
    std::string conversation;  ///< as the messenger calls it; "" = it is of none
    std::string kind;          ///< of the conversation
    std::string bucket;        ///< the quota it names; "" = a command
    std::string key;           ///< names it when it asks again; "" = it keeps no place in line

    Call call() const { return {bucket, kind}; }
};

/// Of calls that had to wait for a limit or a quota. `[any]`
struct Figures {
    std::atomic<std::uint64_t> waits{0};      ///< since the start
    std::atomic<std::uint64_t> waited_ms{0};  ///< all of them together
    std::atomic<std::int64_t> waiting{0};     ///< at the moment
};

/// What an account may call: its own buckets, those of its conversations, and its connector's.
/// Lives on the account's loop.
///
/// The order of things for a call: `take` says that its turn has come, `write_ahead` adds rows to
/// the batch that is written before the call leaves, `wrote` says what became of the batch.
class Ledger {
public:
    struct Services {
        store::Store& store;
        async::BlockingPool& pool;
        const Clock& clock;
        std::shared_ptr<Figures> figures = std::make_shared<Figures>();
    };
    /// Everything outlives the ledger. What has no row is empty now.
    Ledger(Services services, const AccountId& account);

    /// By which rules from now on. What is spent stays spent.
    void adopt(const Rules& rules, const ConnectorId& connector, std::shared_ptr<Shared> shared);
    /// Reads what the account and its connector had spent before; once, before anything is taken.
    async::Awaitable<Result<void>> open();

    /// Whether a command counts against anything.
    bool limits() const noexcept { return limits_; }

    /// Takes one call, or says how long to wait before asking again; nothing is taken unless there
    /// is room everywhere. `storage`: what was spent cannot be read. `ask` outlives the call.
    async::Awaitable<Result<Turn>> take(const Ask& ask);
    /// The place that `take` kept for it is given up: nobody will ask for it again.
    void leave_line(const Ask& ask);
    /// The same, but takes nothing.
    async::Awaitable<Result<Turn>> look(const Ask& ask);
    /// How long a command has to wait at least behind so many others of its conversation and of
    /// its account. Of what lies on disk only it knows nothing, and then says less.
    std::chrono::milliseconds forecast(
        const Ask& ask, std::uint64_t ahead_in_chat, std::uint64_t ahead_in_account
    );
    /// How many commands the limits of one conversation let go within `span`, at most.
    std::uint64_t room_within(const std::string& conversation, std::chrono::milliseconds span);

    /// Which rows are on their way.
    struct Writing {
        bool account = false, chat = false;
        std::string conversation;        ///< with `chat`
        std::shared_ptr<Shared> shared;  ///< null: none
    };
    /// Adds the rows that must be on disk before a call of `conversation` leaves; none while the
    /// disk knows enough. `alone`: nothing else would be written. Then `wrote`, in any case.
    async::Awaitable<Writing> write_ahead(
        const std::string& conversation, std::vector<store::Put>* put, bool alone
    );
    void wrote(const Writing& writing, bool ok);

    /// A bucket as people see it.
    struct Listed {
        Rule rule;
        std::string conversation;  ///< of scope chat
        double room = 0;
        std::chrono::milliseconds next{0};  ///< until a call may leave
        std::size_t waiting = 0;            ///< that keep a place in line
    };
    /// Of conversations only those that are not full, the emptiest first, at most `chats_max`.
    std::vector<Listed> list(std::size_t chats_max);

    Figures& figures() const noexcept { return *services_.figures; }

private:
    bool on_disk(const Call& call) const;
    async::Awaitable<Result<void>> know(const Ask& ask);
    Tally* chat_of(const std::string& conversation, Tally::Time now);
    void sweep(Tally::Time now);
    Turn decide(const Ask& ask, Tally::Time now, bool taking);
    std::string chat_key(const std::string& conversation) const;

    Services services_;
    const std::string account_;
    const Tally::Time began_;
    std::string connector_;
    Tally::RulesOf of_chats_;
    Tally::RulesOf of_account_;
    std::shared_ptr<Shared> shared_;
    bool limits_ = false;
    bool kept_ = false;  ///< some rule has rows
    bool chats_kept_ = false;
    Tally own_;
    std::unordered_map<std::string, Tally> chats_;  ///< idle ones are forgotten
    std::size_t sweep_at_;
    Tally::Time swept_;
};

/// Where rows lie in `store::Table::account`, for whoever takes an account's away.
std::string row_of_account(const std::string& account);
std::string rows_of_chats(const std::string& account);

}  // namespace trunkline::quotas
