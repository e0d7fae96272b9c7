#include "host/media/copy_job.hpp"

#include <algorithm>
#include <charconv>

#include <boost/json.hpp>

#include "host/base/stored_row.hpp"

namespace trunkline::media {
namespace {

constexpr std::size_t kTimeDigits = 16;
constexpr std::int64_t kTriesMost = 1'000'000;

std::string fixed(WallMs ms) {
    const std::string digits = std::to_string(std::max<WallMs>(ms, 0));
    return std::string(kTimeDigits - std::min(digits.size(), kTimeDigits), '0') + digits;
}

}  // namespace

std::string jobs_of(const AccountId& account) {
    return std::string{kJobs} + account.text() + '\0';
}

std::string behind_jobs_of(const AccountId& account) {
    return std::string{kJobs} + account.text() + '\1';
}

std::string key_of(const CopyJob& job) {
    return jobs_of(job.account) + fixed(job.due_ms) + '/' + job.id;
}

store::Put row_of(const CopyJob& job) {
    std::string value = boost::json::serialize(boost::json::object{
        {"ref", job.ref},
        {"dies", job.dies_ms},
        {"until", job.until_ms},
        {"tries", job.tries},
        {"gone", job.gone},
        {"told", job.told},
        {"conversation", job.conversation},
        {"kind", job.kind},
        {"message", job.message},
        {"attachment", job.attachment_kind},
        {"url", job.url},
        {"name", job.name},
        {"mime", job.mime},
    });
    return {store::Table::copy, key_of(job), std::move(value), 0};
}

AccountId account_of_job(std::string_view key) {
    key.remove_prefix(std::min(kJobs.size(), key.size()));
    return AccountId{std::string{key.substr(0, key.find('\0'))}};
}

Result<CopyJob> job_from(const store::Row& row) {
    CopyJob job;
    job.account = account_of_job(row.key);
    const std::string prefix = jobs_of(job.account);
    StoredRow stored{"copy " + std::string{kJobs} + job.account.text(), row.value};
    job.ref = stored.text("ref");
    job.dies_ms = stored.number("dies");
    job.until_ms = stored.number("until");
    job.tries =
        static_cast<std::uint32_t>(std::clamp<std::int64_t>(stored.number("tries"), 0, kTriesMost));
    // Rows of an earlier version have neither.
    job.told = stored.has("told") && stored.flag("told");
    const std::int64_t gone = stored.has("gone") ? stored.number("gone") : 0;
    job.gone = static_cast<std::uint32_t>(std::clamp<std::int64_t>(gone, 0, kTriesMost));
    job.conversation = stored.text("conversation");
    job.kind = stored.text("kind");
    job.message = stored.text("message");
    job.attachment_kind = stored.text("attachment");
    job.url = stored.text("url");
    job.name = stored.text("name");
    job.mime = stored.text("mime");
    auto whole = stored.whole();
    if (!whole) return whole.error();
    const std::string_view behind =
        std::string_view{row.key}.substr(std::min(prefix.size(), row.key.size()));
    const auto [end, error] =
        std::from_chars(behind.data(), behind.data() + behind.size(), job.due_ms);
    if (error != std::errc{} || end == behind.data() + behind.size() || *end != '/')
        return Error{Fault::storage, "stored row copy is damaged: its key"};
    job.id = std::string{end + 1, behind.data() + behind.size()};
    return job;
}

}  // namespace trunkline::media
