#include "portal/desk/media.hpp"

#include "portal/desk/disk_files.hpp"
#include "portal/desk/request.hpp"
#include "portal/fields.hpp"
#include "portal/store/conversations.hpp"
#include "portal/store/messages.hpp"

namespace trunkline::portal::desk {

async::Awaitable<net::Response> Media::of_message(
    std::int64_t message, std::string which, std::string range
) {
    auto query = [message, which](store::Database& database) -> Result<Source> {
        const Error missing{Fault::not_found, "attachment"};
        if (which == "avatar") {
            const auto sender = store::message_sender(database, message);
            if (!sender) return missing;
            return Source{text_of(*sender, "avatar"), "image/jpeg", {}};
        }
        const auto place = parse_number(which);
        const auto body = store::message_body(database, message);
        const auto facts = store::message_facts(database, message);
        if (!place || !body || !facts || facts->deleted) return missing;
        const auto& attachments = array_of(*body, "attachments");
        const auto index = static_cast<std::size_t>(*place);
        if (index >= attachments.size() || !attachments[index].is_object()) return missing;
        const auto& attachment = attachments[index].get_object();
        return Source{
            text_of(attachment, "url"), text_of(attachment, "mime"), text_of(attachment, "name")};
    };
    auto source = co_await store_.read(std::move(query));
    if (!source) co_return answer(source.error());
    auto found = *std::move(source);
    auto response = co_await relay(std::move(found), std::move(range));
    co_return response;
}

async::Awaitable<net::Response> Media::avatar_of_conversation(std::int64_t conversation) {
    auto query = [conversation](store::Database& database) -> Result<Source> {
        return Source{store::customer_avatar(database, conversation), "image/jpeg", {}};
    };
    auto source = co_await store_.read(std::move(query));
    if (!source) co_return answer(source.error());
    auto found = *std::move(source);
    auto response = co_await relay(std::move(found), {});
    co_return response;
}

async::Awaitable<net::Response> Media::relay(Source source, std::string range) {
    if (!options_.fetch)
        co_return net::problem(403, "not_fetched", "files.fetch is off at this portal");
    const bool http = source.url.starts_with("http://") || source.url.starts_with("https://");
    if (!http) co_return net::problem(404, "not_found", "no such file");

    net::ClientRequest get;
    get.url = source.url;
    if (range.starts_with("bytes=") && range.size() < 100) get.headers.push_back({"Range", range});
    get.allow_private = options_.allow_private;
    get.reply_bytes_max = options_.bytes_max;
    auto reply = co_await client_.stream(std::move(get));
    const int status = reply.head.status;
    if (status == 416) co_return net::problem(416, "range", "that part of the file does not exist");
    if (status != 200 && status != 206) {
        const bool gone = status == 404 || status == 410 || status == 403;
        co_return net::problem(
            gone ? 404 : 502,
            gone ? "not_found" : "unavailable",
            "the host does not give the file now"
        );
    }
    net::Response response;
    response.status = status;
    const std::string told{net::find_header(reply.head.headers, "content-type")};
    shield(response, told.empty() ? source.mime : told, source.name);
    for (const char* name : {"Content-Range", "Accept-Ranges", "ETag", "Last-Modified"}) {
        const std::string value{net::find_header(reply.head.headers, name)};
        if (!value.empty()) response.headers.push_back({name, value});
    }
    response.stream = std::move(reply.body);
    co_return response;
}

}  // namespace trunkline::portal::desk
