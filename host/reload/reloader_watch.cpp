// When connectors are looked at: at the start, when the folder changes, and every second.
#include <filesystem>
#include <future>

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/plugins/notes.hpp"
#include "host/reload/reloader.hpp"
#include "host/reload/soak.hpp"

namespace trunkline::reload {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds kTick{1'000};
constexpr milliseconds kSoon{100};  // while something in the folder is not settled

}  // namespace

void Reloader::load_all() {
    folder_.learn();
    for (const std::string& file : rooms_.catalogue.files())
        load_first(file);
}

/// At the start nothing serves yet that could be hurt: what is loaded is in charge at once.
void Reloader::load_first(const std::string& file) {
    const std::string connector = fs::path{file}.stem().string();
    if (plugins::is_connector_id(connector) && rooms_.book.of(connector).disabled) {
        rooms_.catalogue.withdraw(ConnectorId{connector}, "disabled", "by an operator");
        return;
    }
    auto candidate = rooms_.catalogue.stage(file);
    if (!candidate) return;
    if (candidate->origin().digest == rooms_.book.of(connector).refused &&
        fs::exists(kept(connector))) {
        spdlog::warn(
            "plugins.going_on_with_former connector={} reason=\"its file was taken back before\"",
            connector
        );
        if (auto former = rooms_.catalogue.stage(kept(connector))) begin_with(*std::move(former));
        return;
    }
    if (auto pinned = check_pin(*candidate, {}); !pinned)
        rooms_.catalogue.refuse(*candidate, pinned.error());
    else
        begin_with(*std::move(candidate));
}

void Reloader::begin_with(plugins::Candidate candidate) {
    if (!rooms_.catalogue.try_out(candidate)) return;
    auto generation = rooms_.catalogue.map(std::move(candidate));
    if (!generation) return;
    const std::string connector = (*generation)->manifest().id.text();
    const std::string version = (*generation)->manifest().version;
    Entry entry = rooms_.book.of(connector);
    if (entry.pinned.empty() || is_older(entry.pinned, version)) entry.pinned = version;
    entry.accept = recipe_of(**generation);
    rooms_.catalogue.adopt(*std::move(generation));
    if (!(entry == rooms_.book.of(connector))) rooms_.book.keep(connector, entry);
}

void Reloader::start() {
    // What was kept while a connector was gone, if the host ended before it was read.
    for (const plugins::PluginInfo& info : rooms_.catalogue.list()) {
        if (info.state == "serving")
            rooms_.serving.replay(info.manifest.id, Serving::Kept::while_absent);
    }
    watcher_ = std::thread{[this] { watch(); }};
}

void Reloader::stop() {
    if (!watcher_.joinable()) return;
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
    watcher_.join();
    // Behind whatever an operator asked for last.
    std::promise<void> done;
    control_.post([this, &done] {
        retired_.clear();
        done.set_value();
    });
    done.get_future().wait();
}

/// Wakes the control thread: when the folder changes, and every second.
void Reloader::watch() {
    const int changes = options_.watch ? ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK) : -1;
    int watched = -1;
    for (;;) {
        if (changes >= 0 && watched < 0)  // the folder may come later
            watched = ::inotify_add_watch(
                changes,
                options_.directory.c_str(),
                IN_CREATE | IN_CLOSE_WRITE | IN_MODIFY | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                    IN_ATTRIB | IN_DELETE_SELF
            );
        pollfd waiting[2] = {{wake_, POLLIN, 0}, {changes, POLLIN, 0}};
        const auto pause = folder_.unsettled() ? kSoon : kTick;
        ::poll(waiting, changes >= 0 ? 2 : 1, static_cast<int>(pause.count()));
        if ((waiting[0].revents & POLLIN) != 0) break;
        if ((waiting[1].revents & POLLIN) != 0) {
            char events[4096];
            while (true) {
                const ssize_t got = ::read(changes, events, sizeof events);
                if (got <= 0) break;
            }
            // A folder that was replaced is watched anew.
            struct stat facts {};
            if (::stat(options_.directory.c_str(), &facts) != 0) watched = -1;
        }
        std::promise<void> done;
        control_.post([this, &done] {
            tick();
            done.set_value();
        });
        done.get_future().wait();
    }
    if (changes >= 0) ::close(changes);
}

void Reloader::tick() {
    try {
        if (options_.watch) {
            for (const Folder::Change& change : folder_.look(Steady::now()))
                take(change);
        }
        bury();
        for (auto at = soaks_.begin(); at != soaks_.end();) {
            const std::string connector = at->first;
            const Soak soak = at->second;
            const Totals now = rooms_.serving.totals(ConnectorId{connector}) - soak.begin;
            const auto why = worse(soak.former, now);
            const bool over = Steady::now() >= soak.until;
            ++at;
            if (why) {
                go_back(connector, *why);
            } else if (over) {
                spdlog::info("plugins.soaked connector={} calls={}", connector, now.calls);
                soaks_.erase(connector);
                const std::lock_guard lock{mutex_};
                reports_[connector].soaking = false;
            }
        }
    } catch (const std::exception& error) {
        spdlog::error("plugins.control_failed reason=\"{}\"", error.what());
    }
}

/// A file of the folder has changed.
void Reloader::take(const Folder::Change& change) {
    const std::string connector = fs::path{change.file}.stem().string();
    if (change.gone) {
        rooms_.catalogue.remark(change.file, "");
        if (!plugins::is_connector_id(connector)) return;
        if (rooms_.catalogue.current(ConnectorId{connector}) != nullptr)
            withdraw(connector, "absent", "its file is gone");
        return;
    }
    if (plugins::is_connector_id(connector) && rooms_.book.of(connector).disabled) {
        spdlog::warn(
            "plugins.ignored file={} reason=\"its connector is disabled; reload it to go on\"",
            change.file
        );
        return;
    }
    [[maybe_unused]] const auto replaced = replace(change.file, How::deployed, {});
}

}  // namespace trunkline::reload
