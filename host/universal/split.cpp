#include "host/universal/split.hpp"

#include <algorithm>
#include <tuple>

#include "host/universal/unicode.hpp"

namespace trunkline::universal {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
bool is_atomic(const std::string& type) {
    return type == "link" || type == "mention" || type == "code";
}

// A place in a text, counted both ways.
struct Place {
    std::size_t bytes = 0;
    std::size_t code_points = 0;
};

// How many spans a cut at each code point would go through.
class Cuts {
public:
    Cuts(const Styled& styled, std::size_t length) : atomic_(length + 2), any_(length + 2) {
        for (const Span& span : styled.spans) {
            const std::size_t first = std::size_t{span.offset()} + 1;
            const std::size_t last =
                std::min<std::size_t>(std::size_t{span.offset()} + span.length(), length);
            if (first >= last) continue;
            auto& into = is_atomic(span.type()) ? atomic_ : any_;
            ++into[first];
            --into[last];
        }
        for (std::size_t i = 1; i < atomic_.size(); ++i) {
            atomic_[i] += atomic_[i - 1];
            any_[i] += any_[i - 1];
        }
    }
    bool through_atomic(std::size_t code_point) const { return atomic_[code_point] > 0; }
    bool through_any(std::size_t code_point) const { return any_[code_point] > 0; }

private:
    std::vector<int> atomic_, any_;
};

// Scripts written without blanks, where a line may end behind any character.
bool is_ideographic(char32_t c) {
    return (c >= 0x3041 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x9FFF) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF);
}

// 3 behind a paragraph, 2 behind a line, 1 behind a word, 0 inside one.
int break_before(std::string_view text, std::size_t at) {
    if (!is_blank(text[at - 1]) && !is_blank(text[at])) {
        return is_ideographic(first_code_point(text.substr(at)).value) ? 1 : 0;
    }
    std::size_t begin = at;
    while (begin > 0 && is_blank(text[begin - 1]))
        --begin;
    std::size_t lines = 0;
    for (std::size_t i = begin; i < text.size() && is_blank(text[i]); ++i)
        lines += text[i] == '\n' ? 1U : 0U;
    return lines >= 2 ? 3 : lines == 1 ? 2 : 1;
}

class Splitter {
public:
    Splitter(const Styled& styled, TextUnit unit)
        : styled_{styled}, unit_{unit}, cuts_{styled, count_code_points(styled.text)} {}

    bool done() const { return start_.bytes >= styled_.text.size(); }

    Styled next(std::uint64_t max) {
        const Place end = find_end(max);
        Styled piece = cut_out(start_, end);
        start_ = end;
        // Blanks at the cut belong to nobody.
        while (!done() && is_blank(styled_.text[start_.bytes]))
            advance(start_, 1);
        return piece;
    }

private:
    static void advance(Place& place, std::size_t bytes) {
        place.bytes += bytes;
        ++place.code_points;
    }

    // The place behind as many graphemes as fit, or the best one before it.
    Place find_end(std::uint64_t max) {
        const std::string_view text = styled_.text;
        Place at = start_;
        std::uint64_t used = 0;
        using Score = std::tuple<bool, bool, bool, bool, int>;
        Score best_score{};
        Place best = start_;
        while (at.bytes < text.size()) {
            const std::size_t bytes = first_grapheme_bytes(text.substr(at.bytes));
            const std::string_view grapheme = text.substr(at.bytes, bytes);
            const std::uint64_t more = count_units(grapheme, unit_);
            if (used + more > max) break;
            used += more;
            at.bytes += bytes;
            at.code_points += count_code_points(grapheme);
            if (at.bytes == text.size()) return at;
            const int kind = break_before(text, at.bytes);
            const Score score{
                !cuts_.through_atomic(at.code_points),
                kind > 0,
                used * 2 >= max,
                !cuts_.through_any(at.code_points),
                kind};
            if (score < best_score) continue;
            best_score = score;
            best = at;
        }
        return best.bytes > start_.bytes ? best : broken_grapheme(max);
    }

    // One grapheme is longer than a piece: by code points then, at least one.
    Place broken_grapheme(std::uint64_t max) {
        const std::string_view text = styled_.text;
        Place at = start_;
        std::uint64_t used = 0;
        while (at.bytes < text.size()) {
            const std::size_t bytes = first_code_point(text.substr(at.bytes)).bytes;
            used += count_units(text.substr(at.bytes, bytes), unit_);
            if (used > max && at.bytes > start_.bytes) break;
            advance(at, bytes);
        }
        return at;
    }

    Styled cut_out(Place from, Place to) const {
        const bool last = to.bytes == styled_.text.size();
        while (!last && to.bytes > from.bytes && is_blank(styled_.text[to.bytes - 1])) {
            --to.bytes;
            --to.code_points;
        }
        Styled piece;
        piece.text = styled_.text.substr(from.bytes, to.bytes - from.bytes);
        for (const Span& span : styled_.spans) {
            const std::size_t first = std::max<std::size_t>(span.offset(), from.code_points);
            const std::size_t end =
                std::min<std::size_t>(std::size_t{span.offset()} + span.length(), to.code_points);
            if (first >= end) continue;
            Span& own = piece.spans.emplace_back(span);
            own.set_offset(static_cast<std::uint32_t>(first - from.code_points));
            own.set_length(static_cast<std::uint32_t>(end - first));
        }
        return piece;
    }

    const Styled& styled_;
    TextUnit unit_;
    Cuts cuts_;
    Place start_;
};

// Text to be put in at a code point.
struct Insertion {
    std::size_t at = 0;
    std::string text;
};

bool says_its_address(std::string_view shown, std::string_view url) {
    for (const std::string_view scheme : {"https://", "http://", "mailto:", "tel:"}) {
        if (url.starts_with(scheme) && shown == url.substr(scheme.size())) return true;
    }
    return shown == url ||
           (url.ends_with('/') && says_its_address(shown, url.substr(0, url.size() - 1)));
}

std::string_view shown_by(const Styled& styled, const Span& span) {
    const std::string_view rest =
        std::string_view{styled.text}.substr(bytes_of_code_points(styled.text, span.offset()));
    return rest.substr(0, bytes_of_code_points(rest, span.length()));
}

// Puts all texts in at once and moves the spans along: what ends at an insertion does not grow,
// what goes over it does.
void insert(Styled& styled, std::vector<Insertion> insertions) {
    std::stable_sort(insertions.begin(), insertions.end(), [](const auto& a, const auto& b) {
        return a.at < b.at;
    });
    std::string out;
    std::vector<std::size_t> shift(1, 0);  // code points put in by the first n insertions
    std::string_view rest = styled.text;
    std::size_t at = 0;
    for (const Insertion& one : insertions) {
        const std::size_t bytes = bytes_of_code_points(rest, one.at - at);
        out += rest.substr(0, bytes);
        out += one.text;
        rest.remove_prefix(bytes);
        at = one.at;
        shift.push_back(shift.back() + count_code_points(one.text));
    }
    out += rest;
    const auto before = [&](std::size_t place, bool and_at) {
        const auto end =
            std::partition_point(insertions.begin(), insertions.end(), [&](const auto& one) {
                return one.at < place || (and_at && one.at == place);
            });
        return shift[static_cast<std::size_t>(end - insertions.begin())];
    };
    for (Span& span : styled.spans) {
        const std::size_t end = std::size_t{span.offset()} + span.length();
        const std::size_t new_offset = span.offset() + before(span.offset(), true);
        span.set_offset(static_cast<std::uint32_t>(new_offset));
        span.set_length(static_cast<std::uint32_t>(end + before(end, false) - new_offset));
    }
    styled.text = std::move(out);
}

}  // namespace

std::vector<Styled> split(const Styled& styled, const SplitLimits& limits) {
    if (count_units(styled.text, limits.unit) <= limits.first) return {styled};
    Splitter splitter{styled, limits.unit};
    std::vector<Styled> pieces;
    while (!splitter.done()) {
        Styled piece = splitter.next(pieces.empty() ? limits.first : limits.rest);
        if (!piece.text.empty()) pieces.push_back(std::move(piece));
    }
    return pieces;
}

std::set<std::string> keep_spans(
    Styled& styled, const std::set<std::string, std::less<>>& supported
) {
    std::set<std::string> dropped;
    std::vector<Span> kept;
    std::vector<Insertion> addresses;
    for (Span& span : styled.spans) {
        if (supported.contains(span.type())) {
            kept.push_back(std::move(span));
            continue;
        }
        dropped.insert(span.type());
        if (span.type() != "link" || span.url().empty() ||
            says_its_address(shown_by(styled, span), span.url()))
            continue;
        addresses.push_back({std::size_t{span.offset()} + span.length(), " (" + span.url() + ")"});
    }
    styled.spans = std::move(kept);
    if (!addresses.empty()) insert(styled, std::move(addresses));
    return dropped;
}

}  // namespace trunkline::universal
