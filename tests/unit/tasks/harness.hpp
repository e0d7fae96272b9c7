#pragma once

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "host/async/blocking_pool.hpp"
#include "host/async/spawn.hpp"
#include "host/isolation/children.hpp"
#include "host/plugins/generation.hpp"
#include "host/store/store.hpp"
#include "host/tasks/strand.hpp"
#include "test_connectors.hpp"

// GCC 12 inlines only half of the pair of functions that a coroutine frame is allocated by.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace trunkline::tasks {

/// A client that answers from a script and remembers what it was asked. A request to a held URL
/// waits for `release`.
class ScriptedClient final : public net::Client {
public:
    explicit ScriptedClient(async::Loop& loop) : loop_{loop} {}

    async::Awaitable<net::ClientReply> fetch(net::ClientRequest request) override {
        const std::string url = request.url;
        requests.push_back(std::move(request));
        if (on_request) on_request(url);
        const int asked_in = life;
        while (held.contains(url) || (asked_in != life && !closing)) {
            async::net::steady_timer timer{loop_, std::chrono::milliseconds{1}};
            [[maybe_unused]] auto [error] = co_await timer.async_wait(async::kAsTuple);
        }
        auto& script = replies[url];
        net::ClientReply reply;
        reply.status = 200;
        reply.body = "default";
        if (!script.empty()) {
            reply = script.front();
            script.pop_front();
        }
        co_return reply;
    }
    async::Awaitable<net::StreamedReply> stream(net::ClientRequest) override {
        co_return net::StreamedReply{};
    }
    Figures figures() const override { return {}; }

    std::size_t count(const std::string& url) const {
        return static_cast<std::size_t>(std::ranges::count_if(requests, [&](const auto& request) {
            return request.url == url;
        }));
    }

    std::vector<net::ClientRequest> requests;
    std::map<std::string, std::deque<net::ClientReply>> replies;
    std::set<std::string> held;
    int life = 0;          ///< raised by a crash: what was asked before it is never answered
    bool closing = false;  ///< the test is over
    std::function<void(const std::string& url)> on_request;

private:
    async::Loop& loop_;
};

/// Writes what must be kept to the store and remembers it.
class RecordingSink final : public Sink {
public:
    explicit RecordingSink(store::Store& store) : store_{store} {}

    async::Awaitable<Result<void>> commit(Durable durable) override {
        if (fail_at && commits.size() == *fail_at)
            co_return Error{Fault::storage, "the disk is full"};
        store::Batch batch;
        batch.put = durable.put;
        batch.erase = durable.erase;
        commits.push_back(std::move(durable));
        auto written = co_await store_.commit(std::move(batch));
        if (!written) co_return written.error();
        ++durable_commits;
        co_return Result<void>{};
    }

    void answer(Answer given) override {
        committed_when_answered = durable_commits;
        answered = std::move(given);
    }

    void ask(Form form, std::function<void(std::string)> answer) override {
        forms.push_back(std::move(form));
        enter = std::move(answer);
    }

    std::vector<Form> forms;                 ///< shown, in order
    std::function<void(std::string)> enter;  ///< into the last one
    std::optional<Answer> answered;
    std::size_t committed_when_answered = 0;

    /// "dedup=json" of every item, in order.
    std::vector<std::string> items() const {
        std::vector<std::string> all;
        for (const auto& durable : commits) {
            for (const auto& item : durable.items)
                all.push_back(item.dedup + "=" + item.json);
        }
        return all;
    }

    std::vector<Durable> commits;
    std::size_t durable_commits = 0;
    std::optional<std::size_t> fail_at;

private:
    store::Store& store_;
};

/// A file of the host, that nobody reads.
class SomeFile final : public net::FileBytes {
public:
    std::uint64_t size() const override { return 0; }
    bool read(std::uint64_t, std::string&) const override { return false; }
};

/// The same tests run a second time with the connector in a child.
inline const bool kIsolated = std::getenv("TRUNKLINE_TEST_ISOLATED") != nullptr;

/// A loop, a store, a client and a strand of the scripted connector.
class StrandTest : public ::testing::Test {
protected:
    explicit StrandTest(bool isolated = kIsolated) {
        char pattern[] = "/tmp/trunkline-tasks-XXXXXX";
        staging_ = ::mkdtemp(pattern);
        catalogue_ = plugins::make_catalogue(catalogue_options(isolated));
        setup_.connector = ConnectorId{"scripted"};
        setup_.account = AccountId{"acme"};
        generation_ = load("scripted.so");
    }
    ~StrandTest() override {
        stop();
        store_->close();
        strand_.reset();
        generation_.reset();
        // What keeps a child ends on the loop.
        EXPECT_TRUE(turn_until([&] { return children_->list().empty(); }));
        for (int i = 0; i < 20; ++i) {
            loop_.restart();
            loop_.run_one_for(std::chrono::milliseconds{5});
        }
        catalogue_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(staging_, ignored);
    }

    plugins::CatalogueOptions catalogue_options(bool isolated) {
        plugins::CatalogueOptions options;
        options.directory = kTestConnectors;
        options.staging = staging_ + (isolated ? "/isolated" : "/staging");
        if (isolated) options.isolated = {{"scripted", true}};
        options.log = [this](const std::string& label, int, std::string_view text) {
            said_.push_back(label + " " + std::string{text});
        };
        return options;
    }

    std::shared_ptr<plugins::Generation> load(const std::string& file) {
        auto loaded = catalogue_->load(std::string{kTestConnectors} + "/" + file);
        EXPECT_TRUE(loaded) << loaded.error().context;
        return loaded ? *loaded : nullptr;
    }

    Services services() {
        return Services{
            loop_,
            client_,
            *store_,
            pool_,
            clock_,
            [this](const std::string& file) { return file == "f1" ? file_ : nullptr; },
            0,
            nullptr,
            children_.get(),
            ledger_};
    }

    Result<std::unique_ptr<Strand>> open_strand() {
        std::optional<Result<std::unique_ptr<Strand>>> opened;
        async::spawn(loop_.get_executor(), "test.open", [&]() -> async::Awaitable<> {
            auto made = co_await Strand::open(generation_, setup_, services());
            opened.emplace(std::move(made));
        });
        if (!turn_until([&] { return opened.has_value(); }))
            return Error{Fault::cancelled, "never opened"};
        return *std::move(opened);
    }

    Strand& strand() {
        if (!strand_) {
            auto made = open_strand();
            EXPECT_TRUE(made) << made.error().context;
            strand_ = *std::move(made);
        }
        return *strand_;
    }

    /// Turns the loop until `done`, at most ten seconds.
    template <class Condition>
    bool turn_until(Condition done) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{10};
        while (!done()) {
            if (std::chrono::steady_clock::now() > limit) return false;
            loop_.restart();
            loop_.run_one_for(std::chrono::milliseconds{20});
        }
        return true;
    }

    /// A task that is under way.
    struct Running {
        explicit Running(store::Store& store) : sink{store} {}
        RecordingSink sink;
        std::optional<End> end;
    };

    std::unique_ptr<Running> begin(Start start) {
        auto running = std::make_unique<Running>(*store_);
        begin(std::move(start), *running);
        return running;
    }
    void begin(Start start, Running& running) {
        async::spawn(
            loop_.get_executor(),
            "test.task",
            [&strand = strand(), &running, start = std::move(start)]() -> async::Awaitable<> {
                Start mine = start;
                End end = co_await strand.run(std::move(mine), running.sink);
                running.end = std::move(end);
            }
        );
    }
    void finish(Running& running) {
        ASSERT_TRUE(turn_until([&] { return running.end.has_value(); }));
    }

    std::unique_ptr<Running> run(Start start) {
        auto running = begin(std::move(start));
        finish(*running);
        return running;
    }

    /// Ends the strand as a clean stop would, or as a crash: then nobody is told and no mark is
    /// touched.
    void stop() {
        if (!strand_) return;
        bool stopped = false;
        async::spawn(loop_.get_executor(), "test.stop", [this, &stopped]() -> async::Awaitable<> {
            co_await strand_->stop();
            stopped = true;
        });
        client_.held.clear();
        client_.closing = true;
        EXPECT_TRUE(turn_until([&] { return stopped; }));
        strand_.reset();
        // What is in flight refers to the strand's core.
        for (int i = 0; i < 50; ++i) {
            loop_.restart();
            loop_.run_one_for(std::chrono::milliseconds{1});
        }
        client_.closing = false;
    }

    /// Whether the connector's last line is about `word`.
    bool says(const std::string& word) const {
        return !said_.empty() && said_.back().find(word) != std::string::npos;
    }

    static Start webhook(std::string script) {
        Start start;
        start.kind = TL_IN_WEBHOOK;
        start.body = std::move(script);
        return start;
    }
    static Start connect(std::string script) {
        Start start;
        start.kind = TL_IN_CONNECT;
        start.body = std::move(script);
        start.durable_key = "connect/acme";
        return start;
    }
    static Start command(std::string script, std::string key = "command/1") {
        Start start;
        start.kind = TL_IN_COMMAND;
        start.key = "chat";
        start.body = std::move(script);
        start.durable_key = std::move(key);
        return start;
    }

    async::Loop loop_{1};
    async::net::executor_work_guard<async::Executor> guard_{loop_.get_executor()};
    FakeClock clock_;
    std::unique_ptr<store::Store> store_ = store::make_memory_store(clock_);
    async::BlockingPool pool_{1};
    std::shared_ptr<const net::FileBytes> file_ = std::make_shared<SomeFile>();
    ScriptedClient client_{loop_};
    std::vector<std::string> said_;
    std::string staging_;
    std::shared_ptr<quotas::Ledger> ledger_;  ///< null: nothing is counted
    std::unique_ptr<isolation::Children> children_ =
        std::make_unique<isolation::Children>(isolation::Children::Options{kRunner, {}});
    std::unique_ptr<plugins::Catalogue> catalogue_;
    std::shared_ptr<plugins::Generation> generation_;
    tasks::Setup setup_;
    std::unique_ptr<Strand> strand_;
};

inline net::ClientReply reply_of(int status, std::string body) {
    net::ClientReply reply;
    reply.status = status;
    reply.body = std::move(body);
    return reply;
}

}  // namespace trunkline::tasks
