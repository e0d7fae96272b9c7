#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "host/net/http.hpp"
#include "portal/desk/hub.hpp"
#include "portal/store/store.hpp"

namespace trunkline::portal::desk {

/// Server-Sent Events for one page: every change after a revision, in order, then what comes. The
/// id of an event is its revision, so a page that reconnects with `Last-Event-ID` misses nothing
/// and gets nothing twice.
class LiveStream final : public net::BodySource {
public:
    LiveStream(
        async::Loop& loop, std::shared_ptr<Hub> hub, store::Store& store, std::int64_t after
    );
    ~LiveStream() override;

    std::optional<std::uint64_t> size() const override { return std::nullopt; }
    async::Awaitable<Result<std::string>> read() override;

private:
    async::Awaitable<Result<std::string>> news();

    std::shared_ptr<Hub> hub_;
    store::Store& store_;
    wire::Wake wake_;
    std::int64_t after_;
    std::uint64_t passed_;
    bool greeted_ = false;
};

}  // namespace trunkline::portal::desk
