#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/container/static_vector.hpp>
#include <boost/json.hpp>

/// Reading hostile JSON with the path of what is wrong. Only for the sources of this folder.
namespace trunkline::universal {

/// The first problem of one document, and where the reader stands. After it, every read returns
/// nothing, so that a function can read all members in a row and ask once. A resource, one thread.
class Reading {
public:
    bool good() const noexcept { return problem_.empty(); }
    /// "message.spans[3].offset: expected a whole number"; empty while all is well.
    const std::string& problem() const noexcept { return problem_; }
    const std::string& code() const noexcept { return code_; }

    void fail(std::string_view what, std::string_view code = "malformed");
    void too_large(std::string_view what) { fail(what, "too_large"); }

    /// Stands at a member or an element until it goes out of scope. `member` must live as long.
    class Step {
    public:
        Step(Reading& reading, std::string_view member) noexcept
            : reading_{reading}, outer_{reading.at_}, member_{member} {
            reading.at_ = this;
        }
        Step(Reading& reading, std::size_t index) noexcept
            : reading_{reading}, outer_{reading.at_}, index_{index} {
            reading.at_ = this;
        }
        ~Step() { reading_.at_ = outer_; }
        Step(const Step&) = delete;
        Step& operator=(const Step&) = delete;

        void append_to(std::string& path) const;

    private:
        static constexpr auto kMember = static_cast<std::size_t>(-1);

        Reading& reading_;
        const Step* const outer_;
        std::string_view member_;
        std::size_t index_ = kMember;
    };

private:
    const Step* at_ = nullptr;  // its path is put together when there is something to tell
    std::string problem_;
    std::string code_;
};

/// The members of one object, each read at most once by name. Null counts as absent. What was not
/// asked for is unknown.
class Members {
public:
    /// A problem when `value` is no object.
    Members(Reading& reading, const boost::json::value& value);

    const boost::json::value* take(std::string_view name);  ///< null when absent

    std::string text(std::string_view name, std::size_t bytes_max);  ///< empty when absent
    std::optional<std::string> optional_text(std::string_view name, std::size_t code_points_max);
    std::string id(
        std::string_view name, std::size_t bytes_max
    );  ///< a whole number is taken as its digits
    std::string url(std::string_view name, std::size_t bytes_max);
    std::optional<std::int64_t> integer(
        std::string_view name,
        std::int64_t min = std::numeric_limits<std::int64_t>::min(),
        std::int64_t max = std::numeric_limits<std::int64_t>::max()
    );
    std::uint32_t small(std::string_view name);  ///< 0 when absent
    std::uint64_t size(std::string_view name);   ///< 0 when absent
    std::optional<double> number(std::string_view name, double min, double max);
    std::optional<bool> flag(std::string_view name);
    std::optional<std::int64_t> time(std::string_view name
    );  ///< milliseconds; absent or empty text is absent
    const boost::json::array* list(std::string_view name, std::size_t max);  ///< null when absent

    std::string rest(
    ) const;             ///< what was not asked for, as one JSON object; empty when nothing is left
    void refuse_rest();  ///< a problem when something is left

private:
    static constexpr std::size_t kAskedMax = 64;  // no object of ours has as many members

    const boost::json::value* find(std::string_view name) const;
    std::string text_of(
        const boost::json::value& value, std::string_view name, std::size_t bytes_max
    );
    bool known(std::string_view name) const;

    Reading& reading_;
    const boost::json::object* object_;
    std::uint64_t traits_ = 0;  // of its names; most that are asked for are not there
    boost::container::static_vector<std::string_view, kAskedMax> taken_;
};

/// Sets a text of `out`, which has none yet. Not for the empty one: Protobuf would make a string of
/// its own for it, and most texts of an event are empty.
template <class T>
void put(T& out, std::string* (T::*field)(), std::string value) {
    if (!value.empty()) *(out.*field)() = std::move(value);
}

/// Parses one document of bounded size and depth; a problem otherwise. `value` lives in the
/// caller's storage.
boost::json::value parse_bounded(
    Reading& reading, std::string_view json, boost::json::storage_ptr storage
);

}  // namespace trunkline::universal
