#include "plugins/telegram/simulator/routes.hpp"

#include <algorithm>
#include <memory>

#include <trunkline/simulator/url.hpp>

#include "plugins/telegram/simulator/asking.hpp"

namespace trunkline::telegram::simulator {
namespace {

json::value or_wrong(Done done) {
    if (auto* why = std::get_if<std::string>(&done)) throw kit::Wrong{*why};
    return std::get<json::object>(std::move(done));
}

json::object standing(const Chat& chat, WallMs now_ms) {
    json::object out{
        {"id", chat.id}, {"blocked", chat.blocked}, {"messages", chat.messages.size()}};
    if (chat.is_group()) {
        out["chat"] = World::chat_object(chat);
        out["bot"] = chat.bot;
        json::array members;
        for (const auto& [id, role] : chat.roles)
            members.push_back(json::object{{"id", id}, {"status", role}});
        out["members"] = std::move(members);
        if (chat.migrated_to != 0) out["migrated_to"] = chat.migrated_to;
    } else {
        out["user"] = chat.user;
    }
    for (auto at = chat.messages.rbegin(); at != chat.messages.rend(); ++at) {
        if (chat.deleted.contains(at->first)) continue;
        out["last"] = at->second;
        break;
    }
    if (!chat.action.empty() && chat.action_until_ms > now_ms) out["action"] = chat.action;
    if (!chat.keyboard.empty()) out["keyboard"] = chat.keyboard;
    if (!chat.notice.empty()) out["notice"] = chat.notice;
    if (chat.read_to != 0) out["read_to"] = chat.read_to;
    return out;
}

/// Messages with what the Bot API does not show within them: how people reacted.
json::array messages(const Chat& chat) {
    json::array out;
    for (const auto& [id, message] : chat.messages) {
        if (chat.deleted.contains(id)) continue;
        json::object shown = message;
        json::array reactions;
        if (const auto at = chat.reactions.find(id); at != chat.reactions.end()) {
            for (const auto& [who, list] : at->second) {
                for (const json::value& one : list)
                    reactions.push_back(json::object{
                        {"from", who}, {"emoji", text_at(one, "emoji")}});
            }
        }
        if (!reactions.empty()) shown["reactions"] = std::move(reactions);
        out.push_back(std::move(shown));
    }
    return out;
}

json::value look_at_chat(const Chat* chat, std::string_view what, WallMs now_ms) {
    if (chat == nullptr) throw kit::Wrong{"no such chat", 404};
    if (what.empty()) return standing(*chat, now_ms);
    if (what == "messages") return messages(*chat);
    throw kit::Wrong{"no such address", 404};
}

/// The part before the next '/', which is taken off `rest`.
std::string_view next_part(std::string_view& rest) {
    const std::size_t slash = rest.find('/');
    const std::string_view out = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
    return out;
}

json::value add_user(World& world, const json::object& body) {
    const json::value whole = body;
    const auto count = static_cast<std::int64_t>(world.chats().size());
    const std::int64_t id = number_at(whole, "id").value_or(5'550'000'000 + count + 1);
    std::string name{text_at(whole, "name")};
    if (name.empty()) name = "Customer";
    const Chat& chat = world.add_customer(
        id, name, std::string{text_at(whole, "username")}, std::string{text_at(whole, "language")}
    );
    if (const auto photo = text_at(whole, "photo"); !photo.empty()) {
        const auto bytes = kit::base64_decode(photo);
        if (!bytes) throw kit::Wrong{"photo is not base64"};
        world.photos[id] = world.add_file("photo", "avatar.png", "image/png", *bytes).id;
    }
    return json::object{{"id", chat.id}, {"user", chat.user}};
}

/// Many customers who each say `messages` texts "<prefix> <user>:<n>", at `rate` a second (0 = as
/// fast as they can be queued).
class Flood : public std::enable_shared_from_this<Flood> {
public:
    Flood(kit::Loop& loop, World& world, Customer& customer, const json::object& body)
        : loop_{loop}, customer_{customer} {
        const json::value whole = body;
        users_ = std::clamp<std::int64_t>(number_at(whole, "users").value_or(10), 1, 10'000);
        messages_ = std::clamp<std::int64_t>(number_at(whole, "messages").value_or(10), 1, 100'000);
        rate_ = std::max<std::int64_t>(0, number_at(whole, "rate").value_or(0));
        first_ = number_at(whole, "first_id").value_or(6'000'000'000);
        prefix_ = text_at(whole, "prefix");
        if (prefix_.empty()) prefix_ = "flood";
        for (std::int64_t i = 0; i < users_; ++i) {
            if (world.chat(first_ + i) == nullptr)
                world.add_customer(first_ + i, "Flood " + std::to_string(i), "", "en");
        }
    }
    json::value shape() const {
        return json::object{
            {"users", users_}, {"messages", users_ * messages_}, {"first_id", first_}};
    }
    void go_on() {
        const std::int64_t piece = rate_ > 0 ? std::max<std::int64_t>(1, rate_ / 50) : 200;
        for (std::int64_t i = 0; i < piece && said_ < users_ * messages_; ++i, ++said_) {
            const std::int64_t user = said_ % users_;
            const std::int64_t number = said_ / users_ + 1;
            const json::object what{
                {"user", first_ + user},
                {"text", prefix_ + " " + std::to_string(user) + ":" + std::to_string(number)}};
            (void)customer_.say(what);
        }
        if (said_ == users_ * messages_) return;
        const kit::milliseconds wait{rate_ > 0 ? 1'000 * piece / rate_ : 1};
        loop_.after(wait, [self = shared_from_this()] { self->go_on(); });
    }

private:
    kit::Loop& loop_;
    Customer& customer_;
    std::int64_t users_ = 0, messages_ = 0, rate_ = 0, first_ = 0, said_ = 0;
    std::string prefix_;
};

void add_looks(kit::Control& control, World& world) {
    const auto list = [&world](bool groups) {
        return [&world, groups](std::string_view, std::string_view) {
            json::array out;
            for (const auto& [id, chat] : world.chats()) {
                if (chat.is_group() == groups) out.push_back(standing(chat, world.now_ms()));
            }
            return json::value(std::move(out));
        };
    };
    control.on_get("groups", list(true));
    control.on_get(
        "chats",
        [&world, all = list(false)](std::string_view rest, std::string_view query) {
            if (rest.empty()) return all(rest, query);
            const auto id = kit::whole_number(next_part(rest));
            return look_at_chat(id ? world.chat(*id) : nullptr, rest, world.now_ms());
        }
    );
    control.on_get("business", [&world](std::string_view rest, std::string_view) {
        if (rest.empty()) {
            json::array out;
            for (const auto& [id, business] : world.businesses())
                out.push_back(describe_business(business));
            return json::value(std::move(out));
        }
        Business* business = world.business(std::string{next_part(rest)});
        const auto id = kit::whole_number(next_part(rest));
        if (business == nullptr || !id) throw kit::Wrong{"no such chat", 404};
        const auto chat = business->chats.find(*id);
        return look_at_chat(
            chat == business->chats.end() ? nullptr : &chat->second, rest, world.now_ms()
        );
    });
}

}  // namespace

kit::Abilities abilities(const World& world) {
    const json::value bot = world.bot_user();
    kit::Abilities out;
    out.messenger = "Telegram";
    out.title = "Simulated Telegram";
    out.color = "#2aabee";
    out.business_name = text_at(bot, "first_name");
    out.business_username = text_at(bot, "username");
    out.file_bytes_max = 20U << 20U;  // more a bot cannot fetch
    // Neither typing nor reading is ever told to a bot.
    out.customer_can = {"text",     "photo",   "video",    "file",   "voice",   "video_note",
                        "sticker",  "audio",   "location", "venue",  "contact", "album",
                        "reply",    "quote",   "edit",     "delete", "react",   "press",
                        "keyboard", "forward", "block"};
    out.shows = {"typing", "buttons", "keyboard", "reactions", "albums"};
    out.stickers = {
        {"😂", "laugh"},
        {"😍", "love"},
        {"👍", "agree"},
        {"🥳", "party"},
        {"😎", "cool"},
        {"😮", "wow"},
        {"🤔", "think"},
        {"😢", "sad"},
        {"😡", "angry"},
        {"😴", "sleep"}};
    return out;
}

void add_routes(
    kit::Control& control,
    kit::Loop& loop,
    World& world,
    Updates& updates,
    Customer& customer,
    Groups& groups
) {
    add_looks(control, world);
    control.on_clear([&world, &updates] {
        world.clear();
        updates.clear();
    });
    control.on_post("users", [&world](const json::object& body) { return add_user(world, body); });
    control.on_post("deactivate", [&world](const json::object& body) {
        Chat* chat = world.chat(body.at("user").as_int64());
        if (chat == nullptr) throw kit::Wrong{"no such user"};
        chat->deactivated = true;
        return json::value(body);
    });
    constexpr int kAccepted = 202;  // it goes on for a while
    control.on_post(
        "flood",
        [&](const json::object& body) {
            const auto flood = std::make_shared<Flood>(loop, world, customer, body);
            loop.post([flood] { flood->go_on(); });
            return flood->shape();
        },
        kAccepted
    );
    control.on_post("block", [&customer](const json::object& body) {
        return or_wrong(customer.block(body, true));
    });
    control.on_post("unblock", [&customer](const json::object& body) {
        return or_wrong(customer.block(body, false));
    });
    const auto act = [&](const std::string& name, Done (Customer::*does)(const json::object&)) {
        control.on_post(name, [&customer, does](const json::object& body) {
            return or_wrong((customer.*does)(body));
        });
    };
    act("say", &Customer::say);
    act("album", &Customer::album);
    act("edit", &Customer::edit);
    act("forward", &Customer::forward);
    act("delete", &Customer::remove);
    act("press", &Customer::press);
    act("key", &Customer::key);
    act("react", &Customer::react);
    act("update", &Customer::update);
    const auto change = [&](const std::string& name, Done (Groups::*does)(const json::object&)) {
        control.on_post(name, [&groups, does](const json::object& body) {
            return or_wrong((groups.*does)(body));
        });
    };
    change("groups", &Groups::make);
    change("groups/join", &Groups::join);
    change("groups/leave", &Groups::leave);
    change("groups/bot", &Groups::set_bot);
    change("groups/title", &Groups::retitle);
    change("groups/migrate", &Groups::migrate);
    change("groups/topic", &Groups::add_topic);
    change("groups/topic/close", &Groups::close_topic);
    change("business", &Groups::connect_business);
    change("business/change", &Groups::change_business);
}

}  // namespace trunkline::telegram::simulator
