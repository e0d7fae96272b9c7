#include "trunkline/simulator/delivery.hpp"

#include <algorithm>

namespace trunkline::simulator {

Delivery::Delivery(Loop& loop, Outbox& outbox, Send send, Messenger messenger)
    : loop_{loop}, outbox_{outbox}, send_{std::move(send)}, messenger_{std::move(messenger)} {
    outbox_.on_change.emplace_back([this] { wake(); });
}

void Delivery::wake() {
    if (!messenger_.ready()) return;
    while (running_ < connections_max) {
        const auto queue = outbox_.take_queue();
        if (!queue) return;
        ++running_;
        loop_.post([this, queue = *queue] { step(queue, 0); });
    }
}

void Delivery::restart() {
    const auto sleeping = std::move(sleeping_);
    sleeping_.clear();
    for (const auto& [queue, number] : sleeping) {
        --running_;
        outbox_.give_back(queue);
    }
    wake();
}

void Delivery::step(const std::string& queue, int failures) {
    Item* next = messenger_.ready() ? outbox_.front(queue) : nullptr;
    if (next == nullptr) return finish(queue);
    if (const std::int64_t early = next->not_before_ms - outbox_.now(); early > 0)
        return sleep(queue, failures, milliseconds{std::min<std::int64_t>(early, 50)});
    const Item item = *next;
    if (item.unsent > 0) {
        --next->unsent;
        ClientReply reply;
        reply.reason = "Webhook connection closed";
        return settle(queue, failures, item, std::move(reply));
    }
    send_(messenger_.request(item), [this, queue, failures, item](ClientReply reply) {
        settle(queue, failures, item, std::move(reply));
    });
}

void Delivery::settle(const std::string& queue, int failures, const Item& item, ClientReply reply) {
    Item* still = outbox_.find(item.id);  // it may have been confirmed or cleared meanwhile
    if (item.lost > 0 && reply.status != 0) {
        if (still != nullptr) --still->lost;
        reply = {};
        reply.reason = "Webhook connection closed";
    }
    const Verdict verdict = messenger_.judge(item, reply);
    if (verdict.taken) {
        if (still != nullptr && --still->repeats < 0) outbox_.remove(item.id);
        return loop_.post([this, queue] { step(queue, 0); });
    }
    ++failures;
    if (messenger_.failures_max > 0 && failures >= messenger_.failures_max) {
        outbox_.remove(item.id);
        if (messenger_.given_up) messenger_.given_up(item);
        return loop_.post([this, queue] { step(queue, 0); });
    }
    const milliseconds wait = verdict.wait ? *verdict.wait : messenger_.wait(failures);
    sleep(queue, failures, wait / fast);
}

void Delivery::sleep(const std::string& queue, int failures, milliseconds how_long) {
    const std::uint64_t number = ++waits_;
    sleeping_[queue] = number;
    loop_.after(how_long, [this, queue, failures, number] {
        const auto at = sleeping_.find(queue);
        if (at == sleeping_.end() || at->second != number) return;
        sleeping_.erase(at);
        step(queue, failures);
    });
}

void Delivery::finish(const std::string& queue) {
    --running_;
    outbox_.give_back(queue);
    // More may have come, or another queue was waiting for the connection.
    wake();
}

}  // namespace trunkline::simulator
