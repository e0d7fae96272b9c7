#pragma once

#include <functional>
#include <optional>
#include <string>

#include "trunkline/simulator/faults.hpp"
#include "trunkline/simulator/http.hpp"
#include "trunkline/simulator/journal.hpp"
#include "trunkline/simulator/rules.hpp"

namespace trunkline::simulator {

/// How a messenger puts what it says into an answer.
class Words : public RuleWords {
public:
    virtual Response answer(const json::value& result) const = 0;
    virtual Response refuse(const Refusal& refusal) const = 0;
    virtual Refusal revoked() const = 0;  ///< the token is not valid any more
    virtual Refusal too_many(std::int64_t retry_after_s) const = 0;
    virtual Refusal server_error(int code) const = 0;
    /// What the journal keeps of a result; the result itself, unless it is too much.
    virtual json::object note(const std::string& method, const json::value& result) const;
};

/// The way of every call: faults, the method itself, the journal, the answer. A method that throws
/// is answered as the messenger's server error 500, and the journal says `threw`. On the loop.
class Calls {
public:
    using Run = std::function<void(const std::string& method, Parameters, Done)>;
    struct Rooms {
        Loop& loop;
        Faults& faults;
        Journal& journal;
        const Words& words;
        Now now;
    };
    Calls(Rooms rooms, Run run) : rooms_{std::move(rooms)}, run_{std::move(run)} {}

    /// `entry` is written to the journal with what became of the call. Calls that are nobody's
    /// (a wrong token) go to `refuse` and are never made to fail.
    void call(const std::string& method, Parameters parameters, json::object entry, Reply reply);
    void refuse(const Refusal& why, json::object entry, const Reply& reply);

    bool revoked = false;  ///< every call is refused: the token was revoked

private:
    /// A call on its way to its answer.
    struct Asked {
        std::string method;
        json::object entry;
        std::optional<Fault::Action> action;
        Reply reply;
        bool answered = false;
    };
    void finish(Asked& asked, Outcome outcome);
    void carry_out(
        const std::string& method,
        Parameters parameters,
        json::object entry,
        std::optional<Fault> fault,
        Reply reply
    );

    Rooms rooms_;
    Run run_;
};

}  // namespace trunkline::simulator
