// The mode the host uses: answers its frames, one after the other.
#include "host/runner/serve.hpp"

#include <charconv>
#include <cstdio>
#include <cstring>
#include <map>
#include <new>

#include <fcntl.h>
#include <sys/syscall.h>
#include <trunkline/ext/features.h>
#include <unistd.h>

#include "host/plugins/guard.hpp"
#include "host/runner/confinement.hpp"
#include "host/runner/connector.hpp"
#include "host/runner/hosted.hpp"
#include "host/seal/crypto.hpp"

namespace trunkline::runner {
namespace {

using frames::Kind;

class Server {
public:
    Server(const tl_plugin& table, frames::Progress& progress, Peer& peer)
        : table_{table}, progress_{progress}, peer_{peer}, household_{peer} {}

    /// "" when the connector finds itself in order.
    std::string self_check() {
        if (!TL_HAS(&table_, tl_plugin, self_check)) return {};
        tl_host host{};
        host.size = sizeof(tl_host);
        host.abi_minor = TL_ABI_MINOR;
        host.ctx = this;
        host.log = [](void* ctx, std::int32_t level, tl_view text) noexcept {
            static_cast<Server*>(ctx)->household_.log(0, level, text);
        };
        host.extension = [](void* ctx, tl_view id) noexcept -> const void* {
            const std::string_view name{id.data, id.data == nullptr ? 0 : id.size};
            if (name == TL_EXT_CRYPTO) return &plugins::crypto_table();
            if (name == TL_EXT_METRICS) return &static_cast<Server*>(ctx)->household_.metrics();
            return nullptr;
        };
        tl_status (*check)(const tl_host*) = table_.self_check;
        const auto called = plugins::guarded(check, static_cast<const tl_host*>(&host));
        household_.flush();
        if (!called.escaped.empty()) return "its self-check threw: " + called.escaped;
        if (called.value == TL_OK) return {};
        return std::string{"its self-check failed: "} +
               plugins::name_of(plugins::code_of(called.value));
    }

    [[noreturn]] void run() {
        for (;;) {
            const std::string_view frame = peer_.next();
            if (!take(frame)) peer_.die("the host sent what is no frame");
        }
    }

private:
    bool take(std::string_view frame) {
        switch (frames::kind_of(frame).value_or(Kind::hello)) {
            case Kind::create:
                return create(frame);
            case Kind::destroy:
                return destroy(frame);
            case Kind::save:
                return save(frame);
            case Kind::handle:
                return handle(frame);
            case Kind::hello:
            case Kind::created:
            case Kind::saved:
            case Kind::reply:
            case Kind::log:
            case Kind::metrics:
            case Kind::ask_file:
            case Kind::tell_file:
                break;
        }
        return false;
    }

    /// Says for whom work is being done, until the answer is out.
    class At {
    public:
        At(frames::Progress& progress, std::uint64_t call) : progress_{progress} {
            progress_.done = 0;
            progress_.call = call;
        }
        ~At() { progress_.call = 0; }
        At(const At&) = delete;
        At& operator=(const At&) = delete;

    private:
        frames::Progress& progress_;
    };

    bool create(std::string_view frame) {
        frames::Create wanted;
        if (!frames::decode(frame, wanted) || instances_.contains(wanted.instance)) return false;
        const At at{progress_, wanted.call};
        auto made = std::make_unique<Hosted>(table_, household_, wanted);
        const frames::Created created = made->create(wanted);
        household_.flush();
        const std::string answer = frames::encode(created);
        if (created.code == TL_OK) instances_.emplace(wanted.instance, std::move(made));
        peer_.send(answer);
        return true;
    }

    bool destroy(std::string_view frame) {
        frames::Destroy wanted;
        if (!frames::decode(frame, wanted)) return false;
        instances_.erase(wanted.instance);
        household_.flush();
        return true;
    }

    bool save(std::string_view frame) {
        frames::Save wanted;
        if (!frames::decode(frame, wanted)) return false;
        const auto found = instances_.find(wanted.instance);
        if (found == instances_.end()) return false;
        const At at{progress_, wanted.call};
        std::string state;
        frames::Saved saved = found->second->save(state);
        saved.call = wanted.call;
        household_.flush();
        peer_.send(frames::encode(saved));
        return true;
    }

    bool handle(std::string_view frame) {
        // Kept between calls: its lists need not grow again.
        if (!frames::decode(frame, handle_)) return false;
        const auto found = instances_.find(handle_.instance);
        if (found == instances_.end()) return false;
        const At at{progress_, handle_.call};
        const frames::Reply reply = found->second->handle(handle_, progress_.done);
        household_.flush();
        peer_.send(frames::encode(reply));
        return true;
    }

    const tl_plugin& table_;
    frames::Progress& progress_;
    Peer& peer_;
    Household household_;
    std::map<std::uint64_t, std::unique_ptr<Hosted>> instances_;
    frames::Handle handle_;
};

/// What OpenSSL looks up lazily is looked up while that is still allowed.
void warm_up() {
    (void)seal::sha256("");
    (void)seal::hmac_sha256("k", "");
    (void)seal::verify_rs256("n", "e", "", "");
}

[[noreturn]] void refuse(Peer& peer, std::string_view why) {
    frames::Hello hello;
    hello.refused = why;
    peer.send(frames::encode(hello));
    ::_exit(1);
}

std::string_view text_of(tl_view view) {
    return view.data == nullptr ? std::string_view{} : std::string_view{view.data, view.size};
}

}  // namespace

int serve(std::span<char* const> words) {
    std::uint64_t memory = 0;
    const std::string_view number = words.size() == 2 ? words[1] : "";
    const auto [end, bad] = std::from_chars(number.data(), number.data() + number.size(), memory);
    if (bad != std::errc{} || end != number.data() + number.size() || memory == 0) {
        std::fputs("usage: trunkline-runner serve LIBRARY MEMORY\n", stderr);
        return 2;
    }
    // Whatever the host had open and forgot to close on exec.
    (void)::syscall(SYS_close_range, frames::kPage + 1, ~0U, 0);
    auto page = frames::ProgressPage::map(frames::kPage);
    if (!page) {
        std::fputs("trunkline-runner: no page to write to on descriptor 4\n", stderr);
        return 2;
    }
    frames::Progress& progress = **page;
    ::close(frames::kPage);
    try {
        Peer peer{progress};
        warm_up();
        if (const auto confined = confine_loading(memory, words[0]); !confined)
            refuse(peer, confined.error().context);
        const auto table = load_connector(words[0]);
        if (!table) refuse(peer, table.error().context);
        if (const auto confined = confine_running(progress); !confined)
            refuse(peer, confined.error().context);
        Server server{**table, progress, peer};
        const std::string wrong = server.self_check();
        frames::Hello hello;
        hello.refused = wrong;
        hello.id = text_of((*table)->id);
        hello.connector_version = text_of((*table)->version);
        hello.state_schema = (*table)->state_schema;
        hello.features = offers(**table, TL_EXT_FEATURES);
        peer.send(frames::encode(hello));
        if (!wrong.empty()) ::_exit(1);
        server.run();
    } catch (const std::bad_alloc&) {
        Peer{progress}.die("out of memory");
    } catch (const std::exception& error) {
        Peer{progress}.die(error.what());
    }
}

}  // namespace trunkline::runner
