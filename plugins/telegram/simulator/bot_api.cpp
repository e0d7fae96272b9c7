#include "plugins/telegram/simulator/bot_api.hpp"

#include <algorithm>
#include <exception>

#include "plugins/telegram/simulator/asking.hpp"
#include "plugins/telegram/simulator/changing.hpp"
#include "plugins/telegram/simulator/method_rules.hpp"
#include "plugins/telegram/simulator/sending.hpp"

namespace trunkline::telegram::simulator {
namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

}  // namespace

BotApi::BotApi(ApiOptions options, Rooms rooms)
    : options_{std::move(options)},
      rooms_{rooms},
      bot_{rooms.world, rooms.updates, rooms.rates},
      calls_{
          {rooms.loop,
           rooms.faults,
           rooms.journal,
           words_,
           [&world = rooms.world] { return world.now_ms(); }},
          [this](const std::string& method, const Parameters& p, const kit::Done& done) {
              run(method, p, done);
          }},
      polls_{rooms.loop, rooms.updates, true},
      methods_{table()} {}

bool BotApi::knows(const std::string& token) const {
    return !calls_.revoked && (options_.any_token || options_.tokens.contains(token));
}

void BotApi::call(
    const std::string& token, std::string method, Parameters parameters, kit::Reply reply
) {
    method = lower(std::move(method));
    json::object entry{{"method", method}};  // nobody's parameters are not kept
    if (!options_.any_token && !options_.tokens.contains(token)) {
        const bool malformed =
            token.find(':') == std::string::npos || token.starts_with('0') || token.size() > 80;
        const Refusal why{
            401, malformed ? "Unauthorized: invalid token specified" : "Unauthorized", {}};
        return calls_.refuse(why, std::move(entry), reply);
    }
    if (const auto rules = method_rules().find(method); rules != method_rules().end()) {
        json::array unknown;
        for (const std::string& name : kit::unknown_names(rules->second, parameters)) {
            // Files of an album are named as it likes.
            if (parameters.upload(name) == nullptr) unknown.emplace_back(name);
        }
        if (!unknown.empty()) entry["unknown_parameters"] = std::move(unknown);
    }
    calls_.call(method, std::move(parameters), std::move(entry), std::move(reply));
}

void BotApi::execute(const std::string& method, const json::object& parameters) {
    const std::string name = lower(method);
    if (name.starts_with("get") || name == "setwebhook" || name == "deletewebhook" ||
        name == "close" || name == "logout")
        return;
    try {
        (void)run_now(name, Parameters::of(parameters));
    } catch (const std::exception& error) {
        json::object entry{{"method", name}, {"threw", error.what()}};
        rooms_.journal.write("call", std::move(entry), rooms_.world.now_ms());
    }
}

void BotApi::run(const std::string& method, const Parameters& p, const kit::Done& done) {
    if (method == "getupdates") return get_updates(p, done);
    done(run_now(method, p));
}

Outcome BotApi::run_now(const std::string& method, const Parameters& p) {
    const auto rules = method_rules().find(method);
    const auto found = methods_.find(method);
    if (rules == method_rules().end() || found == methods_.end())
        return Refusal{404, "Not Found: method not found", {}};
    if (auto refusal = kit::check(method, rules->second, p, words_)) return *refusal;
    return found->second(p);
}

std::map<std::string, BotApi::Run, std::less<>> BotApi::table() {
    std::map<std::string, Run, std::less<>> out;
    using Plain = Outcome (*)(Bot&, const Parameters&);
    using Named = Outcome (*)(Bot&, const std::string&, const Parameters&);
    const auto add = [&](const std::string& name, Plain act) {
        out[name] = [this, act](const Parameters& p) { return act(bot_, p); };
    };
    const auto add_named = [&](std::initializer_list<const char*> names, Named act) {
        for (const std::string name : names)
            out[name] = [this, name, act](const Parameters& p) { return act(bot_, name, p); };
    };
    add_named(
        {"sendmessage",
         "sendphoto",
         "senddocument",
         "sendvideo",
         "sendanimation",
         "sendvoice",
         "sendaudio",
         "sendvideonote",
         "sendsticker",
         "sendlocation",
         "sendvenue",
         "sendcontact"},
        send
    );
    add("sendmediagroup", send_album);
    add_named({"forwardmessage", "forwardmessages"}, forward);
    add_named({"copymessage", "copymessages"}, copy);
    add_named(
        {"editmessagetext", "editmessagecaption", "editmessagemedia", "editmessagereplymarkup"},
        edit
    );
    add("deletemessage", remove);
    add("deletemessages", remove_several);
    add("setmessagereaction", react);
    add("sendchataction", show_action);
    add("answercallbackquery", answer_callback);
    add("getfile", get_file);
    add("getchat", get_chat);
    add("getchatmember", get_member);
    add("getchatmembercount", count_members);
    add("getchatadministrators", list_administrators);
    add("getuserprofilephotos", get_profile_photos);
    add("leavechat", leave_chat);
    add("getbusinessconnection", get_business);
    add("readbusinessmessage", read_business);
    add("deletebusinessmessages", delete_business);
    out["getme"] = [this](const Parameters&) -> Outcome { return get_me(rooms_.world); };
    out["setwebhook"] = [this](const Parameters& p) { return set_webhook(p); };
    out["deletewebhook"] = [this](const Parameters& p) { return delete_webhook(p); };
    out["getwebhookinfo"] = [this](const Parameters&) { return webhook_info(); };
    return out;
}

}  // namespace trunkline::telegram::simulator
