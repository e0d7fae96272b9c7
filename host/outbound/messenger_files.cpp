// Files of a command: those a portal sent up, and those it names by address.
#include "host/outbound/messenger.hpp"

namespace trunkline::outbound {

async::Awaitable<Result<void>> Messenger::attach_files(universal::Command* command) {
    if (!command->has_message()) co_return Result<void>{};
    for (auto& attachment : *command->mutable_message()->mutable_attachments()) {
        if (attachment.kind() == "link" || (attachment.media().empty() && attachment.url().empty()))
            continue;
        Result<media::File> file = Error{Fault::not_found, ""};
        if (!attachment.media().empty())
            file = co_await services_.files.find(attachment.media());
        else
            file = co_await fetch(attachment);
        if (!file && file.error().fault == Fault::not_found)
            co_return Error{
                Fault::rejected,
                "media_not_found: the file was never uploaded, or is no longer kept"};
        if (!file) co_return file.error();
        if (file->portal != account_->portal->id)
            co_return Error{Fault::rejected, "media_not_found: the file belongs to somebody else"};
        attachment.set_file(file->id);
        if (attachment.name().empty()) attachment.set_name(file->name);
        if (attachment.mime().empty()) attachment.set_mime(file->mime);
        attachment.set_size(file->size);
        const WallMs until = services_.ground.clock.wall_ms() + services_.ground.media_life_ms;
        attachment.set_public_url(services_.ground.links.url(
            {AccountId{}, file->id, attachment.mime(), until}, attachment.name()
        ));
    }
    co_return Result<void>{};
}

async::Awaitable<Result<media::File>> Messenger::fetch(universal::Attachment attachment) {
    net::ClientRequest request;
    request.url = attachment.url();
    request.follow_redirects = true;
    request.reply_bytes_max = account_->portal->limits.media_bytes + 1;
    net::StreamedReply reply = co_await services_.client.stream(std::move(request));
    if (reply.head.status == 0) {
        if (reply.head.fault == Fault::rejected)
            co_return Error{Fault::rejected, "url_refused: " + reply.head.reason};
        co_return Error{Fault::unavailable, "file address: " + reply.head.reason};
    }
    if (reply.head.status / 100 == 5 || reply.head.status == 429)
        co_return Error{
            Fault::unavailable, "file address answered " + std::to_string(reply.head.status)};
    if (reply.head.status != 200)
        co_return Error{
            Fault::rejected,
            "url_refused: the file's address answered " + std::to_string(reply.head.status)};
    media::File file;
    file.id = make_ulid(services_.ground.clock.wall_ms()).text();
    file.portal = account_->portal->id;
    file.name = attachment.name();
    file.mime = !attachment.mime().empty()
                    ? attachment.mime()
                    : std::string{net::find_header(reply.head.headers, "Content-Type")};
    net::BodySource* body = reply.body.get();
    media::Pieces pieces = [body] { return body->read(); };
    auto kept = co_await services_.files.keep(
        std::move(file), account_->portal->limits.media_bytes, std::move(pieces)
    );
    if (!kept && kept.error().fault == Fault::rejected)
        co_return Error{Fault::rejected, "too_large: the file is larger than the portal may send"};
    co_return kept;
}

}  // namespace trunkline::outbound
