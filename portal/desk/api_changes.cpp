// The part of the API that changes something.
#include <spdlog/spdlog.h>

#include "host/async/spawn.hpp"
#include "host/base/ulid.hpp"
#include "host/net/url.hpp"
#include "portal/desk/api.hpp"
#include "portal/desk/compose.hpp"
#include "portal/desk/request.hpp"
#include "portal/fields.hpp"
#include "portal/store/conversations.hpp"
#include "portal/store/messages.hpp"
#include "portal/store/views.hpp"

namespace trunkline::portal::desk {

namespace {

constexpr std::size_t kNameBytesMax = 255;

struct Done {
    json::object view;
    bool repeated = false;
};

/// A name as it may be shown and sent: no path, no control characters.
std::string plain_name(std::string name) {
    if (const auto slash = name.find_last_of("/\\"); slash != std::string::npos)
        name.erase(0, slash + 1);
    std::erase_if(name, [](char byte) {
        return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F;
    });
    name = shortened(name, kNameBytesMax);
    return name.empty() ? "file" : name;
}

/// "type/subtype" of harmless characters, or the type of unknown bytes.
std::string plain_mime(const std::string& mime) {
    const auto good = [](char byte) {
        return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '.' ||
               byte == '+' || byte == '-';
    };
    const auto slash = mime.find('/');
    bool valid =
        slash != std::string::npos && slash > 0 && slash + 1 < mime.size() && mime.size() <= 100;
    for (std::size_t at = 0; valid && at < mime.size(); ++at)
        valid = at == slash || good(mime[at]);
    return valid ? mime : "application/octet-stream";
}

}  // namespace

Api::Answer Api::send(net::Request& request, std::int64_t conversation) {
    auto body = parse_object(request.body);
    if (!body) co_return answer(body.error());
    auto draft = parse_draft(*body);
    if (!draft) co_return answer(draft.error());
    auto work = [conversation,
                 draft = *std::move(draft),
                 now = parts_.clock.wall_ms()](store::Database& database) -> Result<Done> {
        auto composed = compose(database, conversation, draft, now);
        if (!composed) return composed.error();
        auto view = store::message_view(database, composed->message);
        if (!view) return Error{Fault::storage, "the message just kept"};
        return Done{*std::move(view), composed->repeated};
    };
    auto done = co_await parts_.store.write(std::move(work));
    if (!done) co_return answer(done.error());
    parts_.hub->changed();
    parts_.queued();
    co_return answer(done->repeated ? 200 : 201, done->view);
}

Api::Answer Api::alter_message(
    net::Request& request, std::int64_t conversation, std::int64_t message
) {
    const auto alteration = request.head.method == "PUT" ? Alteration::edit : Alteration::remove;
    std::string text;
    if (alteration == Alteration::edit) {
        auto body = parse_object(request.body);
        if (!body) co_return answer(body.error());
        text = text_of(*body, "text");
        if (body->size() != 1 || text.find_first_not_of(" \t\r\n") == std::string::npos ||
            code_points(text) > kTextPointsMax) {
            co_return answer(Error{
                Fault::malformed, "text alone was expected, at most 65,536 characters"});
        }
    }
    auto work = [conversation,
                 message,
                 alteration,
                 text = std::move(text),
                 now = parts_.clock.wall_ms()](store::Database& database) -> Result<Done> {
        const auto facts = store::message_facts(database, message);
        if (!facts || facts->conversation != conversation)
            return Error{Fault::not_found, "message"};
        auto altered = alter(database, message, alteration, text, now);
        if (!altered) return altered.error();
        auto view = store::message_view(database, message);
        if (!view) return Error{Fault::storage, "the message just changed"};
        return Done{*std::move(view), false};
    };
    auto done = co_await parts_.store.write(std::move(work));
    if (!done) co_return answer(done.error());
    parts_.hub->changed();
    parts_.queued();
    co_return answer(202, done->view);
}

Api::Answer Api::typing(net::Request& request, std::int64_t conversation) {
    auto body = parse_object(request.body);
    if (!body) co_return answer(body.error());
    const bool on = !body->contains("on") || flag_of(*body, "on");
    auto query = [conversation](store::Database& database) -> Result<store::ConversationAddress> {
        auto address = store::find_conversation(database, conversation);
        if (!address) return Error{Fault::not_found, "conversation"};
        return *std::move(address);
    };
    auto address = co_await parts_.store.read(std::move(query));
    if (!address) co_return answer(address.error());
    send_passing(
        {{"type", "typing"},
         {"account", address->account},
         {"conversation", address->external},
         {"on", on}}
    );
    net::Response response;
    response.status = 204;
    co_return response;
}

Api::Answer Api::seen(std::int64_t conversation) {
    struct Seen {
        store::ConversationAddress address;
        std::string remote;
    };
    auto work = [conversation](store::Database& database) -> Result<Seen> {
        auto address = store::find_conversation(database, conversation);
        if (!address) return Error{Fault::not_found, "conversation"};
        store::mark_seen(database, conversation);
        return Seen{*std::move(address), store::newest_incoming_remote(database, conversation)};
    };
    auto seen = co_await parts_.store.write(std::move(work));
    if (!seen) co_return answer(seen.error());
    parts_.hub->changed();
    if (!seen->remote.empty()) {
        json::object message{{"id", seen->remote}};
        send_passing(
            {{"type", "read"},
             {"account", seen->address.account},
             {"conversation", seen->address.external},
             {"message", std::move(message)}}
        );
    }
    net::Response response;
    response.status = 204;
    co_return response;
}

void Api::send_passing(json::object command) {
    if (passing_) return;
    passing_ = true;
    command["id"] = "p-" + make_ulid(parts_.clock.wall_ms()).text();
    async::spawn(
        parts_.loop.get_executor(),
        "passing",
        [this, command = std::move(command)]() -> async::Awaitable<> {
            json::array commands;
            commands.push_back(command);
            auto result = co_await parts_.host.send(std::move(commands));
            passing_ = false;
            if (result.kind != wire::HostAnswer::Kind::answered)
                spdlog::debug("passing.lost reason={}", result.reason);
        }
    );
}

Api::Answer Api::take_file(net::Request& request) {
    if (request.stream == nullptr) co_return net::problem(400, "malformed", "a body was expected");
    store::OwnFile file;
    file.id = make_ulid(parts_.clock.wall_ms()).text();
    file.name =
        plain_name(net::query_parameter(request.head.query, "name").value_or(std::string{}));
    file.mime =
        plain_mime(net::query_parameter(request.head.query, "mime").value_or(std::string{}));
    auto taken = co_await parts_.files.take(*request.stream, std::move(file));
    if (!taken) co_return answer(taken.error());
    auto kept_file = *std::move(taken);
    if (kept_file.size == 0) {
        parts_.files.remove(kept_file.id);
        co_return answer(Error{Fault::malformed, "the file is empty"});
    }
    json::object view{
        {"id", kept_file.id},
        {"name", kept_file.name},
        {"mime", kept_file.mime},
        {"size", kept_file.size}};
    auto work = [file = kept_file,
                 now = parts_.clock.wall_ms()](store::Database& database) -> Result<Done> {
        store::add_file(database, file, now);
        return Done{};
    };
    auto kept = co_await parts_.store.write(std::move(work));
    if (!kept) co_return answer(kept.error());
    co_return answer(201, view);
}

Api::Answer Api::give_file(net::Request& request, std::string id) {
    auto query = [id](store::Database& database) -> Result<store::OwnFile> {
        auto file = store::find_file(database, id);
        if (!file) return Error{Fault::not_found, "file"};
        return *std::move(file);
    };
    auto file = co_await parts_.store.read(std::move(query));
    if (!file) co_return answer(file.error());
    auto found = *std::move(file);
    std::string range{request.head.header("range")};
    auto response = co_await parts_.files.give(std::move(found), std::move(range));
    co_return response;
}

}  // namespace trunkline::portal::desk
