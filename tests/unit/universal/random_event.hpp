#pragma once

#include <random>
#include <string>

#include "host/universal/universal.pb.h"

namespace trunkline::universal {

/// Events of every shape from a seed: what is tested with them must hold for all.
class RandomEvents {
public:
    explicit RandomEvents(unsigned seed) : random_{seed} {}

    Event event();
    Message message();
    std::string text(std::size_t code_points_max);

private:
    bool maybe() { return random_() % 2 == 0; }
    std::uint32_t number(std::uint32_t max) {
        return static_cast<std::uint32_t>(random_() % (std::uint64_t{max} + 1));
    }
    std::string word() {
        return maybe() ? std::string{} : text(3);
    }  // shorter than the shortest bound
    std::string url() {
        return maybe() ? std::string{} : "https://example.com/" + std::to_string(number(1000));
    }
    std::int64_t time() {
        return static_cast<std::int64_t>(number(4'000'000'000U)) * 1000 + number(999);
    }
    void sender(Sender& out);
    void attachment(Attachment& out);
    void button(Button& out);
    void parts(Message& out);
    void details(Event& out);

    std::mt19937 random_;
};

}  // namespace trunkline::universal
