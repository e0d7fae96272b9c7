#include "trunkline/simulator/calls.hpp"

#include <exception>
#include <memory>
#include <utility>

namespace trunkline::simulator {
namespace {

constexpr int kBroken = 500;

Response page(int status) {
    Response response;
    response.status = status;
    response.headers = {{"Content-Type", "text/html"}};
    response.body =
        "<html><head><title>Bad Gateway</title></head><body><center><h1>Bad "
        "Gateway</h1></center></body></html>";
    return response;
}

/// The same answer with members that nobody has heard of.
Response with_unknown_members(Response response) {
    json::error_code bad;
    json::value body = json::parse(response.body, bad);
    if (bad || !body.is_object()) return response;
    add_unknown_members(body.as_object());
    response.body = json::serialize(body);
    return response;
}

}  // namespace

json::object Words::note(const std::string&, const json::value& result) const {
    return {{"result", result}};
}

void Calls::refuse(const Refusal& why, json::object entry, const Reply& reply) {
    entry["refused"] = why.description;
    rooms_.journal.write("call", std::move(entry), rooms_.now());
    reply(rooms_.words.refuse(why));
}

void Calls::call(
    const std::string& method, Parameters parameters, json::object entry, Reply reply
) {
    entry["method"] = method;
    entry["parameters"] = parameters.as_json();
    if (revoked) return refuse(rooms_.words.revoked(), std::move(entry), reply);
    auto fault = rooms_.faults.take(Fault::On::calls, method);
    if (fault) entry["fault"] = fault->name();
    if (fault && fault->action == Fault::Action::delay) {
        const milliseconds late{fault->delay_ms};
        rooms_.loop.after(
            late,
            [this,
             method,
             parameters = std::move(parameters),
             entry = std::move(entry),
             reply = std::move(reply)]() mutable {
                carry_out(method, std::move(parameters), std::move(entry), {}, std::move(reply));
            }
        );
        return;
    }
    carry_out(method, std::move(parameters), std::move(entry), std::move(fault), std::move(reply));
}

void Calls::carry_out(
    const std::string& method,
    Parameters parameters,
    json::object entry,
    std::optional<Fault> fault,
    Reply reply
) {
    const auto action = fault ? std::optional{fault->action} : std::nullopt;
    if (action == Fault::Action::error) return refuse(fault->refusal, std::move(entry), reply);
    if (action == Fault::Action::server_error)
        return refuse(rooms_.words.server_error(fault->refusal.code), std::move(entry), reply);
    if (action == Fault::Action::too_many)
        return refuse(rooms_.words.too_many(fault->retry_after_s), std::move(entry), reply);
    if (action == Fault::Action::token_revoked) {
        revoked = true;
        return refuse(rooms_.words.revoked(), std::move(entry), reply);
    }
    if (action == Fault::Action::html || action == Fault::Action::drop_before) {
        rooms_.journal.write("call", std::move(entry), rooms_.now());
        return reply(action == Fault::Action::html ? page(fault->refusal.code) : Response::cut());
    }
    const auto asked = std::make_shared<Asked>();
    asked->method = method;
    asked->entry = std::move(entry);
    asked->action = action;
    asked->reply = std::move(reply);
    try {
        run_(method, std::move(parameters), [this, asked](Outcome outcome) {
            finish(*asked, std::move(outcome));
        });
    } catch (const std::exception& error) {
        // A method met what no rule kept from it. Its caller learns so; the others are served on.
        if (asked->answered) throw;
        asked->entry["threw"] = error.what();
        finish(*asked, rooms_.words.server_error(kBroken));
    }
}

void Calls::finish(Asked& asked, Outcome outcome) {
    const auto* refusal = std::get_if<Refusal>(&outcome);
    if (refusal != nullptr) {
        asked.entry["refused"] = refusal->description;
    } else {
        for (auto& member : rooms_.words.note(asked.method, std::get<json::value>(outcome)))
            asked.entry[member.key()] = member.value();
    }
    Response response = refusal != nullptr ? rooms_.words.refuse(*refusal)
                                           : rooms_.words.answer(std::get<json::value>(outcome));
    if (asked.action == Fault::Action::unknown_field)
        response = with_unknown_members(std::move(response));
    if (asked.action == Fault::Action::drop_after) response = Response::cut();
    asked.answered = true;
    rooms_.journal.write("call", std::move(asked.entry), rooms_.now());
    asked.reply(std::move(response));
}

}  // namespace trunkline::simulator
