// Files of a command: those a portal sent up, and those it names by address.
#include "host/outbound/messenger.hpp"

namespace trunkline::outbound {
namespace {

constexpr std::chrono::milliseconds kFetchAtMost{120'000};  // other commands of the chat wait
constexpr std::uint32_t kSlowTries = 3;

/// Of an address that did not give its file in time.
Error too_slow(std::uint32_t attempt) {
    if (attempt < kSlowTries) return Error{Fault::unavailable, "the file's address is too slow"};
    return Error{
        Fault::rejected,
        "url_too_slow: the file's address did not give it in time, " + std::to_string(attempt) +
            " times"};
}

/// A page or a text in the place of a picture, a film or a sound: a sign-in form, an error with
/// status 200. No messenger takes that, and some say so only to the customer.
bool wrong_type(const std::string& kind, std::string_view mime) {
    const bool shown = kind == "image" || kind == "video" || kind == "audio" || kind == "voice" ||
                       kind == "video_note" || kind == "animation";
    return shown && (mime.starts_with("text/") || mime.starts_with("application/json") ||
                     mime.starts_with("application/xml") || mime.starts_with("application/xhtml"));
}

}  // namespace

async::Awaitable<Result<void>> Messenger::attach_files(Sending* sending) {
    universal::Command* const command = &sending->command;
    if (!command->has_message()) co_return Result<void>{};
    for (auto& attachment : *command->mutable_message()->mutable_attachments()) {
        if (attachment.kind() == "link" || (attachment.media().empty() && attachment.url().empty()))
            continue;
        Result<media::File> file = Error{Fault::not_found, ""};
        if (!attachment.media().empty())
            file = co_await services_.files.find(attachment.media());
        else
            file = co_await fetch(attachment, sending->attempt);
        if (!file && file.error().fault == Fault::not_found)
            co_return Error{
                Fault::rejected,
                "media_not_found: the file was never uploaded, or is no longer kept"};
        if (!file) co_return file.error();
        if (file->portal != account_->portal->id)
            co_return Error{Fault::rejected, "media_not_found: the file belongs to somebody else"};
        if (wrong_type(attachment.kind(), file->mime))
            co_return Error{
                Fault::rejected,
                "wrong_type: the file is " + file->mime + ", not " + attachment.kind()};
        attachment.set_file(file->id);
        if (attachment.name().empty()) attachment.set_name(file->name);
        if (attachment.mime().empty()) attachment.set_mime(file->mime);
        attachment.set_size(file->size);
        const WallMs until = services_.ground.clock.wall_ms() + services_.ground.media_life_ms +
                             inbound::beyond_longest(services_.ground, *account_);
        attachment.set_public_url(services_.ground.links.url(
            {AccountId{}, file->id, attachment.mime(), until, 0}, attachment.name()
        ));
    }
    co_return Result<void>{};
}

async::Awaitable<Result<media::File>> Messenger::fetch(
    universal::Attachment attachment, std::uint32_t attempt
) {
    net::ClientRequest request;
    request.url = attachment.url();
    request.follow_redirects = true;
    request.reply_bytes_max = account_->portal->limits().media_bytes + 1;
    net::StreamedReply reply = co_await services_.client.stream(std::move(request));
    const int status = reply.head.status;
    if (status == 0 && reply.head.fault == Fault::rejected)
        co_return Error{Fault::rejected, "url_refused: " + reply.head.reason};
    if (status == 0 && reply.head.timed_out) co_return too_slow(attempt);
    if (status == 0) co_return Error{Fault::unavailable, "file address: " + reply.head.reason};
    if (status / 100 == 5 || status == 429)
        co_return Error{Fault::unavailable, "file address answered " + std::to_string(status)};
    if (status == 404 || status == 410)
        co_return Error{
            Fault::rejected, "url_gone: the file's address answered " + std::to_string(status)};
    if (status != 200)
        co_return Error{
            Fault::rejected, "url_refused: the file's address answered " + std::to_string(status)};
    const std::string_view type = net::find_header(reply.head.headers, "Content-Type");
    media::File file;
    file.id = make_ulid(services_.ground.clock.wall_ms()).text();
    file.portal = account_->portal->id;
    file.name = attachment.name();
    file.mime = type.substr(0, type.find_first_of("; \t"));
    if (file.mime.empty()) file.mime = attachment.mime();
    if (reply.body->size().value_or(0) > account_->portal->limits().media_bytes)
        co_return Error{Fault::rejected, "too_large: the file is larger than the portal may send"};
    auto kept = co_await keep(std::move(file), reply.body.get(), attempt);
    co_return kept;
}

async::Awaitable<Result<media::File>> Messenger::keep(
    media::File file, net::BodySource* body, std::uint32_t attempt
) {
    const auto deadline = services_.ground.clock.steady() + kFetchAtMost;
    media::Pieces pieces = [this, body, deadline] { return next_piece(body, deadline); };
    auto kept = co_await services_.files.keep(
        std::move(file), account_->portal->limits().media_bytes, std::move(pieces)
    );
    if (!kept && kept.error().fault == Fault::rejected)
        co_return Error{Fault::rejected, "too_large: the file is larger than the portal may send"};
    if (!kept && services_.ground.clock.steady() > deadline) co_return too_slow(attempt);
    co_return kept;
}

async::Awaitable<Result<std::string>> Messenger::next_piece(
    net::BodySource* body, std::chrono::steady_clock::time_point deadline
) {
    if (*account_->leaving) {  // which waits for this command
        Error closing{Fault::unavailable, "the account is being closed"};
        co_return closing;
    }
    if (services_.ground.clock.steady() > deadline)
        co_return Error{Fault::unavailable, "the file's address is too slow"};
    auto piece = co_await body->read();
    co_return piece;
}

}  // namespace trunkline::outbound
