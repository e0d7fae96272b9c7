// A simulated My Messenger, for the connector that `trunkctl plugins new` makes: it takes POST
// /messages from the connector, and tells it of customers' messages by a webhook that carries a
// secret.
//
//   my_messenger_sim 127.0.0.1:9100 http://127.0.0.1:8080/hooks/shop the-secret
#include <iostream>
#include <map>

#include <trunkline/simulator/control.hpp>
#include <trunkline/simulator/delivery.hpp>

namespace {

namespace json = trunkline::json;
using namespace trunkline::simulator;

// [rules]
const Rules kSend{
    {.name = "chat", .type = Type::name, .required = true},
    {.name = "text", .required = true, .min = 1, .max = 4096},
};
// [rules]

// [words]
class MyWords final : public Words {
public:
    Response answer(const json::value& result) const override { return Response::of_json(result); }
    Response refuse(const Refusal& refusal) const override {
        return Response::of_json(json::object{{"error", refusal.description}}, refusal.code);
    }
    Refusal revoked() const override { return {401, "unknown token", {}}; }
    Refusal too_many(std::int64_t) const override { return {429, "slow down", {}}; }
    Refusal server_error(int code) const override { return {code, "out of order", {}}; }
    Refusal wrong(const Finding& finding) const override {
        const bool missing = finding.what == Finding::What::missing;
        return {400, finding.path + (missing ? " is missing" : " is not valid"), {}};
    }
};
// [words]

struct Chat {
    std::string name;
    std::map<std::int64_t, json::object> messages;
};

class MyMessenger {
public:
    MyMessenger(Loop& loop, std::string webhook, std::string secret)
        : webhook_{std::move(webhook)},
          secret_{std::move(secret)},
          client_{loop},
          // [delivery]
          delivery_{
              loop,
              outbox_,
              [this](ClientRequest request, std::function<void(ClientReply)> done) {
                  client_.send(std::move(request), std::move(done));
              },
              {.ready = [] { return true; },
               .request = [this](const Item& item) { return request(item); },
               .judge =
                   [this](const Item& item, const ClientReply& reply) {
                       journal_.write(
                           "webhook", {{"body", item.body}, {"status", reply.status}}, system_now()
                       );
                       return Verdict{reply.status == 200, {}};
                   },
               .wait = [](int failures) { return milliseconds{failures < 6 ? 500 : 5'000}; },
               .failures_max = 20,
               .given_up = {}}},
          // [delivery]
          // [calls]
          calls_{
              {loop, faults_, journal_, words_, system_now},
              [this](const std::string& method, const Parameters& given, const Done& done) {
                  if (auto refusal = check(method, kSend, given, words_)) return done(*refusal);
                  Chat* chat = find(given.text("chat"));
                  if (chat == nullptr) return done(Refusal{404, "no such chat", {}});
                  const json::object kept = keep(*chat, "My shop", false, given.text("text"));
                  done(json::value(json::object{{"id", kept.at("id")}}));
              }},
          // [calls]
          control_{
              {loop, faults_, journal_, rates_, files_, calls_},
              // [abilities]
              {.messenger = "My Messenger",
               .title = "Simulated My Messenger",
               .color = "#7048e8",
               .business_name = "My shop",
               .business_username = "",
               .file_bytes_max = 0,
               .customer_can = {"text"},
               .shows = {},
               .stickers = {}}
              // [abilities]
          } {
        // [faults]
        outbox_.set_faults(&faults_, [](std::int64_t id) {
            return json::object{{"kind", "made up"}, {"id", id}};
        });
        // [faults]
        add_control();
    }

    // [handle]
    void handle(const Request& request, const Reply& reply) {
        if (control_.takes(request.path)) return reply(control_.handle(request));
        auto given = Parameters::read(request);
        if (request.path != "/messages" || !given)
            return reply(words_.refuse({404, "no such address", {}}));
        calls_.call("messages", *std::move(given), {}, reply);
    }
    // [handle]

private:
    ClientRequest request(const Item& item) const {
        ClientRequest out;
        out.url = webhook_;
        out.headers = {{"Content-Type", "application/json"}, {"X-Webhook-Secret", secret_}};
        out.body = json::serialize(item.body);
        return out;
    }

    Chat* find(const std::string& id) {
        const auto at = chats_.find(id);
        return at == chats_.end() ? nullptr : &at->second;
    }

    // [form]
    /// Keeps a message in the form in which the page shows it: `mine` are the customer's.
    json::object keep(Chat& chat, const std::string& who, bool mine, const std::string& text) {
        const std::int64_t id = ++last_message_;
        json::object message{
            {"id", id}, {"at", system_now()}, {"mine", mine}, {"from", who}, {"text", text}};
        return chat.messages[id] = std::move(message);
    }

    static json::object standing(const std::string& id, const Chat& chat) {
        json::object out{
            {"id", std::stoll(id)},
            {"name", chat.name},
            {"blocked", false},
            {"count", chat.messages.size()}};
        if (!chat.messages.empty()) out["last"] = chat.messages.rbegin()->second;
        return out;
    }
    // [form]

    // [control]
    void add_control() {
        control_.on_post("users", [this](const json::object& body) {
            const std::string id = std::to_string(chats_.size() + 1);
            chats_[id].name = trunkline::text_at(json::value(body), "name");
            return json::value(standing(id, chats_[id]));
        });
        control_.on_post("say", [this](const json::object& body) {
            const json::value what = body;
            const std::string id = trunkline::id_at(what, "user");
            const std::string text{trunkline::text_at(what, "text")};
            Chat* chat = find(id);
            if (chat == nullptr) throw Wrong{"no such user"};
            if (text.empty()) throw Wrong{"text is missing"};
            const json::object message = keep(*chat, chat->name, true, text);
            Item item;
            item.id = outbox_.next_id();
            item.queue = id;
            item.kind = "message";
            item.body = {
                {"chat", id}, {"id", message.at("id")}, {"name", chat->name}, {"text", text}};
            item.expires_ms = system_now() + 3'600'000;
            outbox_.put(std::move(item));
            return json::value(message);
        });
        control_.on_get("chats", [this](std::string_view rest, std::string_view) {
            return look(rest);
        });
        control_.on_clear([this] { chats_.clear(); });
    }
    // [control]

    json::value look(std::string_view rest) {
        json::array out;
        if (rest.empty()) {
            for (const auto& [id, chat] : chats_)
                out.push_back(standing(id, chat));
            return out;
        }
        const std::string id{rest.substr(0, rest.find('/'))};
        const Chat* chat = find(id);
        if (chat == nullptr) throw Wrong{"no such chat", 404};
        if (id == rest) return standing(id, *chat);
        for (const auto& [number, message] : chat->messages)
            out.push_back(message);
        return out;
    }

    std::string webhook_, secret_;
    std::map<std::string, Chat> chats_;
    std::int64_t last_message_ = 0;
    MyWords words_;
    Faults faults_;
    Rates rates_;
    Files files_;
    Journal journal_{""};
    Outbox outbox_{system_now};
    Client client_;
    Delivery delivery_;
    Calls calls_;
    Control control_;
};

}  // namespace

// [main]
int main(int count, char** words) {
    if (count != 4) {
        std::cerr << "usage: my_messenger_sim HOST:PORT WEBHOOK SECRET\n";
        return 2;
    }
    try {
        Loop loop;
        MyMessenger messenger{loop, words[2], words[3]};
        const Server server{loop, words[1], [&](const Request& request, const Reply& reply) {
                                messenger.handle(request, reply);
                            }};
        std::cout << "listening on port " << server.port() << std::endl;
        loop.run_until_signal();
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
    return 0;
}
// [main]
