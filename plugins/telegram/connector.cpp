// The front door: which file answers which input.
#include <trunkline/connector.hpp>

#include "account.hpp"
#include "config.hpp"
#include "manifest.hpp"
#include "receive.hpp"
#include "send.hpp"

namespace trunkline::telegram {

/// One bot. Keeps nothing but its settings: whatever a task needs to know comes with its input.
class Telegram final : public Connector {
public:
    explicit Telegram(const Setup& setup)
        : settings_{settings_of(setup.settings)}, hook_url_{setup.hook_url} {}

    Task on_webhook(Context& context, const Webhook& hook) const override {
        return receive_webhook(context, hook, settings_);
    }
    Task on_replay(Context& context, const Replay& replay) const override {
        return receive_replay(context, replay, settings_);
    }
    Task on_poll(Context& context, const Poll& poll) const override {
        return receive_poll(context, poll, settings_);
    }
    Task on_command(Context& context, const Command& command) const override {
        return perform_command(context, command, settings_);
    }
    Task on_file(Context& context, const File& file) const override {
        return locate_file(context, file, settings_);
    }
    Task on_profile(Context& context, const Profile& profile) const override {
        return fetch_profile(context, profile, settings_);
    }
    Task on_connect(Context& context, const Connect& connect) const override {
        return connect_account(context, connect, settings_, hook_url_);
    }
    Task on_check(Context& context) const override {
        return check_account(context, settings_, hook_url_);
    }
    Task on_disconnect(Context& context) const override {
        return disconnect_account(context, settings_);
    }

private:
    const Settings settings_;
    const std::string hook_url_;
};

}  // namespace trunkline::telegram

TRUNKLINE_CONNECTOR(
    trunkline::telegram::Telegram, "telegram", "1.0.0", "Telegram", trunkline::telegram::kManifest
)
