#include "host/net/curl_driver.hpp"

#include <csignal>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "host/base/assert.hpp"
#include "host/net/transfer.hpp"

namespace trunkline::net {

namespace asio = boost::asio;

// A socket that curl waits for. curl owns the descriptor; here it is only lent to Asio. Shared with
// the waits that are under way, which may complete after curl has lost interest.
struct CurlDriver::Watch {
    Watch(async::Executor loop, curl_socket_t which) : descriptor{loop}, socket{which} {}

    asio::posix::basic_stream_descriptor<async::Executor> descriptor;
    curl_socket_t socket;
    int wanted = 0;   // CURL_POLL_IN, CURL_POLL_OUT
    int waiting = 0;  // the same, for what Asio is waiting for
};

namespace {

void set_up_process() {
    static const bool done = [] {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        // Without signals of its own curl leaves this to the program: OpenSSL writes to sockets
        // that may be closed.
        std::signal(SIGPIPE, SIG_IGN);
        return true;
    }();
    static_cast<void>(done);
}

}  // namespace

std::shared_ptr<CurlDriver> CurlDriver::make(async::Executor loop) {
    set_up_process();
    return std::shared_ptr<CurlDriver>{new CurlDriver{loop}};  // NOLINT: the constructor is private
}

CurlDriver::CurlDriver(async::Executor loop)
    : loop_{loop}, timer_{loop}, multi_{curl_multi_init()} {
    TRUNKLINE_ASSERT(multi_ != nullptr);
    constexpr long kKeptConnectionsMax = 1024;
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlDriver::on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlDriver::on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kKeptConnectionsMax);
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
}

CurlDriver::~CurlDriver() {
    for (auto& [socket, watch] : watches_) {
        watch->wanted = 0;
        watch->descriptor.release();
    }
    watches_.clear();
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, nullptr);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, nullptr);
    curl_multi_cleanup(multi_);
}

bool CurlDriver::start(Transfer& transfer) {
    transfers_.insert(&transfer);
    if (curl_multi_add_handle(multi_, transfer.easy()) == CURLM_OK) return true;
    transfers_.erase(&transfer);
    return false;
}

void CurlDriver::stop(Transfer& transfer) noexcept {
    if (transfers_.erase(&transfer) > 0) curl_multi_remove_handle(multi_, transfer.easy());
}

void CurlDriver::cancel_all() {
    const std::vector<Transfer*> open{transfers_.begin(), transfers_.end()};
    for (auto* transfer : open)
        transfer->cancel();
}

int CurlDriver::close_socket(void* driver, curl_socket_t socket) {
    --static_cast<CurlDriver*>(driver)->open_sockets_;
    return ::close(socket);
}

int CurlDriver::on_socket(CURL*, curl_socket_t socket, int what, void* driver, void*) {
    static_cast<CurlDriver*>(driver)->watch(socket, what);
    return 0;
}

void CurlDriver::watch(curl_socket_t socket, int what) {
    const auto found = watches_.find(socket);
    if (what == CURL_POLL_REMOVE) {
        if (found == watches_.end()) return;
        found->second->wanted = 0;
        found->second->descriptor.release();
        watches_.erase(found);
        return;
    }
    auto watch = found == watches_.end() ? nullptr : found->second;
    if (!watch) {
        watch = std::make_shared<Watch>(loop_, socket);
        boost::system::error_code error;
        watch->descriptor.assign(socket, error);
        if (error) {
            // Without a watch the transfer can only end by its deadline, which it has.
            spdlog::error("net.watch_failed reason={}", error.message());
            return;
        }
        watches_.emplace(socket, watch);
    }
    watch->wanted = what & CURL_POLL_INOUT;
    arm(watch, CURL_POLL_IN);
    arm(watch, CURL_POLL_OUT);
}

void CurlDriver::arm(const std::shared_ptr<Watch>& watch, int direction) {
    if ((watch->wanted & direction) == 0 || (watch->waiting & direction) != 0) return;
    watch->waiting |= direction;
    using Base = asio::posix::descriptor_base;
    watch->descriptor.async_wait(
        direction == CURL_POLL_IN ? Base::wait_read : Base::wait_write,
        [driver = weak_from_this(), watch, direction](const boost::system::error_code& error) {
            watch->waiting &= ~direction;
            const auto self = driver.lock();
            if (error || !self || (watch->wanted & direction) == 0) return;
            self->act(
                watch->socket, direction == CURL_POLL_IN ? CURL_CSELECT_IN : CURL_CSELECT_OUT
            );
            self->arm(watch, direction);
        }
    );
}

// Each request moves curl's one timer several times: on at once, to its own time-out, off. Setting
// a timer of the system costs more than all else here, so ours only ever moves to an earlier time,
// and looks when it goes off what was wanted last.
int CurlDriver::on_timer(CURLM*, long wait_ms, void* driver) {
    auto& self = *static_cast<CurlDriver*>(driver);
    if (wait_ms < 0) {
        self.due_ = Time::max();
        return 0;
    }
    self.due_ = std::chrono::steady_clock::now() + std::chrono::milliseconds{wait_ms};
    if (wait_ms == 0) {
        // Never from in here: curl is in the middle of its own work.
        if (!std::exchange(self.posted_, true)) {
            asio::post(self.loop_, [driver = self.weak_from_this()] {
                if (const auto held = driver.lock()) held->on_time();
            });
        }
    } else if (self.due_ < self.set_for_) {
        self.set_timer();
    }
    return 0;
}

void CurlDriver::set_timer() {
    set_for_ = due_;
    timer_.expires_at(due_);
    timer_.async_wait([driver = weak_from_this()](const boost::system::error_code& error) {
        const auto held = driver.lock();
        if (error || !held) return;
        held->set_for_ = Time::max();
        held->on_time();
    });
}

void CurlDriver::on_time() {
    posted_ = false;
    if (due_ <= std::chrono::steady_clock::now()) {
        due_ = Time::max();
        act(CURL_SOCKET_TIMEOUT, 0);
    }
    if (due_ < set_for_ && !posted_) set_timer();
}

void CurlDriver::act(curl_socket_t socket, int mask) {
    int running = 0;
    curl_multi_socket_action(multi_, socket, mask, &running);
    int left = 0;
    while (auto* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        const auto code = message->data.result;  // the message dies with the handle's removal
        auto* easy = message->easy_handle;
        char* owner = nullptr;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
        auto& transfer = *reinterpret_cast<Transfer*>(owner);
        stop(transfer);
        transfer.on_done(code);
    }
}

}  // namespace trunkline::net
