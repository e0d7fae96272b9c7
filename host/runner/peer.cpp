#include "host/runner/peer.hpp"

#include <algorithm>
#include <cstring>

#include <unistd.h>

#include "host/frames/frames.hpp"

namespace trunkline::runner {

void Peer::die(std::string_view reason) {
    const std::size_t size = std::min(reason.size(), sizeof progress_.reason - 1);
    std::memcpy(progress_.reason, reason.data(), size);
    progress_.reason[size] = '\0';
    // Without destructors: the connector's would run where nobody catches what they do.
    ::_exit(70);
}

void Peer::send(std::string_view frame) {
    switch (frames::send_frame(frames::kSocket, frame, true)) {
        case frames::Moved::whole:
            return;
        case frames::Moved::closed:
            ::_exit(0);
        case frames::Moved::not_now:
        case frames::Moved::forbidden:
            break;
    }
    die("a frame could not be sent");
}

std::string_view Peer::next() {
    if (!waiting_.empty()) {
        current_ = std::move(waiting_.front());
        waiting_.pop_front();
        return current_;
    }
    std::string_view frame;
    switch (inbox_.receive(frames::kSocket, frame, true)) {
        case frames::Moved::whole:
            return frame;
        case frames::Moved::closed:
            ::_exit(0);
        case frames::Moved::not_now:
        case frames::Moved::forbidden:
            break;
    }
    die("the host sent what is no frame");
}

bool Peer::ask_file(std::uint64_t instance, std::string_view file) {
    send(frames::encode(frames::AskFile{instance, file}));
    for (;;) {
        std::string_view frame;
        if (aside_.receive(frames::kSocket, frame, true) != frames::Moved::whole) ::_exit(0);
        frames::TellFile told;
        if (frames::decode(frame, told)) return told.there;
        waiting_.emplace_back(frame);
    }
}

}  // namespace trunkline::runner
