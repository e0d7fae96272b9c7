#include "host/runner/try.hpp"

#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>

#include <dlfcn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <trunkline/testing.hpp>
#include <unistd.h>

#include "host/runner/confinement.hpp"

namespace trunkline::runner {
namespace {

namespace json = boost::json;
namespace testing = trunkline::testing;

constexpr int kCases = 3;
constexpr int kReport = 4;
constexpr std::size_t kCasesBytesMax = 64U << 20U;
constexpr std::uint64_t kMemory = 2ULL << 30U;

/// One line, written whole. A reader that is gone ends this process: nobody wants the rest.
void tell(const json::object& line) {
    std::string text = json::serialize(line) + "\n";
    std::string_view rest = text;
    while (!rest.empty()) {
        const ssize_t written = ::write(kReport, rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) ::_exit(3);
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
}

int refuse(const std::string& why) {
    tell({{"error", why}});
    return 1;
}

std::string read_cases_text() {
    std::string text;
    struct stat facts {};
    if (::fstat(kCases, &facts) != 0) return text;
    text.resize(std::min<std::size_t>(static_cast<std::size_t>(facts.st_size), kCasesBytesMax));
    std::size_t at = 0;
    while (at < text.size()) {
        const ssize_t got =
            ::pread(kCases, text.data() + at, text.size() - at, static_cast<off_t>(at));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        at += static_cast<std::size_t>(got);
    }
    text.resize(at);
    return text;
}

/// The status of self_check, with a host that has nothing but a log.
tl_status self_check(const tl_plugin& plugin, std::string& said) {
    tl_host host{};
    host.size = sizeof(tl_host);
    host.abi_minor = TL_ABI_MINOR;
    host.ctx = &said;
    host.product_version = raw("trial");
    host.log = [](void* context, std::int32_t, tl_view text) noexcept {
        try {
            static_cast<std::string*>(context)->assign(view(text).substr(0, 300));
        } catch (...) {
            return;
        }
    };
    host.extension = [](void*, tl_view id) noexcept -> const void* {
        return view(id) == TL_EXT_CRYPTO ? &testing::crypto_table() : nullptr;
    };
    return plugin.self_check(&host);
}

using Entry = const tl_plugin* (*)(std::uint32_t, std::uint32_t);

/// Maps the library, or says why not. The first time it is unmapped again at once, as far as it
/// lets itself be unmapped.
Entry load(const char* library, bool to_stay = false) {
    void* const handle = ::dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        const char* const words = ::dlerror();  // NOLINT(concurrency-mt-unsafe): one thread
        refuse(std::string{"cannot be loaded: "} + (words == nullptr ? "" : words));
        return nullptr;
    }
    const auto entry = reinterpret_cast<Entry>(::dlsym(handle, "tl_connector_entry"));
    if (entry == nullptr) refuse("it does not export tl_connector_entry");
    if (!to_stay) ::dlclose(handle);
    return entry;
}

json::object run_case(const tl_plugin& plugin, const testing::Golden& golden) {
    testing::TestHost host{plugin, golden.account};
    json::object result{{"case", golden.name()}, {"created", host.created()}};
    if (!host.log().empty()) result["said"] = host.log().back().substr(0, 300);
    json::array statuses;
    if (host.created() == TL_OK) {
        for (const testing::Input& input : golden.inputs)
            statuses.push_back(host.feed(input));
    }
    result["statuses"] = std::move(statuses);
    result["transcript"] = json::value_from(host.transcript());
    result["faults"] = json::value_from(host.faults());
    return result;
}

int run(const char* library, frames::Progress& progress) {
    const std::string text = read_cases_text();
    if (auto confined = confine_loading(kMemory, library); !confined)
        return refuse(confined.error().context);
    tell({{"phase", "its constructors"}});
    if (load(library) == nullptr) return 1;
    // Some libraries cannot be loaded twice in one process, and end it: full protobuf is one.
    tell({{"phase", "its second load"}});
    const Entry entry = load(library, true);
    if (entry == nullptr) return 1;
    if (auto confined = confine_running(progress); !confined)
        return refuse(confined.error().context);
    tell({{"phase", "its entry"}});
    const tl_plugin* const plugin = entry(TL_ABI_MAJOR, TL_ABI_MINOR);
    if (plugin == nullptr || plugin->size < offsetof(tl_plugin, self_check) ||
        plugin->create == nullptr || plugin->destroy == nullptr || plugin->handle == nullptr)
        return refuse("its entry gives no complete table");
    if (TL_HAS(plugin, tl_plugin, self_check)) {
        tell({{"phase", "its self-check"}});
        std::string said;
        const tl_status status = self_check(*plugin, said);
        if (status != TL_OK)
            return refuse(
                "its self-check answers " + std::to_string(status) +
                (said.empty() ? "" : ": " + said)
            );
    }
    for (const testing::Golden& golden : testing::read_cases(text)) {
        tell({{"phase", "case " + golden.name()}});
        tell(run_case(*plugin, golden));
    }
    tell({{"done", true}});
    return 0;
}

}  // namespace

int try_connector(const char* library) {
    // A trial can wait; customers' messages, which the host takes in meanwhile, cannot.
    constexpr int kAside = 5;
    (void)::setpriority(PRIO_PROCESS, 0, kAside);
    frames::Progress progress{};
    try {
        return run(library, progress);
    } catch (const std::exception& error) {
        return refuse(std::string{"it threw: "} + std::string{error.what()}.substr(0, 300));
    } catch (...) {
        return refuse("it threw something that is no exception");
    }
}

}  // namespace trunkline::runner
