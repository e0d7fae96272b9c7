#include "host/tasks/marks.hpp"

namespace trunkline::tasks {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kPageRows = 256;
constexpr std::size_t kStepBytes = 4;

void put_number(std::string& out, std::uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8)
        out.push_back(static_cast<char>((number >> static_cast<unsigned>(shift)) & 0xFFU));
}

void put_text(std::string& out, std::string_view text) {
    put_number(out, text.size());
    out += text;
}

/// Reads what the functions above write; remembers the first failure.
class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_{bytes} {}

    std::uint64_t number() {
        std::uint64_t value = 0;
        for (const char c : take(8))
            value = (value << 8U) | static_cast<unsigned char>(c);
        return value;
    }
    std::string text() {
        const std::uint64_t size = number();
        return std::string{take(size)};
    }
    std::string_view take(std::uint64_t size) {
        if (size > rest_.size()) {
            failed_ = true;
            return {};
        }
        const auto part = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return part;
    }
    bool complete() const noexcept { return !failed_ && rest_.empty(); }
    bool failed() const noexcept { return failed_; }

private:
    std::string_view rest_;
    bool failed_ = false;
};

void put_input(std::string& out, const Input& input) {
    put_number(out, input.flags);
    put_number(out, static_cast<std::uint32_t>(input.status));
    put_number(out, static_cast<std::uint64_t>(input.at_ms));
    put_text(out, input.target);
    put_text(out, input.body);
    put_number(out, input.pairs.size());
    for (const auto& pair : input.pairs) {
        put_text(out, pair.name);
        put_text(out, pair.value);
    }
}

Input read_input(Reader& reader, std::uint32_t step) {
    Input input;
    input.kind = TL_IN_HTTP_REPLY;
    input.step = step;
    input.flags = static_cast<std::uint32_t>(reader.number());
    input.status = static_cast<std::int32_t>(reader.number());
    input.at_ms = static_cast<WallMs>(reader.number());
    input.target = reader.text();
    input.body = reader.text();
    const std::uint64_t pairs = reader.number();
    for (std::uint64_t i = 0; i < pairs && !reader.failed(); ++i) {
        net::Header header;
        header.name = reader.text();
        header.value = reader.text();
        input.pairs.push_back(std::move(header));
    }
    return input;
}

}  // namespace

std::string encode_mark(const Mark& mark) {
    std::string out(1, kVersion);
    put_number(out, mark.fingerprint);
    put_text(out, mark.seed);
    put_number(out, mark.reply ? 1 : 0);
    if (mark.reply) put_input(out, *mark.reply);
    return out;
}

std::optional<Mark> decode_mark(std::uint32_t step, std::string_view value) {
    if (value.empty() || value.front() != kVersion) return std::nullopt;
    Reader reader{value.substr(1)};
    Mark mark;
    mark.step = step;
    mark.matched = false;
    mark.fingerprint = reader.number();
    mark.seed = reader.text();
    if (reader.number() == 1) mark.reply = read_input(reader, step);
    if (!reader.complete()) return std::nullopt;
    return mark;
}

std::string mark_key(
    const std::string& account, const std::string& durable_key, std::uint32_t step
) {
    std::string key = account;
    key.push_back('\0');
    key += durable_key;
    key.push_back('\0');
    for (int shift = 24; shift >= 0; shift -= 8)
        key.push_back(static_cast<char>((step >> static_cast<unsigned>(shift)) & 0xFFU));
    return key;
}

Result<MarksByTask> load_marks(const store::Store& store, const std::string& account) {
    const std::string prefix = account + '\0';
    MarksByTask marks;
    std::string after;
    for (;;) {
        auto rows = store.rows(store::Table::task, prefix, after, kPageRows);
        if (!rows) return rows.error();
        if (rows->empty()) return marks;
        for (const auto& row : *rows) {
            if (row.key.size() < prefix.size() + 1 + kStepBytes)
                return Error{Fault::storage, "a task's mark has no step"};
            const std::string_view name = std::string_view{row.key}.substr(
                prefix.size(), row.key.size() - prefix.size() - 1 - kStepBytes
            );
            std::uint32_t step = 0;
            for (const char c : std::string_view{row.key}.substr(row.key.size() - kStepBytes)) {
                step = (step << 8U) | static_cast<unsigned char>(c);
            }
            auto mark = decode_mark(step, row.value);
            if (!mark)
                return Error{
                    Fault::storage, "a task's mark of account " + account + " cannot be read"};
            marks[std::string{name}].push_back(*std::move(mark));
            after = row.key;
        }
    }
}

}  // namespace trunkline::tasks
