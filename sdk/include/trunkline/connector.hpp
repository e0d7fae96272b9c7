#pragma once

/// The author's face of the border: what a connector is written against. The smallest useful one:
///
///     class Echo final : public trunkline::Connector {
///     public:
///         explicit Echo(const trunkline::Setup&) {}
///         trunkline::Task on_webhook(trunkline::Context& context, const trunkline::Webhook& hook)
///             const override {
///             ...
///             context.item({.conversation = chat, .dedup = id, .json = event});
///             co_return trunkline::Outcome::done();
///         }
///     };
///     TRUNKLINE_CONNECTOR(Echo, "echo", "1.0.0", "Echo", kManifest)
///
/// docs/connectors/tutorial/ builds one step by step; plugins/echo is the result.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <trunkline/abi.h>
#include <trunkline/context.hpp>
#include <trunkline/effects.hpp>
#include <trunkline/json.hpp>
#include <trunkline/task.hpp>
#include <trunkline/text.hpp>

namespace trunkline::inline face {

/// What an instance is made from. The views die when the constructor returns.
struct Setup {
    Scope scope = Scope::account;  ///< account, or connector for the application instance
    std::string_view name;         ///< account id; empty for the application instance
    std::string_view connector;    ///< `connectors.<id>` of the configuration, a JSON object
    std::string_view settings;     ///< the account's settings and secrets, a JSON object
    std::string_view hook_url;     ///< where the messenger calls this instance
    std::string_view state;        ///< what save() gave to an earlier instance; empty at first
    Host host;
};

/// A request of the messenger as received. All views in inputs live as long as the task, also
/// across co_await.
struct HeaderView {
    std::string_view name, value;
};
struct Webhook {
    std::string_view method;
    std::string_view target;  ///< path and query below the hook's address
    std::string_view body;    ///< the raw bytes, as signed by the messenger
    std::vector<HeaderView> headers;

    std::string_view header(std::string_view name) const noexcept {
        return header_value(headers, name);
    }
};

/// One account's part of an application-level webhook, verified by the application instance.
struct Routed {
    std::string_view account_key, body;
};

/// A payload out of quarantine, as it came: a webhook, a routed part, or one item's `raw` in body.
struct Replay : Webhook {
    std::string_view account_key;
};

struct Poll {
    std::string_view cursor;  ///< empty at first
};

/// What the portal wants done, already degraded to the manifest
/// (docs/connectors/reference/command.md).
struct Command {
    std::string_view conversation, note;
    std::string_view json;
};

/// An attachment's `ref`: where are its bytes?
struct File {
    std::string_view ref;
};

struct Profile {
    std::string_view customer, note;
};

/// What is known before the first form (docs/connectors/reference/connect.md).
struct Connect {
    std::string_view json;
};

/// Translates between one messenger and the universal format. The only class a connector writes.
///
/// A connector performs no I/O. It is handed inputs and asks for effects; the host owns sockets,
/// clocks, retries and storage. That is what lets it be tested from recorded files, replaced while
/// messages flow, and restarted in the middle of an upload.
///
/// Each function starts a task and is a coroutine. It may look only at its input, at members set by
/// the constructor, and at what it awaited: that is why all of them are const. Every one is
/// optional; what is not overridden is refused as unsupported. `[serving]`: never entered twice at
/// once in one instance, but the steps of several tasks interleave.
///
/// The constructor takes `const Setup&` and must be quick (10 ms). It throws BadConfig for settings
/// it cannot work with. `[control]`
class Connector {
public:
    Connector() = default;
    Connector(const Connector&) = delete;
    Connector& operator=(const Connector&) = delete;
    virtual ~Connector() = default;

    /// A request of the messenger. Verify it first; end a forgery with Outcome::forged().
    virtual Task on_webhook(Context&, const Webhook&) const { return refused(); }

    /// A part of an application-level webhook that the application instance routed here.
    virtual Task on_routed(Context&, const Routed&) const { return refused(); }

    /// A payload out of quarantine, to be understood now. answer() is void.
    virtual Task on_replay(Context&, const Replay&) const { return refused(); }

    /// Time to fetch, never while the last one is still going on. End with Outcome::polled().
    virtual Task on_poll(Context&, const Poll&) const { return refused(); }

    /// Send, edit, delete... End with Outcome::done(ids) or what else became of it.
    virtual Task on_command(Context&, const Command&) const { return refused(); }

    /// Say where a file's bytes are: context.source(), then Outcome::done().
    virtual Task on_file(Context&, const File&) const { return refused(); }

    /// Fetch name and picture of a customer: Outcome::result().
    virtual Task on_profile(Context&, const Profile&) const { return refused(); }

    /// Connect an account: ask by context.form(), register at the messenger, Outcome::result().
    virtual Task on_connect(Context&, const Connect&) const { return refused(); }

    /// The scheduled look at the account's health; repair what can be repaired.
    virtual Task on_check(Context&) const { return refused(); }

    /// Undo at the messenger what on_connect did.
    virtual Task on_disconnect(Context&) const { return refused(); }

    /// Caches worth keeping over a reload, at most 64 KiB, no secrets. `[control, quiesced]`
    virtual std::string save() const { return {}; }

private:
    static Task refused() { co_return Outcome::unsupported("connector.no_handler"); }
};

}  // namespace trunkline::inline face

#include <trunkline/plugin.hpp>
