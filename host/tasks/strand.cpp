#include "host/tasks/strand.hpp"

#include "host/tasks/core.hpp"

namespace trunkline::tasks {
namespace {

/// The strand as its owner sees it.
class CoreStrand final : public Strand {
public:
    explicit CoreStrand(std::shared_ptr<Core> core) : core_{std::move(core)} {}

    async::Awaitable<End> run(Start start, Sink& sink) override {
        return core_->run(std::move(start), sink);
    }
    void cancel(const std::string& durable_key) override { core_->cancel(durable_key); }
    async::Awaitable<> stop() override { return core_->stop(); }
    async::Awaitable<Result<void>> refeed(
        std::shared_ptr<plugins::Generation> next, std::chrono::milliseconds drain
    ) override {
        return core_->refeed(std::move(next), drain);
    }
    const plugins::Generation& generation() const override { return core_->generation(); }
    std::size_t open_tasks() const override { return core_->open_tasks(); }
    Figures figures() const override { return core_->figures(); }

private:
    std::shared_ptr<Core> core_;
};

}  // namespace

async::Awaitable<Result<std::unique_ptr<Strand>>> Strand::open(
    std::shared_ptr<plugins::Generation> generation, Setup setup, Services services
) {
    auto core = std::make_shared<Core>(std::move(setup), std::move(services));
    auto opened = co_await core->open(std::move(generation));
    if (!opened) co_return opened.error();
    co_return std::unique_ptr<Strand>{std::make_unique<CoreStrand>(std::move(core))};
}

Result<std::unique_ptr<Strand>> Strand::make(
    std::shared_ptr<plugins::Generation> generation, Setup setup, Services services
) {
    auto core = std::make_shared<Core>(std::move(setup), std::move(services));
    auto begun = core->begin(std::move(generation));
    if (!begun) return begun.error();
    return std::unique_ptr<Strand>{std::make_unique<CoreStrand>(std::move(core))};
}

}  // namespace trunkline::tasks
