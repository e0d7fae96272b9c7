// A client of RabbitMQ as its users would write it: publishes durable messages with confirms, and
// consumes with acknowledgements, a queue and a connection to each lane.
//   trunkline-bench-rabbit PORT publish|consume|both classic|quorum PREFIX SECONDS COUNT
// COUNT 0 = as many as the time holds.
#include <atomic>
#include <cstdio>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include <amqp.h>
#include <amqp_tcp_socket.h>

#include "tests/bench/tools/http.hpp"
#include "tests/bench/tools/message.hpp"

namespace {

using trunkline::bench::give_up;
using trunkline::bench::now_ns;

constexpr int kLanes = 4;
constexpr std::size_t kWindow = 256;
constexpr std::size_t kBytes = 1024;

struct Plan {
    int port = 0;
    std::string mode;
    std::string kind;
    std::string prefix;
    double seconds = 0;
    std::uint64_t count = 0;
};

struct Tally {
    std::atomic<std::uint64_t> done{0};
    std::atomic<std::int64_t> last{0};
    const std::int64_t start = now_ns();

    void add(std::uint64_t n) {
        done += n;
        last = now_ns();
    }
    double per_second() const {
        const auto ns = std::max<std::int64_t>(last - start, 1);
        return static_cast<double>(done) * 1e9 / static_cast<double>(ns);
    }
};

class Connection {
public:
    explicit Connection(int port) : state_{amqp_new_connection()} {
        auto* const socket = amqp_tcp_socket_new(state_);
        if (amqp_socket_open(socket, "127.0.0.1", port) != 0) give_up("RabbitMQ is not there");
        const auto login =
            amqp_login(state_, "/", 0, 131'072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest");
        if (login.reply_type != AMQP_RESPONSE_NORMAL) give_up("RabbitMQ refuses the login");
        amqp_channel_open(state_, 1);
    }
    ~Connection() {
        amqp_connection_close(state_, AMQP_REPLY_SUCCESS);
        amqp_destroy_connection(state_);
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    operator amqp_connection_state_t() const noexcept { return state_; }

private:
    amqp_connection_state_t state_;
};

std::string queue_of(const Plan& plan, int lane) {
    return plan.prefix + '-' + plan.kind + '-' + std::to_string(lane);
}

void declare(const Plan& plan) {
    const Connection connection{plan.port};
    for (int lane = 0; lane < kLanes; ++lane) {
        amqp_table_entry_t entry{};
        entry.key = amqp_cstring_bytes("x-queue-type");
        entry.value.kind = AMQP_FIELD_KIND_UTF8;
        entry.value.value.bytes = amqp_cstring_bytes(plan.kind.c_str());
        const amqp_table_t arguments{1, &entry};
        const auto queue = queue_of(plan, lane);
        amqp_queue_declare(connection, 1, amqp_cstring_bytes(queue.c_str()), 0, 1, 0, 0, arguments);
        if (amqp_get_rpc_reply(connection).reply_type != AMQP_RESPONSE_NORMAL)
            give_up("RabbitMQ refuses the queue " + queue);
    }
}

void publish(const Plan& plan, int lane, Tally& tally) {
    const Connection connection{plan.port};
    amqp_confirm_select(connection, 1);
    const auto queue = queue_of(plan, lane);
    std::string body(kBytes, 'x');
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
    properties.delivery_mode = 2;
    const auto share = (plan.count + kLanes - 1) / kLanes;
    const auto end = now_ns() + static_cast<std::int64_t>(plan.seconds * 1e9);
    std::uint64_t sent = 0;
    std::uint64_t confirmed = 0;
    while (true) {
        const bool more = now_ns() < end && (share == 0 || sent < share);
        if (!more && sent == confirmed) return;
        if (more && sent - confirmed < kWindow) {
            amqp_basic_publish(
                connection,
                1,
                amqp_empty_bytes,
                amqp_cstring_bytes(queue.c_str()),
                0,
                0,
                &properties,
                {body.size(), body.data()}
            );
            ++sent;
            if (sent - confirmed < kWindow) continue;
        }
        amqp_frame_t frame;
        timeval patience{5, 0};
        if (amqp_simple_wait_frame_noblock(connection, &frame, &patience) != AMQP_STATUS_OK)
            give_up("RabbitMQ does not confirm");
        if (frame.frame_type != AMQP_FRAME_METHOD ||
            frame.payload.method.id != AMQP_BASIC_ACK_METHOD)
            continue;
        const auto* ack = static_cast<amqp_basic_ack_t*>(frame.payload.method.decoded);
        const auto newly =
            ack->multiple != 0 && ack->delivery_tag > confirmed ? ack->delivery_tag - confirmed : 1;
        confirmed += newly;
        tally.add(newly);
        amqp_maybe_release_buffers(connection);
    }
}

void consume(const Plan& plan, int lane, Tally& tally, const std::atomic<bool>& published) {
    const Connection connection{plan.port};
    const auto queue = queue_of(plan, lane);
    amqp_basic_qos(connection, 1, 0, kWindow, 0);
    amqp_basic_consume(
        connection,
        1,
        amqp_cstring_bytes(queue.c_str()),
        amqp_empty_bytes,
        0,
        0,
        0,
        amqp_empty_table
    );
    std::uint64_t tag = 0;
    std::size_t unacknowledged = 0;
    for (int quiet = 0; quiet < 4;) {
        amqp_envelope_t envelope;
        timeval patience{0, 500'000};
        const auto got = amqp_consume_message(connection, &envelope, &patience, 0);
        if (got.reply_type != AMQP_RESPONSE_NORMAL) {
            if (unacknowledged > 0) amqp_basic_ack(connection, 1, tag, 1);
            unacknowledged = 0;
            if (published) ++quiet;
            continue;
        }
        quiet = 0;
        tag = envelope.delivery_tag;
        amqp_destroy_envelope(&envelope);
        tally.add(1);
        if (++unacknowledged < kWindow / 8) continue;
        amqp_basic_ack(connection, 1, tag, 1);
        unacknowledged = 0;
        amqp_maybe_release_buffers(connection);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 7)
        give_up(
            "usage: trunkline-bench-rabbit PORT publish|consume|both classic|quorum PREFIX SECONDS "
            "COUNT"
        );
    const Plan plan{
        std::stoi(argv[1]), argv[2], argv[3], argv[4], std::stod(argv[5]), std::stoull(argv[6])};
    const bool publishes = plan.mode != "consume";
    const bool consumes = plan.mode != "publish";
    declare(plan);
    Tally published;
    Tally consumed;
    std::atomic<bool> all_published{!publishes};
    std::vector<std::thread> publishers;
    std::vector<std::thread> consumers;
    for (int lane = 0; lane < kLanes; ++lane) {
        if (consumes)
            consumers.emplace_back([&, lane] { consume(plan, lane, consumed, all_published); });
        if (publishes) publishers.emplace_back([&, lane] { publish(plan, lane, published); });
    }
    for (auto& thread : publishers)
        thread.join();
    all_published = true;
    for (auto& thread : consumers)
        thread.join();
    std::printf(
        "{\"published\":%llu,\"published_per_s\":%.0f,\"consumed\":%llu,\"consumed_per_s\":%.0f}\n",
        static_cast<unsigned long long>(published.done),
        published.per_second(),
        static_cast<unsigned long long>(consumed.done),
        consumed.per_second()
    );
}
