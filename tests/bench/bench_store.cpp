// How many durable appends a second the store takes, beside what the bare disk allows in the same
// minute.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "host/async/loops.hpp"
#include "host/async/spawn.hpp"
#include "host/store/store.hpp"

namespace {

using namespace trunkline;
using Clock = std::chrono::steady_clock;
constexpr std::size_t kBody = 1024;
constexpr std::chrono::seconds kRun{3};

double bare_syncs(const std::string& folder, std::size_t bytes) {
    const auto name = folder + "/bare";
    const int file = ::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return 0;
    const std::string block(bytes, 'x');
    std::uint64_t syncs = 0;
    const auto begin = Clock::now();
    while (Clock::now() - begin < std::chrono::seconds{1}) {
        if (::write(file, block.data(), block.size()) < 0 || ::fdatasync(file) != 0) break;
        ++syncs;
    }
    const auto seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    ::close(file);
    ::unlink(name.c_str());
    return static_cast<double>(syncs) / seconds;
}

void run(const std::string& folder, int producers) {
    store::Options options;
    options.path = folder + "/db" + std::to_string(producers);
    options.key = Secret{std::string(32, 'k')};
    const SystemClock clock;
    auto opened = store::open_rocksdb(options, clock);
    if (!opened) {
        std::printf("%s\n", opened.error().context.c_str());
        return;
    }
    auto& store = **opened;
    std::vector<store::LaneId> lanes;
    for (int i = 0; i < 8; ++i)
        lanes.push_back(store.open_lane("lane " + std::to_string(i))->id);
    async::Loops loops{2};
    loops.start();
    std::atomic<int> left{producers};
    std::promise<void> done;
    const auto begin = Clock::now();
    for (int p = 0; p < producers; ++p) {
        auto& loop = loops.at(static_cast<std::size_t>(p) % 2);
        async::spawn(loop.get_executor(), "producer", [&, p]() -> async::Awaitable<> {
            const auto conversation = std::to_string(p);
            std::uint64_t counter = 0;
            while (Clock::now() - begin < kRun) {
                store::Batch batch;
                batch.append.emplace_back();
                auto& append = batch.append.back();
                append.lane = lanes[static_cast<std::size_t>(p) % lanes.size()];
                append.conversation = conversation;
                append.id = make_ulid(clock.wall_ms());
                append.accepted_ms = clock.wall_ms();
                append.dedup = conversation + "/" + std::to_string(++counter);
                append.dedup_until_ms = clock.wall_ms() + 3600'000;
                append.body.assign(kBody, 'x');
                const auto receipt = co_await store.commit(std::move(batch));
                if (!receipt) break;
            }
            if (--left == 0) done.set_value();
        });
    }
    done.get_future().wait();
    const auto seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    loops.stop();
    const auto figures = store.figures();
    std::printf(
        "store, %d producers x 1, %zu bytes, dedup and conversation: %.0f appends/s, %.0f syncs/s, "
        "%.1f appends a sync\n",
        producers,
        kBody,
        static_cast<double>(figures.appended) / seconds,
        static_cast<double>(figures.syncs) / seconds,
        static_cast<double>(figures.appended) / static_cast<double>(figures.syncs)
    );
}

}  // namespace

int main(int count, char** values) {
    std::string folder = count > 1 ? values[1] : std::filesystem::temp_directory_path().string();
    folder += "/trunkline-bench-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) return 1;
    for (int round = 0; round < 2; ++round) {
        std::printf(
            "bare write + fdatasync: %.0f/s of 1 KB, %.0f/s of 64 KB\n",
            bare_syncs(folder, 1024),
            bare_syncs(folder, 65536)
        );
        run(folder, 64 + round);
    }
    std::printf("bare write + fdatasync: %.0f/s of 1 KB\n", bare_syncs(folder, 1024));
    run(folder, 1);
    run(folder, 256);
    std::filesystem::remove_all(folder);
    return 0;
}
