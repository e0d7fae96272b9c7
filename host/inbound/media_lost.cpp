#include "host/inbound/media_lost.hpp"

namespace trunkline::inbound {
namespace {

const char* sentence(const std::string& reason) {
    if (reason == "gone") return "The messenger does not have this file any more.";
    if (reason == "too_large") return "This file is larger than the portal takes.";
    if (reason == "no_room")
        return "There is no room to keep this file: it can be fetched until the messenger deletes "
               "it.";
    return "This file could not be fetched before the messenger deleted it.";
}

}  // namespace

async::Awaitable<Result<void>> tell_lost(
    const Ground& ground,
    store::Store& store,
    std::shared_ptr<accounts::Account> account,
    media::Lost lost,
    std::vector<store::Erase> with
) {
    const media::CopyJob& job = lost.job;
    universal::Event event;
    event.set_type("notice");
    event.set_code("media_lost");
    event.set_reason(lost.reason);
    event.set_text(sentence(lost.reason));
    if (lost.until_ms > 0) event.set_until(lost.until_ms);
    event.mutable_conversation()->set_id(job.conversation);
    event.mutable_conversation()->set_kind(job.kind);
    event.mutable_message()->set_id(job.message);
    auto* attachment = event.mutable_message()->add_attachments();
    attachment->set_kind(job.attachment_kind);
    attachment->set_url(job.url);  // by which the portal knows it
    attachment->set_name(job.name);
    attachment->set_mime(job.mime);
    attachment->set_expires(job.dies_ms);
    Accepted accepted;
    std::string dedup;  // the rows that go with it make sure that it is told once
    std::vector<store::Put> nothing;
    append_event(ground, *account, event, std::move(dedup), std::move(nothing), accepted);
    accepted.batch.erase = std::move(with);
    auto written = co_await write(store, *account, std::move(accepted));
    co_return written;
}

}  // namespace trunkline::inbound
