#include "host/connect/undo.hpp"

namespace trunkline::connect {
namespace {

constexpr std::chrono::milliseconds kAtMost{20'000};

/// Keeps what the connector keeps; a disconnecting task has nothing else to tell.
class PutSink final : public tasks::Sink {
public:
    explicit PutSink(store::Store& store) : store_{store} {}
    async::Awaitable<Result<void>> commit(tasks::Durable durable) override {
        store::Batch batch;
        batch.put = std::move(durable.put);
        batch.erase = std::move(durable.erase);
        if (batch.put.empty() && batch.erase.empty()) co_return Result<void>{};
        auto written = co_await store_.commit(std::move(batch));
        if (!written) co_return written.error();
        co_return Result<void>{};
    }

private:
    store::Store& store_;
};

}  // namespace

async::Awaitable<std::string> undo(accounts::Account& account, store::Store& store) {
    if (!account.strand) co_return std::string{};
    tasks::Start start;
    start.kind = TL_IN_DISCONNECT;
    start.deadline = kAtMost;
    PutSink sink{store};
    const tasks::End end = co_await account.strand->run(std::move(start), sink);
    if (end.fault) {
        const bool nothing_to_do = end.fault->fault == Fault::unsupported;
        co_return nothing_to_do ? std::string{} : end.fault->context;
    }
    if (!end.outcome) co_return "the connector ended without an outcome";
    if (end.outcome->kind == TL_DONE) co_return std::string{};
    co_return end.outcome->text.empty() ? end.outcome->code : end.outcome->text;
}

}  // namespace trunkline::connect
